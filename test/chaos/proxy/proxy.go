// Package proxy is a TCP proxy that is bad at its work on purpose: slow, deaf, or gone in the middle of an answer.
package proxy

import (
	"context"
	"errors"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// Proxy passes connections on to a target. Its faults can be changed while it runs and hold for open connections too.
type Proxy struct {
	listener net.Listener
	target   string
	conns    sync.WaitGroup

	mu    sync.Mutex
	open  map[*link]struct{}
	holes chan struct{} // closed when the black hole ends; nil without one

	latency  atomic.Int64 // nanoseconds before each piece
	cutAfter atomic.Int64 // bytes of answer after which a new connection is cut; negative is never
	refuse   atomic.Bool
	commits  *commitCutter
	cuts     atomic.Int64
}

// New listens on a free port of the loopback.
func New(target string) (*Proxy, error) {
	l, err := (&net.ListenConfig{}).Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	p := &Proxy{listener: l, target: target, open: map[*link]struct{}{}, commits: &commitCutter{}}
	p.cutAfter.Store(-1)
	p.conns.Go(p.accept)
	return p, nil
}

// Address is host:port of the proxy.
func (p *Proxy) Address() string { return p.listener.Addr().String() }

// Latency delays every piece of both directions.
func (p *Proxy) Latency(d time.Duration) { p.latency.Store(int64(d)) }

// CutAfter cuts each connection that opens from now on with a reset, after so many bytes of answer. A negative number ends that.
func (p *Proxy) CutAfter(bytes int64) { p.cutAfter.Store(bytes) }

// Refuse resets new connections at once while on.
func (p *Proxy) Refuse(on bool) { p.refuse.Store(on) }

// CutCommits forwards COMMIT to PostgreSQL and drops its answer with the connection, for the next n transactions that match; match gets the
// statements of the transaction.
func (p *Proxy) CutCommits(n int, match func(statements []string) bool) { p.commits.arm(n, match) }

// Cuts counts the COMMITs whose answers were dropped.
func (p *Proxy) Cuts() int64 { return p.cuts.Load() }

// BlackHole swallows everything while on: connections stay open and nothing comes through. Afterwards what was held back goes on.
func (p *Proxy) BlackHole(on bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case on && p.holes == nil:
		p.holes = make(chan struct{})
	case !on && p.holes != nil:
		close(p.holes)
		p.holes = nil
	}
}

// Reset cuts all open connections.
func (p *Proxy) Reset() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for l := range p.open {
		l.reset()
	}
}

// Close ends the proxy and its connections.
func (p *Proxy) Close() error {
	err := p.listener.Close()
	p.BlackHole(false)
	p.Reset()
	p.conns.Wait()
	return err
}

func (p *Proxy) accept() {
	for {
		client, err := p.listener.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			continue
		}
		if p.refuse.Load() {
			hangUp(client)
			continue
		}
		p.conns.Go(func() { p.serve(client) })
	}
}

// dialTime bounds the way to the target.
const dialTime = 5 * time.Second

func (p *Proxy) serve(client net.Conn) {
	server, err := (&net.Dialer{Timeout: dialTime}).Dial("tcp", p.target)
	if err != nil {
		hangUp(client)
		return
	}
	l := &link{client: client, server: server, left: p.cutAfter.Load()}
	p.mu.Lock()
	p.open[l] = struct{}{}
	p.mu.Unlock()
	var both sync.WaitGroup
	wire := &pgWire{cutter: p.commits}
	both.Go(func() { p.upstream(l, wire) })
	both.Go(func() { p.downstream(l, wire) })
	both.Wait()
	p.mu.Lock()
	delete(p.open, l)
	p.mu.Unlock()
	l.reset()
}

// upstream carries what the client says.
func (p *Proxy) upstream(l *link, wire *pgWire) {
	p.carry(l.client, func(piece []byte) error {
		wire.sent(piece)
		_, err := l.server.Write(piece)
		return err
	})
	// A client that has said all may still listen.
	if c, ok := l.server.(*net.TCPConn); !ok || c.CloseWrite() != nil {
		l.reset()
	}
}

// downstream carries the answers, as far as they may come.
func (p *Proxy) downstream(l *link, wire *pgWire) {
	p.carry(l.server, func(piece []byte) error {
		if wire.cut.Load() {
			p.cuts.Add(1)
			l.reset()
			return net.ErrClosed
		}
		if l.left >= 0 {
			piece = piece[:min(int64(len(piece)), l.left)]
			l.left -= int64(len(piece))
		}
		_, err := l.client.Write(piece)
		if l.left == 0 && err == nil {
			l.reset()
			return net.ErrClosed
		}
		return err
	})
	if c, ok := l.client.(*net.TCPConn); !ok || c.CloseWrite() != nil {
		l.reset()
	}
}

// carry reads pieces until the end and hands each over after the delays that are asked for.
func (p *Proxy) carry(from net.Conn, hand func([]byte) error) {
	buffer := make([]byte, 32<<10)
	for {
		n, err := from.Read(buffer)
		if n > 0 {
			p.hold()
			if hand(buffer[:n]) != nil {
				return
			}
		}
		if err != nil {
			return
		}
	}
}

// hold waits for the latency, and for the end of a black hole.
func (p *Proxy) hold() {
	if d := time.Duration(p.latency.Load()); d > 0 {
		time.Sleep(d)
	}
	for {
		p.mu.Lock()
		hole := p.holes
		p.mu.Unlock()
		if hole == nil {
			return
		}
		<-hole
	}
}

// link is one connection through the proxy.
type link struct {
	client, server net.Conn
	left           int64
}

func (l *link) reset() {
	hangUp(l.client)
	hangUp(l.server)
}

// hangUp closes with a reset, as a dead machine's neighbour does.
func hangUp(c net.Conn) {
	if t, ok := c.(*net.TCPConn); ok {
		_ = t.SetLinger(0) // of a connection that is gone already, which is what is wanted
	}
	_ = c.Close() // likewise
}

var _ io.Closer = (*Proxy)(nil)
