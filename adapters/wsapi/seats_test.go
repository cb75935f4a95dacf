package wsapi_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/stretchr/testify/require"

	"github.com/symphainy/symphainy/adapters/system"
	"github.com/symphainy/symphainy/adapters/wsapi"
	"github.com/symphainy/symphainy/application/seats"
	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/ports"
	"github.com/symphainy/symphainy/test/sheet"
)

// replicas are servers over the store of one world, each with its own hub and its own count of sockets.
type replicas struct {
	*world
	hubs []*wsapi.Hub
	urls []string
}

func newReplicas(t *testing.T, n int, change func(*wsapi.Config)) *replicas {
	t.Helper()
	var deps wsapi.Deps
	var cfg wsapi.Config
	all := &replicas{}
	all.world = newWorld(t, func(d *wsapi.Deps, c *wsapi.Config) {
		change(c)
		deps, cfg = *d, *c
	})
	for range n {
		counter := seats.New(seats.Deps{
			UnitOfWork: all.Store, IDs: system.IDs{}, Report: func(context.Context, string, error) {},
		}, seats.Defaults())
		require.NoError(t, counter.Start(t.Context()))
		deps.Seats = counter
		hub, err := wsapi.New(deps, cfg)
		require.NoError(t, err)
		mux := http.NewServeMux()
		mux.Handle("GET /api/runtime/agent", hub.Agent())
		server := httptest.NewServer(mux)
		t.Cleanup(func() {
			ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), patience)
			defer cancel()
			require.NoError(t, hub.Shutdown(ctx))
			server.Close()
			require.NoError(t, counter.Stop(ctx))
		})
		all.hubs, all.urls = append(all.hubs, hub), append(all.urls, "ws"+server.URL[len("http"):])
	}
	return all
}

// dial opens a socket at a replica, or gives the status of the refusal.
func (r *replicas) dial(at int, path string, header http.Header) (*websocket.Conn, int) {
	dialer := websocket.Dialer{HandshakeTimeout: patience}
	ws, res, err := dialer.DialContext(r.t.Context(), r.urls[at]+path, header)
	if res != nil && res.Body != nil {
		_ = res.Body.Close()
	}
	switch {
	case err == nil:
		return ws, http.StatusSwitchingProtocols
	case res == nil:
		r.t.Errorf("no answer: %v", err)
		return nil, 0
	}
	return nil, res.StatusCode
}

func (r *replicas) open() (n int) {
	for _, h := range r.hubs {
		n += h.Open()
	}
	return n
}

// storm opens n sockets at once, each at the next replica, and keeps them. It gives how many opened by status.
func (r *replicas) storm(n int, path func(i int) string, header http.Header) map[int]int {
	var mu sync.Mutex
	var group sync.WaitGroup
	by := map[int]int{}
	for i := range n {
		group.Go(func() {
			ws, status := r.dial(i%len(r.urls), path(i), header)
			mu.Lock()
			defer mu.Unlock()
			by[status]++
			if ws != nil {
				r.t.Cleanup(func() { _ = ws.Close() })
			}
		})
	}
	group.Wait()
	return by
}

func TestCapsHoldOverReplicas(t *testing.T) {
	const sockets, users = 200, 20
	r := newReplicas(t, 3, func(c *wsapi.Config) { c.PerUser, c.PerSession = users, 5 })
	tried, most, least := 0, 0, users
	for _, name := range []string{"ada", "bea"} {
		in := r.Register(name)
		var sessions []string
		for range sockets / 5 {
			s, err := r.Sessions.Create(t.Context(), r.Caller(in.AccessToken), nil)
			require.NoError(t, err)
			sessions = append(sessions, s.Session.ID())
		}
		before := r.open()
		path := func(i int) string { return agentPath("session_id", sessions[i%len(sessions)]) }
		by := r.storm(sockets, path, bearer(in.AccessToken))
		opened := r.open() - before
		require.Equal(t, by[101], opened)
		require.Equal(t, sockets-opened, by[429], "%v", by)
		require.LessOrEqual(t, opened, users)
		// What the storm left free can be had, one after the other, and no more.
		for i := range users - opened + 3 {
			ws, status := r.dial(i%3, path(i), bearer(in.AccessToken))
			if ws != nil {
				t.Cleanup(func() { _ = ws.Close() })
			}
			require.Equal(t, i < users-opened, status == 101, "%d after %d", i, opened)
		}
		require.Equal(t, users, r.open()-before)
		tried, most, least = tried+sockets, max(most, opened), min(least, opened)
	}
	one := r.Register("cleo")
	by := r.storm(30, func(int) string { return agentPath("session_id", one.Session.ID()) }, bearer(one.AccessToken))
	require.LessOrEqual(t, by[101], 5)
	require.Equal(t, 30-by[101], by[429])
	sheet.Record(t, "W12", tried+30, fmt.Sprintf("two users with %d sockets each at once over 3 servers: open at most %d, at least %d, one after the other %d; one session: %d of 30",
		sockets, most, least, users, by[101]), "at most 20 a user (+3 in a race), 5 a session")
}

func TestPlacesThatAllShareAreFullWith503(t *testing.T) {
	r := newReplicas(t, 3, func(c *wsapi.Config) { c.PerAddress = 7 })
	var header []http.Header
	for range 30 {
		header = append(header, secret(r.Anonymous()))
	}
	var group sync.WaitGroup
	var opened, full atomic.Int64
	for i, h := range header {
		group.Go(func() {
			ws, status := r.dial(i%3, agentPath(), h)
			switch status {
			case 101:
				opened.Add(1)
				t.Cleanup(func() { _ = ws.Close() })
			case 503:
				full.Add(1)
			}
		})
	}
	group.Wait()
	require.LessOrEqual(t, opened.Load(), int64(7))
	require.Equal(t, int64(30), opened.Load()+full.Load())
}

func TestASeatIsGivenBackToAllReplicas(t *testing.T) {
	r := newReplicas(t, 2, func(c *wsapi.Config) { c.PerUser = 1 })
	in := r.Register("ada")
	path := agentPath("session_id", in.Session.ID())
	for i := range 6 {
		ws, status := r.dial(i%2, path, bearer(in.AccessToken))
		require.Equal(t, 101, status)
		_, status = r.dial((i+1)%2, path, bearer(in.AccessToken))
		require.Equal(t, 429, status)
		require.NoError(t, ws.Close())
		require.Eventually(t, func() bool {
			again, status := r.dial((i+1)%2, path, bearer(in.AccessToken))
			if again != nil {
				require.NoError(t, again.Close())
			}
			return status == 101
		}, patience, 10*time.Millisecond)
		require.Eventually(t, func() bool { return r.open() == 0 }, patience, time.Millisecond)
	}
}

// An upgrade moves the socket to its user's places, at all replicas.
func TestAnUpgradedSocketCountsForItsUserEverywhere(t *testing.T) {
	r := newReplicas(t, 2, func(c *wsapi.Config) { c.PerUser = 1 })
	in, visit := r.Register("ada"), r.Anonymous()
	ws, status := r.dial(0, agentPath(), secret(visit))
	require.Equal(t, 101, status)
	defer ws.Close()
	require.NoError(t, ws.WriteJSON(map[string]any{"type": "session.upgrade", "session_secret": visit.Secret, "access_token": in.AccessToken}))
	c := &client{t: t, ws: ws}
	c.until("session.upgraded")
	c.sync() // the upgrade has been answered after it was counted
	require.Eventually(t, func() bool {
		again, status := r.dial(1, agentPath("session_id", in.Session.ID()), bearer(in.AccessToken))
		if again != nil {
			_ = again.Close()
		}
		return status == 429
	}, patience, 10*time.Millisecond)
}

// Without its store a replica lets nobody in: it cannot know.
func TestNobodyIsLetInBlindly(t *testing.T) {
	failing := &noCounts{}
	w := newWorld(t, func(d *wsapi.Deps, _ *wsapi.Config) { d.Seats = failing })
	visit := w.Anonymous()
	_, res := w.dial(agentPath(), secret(visit))
	require.Equal(t, 503, res.StatusCode)
	require.NotEmpty(t, res.Header.Get("Retry-After"))
	require.Zero(t, w.hub.Open())
	require.Zero(t, failing.Load(), "what was not counted is not given back")
}

// noCounts is a count of sockets whose store does not answer; it counts what is given back.
type noCounts struct{ atomic.Int64 }

func (*noCounts) Take(context.Context, []ports.Place) ([]int, error) {
	return nil, fault.ErrUnavailable
}
func (n *noCounts) Give([]ports.Place)      { n.Add(1) }
func (n *noCounts) Move(_, _ []ports.Place) { n.Add(1) }
