package httpapi_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/symphainy/symphainy/test/sheet"
)

const unknownSession = "ses_01jd8h0000exampe0000000000"

func TestAnonymousSessionNeedsItsSecret(t *testing.T) {
	w := newWorld(t)
	v := w.visit()
	got := w.do(call{method: "GET", path: "/api/session/" + v.session, secret: v.secret}).is(200).json()
	require.Equal(t, "anonymous", got["status"])
	require.Nil(t, got["tenant_id"])
	require.Contains(t, got["state"].(map[string]any)["realm_state"], "content")
	cookie := cookieOf(t, v.cookies, "sas-"+v.session)
	w.do(call{method: "GET", path: "/api/session/" + v.session, cookies: []*http.Cookie{cookie}}).is(200)

	trace := map[string]string{"Traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"}
	unknown := w.do(call{method: "GET", path: "/api/session/" + unknownSession, header: trace}).fails(404, "not_found")
	other := w.visit()
	for name, c := range map[string]call{
		"id only": {}, "other's secret": {secret: other.secret}, "empty header beside the cookie": {cookies: []*http.Cookie{cookie}, header: map[string]string{"X-Session-Secret": " "}},
		"wrong header beside the right cookie": {secret: other.secret, cookies: []*http.Cookie{cookie}},
		"other's cookie":                       {cookies: []*http.Cookie{cookieOf(t, other.cookies, "sas-")}},
	} {
		t.Run(name, func(t *testing.T) {
			c.method, c.path = "GET", "/api/session/"+v.session
			if c.header == nil {
				c.header = map[string]string{}
			}
			c.header["Traceparent"] = trace["Traceparent"]
			got := w.do(c).fails(404, "not_found")
			require.Equal(t, string(unknown.body), string(got.body))
			got.header.Del("Date")
			unknown.header.Del("Date")
			require.Equal(t, unknown.header, got.header)
		})
	}
	submit := map[string]any{"session_id": v.session, "intent_type": "wait", "parameters": map[string]any{}}
	w.do(call{method: "POST", path: "/api/intent/submit", body: submit}).fails(404, "not_found")
	w.do(call{method: "POST", path: "/api/runtime/agent/ticket", body: map[string]any{"session_id": v.session}}).fails(404, "not_found")
	w.do(call{method: "GET", path: "/api/intents"}).fails(401, "unauthenticated")
	w.clock.Advance(25 * time.Hour)
	w.do(call{method: "GET", path: "/api/session/" + v.session, secret: v.secret}).fails(404, "not_found")
}

func TestSecretsNeverInURLs(t *testing.T) {
	w := newWorld(t)
	v := w.visit()
	for _, path := range []string{
		"/api/session/" + v.session + "?session_secret=x", "/api/session/" + v.session + "?x=" + v.secret, "/api/session/" + v.secret, "/api/intents?Session_Secret=1",
		"/api/" + v.secret, "/" + "?sas_" + "=" + v.secret,
	} {
		w.do(call{method: "GET", path: path, secret: v.secret}).fails(400, "secret_in_url")
	}
	sheet.Record(t, "S10", 6, "secrets in URLs that passed 0", "6/6 refused")
}

func TestServerChoosesSessionIDs(t *testing.T) {
	w := newWorld(t)
	for _, path := range []string{"/api/session/create", "/api/session/create-anonymous"} {
		w.do(call{method: "POST", path: path, body: map[string]any{"session_id": unknownSession}}).fails(400, "unknown_field")
		w.do(call{method: "POST", path: path + "?session_id=" + unknownSession}).fails(400, "session_id_not_allowed")
		w.do(call{method: "POST", path: path + "?session_id="}).fails(400, "session_id_not_allowed")
		got := w.do(call{method: "POST", path: path, header: map[string]string{"X-Session-Id": unknownSession, "X-Tenant-Id": "ten_x"}}).is(201)
		require.NotEqual(t, unknownSession, got.str("session_id"))
		require.Nil(t, got.json()["tenant_id"])
		require.Equal(t, "/api/session/"+got.str("session_id"), got.header.Get("Location"))
	}
	w.do(call{method: "POST", path: "/api/session/create", body: map[string]any{"tenant_id": "ten_x"}}).fails(403, "tenant_mismatch")
	w.do(call{method: "POST", path: "/api/session/create", body: map[string]any{"tenant_id": nil, "user_id": nil}}).is(201)
	w.do(call{method: "POST", path: "/api/session/create-anonymous", header: map[string]string{"Origin": "https://evil.example"}}).fails(403, "origin_refused")
	sheet.Record(t, "S2", 11, "ids that a client chose 0", "never adopted")
}

func TestCreateForUsers(t *testing.T) {
	w := newWorld(t)
	ada := w.register("ada")
	got := w.do(call{method: "POST", path: "/api/session/create", token: ada.token, body: map[string]any{"tenant_id": ada.tenant, "user_id": ada.id, "metadata": map[string]any{"tab": 2}}}).is(201)
	require.Equal(t, ada.tenant, got.str("tenant_id"))
	require.NotContains(t, got.json(), "session_secret")
	w.do(call{method: "POST", path: "/api/session/create", token: ada.token, body: map[string]any{"tenant_id": "ten_other"}}).fails(403, "tenant_mismatch")
	w.do(call{method: "POST", path: "/api/session/create", token: "bad"}).fails(401, "invalid_token")
	creds := map[string]any{"email": "ada@example.org", "password": password}
	w.do(call{method: "POST", path: "/api/session/create", body: map[string]any{"credentials": creds, "user_id": "usr_other"}}).fails(403, "tenant_mismatch")
	made := w.do(call{method: "POST", path: "/api/session/create", body: map[string]any{"credentials": creds}}).is(201)
	require.Equal(t, ada.id, made.str("user_id"))
	creds["password"] = "wrong password"
	w.do(call{method: "POST", path: "/api/session/create", body: map[string]any{"credentials": creds}}).fails(401, "authentication_failed")

	page := w.do(call{method: "GET", path: "/api/sessions?limit=2", token: ada.token}).is(200).json()
	require.Len(t, page["sessions"], 2)
	cursor := page["next_cursor"].(string)
	rest := w.do(call{method: "GET", path: "/api/sessions?limit=2&cursor=" + cursor, token: ada.token}).is(200).json()
	require.Len(t, rest["sessions"], 1)
	require.Nil(t, rest["next_cursor"])
	// A cursor is worthless to others, to other lists, and changed.
	bob := w.register("bob")
	w.do(call{method: "GET", path: "/api/sessions?cursor=" + cursor, token: bob.token}).fails(400, "invalid_cursor")
	w.do(call{method: "GET", path: "/api/executions?cursor=" + cursor, token: ada.token}).fails(400, "invalid_cursor")
	for _, bad := range []string{cursor[:len(cursor)-2] + other(cursor[len(cursor)-2]) + "A", other(cursor[0]) + cursor[1:], "x", cursor + "A", "%27+OR+1%3D1", cursor + "="} {
		w.do(call{method: "GET", path: "/api/sessions?cursor=" + bad, token: ada.token}).is(400)
	}
	for _, bad := range []string{"0", "-1", "201", "1000000000", "x", "1e2"} {
		w.do(call{method: "GET", path: "/api/sessions?limit=" + bad, token: ada.token}).fails(400, "invalid_parameters")
	}
}

// other gives a letter that is not the one given.
func other(letter byte) string {
	if letter == 'A' {
		return "B"
	}
	return "A"
}

func TestUpgradeKeepsTheSession(t *testing.T) {
	w := newWorld(t)
	v := w.visit()
	ada := w.register("ada")
	path := "/api/session/" + v.session + "/upgrade"
	lgn := cookieOf(t, ada.cookies, "lgn")
	own := map[string]string{"Origin": ownOrigin}
	w.do(call{method: "PATCH", path: path, secret: v.secret}).is(401)
	w.do(call{method: "PATCH", path: path, secret: v.secret, cookies: []*http.Cookie{lgn}, header: own}).is(401)
	w.do(call{method: "PATCH", path: path, token: ada.token}).fails(404, "not_found")
	w.do(call{method: "PATCH", path: path, token: ada.token, secret: v.secret, body: map[string]any{"access_token": "other"}}).fails(400, "conflicting_values")
	w.do(call{method: "PATCH", path: path, token: ada.token, secret: v.secret, body: map[string]any{"user_id": "usr_x"}}).fails(403, "tenant_mismatch")
	w.do(call{method: "PATCH", path: path, token: ada.token, cookies: []*http.Cookie{cookieOf(t, v.cookies, "sas-")}}).fails(403, "origin_refused")
	got := w.do(call{method: "PATCH", path: path, header: own, cookies: []*http.Cookie{cookieOf(t, v.cookies, "sas-")},
		body: map[string]any{"access_token": ada.token, "user_id": ada.id, "tenant_id": ada.tenant, "metadata": map[string]any{"a": 1}}}).is(200)
	require.Equal(t, v.session, got.str("session_id"))
	require.Equal(t, "active", got.str("status"))
	require.Equal(t, ada.tenant, got.str("tenant_id"))
	require.Negative(t, cookieOf(t, got.set, "sas-"+v.session).MaxAge)
	token := got.str("access_token")
	w.do(call{method: "GET", path: "/api/session/" + v.session, token: token}).is(200)
	w.do(call{method: "GET", path: "/api/session/" + v.session, secret: v.secret}).fails(404, "not_found")
	again := w.do(call{method: "PATCH", path: path, token: token, secret: v.secret}).is(200)
	require.NotContains(t, again.json(), "access_token")
	bob := w.register("bob")
	w.do(call{method: "PATCH", path: path, token: bob.token, secret: v.secret}).fails(404, "not_found")
}

func TestRegisterAndLoginTakeASessionAlong(t *testing.T) {
	w := newWorld(t)
	v, second, third := w.visit(), w.visit(), w.visit()
	in := map[string]any{"name": "Ada", "email": "ada@example.org", "password": password, "session_id": v.session}
	got := w.do(call{method: "POST", path: "/api/auth/register", body: in, secret: v.secret}).is(201)
	require.Equal(t, v.session, got.str("session_id"))
	login := map[string]any{"email": "ada@example.org", "password": password, "session_id": second.session}
	sas := []*http.Cookie{cookieOf(t, second.cookies, "sas-"), cookieOf(t, third.cookies, "sas-")}
	w.do(call{method: "POST", path: "/api/auth/login", body: login, cookies: sas}).fails(403, "origin_refused")
	w.do(call{method: "POST", path: "/api/auth/login", body: login, cookies: sas, header: map[string]string{"Origin": "https://evil.example"}}).fails(403, "origin_refused")
	got = w.do(call{method: "POST", path: "/api/auth/login", body: login, cookies: sas, header: map[string]string{"Origin": ownOrigin}}).is(200)
	require.Equal(t, second.session, got.str("session_id"))
	// Without its secret the named session stays as it is (S3).
	login["session_id"] = third.session
	got = w.do(call{method: "POST", path: "/api/auth/login", body: login}).is(200)
	require.NotEqual(t, third.session, got.str("session_id"))
	require.Equal(t, "anonymous", w.do(call{method: "GET", path: "/api/session/" + third.session, secret: third.secret}).is(200).str("status"))
}

func TestEndedSessionsAreForReading(t *testing.T) {
	w := newWorld(t)
	v := w.visit()
	id := w.submit(call{secret: v.secret}, "wait", map[string]any{})
	w.do(call{method: "DELETE", path: "/api/session/" + v.session}).fails(404, "not_found")
	w.do(call{method: "DELETE", path: "/api/session/" + v.session, secret: v.secret}).is(200)
	require.Equal(t, "ended", w.do(call{method: "GET", path: "/api/session/" + v.session, secret: v.secret}).is(200).str("status"))
	w.do(call{method: "GET", path: "/api/execution/" + id + "/status", secret: v.secret}).is(200)
	for path, body := range map[string]any{
		"/api/intent/submit": map[string]any{"intent_type": "wait"}, "/api/runtime/agent/ticket": map[string]any{"session_id": v.session},
		"/api/intent/pending/create":       map[string]any{"intent_type": "wait"},
		"/api/execution/" + id + "/cancel": nil,
	} {
		w.do(call{method: "POST", path: path, body: body, secret: v.secret}).fails(409, "session_ended")
	}
	w.upload(call{secret: v.secret}, "a.csv", "a\n1\n", nil).fails(409, "session_ended")
}

func TestSeveralVisitorsNeedAName(t *testing.T) {
	w := newWorld(t)
	a, b := w.visit(), w.visit()
	both := []*http.Cookie{cookieOf(t, a.cookies, "sas-"), cookieOf(t, b.cookies, "sas-")}
	w.do(call{method: "GET", path: "/api/executions", cookies: both}).fails(400, "session_required")
	w.do(call{method: "GET", path: "/api/executions?session_id=" + a.session, cookies: both}).is(200)
	w.do(call{method: "GET", path: "/api/executions?session_id=" + unknownSession, cookies: both}).fails(404, "not_found")
	id := w.submit(call{secret: b.secret}, "wait", map[string]any{})
	w.do(call{method: "GET", path: "/api/execution/" + id + "/status", cookies: both}).is(200)
	w.do(call{method: "GET", path: "/api/execution/" + id + "/status", cookies: both[:1]}).fails(404, "not_found")
	// Beside a login a visitor acts as a visitor, if they name the session.
	ada := w.register("ada")
	got := w.do(call{method: "POST", path: "/api/intent/submit", token: ada.token, secret: b.secret, body: map[string]any{"session_id": b.session, "intent_type": "wait"}}).is(202)
	status := w.do(call{method: "GET", path: "/api/execution/" + got.str("execution_id") + "/status", secret: b.secret}).is(200).json()
	require.Nil(t, status["tenant_id"])
	w.do(call{method: "POST", path: "/api/intent/submit", token: ada.token, body: map[string]any{"session_id": b.session, "intent_type": "wait"}}).fails(404, "not_found")
	w.do(call{method: "POST", path: "/api/intent/submit?session_id=" + a.session, secret: b.secret, body: map[string]any{"session_id": b.session, "intent_type": "wait"}}).fails(400, "conflicting_values")
}

func TestTickets(t *testing.T) {
	w := newWorld(t)
	v := w.visit()
	got := w.do(call{method: "POST", path: "/api/runtime/agent/ticket", secret: v.secret, body: map[string]any{"session_id": v.session}}).is(200)
	require.Regexp(t, `^wst_`, got.str("ticket"))
	require.Equal(t, w.clock.Now().Add(30*time.Second).Format(time.RFC3339), got.str("expires_at"))
	w.do(call{method: "POST", path: "/api/runtime/agent/ticket", secret: v.secret, body: map[string]any{"session_id": unknownSession}}).fails(404, "not_found")
	jwt := w.register("ada").token
	w.do(call{method: "POST", path: "/api/runtime/agent/ticket", token: jwt, body: map[string]any{"session_id": jwt}}).fails(404, "not_found")
}
