package runtimehttp_test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/symphainy/symphainy/adapters/jwtauth"
	"github.com/symphainy/symphainy/adapters/runtimehttp"
	"github.com/symphainy/symphainy/adapters/system"
	"github.com/symphainy/symphainy/application/intents"
	"github.com/symphainy/symphainy/application/runtime"
	"github.com/symphainy/symphainy/domain/event"
	"github.com/symphainy/symphainy/domain/execution"
	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/domain/identity"
	"github.com/symphainy/symphainy/domain/intent"
	"github.com/symphainy/symphainy/domain/realm"
	"github.com/symphainy/symphainy/domain/typeid"
	"github.com/symphainy/symphainy/ports"
	"github.com/symphainy/symphainy/test/runtimetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func keys(t *testing.T, name string) *jwtauth.Keys {
	t.Helper()
	seed := sha256.Sum256([]byte(name))
	k, err := jwtauth.NewKeys(ed25519.NewKeyFromSeed(seed[:]))
	require.NoError(t, err)
	return k
}

func issuer(t *testing.T, name string) *jwtauth.ServiceIssuer {
	t.Helper()
	i, err := jwtauth.NewServiceIssuer(keys(t, name), system.Clock{}, system.IDs{})
	require.NoError(t, err)
	return i
}

func deps(t *testing.T, e ports.Runtime, behind *runtime.Engine, c *intents.Catalogue) runtimehttp.Deps {
	t.Helper()
	v, err := jwtauth.NewServiceVerifier(keys(t, "planes"), system.Clock{})
	require.NoError(t, err)
	return runtimehttp.Deps{
		Runtime: e, Control: behind, Operations: behind, Feed: behind, Verifier: v, Clock: system.Clock{}, Log: slog.New(slog.DiscardHandler),
		Spec: func(intentType string) (string, realm.IntentSpec, error) {
			entry, err := c.Find(intentType)
			return entry.Realm, entry.Spec, err
		},
	}
}

func client(t *testing.T, url, key string) *runtimehttp.Client {
	t.Helper()
	c, err := runtimehttp.NewClient(url, issuer(t, key))
	require.NoError(t, err)
	t.Cleanup(c.Close)
	return c
}

func TestTheContractHoldsOverHTTP(t *testing.T) {
	runtimetest.Run(t, func(t *testing.T, e *runtime.Engine, c *intents.Catalogue) (ports.Runtime, ports.EventFeed) {
		server := httptest.NewServer(runtimehttp.NewServer(deps(t, e, e, c)))
		t.Cleanup(server.Close)
		over := client(t, server.URL, "planes")
		return over, over
	})
}

// shortLived takes every credential as over in a moment, so that streams are made anew all the time.
type shortLived struct{ ports.ServiceTokenVerifier }

func (s shortLived) Verify(token string, request []byte) (ports.ServiceCaller, time.Time, error) {
	c, _, err := s.ServiceTokenVerifier.Verify(token, request)
	return c, system.Clock{}.Now(), err
}

// A stream outlives its connections: credentials that are over, and a Runtime that cuts every connection.
func TestAStreamOutlivesItsConnections(t *testing.T) {
	var server *httptest.Server
	w := runtimetest.NewWorld(t, func(t *testing.T, e *runtime.Engine, c *intents.Catalogue) (ports.Runtime, ports.EventFeed) {
		d := deps(t, e, e, c)
		d.Verifier = shortLived{d.Verifier}
		server = httptest.NewServer(runtimehttp.NewServer(d))
		t.Cleanup(server.Close)
		over := client(t, server.URL, "planes")
		return over, over
	})
	id := w.Accepted(w.Ask("hold")).ID
	time.AfterFunc(1500*time.Millisecond, w.Release) // beyond the first connection's life
	var seqs []int64
	require.NoError(t, w.Follow(t.Context(), runtimetest.Ada().Scope(), id, ports.Position{}, func(batch []event.Event) error {
		for _, e := range batch {
			seqs = append(seqs, e.Seq)
		}
		server.CloseClientConnections()
		return nil
	}))
	for i, seq := range seqs {
		require.Equal(t, int64(i+1), seq, "no hole, nothing twice")
	}
	require.Len(t, seqs, int(w.Ended(id).LastSeq))
}

// A Runtime that is gone, or something else at its address, is an outage and never an answer.
func TestWhatIsNoRuntimeIsAnOutage(t *testing.T) {
	other := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(other.Close)
	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close()
	for name, url := range map[string]string{"another server": other.URL, "nobody": gone.URL} {
		c := client(t, url, "planes")
		_, err := c.Execution(t.Context(), runtimetest.Ada().Scope(), "exe_1")
		require.ErrorIs(t, err, fault.ErrUnavailable, name)
		require.ErrorIs(t, c.Follow(t.Context(), runtimetest.Ada().Scope(), "exe_1", ports.Position{}, nil), fault.ErrUnavailable, name)
		require.Error(t, c.Check(t.Context()), name)
	}
	for _, url := range []string{"", "ftp://x", "http://", "http://u:p@host", "http://host/path", "http://host?x=1"} {
		require.Error(t, runtimehttp.CheckURL(url), url)
	}
}

// Only the credential of another plane opens the door, for the one request that it was made for.
func TestOnlyServiceCredentialsAreTaken(t *testing.T) {
	w := runtimetest.NewWorld(t, runtimetest.Engine)
	server := httptest.NewServer(runtimehttp.NewServer(deps(t, w.Engine, w.Engine, w.Catalogue)))
	t.Cleanup(server.Close)

	users, err := jwtauth.NewIssuer(keys(t, "planes"), jwtauth.Config{Issuer: "symphainy", Audience: "runtime"}, system.Clock{}, system.IDs{})
	require.NoError(t, err)
	id := func(p typeid.Prefix) string { return system.IDs{}.NewID(p) }
	user, _, err := users.Issue(ports.Claims{
		UserID: id(typeid.User), TenantID: id(typeid.Tenant), SessionID: id(typeid.Session), SessionEpoch: 1, AuthTime: system.Clock{}.Now(),
	})
	require.NoError(t, err)
	scope := runtimetest.Ada().Scope()
	elsewhere := sha256.Sum256([]byte("/runtime/v1/execution\n{}"))
	replayed, err := issuer(t, "planes").Issue(ports.ServiceCaller{Scope: &scope}, elsewhere[:])
	require.NoError(t, err)
	stranger, err := issuer(t, "other").Issue(ports.ServiceCaller{Scope: &scope}, elsewhere[:])
	require.NoError(t, err)
	for name, credential := range map[string]string{
		"nothing": "", "no bearer": "Basic x", "a user's token": "Bearer " + user, "of another request": "Bearer " + replayed,
		"of another key": "Bearer " + stranger, "nonsense": "Bearer a.b.c",
	} {
		for _, route := range []string{"submit", "execution", "executions", "operate", "cancel", "decide", "signal", "wait", "page", "follow", "follow_session"} {
			req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, server.URL+"/runtime/v1/"+route, bytes.NewReader([]byte(`{"ID":"exe_1"}`)))
			require.NoError(t, err)
			if credential != "" {
				req.Header.Set("Authorization", credential)
			}
			res, err := http.DefaultClient.Do(req)
			require.NoError(t, err)
			body, err := io.ReadAll(res.Body)
			require.NoError(t, errors.Join(err, res.Body.Close()))
			require.Equal(t, http.StatusUnauthorized, res.StatusCode, "%s %s %s", name, route, body)
		}
	}
	http.DefaultClient.CloseIdleConnections()

	_, err = client(t, server.URL, "other").Execution(t.Context(), scope, "exe_1")
	require.Equal(t, fault.Unavailable, fault.KindOf(err), "a deployment's fault is not the user's")
	require.Equal(t, "runtime_unavailable", fault.As(err).Code)
	good := client(t, server.URL, "planes")
	require.NoError(t, good.Check(t.Context()))
	_, err = good.Cancel(t.Context(), runtimetest.Ada(), "exe_1")
	require.ErrorIs(t, err, fault.ErrNotFound)
	unknown := w.Ask("act")
	unknown.Intent.Type = "nothing"
	_, err = good.Submit(t.Context(), unknown)
	require.ErrorIs(t, err, intent.ErrUnknown, "the Runtime's own catalogue counts")
}

// broken panics.
type broken struct{ ports.Runtime }

func (broken) Executions(context.Context, identity.Scope, ports.ExecutionFilter, ports.Page) ([]execution.Snapshot, error) {
	panic("bug")
}

func TestAPanicEndsTheRequestOnly(t *testing.T) {
	w := runtimetest.NewWorld(t, runtimetest.Engine)
	server := httptest.NewServer(runtimehttp.NewServer(deps(t, broken{w.Engine}, w.Engine, w.Catalogue)))
	t.Cleanup(server.Close)
	c := client(t, server.URL, "planes")
	_, err := c.Executions(t.Context(), runtimetest.Ada().Scope(), ports.ExecutionFilter{}, ports.Page{})
	require.Equal(t, fault.Internal, fault.KindOf(err))
	require.NoError(t, c.Check(t.Context()))
}
