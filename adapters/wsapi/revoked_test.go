package wsapi_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/stretchr/testify/require"

	"github.com/symphainy/symphainy/adapters/wsapi"
	"github.com/symphainy/symphainy/application/accounts"
	"github.com/symphainy/symphainy/application/trafficcop"
	"github.com/symphainy/symphainy/domain/identity"
	"github.com/symphainy/symphainy/test/authkit"
	"github.com/symphainy/symphainy/test/sheet"
)

// W14: what another replica takes away is gone within a second, at a replica that hears no hint of it, for all kinds of taking away.
func TestRightsTakenAwayAtAnotherReplicaAreGoneHere(t *testing.T) {
	each := sheet.Cases(100, 100, 10)
	takings := map[string]func(*world, *accounts.Service, accounts.SignIn) error{
		"logout": func(w *world, other *accounts.Service, in accounts.SignIn) error {
			return other.Logout(w.t.Context(), w.Caller(in.AccessToken))
		},
		"password": func(w *world, other *accounts.Service, in accounts.SignIn) error {
			changer := w.Login(in.User.Name, accounts.SessionProof{})
			return other.ChangePassword(w.t.Context(), w.Caller(changer.AccessToken), authkit.Password, "another fine armchair", w.Client())
		},
		"disable": func(w *world, _ *accounts.Service, in accounts.SignIn) error {
			w.User(in.User.ID, func(u *identity.User) { u.Disabled = true })
			return nil
		},
		"membership": func(w *world, _ *accounts.Service, in accounts.SignIn) error {
			w.Store.Remove(in.Tenant.ID, in.User.ID)
			return nil
		},
		"upgrade": nil,
	}
	var took []time.Duration
	usable := 0
	for name, take := range takings {
		// The guard here reads the real clock for what it remembers, and nothing that the other replica says reaches it.
		w := newWorld(t, func(_ *wsapi.Deps, c *wsapi.Config) { c.Poll = wsapi.Defaults().Poll })
		_, other, sessions := w.Replica()
		stop := w.realTime()
		var mu sync.Mutex
		var group sync.WaitGroup
		for range each {
			in := w.RegisterFresh()
			at, header := agentPath("session_id", in.Session.ID()), bearer(in.AccessToken)
			visit := w.Anonymous()
			if take == nil {
				at, header = agentPath(), secret(visit)
			}
			c := w.open(at, header)
			c.event("connection.established")
			start := time.Now()
			if take == nil {
				_, err := sessions.Upgrade(t.Context(), trafficcop.UpgradeCommand{SessionID: visit.Session.ID(), Secret: visit.Secret, AccessToken: in.AccessToken})
				require.NoError(t, err)
			} else {
				require.NoError(t, take(w, other, in), name)
			}
			group.Go(func() {
				code := closedBy(c.ws)
				mu.Lock()
				defer mu.Unlock()
				took = append(took, time.Since(start))
				if code != 4409 {
					usable++
				}
			})
		}
		group.Wait()
		stop()
	}
	slices.Sort(took)
	p99 := took[len(took)*99/100]
	require.Zero(t, usable, "of %d", len(took))
	require.Less(t, p99, 5*time.Second, "a machine at work takes longer, but not this long")
	sheet.Record(t, "W14", len(took), fmt.Sprintf("5 kinds × %d at another replica, without a hint: closed with 4409 p50 %s p99 %s, still usable %d", each,
		took[len(took)/2].Round(time.Millisecond), p99.Round(time.Millisecond), usable), "p99 at most 1 s, still usable 0/500")
}

// closedBy reads to the end of a socket and gives its close code.
func closedBy(ws *websocket.Conn) int {
	for {
		if err := ws.SetReadDeadline(time.Now().Add(patience)); err != nil {
			return 0
		}
		if _, _, err := ws.ReadMessage(); err != nil {
			var closed *websocket.CloseError
			if errors.As(err, &closed) {
				return closed.Code
			}
			return 0
		}
	}
}

// realTime lets the world's clock go on as the host's, until stop.
func (w *world) realTime() (stop func()) {
	ctx, cancel := context.WithCancel(context.WithoutCancel(w.t.Context()))
	done := make(chan struct{})
	go func() {
		defer close(done)
		tick := time.NewTicker(10 * time.Millisecond)
		defer tick.Stop()
		last := time.Now()
		for {
			select {
			case <-ctx.Done():
				return
			case now := <-tick.C:
				w.Clock.Advance(now.Sub(last))
				last = now
			}
		}
	}()
	return func() {
		cancel()
		<-done
	}
}
