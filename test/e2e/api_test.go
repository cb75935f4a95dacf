package e2e_test

import (
	"bytes"
	"encoding/json"
	"io"
	"mime/multipart"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// caller is who sends a request.
type caller struct{ secret, token string }

// api is an HTTP client of one server. It holds every answer against the server's OpenAPI document.
type api struct {
	t    *testing.T
	base string
	http *http.Client
	doc  *contract
	// frames are the schemas of sockets, loaded with the first one.
	frames     *frames
	framesLock sync.Mutex
}

// newAPI makes a client without cookies; each test has its own connections.
func newAPI(t *testing.T, s *server) *api {
	t.Helper()
	client := &http.Client{Timeout: time.Minute, Transport: &http.Transport{MaxIdleConnsPerHost: 16}}
	t.Cleanup(client.CloseIdleConnections)
	a := &api{t: t, base: s.url, http: client}
	a.doc = loadContract(t, a)
	return a
}

// request is one call; zero fields are left out.
type request struct {
	who    caller
	method string
	path   string
	// json is encoded; raw is sent as it is.
	json    any
	raw     []byte
	headers map[string]string
}

// response is what came back.
type response struct {
	t      *testing.T
	what   string
	status int
	header http.Header
	body   []byte
}

// do sends a request and checks the answer against the contract.
func (a *api) do(r request) response {
	a.t.Helper()
	res, sent, err := a.try(r)
	require.NoError(a.t, err)
	if a.doc != nil {
		a.doc.check(a.t, sent, res)
	}
	return res
}

// try sends a request without checks, for servers that may be dying.
func (a *api) try(r request) (response, *http.Request, error) {
	a.t.Helper()
	body := r.raw
	if r.json != nil {
		var err error
		body, err = json.Marshal(r.json)
		require.NoError(a.t, err)
	}
	req, err := http.NewRequestWithContext(a.t.Context(), r.method, a.base+r.path, bytes.NewReader(body))
	require.NoError(a.t, err)
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	if r.who.secret != "" {
		req.Header.Set("X-Session-Secret", r.who.secret)
	}
	if r.who.token != "" {
		req.Header.Set("Authorization", "Bearer "+r.who.token)
	}
	for name, value := range r.headers {
		req.Header.Set(name, value)
	}
	res, err := a.http.Do(req)
	if err != nil {
		return response{}, req, err
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	return response{t: a.t, what: r.method + " " + r.path, status: res.StatusCode, header: res.Header, body: text}, req, err
}

func (a *api) get(who caller, path string) response {
	a.t.Helper()
	return a.do(request{who: who, method: http.MethodGet, path: path})
}

func (a *api) post(who caller, path string, body any) response {
	a.t.Helper()
	return a.do(request{who: who, method: http.MethodPost, path: path, json: body})
}

// is insists on a status.
func (r response) is(status int) response {
	r.t.Helper()
	require.Equal(r.t, status, r.status, "%s: %s", r.what, r.body)
	return r
}

// problem insists on an error with a status and a code.
func (r response) problem(status int, code string) {
	r.t.Helper()
	r.is(status)
	require.Equal(r.t, "application/problem+json", strings.Split(r.header.Get("Content-Type"), ";")[0])
	p := r.object()
	require.Equal(r.t, code, p["code"], "%s: %s", r.what, r.body)
	require.EqualValues(r.t, status, p["status"])
	require.NotEmpty(r.t, p["detail"])
	require.NotEmpty(r.t, p["trace_id"])
}

// object gives the body as a JSON object.
func (r response) object() map[string]any {
	r.t.Helper()
	var o map[string]any
	require.NoError(r.t, json.Unmarshal(r.body, &o), "%s: %s", r.what, r.body)
	return o
}

// text gives a field of the body that must be a text that is not empty.
func (r response) text(field string) string {
	r.t.Helper()
	s, _ := r.object()[field].(string)
	require.NotEmpty(r.t, s, "%s: %s: %s", r.what, field, r.body)
	return s
}

// visitor is an anonymous session.
type visitor struct{ id, secret string }

func (v visitor) caller() caller { return caller{secret: v.secret} }

func (a *api) anonymous() visitor {
	a.t.Helper()
	r := a.do(request{method: http.MethodPost, path: "/api/session/create-anonymous"}).is(http.StatusCreated)
	return visitor{r.text("session_id"), r.text("session_secret")}
}

// user is a registered user.
type user struct {
	email, password, token, refresh, id, tenant, session string
}

func (u user) caller() caller { return caller{token: u.token} }

func (a *api) register(name string) user {
	a.t.Helper()
	u := user{email: strings.ToLower(name) + "@e2e.example", password: "correct-horse-" + name + "-battery"}
	r := a.post(caller{}, "/api/auth/register", map[string]any{"name": name, "email": u.email, "password": u.password}).is(http.StatusCreated)
	return u.signedIn(r)
}

func (u user) signedIn(r response) user {
	u.token, u.refresh, u.id = r.text("access_token"), r.text("refresh_token"), r.text("user_id")
	u.tenant, u.session = r.text("tenant_id"), r.text("session_id")
	return u
}

// submit sends an intent and gives the id of its execution.
func (a *api) submit(who caller, sessionID, intentType string, parameters map[string]any) string {
	a.t.Helper()
	r := a.post(who, "/api/intent/submit", map[string]any{"session_id": sessionID, "intent_type": intentType, "parameters": parameters})
	require.Equal(a.t, "accepted", r.is(http.StatusAccepted).text("status"))
	require.Equal(a.t, "/api/execution/"+r.text("execution_id")+"/status", r.header.Get("Location"))
	return r.text("execution_id")
}

// ended polls an execution until it is over.
func (a *api) ended(who caller, id string) map[string]any {
	a.t.Helper()
	var last map[string]any
	eventually(a.t, func() bool {
		last = a.get(who, "/api/execution/"+id+"/status").is(http.StatusOK).object()
		s := last["status"]
		return s == "completed" || s == "failed" || s == "cancelled"
	})
	return last
}

// completed is ended that insists on success, and gives a named artifact.
func (a *api) completed(who caller, id, key string) map[string]any {
	a.t.Helper()
	e := a.ended(who, id)
	require.Equal(a.t, "completed", e["status"], "%v: %v", e["error_code"], e["error"])
	if key == "" {
		return e
	}
	artifacts, _ := e["artifacts"].(map[string]any)
	named, ok := artifacts[key].(map[string]any)
	require.True(a.t, ok, "artifact %s of %v", key, e["intent_type"])
	return named
}

// run submits an intent, waits for it and gives a named artifact.
func (a *api) run(who caller, sessionID, intentType, key string, parameters map[string]any) map[string]any {
	a.t.Helper()
	return a.completed(who, a.submit(who, sessionID, intentType, parameters), key)
}

// upload sends a file as multipart.
func (a *api) upload(who caller, name string, content []byte) response {
	a.t.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	part, err := form.CreateFormFile("file", name)
	require.NoError(a.t, err)
	_, err = part.Write(content)
	require.NoError(a.t, err)
	require.NoError(a.t, form.Close())
	return a.do(request{
		who: who, method: http.MethodPost, path: "/api/files", raw: body.Bytes(), headers: map[string]string{"Content-Type": form.FormDataContentType()},
	})
}

// eventually polls until ok, or fails the test after waitTime.
func eventually(t *testing.T, ok func() bool) {
	t.Helper()
	tick := time.NewTicker(30 * time.Millisecond)
	defer tick.Stop()
	deadline := time.After(waitTime)
	for !ok() {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatal("it did not come about in time")
		}
	}
}
