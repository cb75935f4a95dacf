package e2e_test

import (
	"bytes"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/gorilla/websocket"
	"github.com/stretchr/testify/require"
)

// refusals are a deployment with a visitor and two users, on which attacks are tried.
type refusals struct {
	*api
	env        environment
	victim     visitor
	ada, carol user
}

// Attacks and mistakes, each with the exact answer that the specification names.
func TestRefusals(t *testing.T) {
	t.Parallel()
	onEach(t, func(e environment) {
		t := e.t
		a := newAPI(t, start(t, e))
		r := &refusals{api: a, env: e, victim: a.anonymous(), ada: a.register("Ada"), carol: a.register("Carol")}
		r.chosenSession()
		r.tokenAsSession()
		r.badTokens()
		r.bodies()
		r.frames()
		r.upgradeWithoutSecret()
		r.secondUpgrade()
	})
}

// upgrade tries PATCH /api/session/{id}/upgrade.
func (r *refusals) upgrade(id string, who caller, body map[string]any) response {
	r.t.Helper()
	return r.do(request{who: who, method: http.MethodPatch, path: "/api/session/" + id + "/upgrade", json: body, headers: map[string]string{
		"Traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
	}})
}

// The id alone is nothing: without the secret, with a wrong one, or with that of another session it is as unknown.
func (r *refusals) upgradeWithoutSecret() {
	r.t.Helper()
	other := r.anonymous()
	never := r.upgrade(unknown(r.victim.id), caller{token: r.ada.token, secret: r.victim.secret}, map[string]any{})
	never.problem(http.StatusNotFound, "not_found")
	for _, secret := range []string{"", "sas_" + strings.Repeat("A", 43), other.secret, r.victim.secret[:len(r.victim.secret)-1]} {
		res := r.upgrade(r.victim.id, caller{token: r.ada.token, secret: secret}, map[string]any{})
		require.Equal(r.t, http.StatusNotFound, res.status, "%s", res.body)
		require.Equal(r.t, string(never.body), string(res.body))
	}
	r.upgrade(r.victim.id, caller{secret: r.victim.secret}, map[string]any{}).is(http.StatusUnauthorized)
	r.upgrade(r.victim.id, caller{secret: r.victim.secret, token: r.ada.token}, map[string]any{"tenant_id": r.carol.tenant}).
		problem(http.StatusForbidden, "tenant_mismatch")
	r.upgrade(r.victim.id, caller{secret: r.victim.secret, token: r.ada.token}, map[string]any{"user_id": r.carol.id}).
		problem(http.StatusForbidden, "tenant_mismatch")
	session := r.get(r.victim.caller(), "/api/session/"+r.victim.id).is(http.StatusOK).object()
	require.Equal(r.t, "anonymous", session["status"], "nothing has changed")
}

// Once upgraded, a session has its owner for good: a repeat is harmless for them and unknown to all others.
func (r *refusals) secondUpgrade() {
	r.t.Helper()
	first := r.upgrade(r.victim.id, caller{token: r.ada.token, secret: r.victim.secret}, map[string]any{}).is(http.StatusOK)
	require.Equal(r.t, r.victim.id, first.text("session_id"))
	require.NotEmpty(r.t, first.text("access_token"))
	repeat := r.upgrade(r.victim.id, caller{token: r.ada.token, secret: r.victim.secret}, map[string]any{}).is(http.StatusOK)
	require.Equal(r.t, r.victim.id, repeat.text("session_id"))
	require.Nil(r.t, repeat.object()["access_token"], "a repeat gives no new secrets")
	r.upgrade(r.victim.id, caller{token: r.carol.token, secret: r.victim.secret}, map[string]any{}).problem(http.StatusNotFound, "not_found")
	session := r.get(r.ada.caller(), "/api/session/"+r.victim.id).is(http.StatusOK).object()
	require.Equal(r.t, r.ada.tenant, session["tenant_id"])
	require.EqualValues(r.t, 2, session["epoch"])
}

// A client cannot choose the id of a session.
func (r *refusals) chosenSession() {
	r.t.Helper()
	mine := unknown(r.victim.id)
	for _, path := range []string{"/api/session/create-anonymous", "/api/session/create"} {
		r.post(caller{}, path, map[string]any{"session_id": mine}).is(http.StatusBadRequest)
		r.do(request{method: http.MethodPost, path: path + "?session_id=" + mine}).is(http.StatusBadRequest)
		res := r.do(request{method: http.MethodPost, path: path, headers: map[string]string{"X-Session-Id": mine, "Cookie": "session_id=" + mine}})
		require.NotEqual(r.t, mine, res.is(http.StatusCreated).text("session_id"))
	}
}

// A token is never a session id.
func (r *refusals) tokenAsSession() {
	r.t.Helper()
	r.get(r.ada.caller(), "/api/session/"+r.ada.token).is(http.StatusNotFound)
	res := r.post(r.ada.caller(), "/api/intent/submit", map[string]any{"session_id": r.ada.token, "intent_type": "list_files", "parameters": map[string]any{}})
	res.problem(http.StatusNotFound, "not_found")
	require.NotContains(r.t, string(res.body), r.ada.token[:20])
	_, refused := r.dial(r.ada.caller(), url.Values{"session_id": {r.ada.token}}, nil)
	refused.problem(http.StatusNotFound, "not_found")
}

// Expired tokens and tokens of other algorithms are refused over HTTP and before the socket opens.
func (r *refusals) badTokens() {
	r.t.Helper()
	key := serverKey(r.t, r.env)
	r.get(caller{token: dissect(r.t, r.ada.token).signed(r.t, key)}, "/api/auth/me").is(http.StatusOK)
	old := expired(r.t, r.ada.token, key)
	r.get(caller{token: old}, "/api/auth/me").problem(http.StatusUnauthorized, "token_expired")
	_, refused := r.dial(caller{token: old}, url.Values{}, nil)
	refused.problem(http.StatusUnauthorized, "token_expired")
	for name, bad := range tricks(r.t, r.ada.token, key) {
		res := r.get(caller{token: bad}, "/api/auth/me")
		require.Equal(r.t, http.StatusUnauthorized, res.status, "%s: %s", name, res.body)
		require.Equal(r.t, "invalid_token", res.object()["code"], name)
		_, refused := r.dial(caller{token: bad}, url.Values{}, nil)
		require.Equal(r.t, http.StatusUnauthorized, refused.status, "%s: %s", name, refused.body)
	}
}

// Bodies that say a thing twice, say too much, or cannot be read.
func (r *refusals) bodies() {
	r.t.Helper()
	submit := func(body string) response {
		return r.do(request{who: r.victim.caller(), method: http.MethodPost, path: "/api/intent/submit", raw: []byte(body)})
	}
	id := r.victim.id
	for name, body := range map[string]string{
		"case twin":     `{"session_id":"` + id + `","intent_type":"list_files","parameters":{},"tenant_id":null,"Tenant_ID":"ten_x"}`,
		"case variant":  `{"session_id":"` + id + `","intent_type":"list_files","parameters":{},"Tenant_ID":"ten_x"}`,
		"duplicate":     `{"session_id":"` + id + `","session_id":"` + id + `","intent_type":"list_files","parameters":{}}`,
		"unknown field": `{"session_id":"` + id + `","intent_type":"list_files","parameters":{},"surprise":1}`,
		"bad UTF-8":     `{"session_id":"` + id + `","intent_type":"list_files` + "\xff" + `","parameters":{}}`,
		"trailing data": `{"session_id":"` + id + `","intent_type":"list_files","parameters":{}} {}`,
		"no JSON":       `{`,
	} {
		res := submit(body)
		require.Equal(r.t, http.StatusBadRequest, res.status, "%s: %s", name, res.body)
		require.Equal(r.t, "application/problem+json", res.header.Get("Content-Type"), name)
	}
	submit(`{"session_id":"`+id+`","intent_type":"list_files","parameters":{},"tenant_id":"`+r.ada.tenant+`"}`).
		problem(http.StatusForbidden, "tenant_mismatch")
	submit(`{"session_id":"` + id + `","intent_type":"list_files","parameters":{"limit":0}}`).is(http.StatusUnprocessableEntity)
	submit(`{"session_id":"`+id+`","intent_type":"no_such_intent","parameters":{}}`).problem(http.StatusUnprocessableEntity, "unknown_intent")

	big := append([]byte(`{"email":"a@b.example","password":"`), bytes.Repeat([]byte("x"), 2<<20)...)
	res := r.do(request{method: http.MethodPost, path: "/api/auth/login", raw: append(big, `"}`...)})
	res.is(http.StatusRequestEntityTooLarge)
	r.do(request{method: http.MethodPost, path: "/api/auth/login", raw: []byte(`{"email":"a@b.example","password":"x","remember":true}`)}).
		is(http.StatusBadRequest)
	r.get(r.victim.caller(), "/api/session/"+id+"?session_secret="+r.victim.secret).is(http.StatusBadRequest)
}

// Frames that are too big, are no text, or are not understood.
func (r *refusals) frames() {
	r.t.Helper()
	s := r.open(r.victim.caller(), r.victim.id)
	for text, code := range map[string]string{
		`{"type":"ping","surprise":1}`:                         "unknown_field",
		`{"type":"no.such.type"}`:                              "unknown_message_type",
		`{"type":"ping"`:                                       "invalid_json",
		`{"type":"ping","Type":"ping"}`:                        "invalid_json",
		`{"type":"agent.cancel","execution_id":"exe_foreign"}`: "not_found",
	} {
		require.NoError(r.t, s.conn.WriteMessage(websocket.TextMessage, []byte(text)))
		require.Equal(r.t, code, s.refusal().Code, text)
	}
	s.send(map[string]any{"type": "ping"})
	s.until("pong", nil)
	for code, send := range map[int]func(c *websocket.Conn) error{
		1009: func(c *websocket.Conn) error {
			return c.WriteMessage(websocket.TextMessage, bytes.Repeat([]byte("x"), 65<<10))
		},
		1007: func(c *websocket.Conn) error {
			return c.WriteMessage(websocket.TextMessage, []byte("{\"type\":\"\xff\"}"))
		},
		1003: func(c *websocket.Conn) error {
			return c.WriteMessage(websocket.BinaryMessage, []byte(`{"type":"ping"}`))
		},
	} {
		s := r.open(r.victim.caller(), r.victim.id)
		require.NoError(r.t, send(s.conn))
		got, _ := s.closed()
		require.Equal(r.t, code, got)
	}
}
