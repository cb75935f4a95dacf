package wsapi

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/symphainy/symphainy/adapters/internal/wire"
	"github.com/symphainy/symphainy/application/auditing"
	"github.com/symphainy/symphainy/application/conversation"
	"github.com/symphainy/symphainy/application/securityguard"
	"github.com/symphainy/symphainy/application/trafficcop"
	"github.com/symphainy/symphainy/domain/agent"
	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/domain/identity"
	"github.com/symphainy/symphainy/domain/session"
	"github.com/symphainy/symphainy/ports"
)

// Guard verifies credentials; *securityguard.Guard is one.
type Guard interface {
	Standings
	Authenticate(ctx context.Context, c securityguard.Credentials) (identity.Principal, error)
	AnonymousBySecret(ctx context.Context, sessionID, secret string) (identity.Principal, error)
	// Authorize asks today's roles.
	Authorize(ctx context.Context, p identity.Principal, perm identity.Permission) error
	// Check tells whether the principal is still good now.
	Check(ctx context.Context, p identity.Principal) error
}

// Standings is what the guard remembers for half a second of the sessions that it judges.
type Standings interface {
	// Forget drops what is remembered of a session.
	Forget(sessionID string)
	// Refresh looks at many sessions at once, for the checks that follow.
	Refresh(ctx context.Context, sessionIDs []string) error
	// Session gives a session as it was last seen.
	Session(ctx context.Context, sessionID string) (session.Session, error)
}

// Sessions finds and upgrades sessions; *trafficcop.Sessions is one.
type Sessions interface {
	Resolve(ctx context.Context, p identity.Principal, sessionID string) (session.Session, error)
	NewestActive(ctx context.Context, p identity.Principal) (session.Session, error)
	RedeemTicket(ctx context.Context, ticket, origin string) (identity.Principal, session.Session, error)
	Upgrade(ctx context.Context, cmd trafficcop.UpgradeCommand) (trafficcop.Upgraded, error)
}

// Conversations takes messages for agents; *conversation.Service is one.
type Conversations interface {
	Send(ctx context.Context, p identity.Principal, cmd conversation.MessageCommand) (conversation.Sent, error)
	History(ctx context.Context, p identity.Principal, sessionID, conversationID string, before int64, limit int) ([]agent.Message, error)
}

// Seats counts open sockets across replicas; *seats.Counter is one.
type Seats interface {
	// Take counts one socket more at each of the places, and gives how many the other replicas have open there. After an error nothing is
	// counted.
	Take(ctx context.Context, places []ports.Place) (elsewhere []int, err error)
	// Give counts one less.
	Give(places []ports.Place)
	// Move counts a socket at other places.
	Move(from, to []ports.Place)
}

// Deps is what the sockets stand on. All fields are needed, except the last four.
type Deps struct {
	Guard         Guard
	Sessions      Sessions
	Conversations Conversations
	Runtime       ports.Runtime
	Control       ports.Control
	Feed          ports.EventFeed
	Bus           ports.EventBus
	Clock         ports.Clock
	Log           *slog.Logger
	// Seats counts sockets for all replicas together; nil where this process is the only one.
	Seats Seats
	// Active keeps of the sessions those with an execution that is live, or that ended at or after since, of fewer than a thousand. Without it
	// each handshake reads its session's executions.
	Active func(ctx context.Context, sessions []ports.SessionKey, since time.Time) ([]ports.SessionKey, error)
	// Delivered, if set, hears how old each event of a log was when a socket put it out.
	Delivered func(age time.Duration)
	// Refused, if set, hears of handshakes and messages that were turned away: rights, credentials, bounds.
	Refused func(ctx context.Context, r auditing.Refusal)
}

// Errors of the handshake, answered before 101.
var (
	errNotSocket  = fault.New(fault.Malformed, "not_a_websocket", "This address speaks WebSocket only.")
	errServerFull = fault.New(fault.Unavailable, "server_full", "Too many open sockets; try again later.").After(5 * time.Second)
	errTooMany    = fault.New(fault.Limited, "too_many_sockets", "Too many open sockets of yours; close one first.").After(5 * time.Second)
)

// Hub owns all sockets of the process.
type Hub struct {
	Deps
	cfg       Config
	cookies   wire.Cookies
	origins   wire.Origins
	addresses wire.Addresses
	frames    frameCache
	watch     *watch
	// buffers are what frames are written from; a socket holds one only while it writes.
	buffers sync.Pool
	// batches are what several frames at once are written from.
	batches sync.Pool
	// tails follow the sessions of the agents' sockets.
	tails tails
	calm  calm

	mu      sync.Mutex
	closing bool
	open    map[*seat]struct{}
	counts  map[ports.Place]int
	// empty is closed when closing and no seat is taken.
	empty chan struct{}
}

// seat is one admitted socket, from before its 101 until its last goroutine has ended.
type seat struct {
	hub    *Hub
	places []ports.Place
	// shared tells that Deps.Seats counts it too.
	shared bool
	// goAway and kill reach the socket once it is open; nil before.
	goAway func(deadline time.Time)
	restart,
	kill func()
}

// New makes a hub without sockets. An invalid Config is the error.
func New(deps Deps, cfg Config) (*Hub, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	origins, err := wire.NewOrigins(cfg.BaseURL, cfg.AllowedOrigins)
	if err != nil {
		return nil, err
	}
	addresses, err := wire.NewAddresses(cfg.TrustedProxies)
	if err != nil {
		return nil, err
	}
	h := &Hub{
		Deps: deps, cfg: cfg, cookies: wire.Cookies{Plain: cfg.PlainCookies}, origins: origins, addresses: addresses,
		open: map[*seat]struct{}{}, counts: map[ports.Place]int{}, empty: make(chan struct{}),
	}
	h.watch = newWatch(h)
	h.calm.active = deps.Active
	h.tails = tails{hub: h, all: map[tailKey]*tail{}}
	return h, nil
}

// Open gives the number of sockets that are open or in their handshake.
func (h *Hub) Open() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.open)
}

// reached tells the hub how to reach the socket of the seat. A hub that is stopping says goodbye to it at once.
func (s *seat) reached(goAway func(time.Time), restart, kill func()) {
	s.hub.mu.Lock()
	s.goAway, s.restart, s.kill = goAway, restart, kill
	closing := s.hub.closing
	s.hub.mu.Unlock()
	if closing {
		restart()
	}
}

// Shutdown refuses new sockets, says server.goaway to the open ones, closes them with 1012 after Config.GoAway, and returns when all
// their goroutines have ended. When ctx ends before that, it cuts the connections, waits for the goroutines all the same and returns
// ctx's error. http.Server.Shutdown does none of this: it does not know hijacked connections.
func (h *Hub) Shutdown(ctx context.Context) error {
	defer h.watch.group.Wait()
	h.mu.Lock()
	if !h.closing {
		h.closing = true
		if len(h.open) == 0 {
			close(h.empty)
		}
	}
	h.mu.Unlock()
	deadline := h.Clock.Now().Add(h.cfg.GoAway)
	h.each(func(s *seat) {
		if s.goAway != nil {
			s.goAway(deadline)
		}
	})
	timer := time.NewTimer(h.cfg.GoAway)
	defer timer.Stop()
	select {
	case <-h.empty:
		return nil
	case <-timer.C:
	case <-ctx.Done():
	}
	h.each(func(s *seat) {
		if s.restart != nil {
			s.restart()
		}
	})
	select {
	case <-h.empty:
		return nil
	case <-ctx.Done():
	}
	h.each(func(s *seat) {
		if s.kill != nil {
			s.kill()
		}
	})
	<-h.empty
	return context.Cause(ctx)
}

// each calls fn for every open socket. fn does not wait.
func (h *Hub) each(fn func(*seat)) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for s := range h.open {
		fn(s)
	}
}
