package httpapi_test

import (
	"bytes"
	"encoding/json"
	"io"
	"mime/multipart"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// call is a request. Header values "-" remove what the kit would set.
type call struct {
	method, path string
	// body is sent as it is if it is a string, as JSON otherwise; nil sends none.
	body    any
	header  map[string]string
	token   string
	secret  string
	cookies []*http.Cookie
}

type reply struct {
	t      *testing.T
	what   string
	status int
	header http.Header
	body   []byte
	set    []*http.Cookie
}

func (r reply) is(status int) reply {
	r.t.Helper()
	require.Equal(r.t, status, r.status, "%s: %s", r.what, r.body)
	return r
}

func (r reply) fails(status int, code string) reply {
	r.t.Helper()
	r.is(status)
	require.Equal(r.t, "application/problem+json", r.header.Get("Content-Type"), r.what)
	require.Equal(r.t, code, r.json()["code"], "%s: %s", r.what, r.body)
	return r
}

func (r reply) json() map[string]any {
	r.t.Helper()
	var v map[string]any
	require.NoError(r.t, json.Unmarshal(r.body, &v), "%s: %s", r.what, r.body)
	return v
}

func (r reply) str(key string) string {
	r.t.Helper()
	s, ok := r.json()[key].(string)
	require.True(r.t, ok, "%s: no text %q in %s", r.what, key, r.body)
	return s
}

// do sends a request and holds every answer against the rules for all answers and against the OpenAPI document.
func (w *world) do(c call) reply {
	w.t.Helper()
	req := w.request(c)
	res, err := w.client.Do(req)
	require.NoError(w.t, err)
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	require.NoError(w.t, err)
	r := reply{t: w.t, what: c.method + " " + c.path, status: res.StatusCode, header: res.Header, body: raw, set: res.Cookies()}
	w.everyAnswer(answer{what: r.what, sent: w.request(c), body: textOf(c.body), status: r.status, header: r.header, raw: raw})
	return r
}

func (w *world) request(c call) *http.Request {
	w.t.Helper()
	var body io.Reader
	kind := ""
	switch b := c.body.(type) {
	case nil:
	case string:
		body, kind = strings.NewReader(b), "application/json"
	default:
		raw, err := json.Marshal(b)
		require.NoError(w.t, err)
		body, kind = bytes.NewReader(raw), "application/json"
	}
	req, err := http.NewRequestWithContext(w.t.Context(), c.method, w.server.URL+c.path, body)
	require.NoError(w.t, err)
	if kind != "" {
		req.Header.Set("Content-Type", kind)
	}
	if c.token != "" {
		req.Header.Set("Authorization", "Bearer "+c.token)
	}
	if c.secret != "" {
		req.Header.Set("X-Session-Secret", c.secret)
	}
	for k, v := range c.header {
		if req.Header.Set(k, v); v == "-" {
			req.Header.Del(k)
		}
	}
	for _, cookie := range c.cookies {
		req.AddCookie(&http.Cookie{Name: cookie.Name, Value: cookie.Value})
	}
	return req
}

// user is somebody who registered.
type user struct {
	token, refresh, session, id, tenant string
	cookies                             []*http.Cookie
}

func (w *world) register(name string) user {
	w.t.Helper()
	r := w.do(call{method: "POST", path: "/api/auth/register", body: map[string]any{"name": name, "email": name + "@example.org", "password": password}}).is(201)
	w.people.Store(name+"@example.org", r.str("tenant_id"))
	return user{r.str("access_token"), r.str("refresh_token"), r.str("session_id"), r.str("user_id"), r.str("tenant_id"), r.set}
}

// visitor is an anonymous session.
type visitor struct {
	session, secret string
	cookies         []*http.Cookie
}

func (w *world) visit() visitor {
	w.t.Helper()
	r := w.do(call{method: "POST", path: "/api/session/create-anonymous"}).is(201)
	return visitor{r.str("session_id"), r.str("session_secret"), r.set}
}

// submit submits for a visitor or a user and gives the execution's id.
func (w *world) submit(c call, intentType string, parameters map[string]any) string {
	w.t.Helper()
	c.method, c.path = "POST", "/api/intent/submit"
	body := map[string]any{"intent_type": intentType, "parameters": parameters}
	c.body = body
	return w.do(c).is(202).str("execution_id")
}

// upload sends a file with fields.
func (w *world) upload(c call, name, data string, fields map[string]string) reply {
	w.t.Helper()
	var form bytes.Buffer
	mw := multipart.NewWriter(&form)
	for k, v := range fields {
		require.NoError(w.t, mw.WriteField(k, v))
	}
	if name != "" {
		part, err := mw.CreateFormFile("file", name)
		require.NoError(w.t, err)
		_, err = io.WriteString(part, data)
		require.NoError(w.t, err)
	}
	require.NoError(w.t, mw.Close())
	c.method, c.path, c.body = "POST", "/api/files"+c.path, form.String()
	if c.header == nil {
		c.header = map[string]string{}
	}
	c.header["Content-Type"] = mw.FormDataContentType()
	return w.do(c)
}

// settle waits until an execution has ended, over the interface alone.
func (w *world) settle(c call, id string) map[string]any {
	w.t.Helper()
	c.method, c.path = "GET", "/api/execution/"+id+"/status"
	var got map[string]any
	require.Eventually(w.t, func() bool {
		got = w.do(c).is(200).json()
		return got["completed_at"] != nil
	}, 5*time.Second, 5*time.Millisecond)
	return got
}

func cookieOf(t *testing.T, set []*http.Cookie, prefix string) *http.Cookie {
	t.Helper()
	for _, c := range set {
		if strings.HasPrefix(c.Name, prefix) {
			return c
		}
	}
	require.Fail(t, "no cookie "+prefix)
	return nil
}
