package natsbus

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"
	"golang.org/x/time/rate"

	"github.com/symphainy/symphainy/adapters/internal/fanout"
	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/ports"
)

const (
	// closeTime bounds how long Close waits for hints that are on their way.
	closeTime = 2 * time.Second
	// startTime bounds how long New waits for the server to know the subscription.
	startTime = 2 * time.Second
	// checkTime bounds Check: probes of readiness give up after a second, and this answer is not worth failing one.
	checkTime = 500 * time.Millisecond
	// pendingHints and pendingBytes bound what waits between the connection and the local subscribers, who never make it wait.
	pendingHints = 1 << 16
	pendingBytes = 16 << 20
)

var (
	_ ports.EventBus    = (*Bus)(nil)
	_ ports.HealthCheck = (*Bus)(nil)
)

// Bus is a ports.EventBus over NATS. Close it.
type Bus struct {
	cfg   Config
	local *fanout.Table
	conn  *nats.Conn

	// connected is kept beside the client's own state, which is behind a lock that a stalled write holds.
	connected atomic.Bool
	denied    atomic.Pointer[error]
	lost      atomic.Int64
	log       rate.Sometimes

	out    chan []byte
	quit   chan struct{}
	closed chan struct{}
	sender sync.WaitGroup
	end    sync.Once
}

// New connects. If no server answers it goes on without, and joins them when one does; a server that refuses the credentials or has no
// valid certificate is an error.
func New(cfg Config) (*Bus, error) {
	cfg = cfg.Defaults()
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	b := &Bus{
		cfg: cfg, local: fanout.New(), log: rate.Sometimes{First: 1, Interval: 10 * time.Second},
		out: make(chan []byte, cfg.Queue), quit: make(chan struct{}), closed: make(chan struct{}),
	}
	if err := b.connect(); err != nil {
		return nil, err
	}
	if err := b.listen(); err != nil {
		b.conn.Close()
		<-b.closed
		return nil, fmt.Errorf("natsbus: subscribe: %w", err)
	}
	b.sender.Go(b.send)
	return b, nil
}

// listen subscribes, also for later connections, and waits for the server to know it if there is one.
func (b *Bus) listen() error {
	s, err := b.conn.Subscribe(b.cfg.Subject, b.receive)
	if err != nil {
		return err
	}
	if err := s.SetPendingLimits(pendingHints, pendingBytes); err != nil {
		return err
	}
	if !b.conn.IsConnected() {
		return nil
	}
	if err := b.conn.FlushTimeout(startTime); err != nil {
		b.complain("NATS is slow to answer", err) // it knows the subscription later, or after the next connect
	}
	return nil
}

// receive gives a hint of another process to the subscribers of this one.
func (b *Bus) receive(m *nats.Msg) {
	h, err := decode(m.Data)
	if err != nil {
		b.complain("a hint of another process cannot be read", err)
		return
	}
	b.local.Deliver(h)
}

// Publish gives the hint to the subscribers of this process at once, and queues it for the others. It never waits. A hint that cannot be
// queued or sent is dropped and counted, not an error: every reader polls.
func (b *Bus) Publish(_ context.Context, h ports.Hint) error {
	b.local.Deliver(h)
	if !b.connected.Load() {
		b.lost.Add(1)
		return nil
	}
	raw, err := encode(h)
	if err != nil {
		return fmt.Errorf("natsbus: publish: %w", err)
	}
	select {
	case b.out <- raw:
	default:
		b.lost.Add(1)
	}
	return nil
}

// Subscribe delivers the hints of a topic, of this process and all others, until cancel. It asks nothing of the server.
func (b *Bus) Subscribe(topic string) (hints <-chan ports.Hint, cancel func(), err error) {
	return b.local.Subscribe(topic)
}

// send hands queued hints to the connection until the end, and then what is left.
func (b *Bus) send() {
	for {
		select {
		case raw := <-b.out:
			b.hand(raw)
			continue
		case <-b.quit:
		}
		for {
			select {
			case raw := <-b.out:
				b.hand(raw)
			default:
				return
			}
		}
	}
}

func (b *Bus) hand(raw []byte) {
	if err := fault.Guard(func() error { return b.conn.Publish(b.cfg.Subject, raw) }); err != nil {
		b.lost.Add(1)
	}
}

// complain logs, but not for every hint.
func (b *Bus) complain(what string, err error) {
	b.log.Do(func() {
		b.cfg.Logger.Warn("hints between processes", slog.String("what", what), slog.Any("error", err))
	})
}

// Name is the check's name.
func (b *Bus) Name() string { return "bus" }

// Check asks the server for an answer. Without one the platform goes on: changes of other processes are then found by polling.
func (b *Bus) Check(ctx context.Context) error {
	if !b.connected.Load() {
		return fault.ErrUnavailable.Because(nats.ErrDisconnected)
	}
	if err := b.denied.Load(); err != nil {
		return fault.ErrUnavailable.Because(*err)
	}
	ctx, cancel := context.WithTimeout(ctx, checkTime)
	defer cancel()
	if err := b.conn.FlushWithContext(ctx); err != nil {
		return fault.ErrUnavailable.Because(fmt.Errorf("natsbus: no answer: %w", err))
	}
	return nil
}

func (b *Bus) ending() bool {
	select {
	case <-b.quit:
		return true
	default:
		return false
	}
}

// Close sends what is queued, for at most two seconds, and ends the connection. Hints of this process still reach its own subscribers.
func (b *Bus) Close() {
	b.end.Do(func() {
		close(b.quit)
		late := time.AfterFunc(closeTime, b.conn.Close)
		defer late.Stop()
		b.sender.Wait()
		if b.connected.Load() {
			if err := b.conn.FlushTimeout(closeTime); err != nil {
				b.complain("the last hints may be lost", err)
			}
		}
		b.conn.Close()
		<-b.closed
	})
}
