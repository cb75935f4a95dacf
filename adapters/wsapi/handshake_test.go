package wsapi_test

import (
	"encoding/base64"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/symphainy/symphainy/adapters/wsapi"
	"github.com/symphainy/symphainy/domain/identity"
	"github.com/symphainy/symphainy/domain/typeid"
	"github.com/symphainy/symphainy/test/sheet"
)

// ticket buys a ticket.
func (w *world) ticket(p identity.Principal, sessionID, origin string) string {
	w.t.Helper()
	ticket, _, err := w.Sessions.IssueTicket(w.t.Context(), p, sessionID, origin)
	require.NoError(w.t, err)
	return ticket
}

func proto(token string) string { return "base64url.bearer.agent." + token }

// own is the header of the server's own pages, with a cookie.
func (w *world) own(name, value string) http.Header {
	return http.Header{"Origin": {w.server.URL}, "Cookie": {name + "=" + value}}
}

func TestEveryCarrierOpens(t *testing.T) {
	w := newWorld(t)
	ada, visit := w.Register("ada"), w.Anonymous()
	token, id := ada.AccessToken, ada.Session.ID()
	mine := w.Caller(token)
	encoded := base64.RawURLEncoding.EncodeToString([]byte(token))
	for name, open := range map[string]func() *client{
		"ticket": func() *client { return w.open(agentPath("access_token", w.ticket(mine, id, "")), nil) },
		"ticket of a page": func() *client {
			return w.open(agentPath("access_token", w.ticket(mine, id, listed), "session_id", id), http.Header{"Origin": {listed}})
		},
		"ticket beside the older name of the session": func() *client {
			return w.open(agentPath("access_token", w.ticket(mine, id, ""), "session_token", id), nil)
		},
		"subprotocol":         func() *client { return w.open(agentPath("session_id", id), nil, "agent.v1", proto(token)) },
		"encoded subprotocol": func() *client { return w.open(agentPath("session_id", id), nil, proto(encoded), "agent.v1") },
		"header":              func() *client { return w.open(agentPath("session_id", id), bearer(token)) },
		"no session named":    func() *client { return w.open(agentPath(), bearer(token)) },
		"token in the URL is ignored beside a header": func() *client {
			return w.open(agentPath("access_token", token, "session_token", id), bearer(token))
		},
		"login cookie": func() *client { return w.open(agentPath("session_id", id), w.own("lgn", ada.LoginCookie)) },
	} {
		c := open()
		f := c.event("connection.established")
		require.Equal(t, id, f.data("session_id"), name)
		require.Equal(t, ada.User.ID, f.data("user_id"), name)
		want := ""
		if strings.HasSuffix(name, "subprotocol") {
			want = "agent.v1"
		}
		require.Equal(t, want, c.ws.Subprotocol(), "only the version is echoed")
	}
	visitID := visit.Session.ID()
	for name, c := range map[string]*client{
		"secret":            w.open(agentPath("session_id", visitID), secret(visit)),
		"secret alone":      w.open(agentPath(), secret(visit)),
		"secret cookie":     w.open(agentPath("session_id", visitID), w.own("sas-"+visitID, visit.Secret)),
		"only cookie":       w.open(agentPath(), w.own("sas-"+visitID, visit.Secret)),
		"ticket":            w.open(agentPath("access_token", w.ticket(guest(visit), visitID, "")), nil),
		"secret and bearer": w.open(agentPath("session_id", visitID), http.Header{"X-Session-Secret": {visit.Secret}, "Authorization": {"Bearer " + token}}),
	} {
		f := c.event("connection.established")
		require.Equal(t, visitID, f.data("session_id"), name)
		require.Equal(t, true, f.data("is_anonymous"), name)
		require.Nil(t, f.data("user_id"), name)
	}
}

func TestTokenInTheURL(t *testing.T) {
	w := newWorld(t, func(_ *wsapi.Deps, c *wsapi.Config) { c.AllowQueryJWT = true })
	ada, bob := w.Register("ada"), w.Register("bob")
	id := ada.Session.ID()
	for _, at := range []string{
		agentPath("access_token", ada.AccessToken, "session_id", id), agentPath("access_token", ada.AccessToken, "session_token", id),
		agentPath("session_token", ada.AccessToken, "session_id", id), agentPath("access_token", ada.AccessToken),
	} {
		c, res := w.dial(at, nil)
		require.NotNil(t, c)
		require.NotEmpty(t, res.Header.Get("Deprecation"))
		require.Equal(t, id, c.event("connection.established").data("session_id"))
	}
	status, code := w.refused(agentPath("access_token", ada.AccessToken), bearer(bob.AccessToken))
	require.Equal(t, 400, status)
	require.Equal(t, "conflicting_values", code)

	strict := newWorld(t)
	eve := strict.Register("eve")
	status, code = strict.refused(agentPath("access_token", eve.AccessToken), nil)
	require.Equal(t, 401, status)
	require.Equal(t, "token_in_url", code)
}

// W1: twelve bad credentials by five carriers at both endpoints never get a 101.
func TestBadCredentials(t *testing.T) {
	sheet.Record(t, "W1", 1, "bad credentials by every carrier get no 101", "as the row says")
	w := newWorld(t, func(_ *wsapi.Deps, c *wsapi.Config) { c.AllowQueryJWT = true })
	ada, eve, off := w.Register("ada"), w.Register("eve"), w.Register("off")
	id := ada.Session.ID()
	execution := w.begin(w.Caller(ada.AccessToken), id)
	used := w.ticket(w.Caller(ada.AccessToken), id, "")
	_, _, err := w.Sessions.RedeemTicket(t.Context(), used, "")
	require.NoError(t, err)
	w.User(off.User.ID, func(u *identity.User) { u.Disabled = true })
	w.Guard.Forget(off.Session.ID())
	parts := strings.Split(ada.AccessToken, ".")
	none := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"none","typ":"at+jwt"}`)) + "." + parts[1] + "."
	signature := []byte(parts[2])
	signature[3] ^= 1
	bad := map[string]string{
		"random": "Zm9vYmFyYmF6", "bad signature": parts[0] + "." + parts[1] + "." + string(signature), "none": none,
		"other issuer's": parts[0] + "." + base64.RawURLEncoding.EncodeToString([]byte(`{"aud":"other"}`)) + "." + parts[2],
		"refresh":        ada.RefreshToken, "used ticket": used, "made-up ticket": "wst_" + strings.Repeat("A", 43),
		"foreign ticket": "", "login cookie": ada.LoginCookie, "session id": id, "disabled user": off.AccessToken, "expired": ada.AccessToken,
	}
	check := func(name, value string) {
		for _, base := range []func(...string) string{agentPath, func(q ...string) string { return streamPath(execution, q...) }} {
			for carrier, try := range map[string]func() (int, string){
				"query":       func() (int, string) { return w.refused(base("access_token", value, "session_id", id), nil) },
				"legacy":      func() (int, string) { return w.refused(base("session_token", value, "session_id", id), nil) },
				"subprotocol": func() (int, string) { return w.refused(base("session_id", id), nil, "agent.v1", proto(value)) },
				"header":      func() (int, string) { return w.refused(base("session_id", id), bearer(value)) },
				"cookie":      func() (int, string) { return w.refused(base("session_id", id), w.own("lgn", value)) },
			} {
				if name == "foreign ticket" {
					value = w.ticket(w.Caller(eve.AccessToken), eve.Session.ID(), "")
				}
				if name == "login cookie" && carrier == "cookie" {
					continue
				}
				status, _ := try()
				require.Contains(t, []int{401, 403}, status, "%s by %s", name, carrier)
			}
		}
	}
	for name, value := range bad {
		if name != "expired" {
			check(name, value)
		}
	}
	for _, at := range []string{agentPath("session_id", id), streamPath(execution), agentPath("access_token", ""), agentPath()} {
		status, code := w.refused(at, nil)
		require.Equal(t, 401, status)
		require.Equal(t, "unauthenticated", code)
	}
	w.Clock.Advance(11 * time.Minute)
	check("expired", bad["expired"])
}

// W2: who is neither ours nor listed does not get in, whatever it proves.
func TestOrigins(t *testing.T) {
	sheet.Record(t, "W2", 1, "foreign origins get no 101", "as the row says")
	w := newWorld(t)
	ada := w.Register("ada")
	at := agentPath("session_id", ada.Session.ID())
	for _, origin := range []string{
		"https://evil.example", "null", "https://app.example.evil.com", "https://evil-app.example", "http://app.example",
		"https://app.example:8443", "https://APP.example", "https://user@app.example", "https://93.184.216.34", "https://xn--pp-xla.example",
		"https://app.example.", "", "https://app.example/",
	} {
		for _, header := range []http.Header{bearer(ada.AccessToken), {"Cookie": {"lgn=" + ada.LoginCookie}}} {
			header = header.Clone()
			header["Origin"] = []string{origin}
			status, code := w.refused(at, header)
			require.Equal(t, 403, status, origin)
			require.Equal(t, "origin_refused", code)
		}
	}
	two := bearer(ada.AccessToken)
	two["Origin"] = []string{listed, listed}
	status, _ := w.refused(at, two)
	require.Equal(t, 403, status)
	status, code := w.refused(at, http.Header{"Cookie": {"lgn=" + ada.LoginCookie}})
	require.Equal(t, 403, status, "a cookie alone needs an Origin")
	require.Equal(t, "origin_refused", code)
	for _, header := range []http.Header{
		bearer(ada.AccessToken), {"Origin": {listed}, "Cookie": {"lgn=" + ada.LoginCookie}}, w.own("lgn", ada.LoginCookie),
	} {
		w.open(at, header).event("connection.established")
	}
}

func TestWhatContradictsItself(t *testing.T) {
	w := newWorld(t)
	ada, bob := w.Register("ada"), w.Register("bob")
	visit, other := w.Anonymous(), w.Anonymous()
	id := ada.Session.ID()
	twice := bearer(ada.AccessToken)
	twice["Authorization"] = append(twice["Authorization"], "Bearer "+bob.AccessToken)
	secrets := secret(visit)
	secrets["X-Session-Secret"] = append(secrets["X-Session-Secret"], other.Secret)
	ticket := w.ticket(w.Caller(ada.AccessToken), id, "")
	several := http.Header{"Origin": {w.server.URL}, "Cookie": {
		"sas-" + visit.Session.ID() + "=" + visit.Secret + "; sas-" + other.Session.ID() + "=" + other.Secret,
	}}
	for _, try := range []struct {
		at     string
		header http.Header
		protos []string
		code   string
	}{
		{agentPath("session_id", id, "session_id", bob.Session.ID()), bearer(ada.AccessToken), nil, "conflicting_values"},
		{agentPath("access_token", ticket, "session_token", id, "session_id", bob.Session.ID()), nil, nil, "conflicting_values"},
		{agentPath("access_token", ticket), bearer(ada.AccessToken), nil, "conflicting_values"},
		{agentPath("access_token", ticket, "access_token", "x"), nil, nil, "conflicting_values"},
		{agentPath(), bearer(ada.AccessToken), []string{"agent.v1", proto(bob.AccessToken)}, "conflicting_values"},
		{agentPath(), twice, nil, "conflicting_values"},
		{agentPath(), secrets, nil, "conflicting_values"},
		{agentPath(), several, nil, "conflicting_values"},
		{agentPath("session_secret", "x"), bearer(ada.AccessToken), nil, "secret_in_url"},
		{agentPath("access_token", visit.Secret), secret(visit), nil, "secret_in_url"},
		{agentPath("anything", visit.Secret), bearer(ada.AccessToken), nil, "secret_in_url"},
	} {
		status, code := w.refused(try.at, try.header, try.protos...)
		require.Equal(t, 400, status, try.at)
		require.Equal(t, try.code, code, try.at)
	}
	w.open(agentPath("access_token", ticket), nil).event("connection.established") // nothing of that used it up
}

// TestNamedTenants: what the URL names must be the caller's, and proves nothing.
func TestNamedTenants(t *testing.T) {
	w := newWorld(t)
	ada, bob := w.Register("ada"), w.Register("bob")
	for _, named := range [][]string{
		{"tenant_id", bob.Tenant.ID}, {"user_id", bob.User.ID}, {"tenant_id", ada.Tenant.ID, "tenant_id", bob.Tenant.ID}, {"tenant_id", "x"},
	} {
		status, code := w.refused(agentPath(named...), bearer(ada.AccessToken))
		require.Equal(t, 403, status, named)
		require.Equal(t, "tenant_mismatch", code)
	}
	w.open(agentPath("tenant_id", ada.Tenant.ID, "user_id", ada.User.ID), bearer(ada.AccessToken)).event("connection.established")
}

func TestSessionsThatCannotBeOpened(t *testing.T) {
	w := newWorld(t)
	ada, bob, visit := w.Register("ada"), w.Register("bob"), w.Anonymous()
	unknown := typeid.Format(typeid.Session, [16]byte{9})
	for _, id := range []string{unknown, bob.Session.ID(), visit.Session.ID(), "x", ada.AccessToken, ada.User.ID} {
		status, code := w.refused(agentPath("session_id", id), bearer(ada.AccessToken))
		require.Equal(t, 404, status, id)
		require.Equal(t, "not_found", code)
	}
	for _, header := range []http.Header{secret(w.Anonymous()), {"X-Session-Secret": {""}}, w.own("sas-"+visit.Session.ID(), "sas_"+strings.Repeat("A", 43))} {
		status, _ := w.refused(agentPath("session_id", visit.Session.ID()), header)
		require.Equal(t, 404, status)
	}
	status, _ := w.refused(agentPath("session_id", visit.Session.ID()), http.Header{"Origin": {w.server.URL}})
	require.Equal(t, 401, status, "the id is no credential")
	ended, err := w.Sessions.Create(t.Context(), w.Caller(ada.AccessToken), nil)
	require.NoError(t, err)
	require.NoError(t, w.Sessions.End(t.Context(), w.Caller(ada.AccessToken), ended.Session.ID()))
	status, code := w.refused(agentPath("session_id", ended.Session.ID()), bearer(ada.AccessToken))
	require.Equal(t, 409, status)
	require.Equal(t, "session_ended", code)
}

func TestWhatIsNoHandshake(t *testing.T) {
	w := newWorld(t)
	visit := w.Anonymous()
	for _, header := range []http.Header{
		{}, {"Connection": {"Upgrade"}}, {"Connection": {"Upgrade"}, "Upgrade": {"websocket"}, "Sec-Websocket-Version": {"8"}},
		{"Connection": {"Upgrade"}, "Upgrade": {"websocket"}, "Sec-Websocket-Version": {"13"}, "Sec-Websocket-Key": {"short"}},
	} {
		header.Set("X-Session-Secret", visit.Secret)
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, w.server.URL+agentPath(), nil)
		require.NoError(t, err)
		req.Header = header
		res, err := w.server.Client().Do(req)
		require.NoError(t, err)
		require.NoError(t, res.Body.Close())
		require.Equal(t, 400, res.StatusCode)
		require.Equal(t, "application/problem+json", res.Header.Get("Content-Type"))
	}
}
