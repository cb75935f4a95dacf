package httpapi_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestRegisterAnswersEveryKeyInBothForms(t *testing.T) {
	w := newWorld(t)
	r := w.do(call{method: "POST", path: "/api/auth/register", body: map[string]any{"name": "Ada", "email": "Ada@Example.org", "password": password}}).is(201)
	got := r.json()
	keys := []string{"success", "access_token", "refresh_token", "token_type", "expires_in", "session_id", "user_id", "tenant_id", "user", "roles", "permissions", "message", "error"}
	require.Len(t, got, len(keys))
	for _, k := range keys {
		require.Contains(t, got, k)
	}
	require.Equal(t, true, got["success"])
	require.InDelta(t, 600, got["expires_in"], 0)
	require.Equal(t, []any{"owner"}, got["roles"])
	require.Equal(t, []any{"read", "write", "delete", "admin"}, got["permissions"])
	require.Equal(t, map[string]any{"id": got["user_id"], "tenant_id": got["tenant_id"], "email": "Ada@Example.org", "name": "Ada",
		"permissions": got["permissions"], "avatar_url": nil}, got["user"])
	for _, name := range []string{"lgn", "rfr"} {
		c := cookieOf(t, r.set, name)
		require.True(t, c.HttpOnly)
		require.Equal(t, http.SameSiteStrictMode, c.SameSite)
		require.Equal(t, "/", c.Path)
	}
	me := w.do(call{method: "GET", path: "/api/auth/me", token: r.str("access_token")}).is(200).json()
	require.Equal(t, got["user"], me["user"])
	require.Equal(t, got["session_id"], me["session_id"])
}

func TestAuthErrorsSpeakToOlderClients(t *testing.T) {
	w := newWorld(t)
	w.register("ada")
	cases := []struct {
		path   string
		body   map[string]any
		status int
		code   string
	}{
		{"/api/auth/register", map[string]any{"name": "Ada", "email": "ADA@example.org", "password": password}, 409, "email_taken"},
		{"/api/auth/register", map[string]any{"name": "", "email": "x", "password": "short"}, 422, "invalid_parameters"},
		{"/api/auth/register", map[string]any{"name": "Bob", "email": "b@example.org"}, 422, "invalid_parameters"},
		{"/api/auth/register", map[string]any{"name": "Bob", "email": "b@example.org", "password": password, "role": "admin"}, 400, "unknown_field"},
		{"/api/auth/register", map[string]any{"name": "Bob", "email": "b@example.org", "password": password, "invitation": "x"}, 422, "invalid_parameters"},
		{"/api/auth/login", map[string]any{"email": "ada@example.org", "password": "wrong password"}, 401, "authentication_failed"},
		{"/api/auth/login", map[string]any{"email": "nobody@example.org", "password": "wrong password"}, 401, "authentication_failed"},
		{"/api/auth/refresh", map[string]any{"refresh_token": "nonsense"}, 401, "refresh_invalid"},
		{"/api/auth/refresh", map[string]any{}, 401, "refresh_invalid"},
		{"/api/auth/verify", map[string]any{"token": "x"}, 404, "not_found"},
		{"/api/auth/reset", map[string]any{"email": "ada@example.org"}, 404, "not_found"},
		{"/api/auth/reset/confirm", map[string]any{}, 404, "not_found"},
		{"/api/auth/logout", nil, 401, "unauthenticated"},
	}
	for _, c := range cases {
		in := call{method: "POST", path: c.path}
		if c.body != nil {
			in.body = c.body
		}
		got := w.do(in).fails(c.status, c.code).json()
		require.Equal(t, got["detail"], got["message"], c.path)
		require.Equal(t, got["code"], got["error"], c.path)
	}
}

func TestMissingFieldsAreNamed(t *testing.T) {
	w := newWorld(t)
	got := w.do(call{method: "POST", path: "/api/auth/register", body: `{"name":7}`}).fails(422, "invalid_parameters").json()
	byPointer := map[string]string{}
	for _, e := range got["errors"].([]any) {
		e := e.(map[string]any)
		byPointer[e["pointer"].(string)] = e["code"].(string)
	}
	require.Equal(t, map[string]string{"/name": "invalid_type", "/email": "missing", "/password": "missing"}, byPointer)
	got = w.do(call{method: "POST", path: "/api/auth/register", body: map[string]any{"name": "A", "email": "a@example.org", "password": "short"}}).fails(422, "invalid_parameters").json()
	require.Equal(t, "too_short", got["errors"].([]any)[0].(map[string]any)["code"])
}

func TestLimitsTellWhenToComeBack(t *testing.T) {
	w := newWorld(t)
	w.register("ada")
	bad := call{method: "POST", path: "/api/auth/login", body: map[string]any{"email": "ada@example.org", "password": "wrong password"}}
	// None of these is believed; each would otherwise be another client (A8).
	bad.header = map[string]string{"X-Forwarded-For": "6.6.6.1", "X-Real-IP": "6.6.6.2", "Forwarded": "for=6.6.6.3", "True-Client-IP": "6.6.6.4",
		"CF-Connecting-IP": "6.6.6.5", "X-Test-Mode": "1", "X-Original-URL": "/x", "X-HTTP-Method-Override": "GET"}
	for range 5 {
		w.do(bad).fails(401, "authentication_failed")
		bad.header["X-Forwarded-For"] += "0"
	}
	got := w.do(bad).fails(429, "rate_limited")
	require.NotEmpty(t, got.header.Get("Retry-After"))
	require.Equal(t, "5", got.header.Get("X-RateLimit-Limit"))
	require.Equal(t, "60", got.header.Get("X-RateLimit-Window"))
	require.NotNil(t, got.json()["retry_after"])
}

func TestRefreshLogoutPassword(t *testing.T) {
	w := newWorld(t)
	ada := w.register("ada")
	next := w.do(call{method: "POST", path: "/api/auth/refresh", body: map[string]any{"refresh_token": ada.refresh}}).is(200)
	require.NotEqual(t, ada.refresh, next.str("refresh_token"))
	// The browser's way: the cookie, from our own page only.
	byCookie := call{method: "POST", path: "/api/auth/refresh", cookies: []*http.Cookie{cookieOf(t, next.set, "rfr")}}
	w.do(byCookie).fails(403, "origin_refused")
	byCookie.header = map[string]string{"Origin": ownOrigin}
	last := w.do(byCookie).is(200)
	w.do(call{method: "POST", path: "/api/auth/password", token: last.str("access_token"),
		body: map[string]any{"current_password": "not this one", "new_password": "another fine armchair"}}).is(401)
	w.do(call{method: "POST", path: "/api/auth/password", token: last.str("access_token"),
		body: map[string]any{"current_password": password, "new_password": "another fine armchair"}}).is(200)
	again := w.do(call{method: "POST", path: "/api/auth/login", body: map[string]any{"email": "ada@example.org", "password": "another fine armchair"}}).is(200)
	token := again.str("access_token")
	out := w.do(call{method: "POST", path: "/api/auth/logout", token: token}).is(200)
	require.Negative(t, cookieOf(t, out.set, "lgn").MaxAge)
	w.do(call{method: "GET", path: "/api/auth/me", token: token}).is(401)
	w.do(call{method: "GET", path: "/api/auth/me", cookies: []*http.Cookie{cookieOf(t, again.set, "lgn")}}).is(401)
}

func TestAuthorizationWinsOverCookie(t *testing.T) {
	w := newWorld(t)
	ada := w.register("ada")
	lgn := cookieOf(t, ada.cookies, "lgn")
	me := call{method: "GET", path: "/api/auth/me", cookies: []*http.Cookie{lgn}}
	w.do(me).is(200)
	for _, bad := range []string{"Bearer", "Bearer x", "Basic YTpi", "Bearer " + ada.token + "x", "Bearer a b", strings.Repeat("x", 100)} {
		me.header = map[string]string{"Authorization": bad}
		got := w.do(me).fails(401, "invalid_token")
		require.NotEmpty(t, got.header.Get("WWW-Authenticate"))
	}
	// Open routes do not look at it.
	w.do(call{method: "GET", path: "/health", header: map[string]string{"Authorization": "Bearer x"}}).is(200)
	w.do(call{method: "POST", path: "/api/auth/login", header: map[string]string{"Authorization": "Bearer x"},
		body: map[string]any{"email": "ada@example.org", "password": password}}).is(200)
}
