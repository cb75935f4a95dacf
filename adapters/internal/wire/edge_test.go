package wire_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/symphainy/symphainy/adapters/internal/wire"
	"github.com/symphainy/symphainy/domain/event"
	"github.com/symphainy/symphainy/domain/execution"
	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/domain/intent"
	"github.com/symphainy/symphainy/domain/session"
	"github.com/symphainy/symphainy/domain/typeid"
	"github.com/symphainy/symphainy/ports"
)

const secret = "sas_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"

func sessionID(n byte) string { return typeid.Format(typeid.Session, [16]byte{15: n}) }

func TestEveryKindHasItsStatus(t *testing.T) {
	want := map[fault.Kind]int{
		fault.Internal: 500, fault.Malformed: 400, fault.Unauthenticated: 401, fault.Denied: 403, fault.NotFound: 404, fault.Conflict: 409, fault.Gone: 410,
		fault.TooLarge: 413, fault.Unsupported: 415, fault.Invalid: 422, fault.Limited: 429, fault.Unavailable: 503, fault.Quota: 507,
	}
	for kind, status := range want {
		require.Equal(t, status, wire.Status(kind))
	}
}

func TestServerTroubleIsConstant(t *testing.T) {
	for _, err := range []error{errors.New("pq: secret table"), fault.New(fault.Internal, "odd", "SELECT *"), fault.ErrUnavailable.WithMsg("host db-1 is gone"),
		fault.New(fault.Quota, "quota_exceeded", "tenant 7 has 3 files")} {
		p := wire.NewProblem(err, "0123")
		require.GreaterOrEqual(t, p.Status, 500)
		for _, leak := range []string{"secret", "SELECT", "db-1", "tenant 7"} {
			require.NotContains(t, p.Detail, leak)
		}
		require.Equal(t, "0123", p.TraceID)
	}
	require.Equal(t, "internal", wire.NewProblem(fault.New(fault.Internal, "odd", "x"), "").Code)
	require.Equal(t, "unavailable", wire.NewProblem(fault.ErrUnavailable, "").Code)
}

func TestProblemGolden(t *testing.T) {
	rec := httptest.NewRecorder()
	err := fault.New(fault.Limited, "rate_limited", "Slow down.").After(1500 * time.Millisecond).WithFields(fault.Field{Pointer: "/a", Code: "c", Message: "m <&>"})
	wire.NewProblem(err, "t").Write(rec)
	require.JSONEq(t, `{"type":"about:blank","title":"Too Many Requests","status":429,"detail":"Slow down.","code":"rate_limited","trace_id":"t",
		"errors":[{"pointer":"/a","code":"c","message":"m <&>"}],"retry_after":2}`, rec.Body.String())
	require.Equal(t, "2", rec.Header().Get("Retry-After"))
	require.Equal(t, wire.ProblemType, rec.Header().Get("Content-Type"))
	rec = httptest.NewRecorder()
	wire.WriteError(rec, httptest.NewRequest("GET", "/", nil), wire.WithStatus(http.StatusMethodNotAllowed, fault.New(fault.Malformed, "method_not_allowed", "No.")))
	require.Equal(t, 405, rec.Code)
}

func TestBearer(t *testing.T) {
	for value, ok := range map[string]bool{
		"Bearer abc.def-_~+/=": true, "bearer abc": true, "Bearer": false, "Bearer ": false, "Bearer a b": false, "Bearer  a": false, "Basic abc": false, "": false,
		"Bearer a,Bearer b": false, "Bearer é": false, "Bearer " + strings.Repeat("a", 9000): false,
	} {
		_, given, err := wire.Bearer(http.Header{"Authorization": {value}})
		require.True(t, given)
		require.Equal(t, ok, err == nil, value)
		if !ok {
			require.ErrorIs(t, err, ports.ErrToken)
		}
	}
	_, given, err := wire.Bearer(http.Header{})
	require.False(t, given)
	require.NoError(t, err)
	_, _, err = wire.Bearer(http.Header{"Authorization": {"Bearer a", "Bearer b"}})
	require.ErrorIs(t, err, wire.ErrConflict)
}

func TestSecretsInURLs(t *testing.T) {
	bad := []string{"/api/x?session_secret=1", "/api/x?Session_Secret=", "/x?a=" + secret, "/x/" + secret, "/x?a=b%20" + secret, "/x?" + secret + "=1",
		"/x?a=%73as_AAAAAAAAAAAAAAAAAAAAA", "/x?a=sas_short", "/api/session/sas_q", "/x?a=1;b=" + secret}
	for _, raw := range bad {
		u, err := url.Parse(raw)
		require.NoError(t, err)
		require.ErrorIs(t, wire.SecretInURL(u), wire.ErrSecretInURL, raw)
	}
	for _, raw := range []string{"/api/session/ses_1?limit=3", "/x?name=alsas_b", "/"} {
		u, err := url.Parse(raw)
		require.NoError(t, err)
		require.NoError(t, wire.SecretInURL(u), raw)
	}
}

func TestHeaderWinsOverCookies(t *testing.T) {
	c := wire.Cookies{}
	r := httptest.NewRequest("GET", "/", nil)
	r.AddCookie(&http.Cookie{Name: c.AnonymousName(sessionID(1)), Value: secret})
	r.AddCookie(&http.Cookie{Name: "sas-" + sessionID(2), Value: secret})
	r.AddCookie(&http.Cookie{Name: "__Host-sas-nonsense", Value: secret})
	proofs, err := c.Proofs(r)
	require.NoError(t, err)
	require.Equal(t, []wire.Proof{{SessionID: sessionID(1), Secret: secret, ByCookie: true}}, proofs)
	p, err := c.ProofFor(r, sessionID(2))
	require.NoError(t, err)
	require.Empty(t, p.Secret)
	r.Header.Set("X-Session-Secret", "")
	p, err = c.ProofFor(r, sessionID(1))
	require.NoError(t, err)
	require.Equal(t, wire.Proof{SessionID: sessionID(1)}, p, "an empty header still hides the cookie")
	r.Header.Add("X-Session-Secret", "other")
	_, err = c.Proofs(r)
	require.ErrorIs(t, err, wire.ErrConflict)
}

func TestCookiesAreStrictAndFew(t *testing.T) {
	for _, plain := range []bool{false, true} {
		c := wire.Cookies{Plain: plain}
		r := httptest.NewRequest("POST", "/", nil)
		for n := byte(1); n <= 7; n++ {
			r.AddCookie(&http.Cookie{Name: c.AnonymousName(sessionID(n)), Value: secret})
		}
		rec := httptest.NewRecorder()
		c.SetAnonymous(rec, r, sessionID(9), secret, time.Hour)
		got := rec.Result().Cookies()
		require.Len(t, got, 4)
		for i, cookie := range got {
			require.True(t, cookie.HttpOnly)
			require.Equal(t, !plain, cookie.Secure)
			require.Equal(t, http.SameSiteStrictMode, cookie.SameSite)
			require.Equal(t, "/", cookie.Path)
			require.Equal(t, !plain, strings.HasPrefix(cookie.Name, "__Host-"))
			if i < 3 {
				require.Equal(t, c.AnonymousName(sessionID(byte(i+1))), cookie.Name)
				require.Negative(t, cookie.MaxAge)
			}
		}
		require.Equal(t, 3600, got[3].MaxAge)
	}
}

func TestOrigins(t *testing.T) {
	o, err := wire.NewOrigins("https://api.example.org", []string{"https://app.example.org"})
	require.NoError(t, err)
	good := []string{"https://api.example.org", "https://app.example.org"}
	bad := []string{"", "null", "https://evil.example", "https://app.example.org.evil.example", "https://evil-app.example.org", "http://app.example.org",
		"https://app.example.org:8443", "https://APP.example.org", "https://u@app.example.org", "https://app.example.org.", "https://app.example.org/", "https://xn--pp-wia.example.org"}
	for _, origin := range append(good, bad...) {
		r := httptest.NewRequest("POST", "/", nil)
		r.Header.Set("Origin", origin)
		ok := origin != "" && (origin == good[0] || origin == good[1])
		require.Equal(t, ok, o.Required(r) == nil, origin)
		require.Equal(t, ok, o.Foreign(r) == nil, origin)
	}
	r := httptest.NewRequest("POST", "/", nil)
	require.ErrorIs(t, o.Required(r), wire.ErrOrigin)
	require.NoError(t, o.Foreign(r))
	r.Header["Origin"] = []string{good[0], "https://evil.example"}
	require.Error(t, o.Required(r))
	for _, entry := range []string{"*", "null", "https://*.example.org", "https://a.example/", "app.example", "https://A.example"} {
		_, err := wire.NewOrigins("", []string{entry})
		require.Error(t, err, entry)
	}
	own, err := wire.NewOrigins("", nil)
	require.NoError(t, err)
	r = httptest.NewRequest("POST", "http://127.0.0.1:8001/x", nil)
	r.Header.Set("Origin", "http://127.0.0.1:8001")
	require.NoError(t, own.Required(r))
	r.Header.Set("Origin", "http://127.0.0.1:9000")
	require.Error(t, own.Required(r))
}

func TestClientAddress(t *testing.T) {
	none, err := wire.NewAddresses(nil)
	require.NoError(t, err)
	behind, err := wire.NewAddresses([]string{"10.0.0.0/8"})
	require.NoError(t, err)
	r := httptest.NewRequest("GET", "/", nil)
	r.RemoteAddr = "10.1.2.3:4567"
	for _, name := range []string{"X-Forwarded-For", "X-Real-IP", "Forwarded", "True-Client-IP", "CF-Connecting-IP"} {
		r.Header.Set(name, "6.6.6.6, 203.0.113.9, 10.9.9.9")
	}
	require.Equal(t, "10.1.2.3", none.Client(r))
	require.Equal(t, "203.0.113.9", behind.Client(r))
	r.RemoteAddr = "[2001:db8::1]:1"
	require.Equal(t, "2001:db8::1", behind.Client(r))
	for _, bad := range []string{"0.0.0.0/0", "::/0", "ten", "10.0.0.1"} {
		_, err := wire.NewAddresses([]string{bad})
		require.Error(t, err, bad)
	}
}

func TestTraceContext(t *testing.T) {
	const good = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
	tr, ok := wire.ParseTrace(good)
	require.True(t, ok)
	require.Equal(t, good, tr.String())
	for _, bad := range []string{"", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331", strings.ToUpper(good), good + "-x", "ff" + good[2:],
		"00-00000000000000000000000000000000-b7ad6b7169203331-01", "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01"} {
		_, ok := wire.ParseTrace(bad)
		require.False(t, ok, bad)
		_, ok = wire.ParseTrace(wire.TraceOf(bad).String())
		require.True(t, ok)
	}
	require.Equal(t, tr.ID, wire.TraceID(wire.WithTrace(t.Context(), tr)))
}

func TestAnonymousObjectsHaveNoTenant(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 5000, time.UTC)
	s := wire.NewSession(session.NewAnonymous("ses_1", []byte("h"), nil, nil, now), now, nil)
	raw, err := wire.Marshal(s)
	require.NoError(t, err)
	require.JSONEq(t, `{"session_id":"ses_1","status":"anonymous","is_anonymous":true,"tenant_id":null,"user_id":null,"epoch":1,"metadata":{},"state":{},
		"created_at":"2026-03-01T12:00:00.000005Z","updated_at":"2026-03-01T12:00:00.000005Z","upgraded_at":null,"expires_at":"2026-03-02T12:00:00.000005Z"}`, string(raw))

	e := execution.Snapshot{ID: "exe_1", TenantID: "ses_1", SessionID: "ses_1", State: execution.Retrying, Intent: intent.Intent{ID: "int_1", Type: "parse"}, CreatedAt: now,
		Artifacts: []byte(`{"file":{"artifact_id":"fil_1","renderings":{"a":1}},"file_id":"fil_1"}`)}
	st, err := wire.NewExecutionStatus(e, []event.Event{{ExecutionID: "exe_1", Seq: 1, Epoch: 1, Type: event.ExecutionAccepted, Time: now}}, wire.StatusOptions{Artifacts: true})
	require.NoError(t, err)
	raw, err = wire.Marshal(st)
	require.NoError(t, err)
	require.JSONEq(t, `{"execution_id":"exe_1","intent_id":"int_1","intent_type":"parse","realm":"","session_id":"ses_1","parent_execution_id":null,"tenant_id":null,"status":"pending",
		"state":"retrying","attempt":0,"progress":null,"artifacts":{"file":{"artifact_id":"fil_1","tenant_id":null},"file_id":"fil_1"},
		"events":[{"execution_id":"exe_1","seq":1,"epoch":1,"event_type":"execution.accepted","data":{},"timestamp":"2026-03-01T12:00:00.000005Z"}],
		"error":null,"error_code":null,"waiting":null,"created_at":"2026-03-01T12:00:00.000005Z","started_at":null,"completed_at":null,"metadata":{}}`, string(raw))

	e.TenantID, e.OwnerID = "ten_1", "usr_1"
	st, err = wire.NewExecutionStatus(e, nil, wire.StatusOptions{Artifacts: true, Visuals: true})
	require.NoError(t, err)
	require.JSONEq(t, `{"file":{"artifact_id":"fil_1","tenant_id":"ten_1","renderings":{"a":1}},"file_id":"fil_1"}`, string(st.Artifacts))
}
