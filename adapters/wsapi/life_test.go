package wsapi_test

import (
	"context"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/stretchr/testify/require"

	"github.com/symphainy/symphainy/adapters/wsapi"
	"github.com/symphainy/symphainy/application/auditing"
	"github.com/symphainy/symphainy/application/conversation"
	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/domain/identity"
	"github.com/symphainy/symphainy/domain/session"
	"github.com/symphainy/symphainy/ports"
	"github.com/symphainy/symphainy/test/sheet"
)

// W13: a token's end ends its socket, unless a later one came before.
func TestExpiryAndRefresh(t *testing.T) {
	sheet.Record(t, "W13", 1, "a token's end ends its socket", "as the row says")
	w := newWorld(t)
	ada, bob := w.Register("ada"), w.Register("bob")
	dies, _ := w.agent(ada.Session.ID(), bearer(ada.AccessToken))
	lives, _ := w.agent(ada.Session.ID(), bearer(ada.AccessToken))
	w.Clock.Advance(9 * time.Minute)
	later, err := w.Accounts.Refresh(t.Context(), ada.RefreshToken, w.Client())
	require.NoError(t, err)
	lives.send(map[string]any{"type": "auth.refresh", "access_token": later.AccessToken})
	lives.sync()
	lives.fails(`{"type":"auth.refresh","access_token":"`+ada.AccessToken+`"}`, "invalid_parameters")
	other, err := w.Accounts.Refresh(t.Context(), bob.RefreshToken, w.Client())
	require.NoError(t, err)
	lives.fails(`{"type":"auth.refresh","access_token":"`+other.AccessToken+`"}`, "permission_denied")
	w.Clock.Advance(61 * time.Second)
	require.Equal(t, 4401, dies.closed())
	lives.sync()
	w.Clock.Advance(10 * time.Minute)
	require.Equal(t, 4401, lives.closed())
}

// W14: what takes a caller's rights away closes the sockets, silent ones too.
func TestRevocation(t *testing.T) {
	tried := 0
	for name, revoke := range map[string]func(w *world, p identity.Principal){
		"logout": func(w *world, p identity.Principal) { require.NoError(t, w.Accounts.Logout(t.Context(), p)) },
		"end":    func(w *world, p identity.Principal) { require.NoError(t, w.Sessions.End(t.Context(), p, p.SessionID)) },
		"disabled": func(w *world, p identity.Principal) {
			w.User(p.UserID, func(u *identity.User) { u.Disabled = true })
			w.Clock.Advance(time.Second)
		},
		"membership": func(w *world, p identity.Principal) {
			w.Store.Remove(p.TenantID, p.UserID)
			w.Clock.Advance(time.Second)
		},
	} {
		w := newWorld(t)
		ada := w.Register("ada")
		p := w.Caller(ada.AccessToken)
		silent, _ := w.agent(ada.Session.ID(), bearer(ada.AccessToken))
		second, err := w.Sessions.Create(t.Context(), p, nil)
		require.NoError(t, err)
		elsewhere, _ := w.agent(second.Session.ID(), bearer(ada.AccessToken))
		revoke(w, p)
		require.Equal(t, 4409, silent.closed(), name)
		require.Equal(t, 4409, elsewhere.closed(), name)
		tried += 2
	}
	sheet.Record(t, "W14", tried, "silent sockets in the caller's own and another session, closed", "closed")
}

// A token's own time needs no store: it ends the socket also while the store is gone.
func TestATokenEndsWhateverTheStoreSays(t *testing.T) {
	w := newWorld(t, func(_ *wsapi.Deps, c *wsapi.Config) { c.Poll = 300 * time.Millisecond })
	ada := w.Register("ada")
	c, _ := w.agent(ada.Session.ID(), bearer(ada.AccessToken))
	w.Store.Fail(fault.ErrUnavailable)
	w.Clock.Advance(11 * time.Minute)
	require.Equal(t, 4401, c.closed())
}

// A session of one's own that ends closes its socket although the login goes on; a hint makes it prompt where the poll is slow.
func TestTheSocketsOwnSessionEnds(t *testing.T) {
	w := newWorld(t, func(_ *wsapi.Deps, c *wsapi.Config) { c.Poll = time.Hour })
	ada := w.Register("ada")
	p := w.Caller(ada.AccessToken)
	second, err := w.Sessions.Create(t.Context(), p, nil)
	require.NoError(t, err)
	c, _ := w.agent(second.Session.ID(), bearer(ada.AccessToken))
	stays, _ := w.agent(ada.Session.ID(), bearer(ada.AccessToken))
	c.sync()
	require.NoError(t, w.Sessions.End(t.Context(), p, second.Session.ID()))
	require.NoError(t, w.bus.Publish(t.Context(), ports.Hint{SessionID: second.Session.ID()}))
	require.Equal(t, 4409, c.closed())
	stays.sync()
}

// The upgrade on the open socket: same session, executions go on, every event comes once; all other sockets of the session end.
func TestUpgradeInPlace(t *testing.T) {
	w := newWorld(t)
	visit, ada := w.Anonymous(), w.Register("ada")
	id := visit.Session.ID()
	work := w.begin(guest(visit), id)
	c, hello := w.agent(id, secret(visit))
	first := int64(hello.data("position").([]any)[0].(map[string]any)["seq"].(float64)) + 1
	other, _ := w.agent(id, secret(visit))
	stream := w.open(streamPath(work), secret(visit))

	c.fails(`{"type":"session.upgrade","access_token":"`+ada.AccessToken+`","session_secret":"sas_wrong"}`, "not_found")
	w.emit(work, 40)
	c.send(map[string]any{"type": "session.upgrade", "access_token": ada.AccessToken, "session_secret": visit.Secret})
	w.emit(work, 40)
	frames := c.until("session.upgraded")
	up := frames[len(frames)-1]
	require.Equal(t, id, up.data("session_id"))
	require.Equal(t, ada.User.ID, up.data("user_id"))
	require.InDelta(t, 2, up.data("epoch"), 0)
	token := up.data("access_token").(string)
	require.Equal(t, 4409, other.closed())
	require.Equal(t, 4409, stream.closed())

	w.emit(work, 5)
	p := w.Caller(token)
	last := w.end(p, work).LastSeq
	frames = append(frames, c.until("execution.completed")...)
	numbered(t, frames, work, first)
	require.Equal(t, last, frames[len(frames)-1].Seq)

	c.send(map[string]any{"type": "agent.message", "text": "who am I now"})
	c.until("execution.completed")
	c.send(map[string]any{"type": "stream.resume", "execution_id": work, "after_seq": last - 1})
	require.Equal(t, "stream.resumed", c.next().EventType)
	require.Equal(t, last, c.next().Seq)
	c.send(map[string]any{"type": "session.upgrade", "access_token": ada.AccessToken, "session_secret": visit.Secret})
	again := c.until("session.upgraded")
	require.Nil(t, again[len(again)-1].data("access_token"), "a repeat brings no second token")

	status, _ := w.refused(agentPath("session_id", id), secret(visit))
	require.Equal(t, 404, status, "the secret is dead")
	same, _ := w.agent(id, bearer(token))
	same.sync()
	require.NoError(t, w.Accounts.Logout(t.Context(), w.Caller(ada.AccessToken)))
	require.Equal(t, 4409, same.closed(), "the upgraded session ends with the login that upgraded it")
}

// S9: an upgrade that came another way leaves the visitor's sockets nothing.
func TestUpgradeElsewhere(t *testing.T) {
	sheet.Record(t, "S9", 1, "an upgrade elsewhere leaves the visitor's sockets nothing", "as the row says")
	w := newWorld(t)
	visit, ada := w.Anonymous(), w.Register("ada")
	work := w.begin(guest(visit), visit.Session.ID())
	c, _ := w.agent(visit.Session.ID(), secret(visit))
	c.sync()
	w.upgrade(ada.AccessToken, visit.Session.ID(), visit.Secret)
	w.emit(work, 3)
	require.NoError(t, c.ws.WriteMessage(websocket.TextMessage, []byte(`{"type":"stream.resume","execution_id":"`+work+`"}`)))
	for {
		f, code := c.read()
		if code != 0 {
			require.Equal(t, 4409, code)
			break
		}
		require.Empty(t, f.Type, "nothing after the upgrade: %s", f.raw)
	}
}

func TestCaps(t *testing.T) {
	var noted noting
	w := newWorld(t, func(d *wsapi.Deps, c *wsapi.Config) {
		c.PerSession, c.PerUser, c.PerProcess = 2, 3, 6
		d.Refused = noted.note
	})
	ada := w.Register("ada")
	at, head := agentPath("session_id", ada.Session.ID()), bearer(ada.AccessToken)
	w.open(at, head)
	first := w.open(at, head)
	_, res := w.dial(at, head)
	require.Equal(t, 429, res.StatusCode)
	require.NotEmpty(t, res.Header.Get("Retry-After"))
	second, err := w.Sessions.Create(t.Context(), w.Caller(ada.AccessToken), nil)
	require.NoError(t, err)
	w.open(agentPath("session_id", second.Session.ID()), head)
	status, _ := w.refused(agentPath("session_id", second.Session.ID()), head)
	require.Equal(t, 429, status, "three of one user")
	for range 3 {
		visit := w.Anonymous()
		w.open(agentPath(), secret(visit))
	}
	visit := w.Anonymous()
	_, res = w.dial(agentPath(), secret(visit))
	require.Equal(t, 503, res.StatusCode)
	require.NotEmpty(t, res.Header.Get("Retry-After"))
	require.Equal(t, []string{"too_many_sockets", "too_many_sockets", "server_full"}, noted.codes(), "limits that are hit are audited")
	require.NoError(t, first.ws.Close())
	require.Eventually(t, func() bool { return w.hub.Open() == 5 }, patience, time.Millisecond)
	w.open(at, head)
}

func TestShutdown(t *testing.T) {
	w := newWorld(t)
	visit := w.Anonymous()
	c, _ := w.agent(visit.Session.ID(), secret(visit))
	done := make(chan error, 1)
	go func() { done <- w.hub.Shutdown(context.WithoutCancel(t.Context())) }()
	require.NotEmpty(t, c.event("server.goaway").data("deadline"))
	status, code := w.refused(agentPath(), secret(visit))
	require.Equal(t, 503, status)
	require.Equal(t, "server_full", code)
	c.send(map[string]any{"type": "agent.message", "text": "still here"})
	c.until("execution.completed")
	require.Equal(t, 1012, c.closed())
	require.NoError(t, <-done)
	require.Zero(t, w.hub.Open())
}

// A peer that does not answer the goodbye is cut, and Shutdown still waits for the goroutines.
func TestShutdownOfADeafPeer(t *testing.T) {
	w := newWorld(t, func(_ *wsapi.Deps, c *wsapi.Config) { c.GoAway, c.Linger = time.Hour, time.Hour })
	visit := w.Anonymous()
	w.agent(visit.Session.ID(), secret(visit))
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	require.ErrorIs(t, w.hub.Shutdown(ctx), context.DeadlineExceeded)
	require.Zero(t, w.hub.Open())
}

func TestIdleSocketsEnd(t *testing.T) {
	w := newWorld(t, func(_ *wsapi.Deps, c *wsapi.Config) { c.Idle = 50 * time.Millisecond })
	visit := w.Anonymous()
	c, _ := w.agent(visit.Session.ID(), secret(visit))
	require.Equal(t, 4408, c.closed())
	require.Eventually(t, func() bool { return w.hub.Open() == 0 }, patience, time.Millisecond)
	require.Eventually(t, func() bool { return w.bus.subscribers() == 1 }, patience, time.Millisecond, "only the engine's own")
}

// A peer that answers no ping is gone.
func TestHalfOpenSocketsEnd(t *testing.T) {
	w := newWorld(t, func(_ *wsapi.Deps, c *wsapi.Config) { c.Ping, c.Pong = 30*time.Millisecond, 30*time.Millisecond })
	visit := w.Anonymous()
	c, _ := w.agent(visit.Session.ID(), secret(visit))
	c.ws.SetPingHandler(func(string) error { return nil })
	require.Equal(t, 4408, c.closed())
	live, _ := w.agent(visit.Session.ID(), secret(visit))
	pings := 0
	answer := live.ws.PingHandler()
	live.ws.SetPingHandler(func(s string) error {
		if pings++; pings == 6 {
			return live.ws.WriteMessage(websocket.TextMessage, []byte(`{"type":"ping"}`))
		}
		return answer(s)
	})
	live.event("pong")
}

// panics is a conversation service with a bug.
type panics struct{ wsapi.Conversations }

func (panics) Send(context.Context, identity.Principal, conversation.MessageCommand) (conversation.Sent, error) {
	panic("bug")
}

// W18: a bug in a handler ends its socket, nothing else.
func TestAPanicEndsOneSocket(t *testing.T) {
	sheet.Record(t, "W18", 1, "a panic ends one socket", "as the row says")
	w := newWorld(t, func(d *wsapi.Deps, _ *wsapi.Config) { d.Conversations = panics{d.Conversations} })
	visit := w.Anonymous()
	c, _ := w.agent(visit.Session.ID(), secret(visit))
	other, _ := w.agent(visit.Session.ID(), secret(visit))
	c.send(map[string]any{"type": "agent.message", "text": "hi"})
	require.Equal(t, 1011, c.closed())
	other.sync()
}

// A store that is away for a moment is an error frame; following goes on when it is back, without a hole.
func TestTheStoreIsAway(t *testing.T) {
	w := newWorld(t)
	visit := w.Anonymous()
	work := w.begin(guest(visit), visit.Session.ID())
	c, hello := w.agent(visit.Session.ID(), secret(visit))
	first := int64(hello.data("position").([]any)[0].(map[string]any)["seq"].(float64)) + 1
	c.sync()
	w.Store.Fail(fault.ErrUnavailable)
	c.fails(`{"type":"agent.message","text":"hi"}`, "unavailable")
	status, _ := w.refused(agentPath(), secret(visit))
	require.Equal(t, 503, status)
	w.Store.Fail(nil)
	w.emit(work, 2)
	w.end(guest(visit), work)
	numbered(t, c.until("execution.completed"), work, first)
}

func TestExpiredVisitor(t *testing.T) {
	w := newWorld(t)
	visit := w.Anonymous()
	c, _ := w.agent(visit.Session.ID(), secret(visit))
	w.Clock.Advance(session.AnonymousLife)
	require.Contains(t, []int{4404, 4409}, c.closed())
}

// noting remembers the codes of refusals.
type noting struct {
	mu   sync.Mutex
	list []string
}

func (n *noting) note(_ context.Context, r auditing.Refusal) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.list = append(n.list, r.Code)
}

func (n *noting) codes() []string {
	n.mu.Lock()
	defer n.mu.Unlock()
	return slices.Clone(n.list)
}
