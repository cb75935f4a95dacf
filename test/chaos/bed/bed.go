package bed

import (
	"bytes"
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats-server/v2/server"

	"github.com/symphainy/symphainy/test/chaos/history"
	"github.com/symphainy/symphainy/test/pgtest"
)

// Options say how a bed is made.
type Options struct {
	// Replicas is how many processes there are. SQLite has one.
	Replicas int
	SQLite   bool
	// Private gives the bed a database server of its own, which it may stop.
	Private bool
	// Disk gives it one on small file systems, which can be filled up.
	Disk bool
	// NATS puts a bus between the replicas.
	NATS bool
	// Proxies puts a proxy before each replica's database, and one before each replica.
	Proxies bool
	// Binary is an earlier version of the program, which migrates the bed's own database and runs at first; "" is the present one.
	Binary string
	// Vars are further settings of all replicas.
	Vars []string
	Seed uint64
}

// Bed is a running deployment, to be broken.
type Bed struct {
	Suite    *Suite
	Options  Options
	Dir      string
	DSN      string
	Replicas []*Replica
	NATS     *Bus
	// Server is the bed's own database server, if it has one.
	Server Server
	// Disk is where that has its files, if they are on one that can be filled up.
	Disk    *Disk
	History *history.History
	HTTP    *http.Client
	// Prefer, if set, is the one replica that clients talk to.
	Prefer *Replica

	words  []string // with which the server was started
	db     *sql.DB
	random *rand.Rand
	mu     sync.Mutex
	sound  []string // what was wrong with a process that ended: races, panics
}

// New starts a bed; Close ends it, also after an error.
func (s *Suite) New(ctx context.Context, o Options) (*Bed, error) {
	b := &Bed{
		Suite: s, Options: o, Dir: filepath.Join(s.Dir, fmt.Sprintf("bed%d", s.number.Add(1))), History: &history.History{},
		HTTP:   &http.Client{Timeout: 90 * time.Second, Transport: &http.Transport{MaxIdleConnsPerHost: 64, IdleConnTimeout: 5 * time.Second}},
		random: rand.New(rand.NewPCG(o.Seed, 1)), // a run must be repeatable from its seed
	}
	if err := b.begin(ctx); err != nil {
		return nil, errors.Join(err, b.Close())
	}
	return b, nil
}

func (b *Bed) begin(ctx context.Context) error {
	if err := os.MkdirAll(b.Dir, 0o700); err != nil {
		return err
	}
	if err := b.openStore(ctx); err != nil {
		return err
	}
	if b.Options.NATS {
		b.NATS = &Bus{options: server.Options{Host: "127.0.0.1", Port: server.RANDOM_PORT, NoSigs: true, NoLog: true}}
		if err := b.NATS.Start(); err != nil {
			return err
		}
	}
	for i := range max(b.Options.Replicas, 1) {
		r := &Replica{bed: b, Index: i, Binary: cmp.Or(b.Options.Binary, b.Suite.Binary)}
		b.Replicas = append(b.Replicas, r)
		if err := r.prepare(); err != nil {
			return err
		}
	}
	return b.each(func(r *Replica) error { return r.Start(ctx) })
}

// each does something to all replicas at once.
func (b *Bed) each(do func(*Replica) error) error {
	failed := make([]error, len(b.Replicas))
	var all sync.WaitGroup
	for i, r := range b.Replicas {
		all.Go(func() { failed[i] = do(r) })
	}
	all.Wait()
	return errors.Join(failed...)
}

func (b *Bed) openStore(ctx context.Context) (err error) {
	switch {
	case b.Options.SQLite:
		return nil
	case b.Options.Disk:
		if b.Disk, err = startDisk(ctx); err != nil {
			return err
		}
		b.Server = b.Disk
		return b.prepareServer(ctx)
	case !b.Options.Private:
		b.DSN, err = b.Suite.database(ctx)
		return err
	}
	starting, cancel := context.WithTimeout(ctx, startTime)
	defer cancel()
	server, err := pgtest.Start(starting)
	if err != nil {
		return err
	}
	b.Server = server
	return b.prepareServer(ctx)
}

// prepareServer makes a migrated database on the bed's own server.
func (b *Bed) prepareServer(ctx context.Context) (err error) {
	ctx, cancel := context.WithTimeout(ctx, startTime)
	defer cancel()
	if err := b.Suite.prepare(ctx, b.Server.DSN(), cmp.Or(b.Options.Binary, b.Suite.Binary)); err != nil {
		return err
	}
	b.DSN, err = withDatabase(b.Server.DSN(), templateName)
	return err
}

// vars are the settings of all replicas.
func (b *Bed) vars() []string {
	vars := []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + b.Dir, "CHAOS_DIR=" + b.Dir, "SYMPHAINY_DATA_DIR=" + filepath.Join(b.Dir, "data"),
		"SYMPHAINY_LIMIT_LOGIN=0", "SYMPHAINY_LIMIT_REGISTER=0", "SYMPHAINY_LIMIT_ANONYMOUS=0", "SYMPHAINY_LIMIT_ANONYMOUS_TOTAL=0",
		"SYMPHAINY_LOG_LEVEL=warn", "SYMPHAINY_WS_MESSAGES_PER_MINUTE=1000000", "SYMPHAINY_AUTH_KEY_FILES=" + b.Suite.keyFile(),
		"GORACE=halt_on_error=0",
	}
	if b.NATS != nil {
		vars = append(vars, "SYMPHAINY_NATS_URL="+b.NATS.URL())
	}
	return append(vars, b.Options.Vars...)
}

// Path is the SQLite file of the bed.
func (b *Bed) Path() string { return filepath.Join(b.Dir, "data", "symphainy.db") }

// Close ends all that the bed started.
func (b *Bed) Close() error {
	var err error
	for _, r := range b.Replicas {
		err = errors.Join(err, r.close())
	}
	b.HTTP.CloseIdleConnections()
	if b.NATS != nil {
		b.NATS.Stop()
	}
	if b.db != nil {
		err = errors.Join(err, b.db.Close())
	}
	if b.Server != nil {
		err = errors.Join(err, b.Server.Stop())
	}
	return err
}

// Random gives a number below n, from the bed's seed.
func (b *Bed) Random(n int) int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.random.IntN(n)
}

// Any gives the address of one replica by chance, or of the preferred one.
func (b *Bed) Any() string {
	if b.Prefer != nil {
		return b.Prefer.URL()
	}
	return b.Replicas[b.Random(len(b.Replicas))].URL()
}

// Unsound tells what was wrong with processes beyond what the rows did to them: data races and panics outside handlers.
func (b *Bed) Unsound() []string {
	for _, r := range b.Replicas {
		b.inspect(r)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.sound)
}

func (b *Bed) inspect(r *Replica) {
	text := r.log.take()
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, sign := range []string{"WARNING: DATA RACE", "fatal error: ", "handler panicked"} {
		if i := bytes.Index(text, []byte(sign)); i >= 0 {
			b.sound = append(b.sound, fmt.Sprintf("replica %d: %.1500s", r.Index, text[i:]))
		}
	}
}

// Line is a line of the protocol that all processes of the bed write.
type Line struct {
	At    time.Time
	PID   int
	Words []string
}

// Protocol gives the lines of a kind: claim (execution, attempt, worker), stale (execution, fence, worker), failpoint (site), goroutines (n).
func (b *Bed) Protocol(kind string) ([]Line, error) {
	raw, err := os.ReadFile(filepath.Join(b.Dir, "protocol.log"))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	var lines []Line
	for text := range strings.Lines(string(raw)) {
		words := strings.Fields(text)
		if len(words) < 3 || words[2] != kind {
			continue
		}
		at, err := strconv.ParseInt(words[0], 10, 64)
		if err != nil {
			return nil, err
		}
		pid, err := strconv.Atoi(words[1])
		if err != nil {
			return nil, err
		}
		lines = append(lines, Line{time.UnixMicro(at), pid, words[3:]})
	}
	return lines, nil
}

// Outside gives how often each effect outside the store was done.
func (b *Bed) Outside() (map[string]int, error) {
	raw, err := os.ReadFile(filepath.Join(b.Dir, "outside.log"))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	count := map[string]int{}
	for _, key := range strings.Fields(string(raw)) {
		count[key]++
	}
	return count, nil
}

// Bus is a NATS server that can be stopped and started again at its address.
type Bus struct {
	options server.Options
	running *server.Server
}

// Start starts the server.
func (b *Bus) Start() error {
	options := b.options
	running, err := server.NewServer(&options)
	if err != nil {
		return err
	}
	running.Start()
	if !running.ReadyForConnections(20 * time.Second) {
		return errors.New("the NATS server does not start")
	}
	b.running, b.options.Port = running, options.Port
	return nil
}

// Stop ends the server and all its connections.
func (b *Bus) Stop() {
	if b.running != nil {
		b.running.Shutdown()
		b.running.WaitForShutdown()
		b.running = nil
	}
}

// URL is nats://host:port.
func (b *Bus) URL() string { return fmt.Sprintf("nats://127.0.0.1:%d", b.options.Port) }
