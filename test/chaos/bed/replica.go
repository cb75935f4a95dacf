package bed

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"regexp"
	"sync"
	"syscall"
	"time"

	"github.com/symphainy/symphainy/test/chaos/proxy"
)

// Replica is one process of the bed, started again and again at one address.
type Replica struct {
	Index int
	// Binary is what it runs when it starts the next time.
	Binary string
	// Front is the proxy before the replica, Store the one before its database; nil without proxies.
	Front, Store *proxy.Proxy

	bed     *Bed
	address string
	dsn     string
	log     output

	mu         sync.Mutex
	generation int
	cmd        *exec.Cmd
	done       chan struct{}
	stopped    bool
}

// Ports of replicas lie below those that the system gives to outgoing connections: a replica listens on its port again after every kill,
// and meanwhile nobody else may have got it.
const lowestPort, ports = 20000, 10000

// freeAddress gives an address that nobody listens on, and each only once: a replica that is down comes back to its own.
func (s *Suite) freeAddress() (string, error) {
	var err error
	for range 50 {
		address := fmt.Sprintf("127.0.0.1:%d", lowestPort+rand.IntN(ports))
		if _, taken := s.addresses.LoadOrStore(address, true); taken {
			continue
		}
		var l net.Listener
		if l, err = (&net.ListenConfig{}).Listen(context.Background(), "tcp", address); err == nil {
			return address, l.Close()
		}
	}
	return "", err
}

// prepare chooses the replica's address and puts the proxies in place.
func (r *Replica) prepare() error {
	var err error
	if r.address, err = r.bed.Suite.freeAddress(); err != nil {
		return err
	}
	r.dsn = r.bed.DSN
	if !r.bed.Options.Proxies {
		return nil
	}
	if r.Front, err = proxy.New(r.address); err != nil || r.dsn == "" {
		return err
	}
	host, err := hostOf(r.dsn)
	if err != nil {
		return err
	}
	if r.Store, err = proxy.New(host); err != nil {
		return err
	}
	r.dsn, err = withHost(r.dsn, r.Store.Address())
	return err
}

// URL is where clients find the replica: the proxy before it, if there is one.
func (r *Replica) URL() string {
	if r.Front != nil {
		return "http://" + r.Front.Address()
	}
	return "http://" + r.address
}

// Direct is the replica's own address.
func (r *Replica) Direct() string { return r.address }

// PID is the process's id.
func (r *Replica) PID() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.cmd.Process.Pid
}

// Worker is the name under which the process that runs now claims.
func (r *Replica) Worker() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return worker(r.Index, r.generation)
}

func worker(index, generation int) string { return fmt.Sprintf("wrk_r%dg%d", index, generation) }

var addressLine = regexp.MustCompile(`(?m)^\s*Address\s+(http://\S+)$`)

// Start starts the process, with further settings, and waits until it tells its address.
func (r *Replica) Start(ctx context.Context, vars ...string) error {
	r.mu.Lock()
	r.generation++
	out := &output{changed: make(chan struct{}, 1)}
	cmd := exec.Command(r.Binary, "serve") // it is ended by signals
	cmd.Env = append(r.bed.vars(), "SYMPHAINY_ADDR="+r.address, "CHAOS_WORKER="+worker(r.Index, r.generation))
	if r.dsn != "" {
		cmd.Env = append(cmd.Env, "SYMPHAINY_DATABASE_URL="+r.dsn)
	}
	cmd.Env = append(cmd.Env, vars...)
	cmd.Stdout, cmd.Stderr = out, &r.log
	cmd.Dir = r.bed.Dir
	done := make(chan struct{})
	err := cmd.Start()
	if err == nil {
		go func() {
			defer close(done)
			_ = cmd.Wait() // the exit code is read from ProcessState
		}()
	}
	r.cmd, r.done, r.stopped = cmd, done, false
	r.mu.Unlock()
	if err != nil {
		return err
	}
	deadline := time.NewTimer(startTime)
	defer deadline.Stop()
	for {
		select {
		case <-out.changed:
			if addressLine.Match(out.bytes()) {
				return nil
			}
		case <-done:
			return fmt.Errorf("replica %d ended with %d:\n%s", r.Index, cmd.ProcessState.ExitCode(), r.log.tail())
		case <-deadline.C:
			return fmt.Errorf("replica %d did not tell its address:\n%s", r.Index, r.log.tail())
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// Running reports whether the process lives.
func (r *Replica) Running() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.cmd == nil || r.done == nil {
		return false
	}
	select {
	case <-r.done:
		return false
	default:
		return true
	}
}

// Kill is kill -9, and waits for the end.
func (r *Replica) Kill() error {
	r.mu.Lock()
	cmd, done := r.cmd, r.done
	r.mu.Unlock()
	if cmd == nil || cmd.Process == nil {
		return nil
	}
	select {
	case <-done:
		return nil
	default:
	}
	if err := cmd.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	<-done
	return nil
}

// Signal sends a signal to the process.
func (r *Replica) Signal(s syscall.Signal) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.cmd.Process.Signal(s)
}

// Ended waits for the end of the process and gives its exit code.
func (r *Replica) Ended(ctx context.Context) (int, error) {
	r.mu.Lock()
	cmd, done := r.cmd, r.done
	r.mu.Unlock()
	select {
	case <-done:
		return cmd.ProcessState.ExitCode(), nil
	case <-ctx.Done():
		return 0, fmt.Errorf("replica %d did not end: %w", r.Index, ctx.Err())
	}
}

// Log is the end of what the process wrote to its log.
func (r *Replica) Log() string { return r.log.tail() }

func (r *Replica) close() error {
	err := r.Kill()
	r.bed.inspect(r)
	for _, p := range []*proxy.Proxy{r.Front, r.Store} {
		if p != nil {
			err = errors.Join(err, p.Close())
		}
	}
	return err
}

// output collects what a process writes and tells that there is more.
type output struct {
	mu      sync.Mutex
	text    bytes.Buffer
	changed chan struct{}
}

// longestLog bounds what is kept of a log.
const longestLog = 4 << 20

// Write keeps a piece.
func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.text.Len() > longestLog {
		o.text.Reset()
	}
	o.text.Write(p)
	if o.changed != nil {
		select {
		case o.changed <- struct{}{}:
		default:
		}
	}
	return len(p), nil
}

func (o *output) bytes() []byte {
	o.mu.Lock()
	defer o.mu.Unlock()
	return bytes.Clone(o.text.Bytes())
}

// take gives what is there and forgets it.
func (o *output) take() []byte {
	o.mu.Lock()
	defer o.mu.Unlock()
	defer o.text.Reset()
	return bytes.Clone(o.text.Bytes())
}

func (o *output) tail() string {
	text := o.bytes()
	return string(text[max(0, len(text)-4000):])
}
