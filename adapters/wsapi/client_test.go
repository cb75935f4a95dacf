package wsapi_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/require"

	"github.com/symphainy/symphainy/adapters/wsapi"
)

// frame is what a client reads.
type frame struct {
	Type           string          `json:"type"`
	EventType      string          `json:"event_type"`
	Data           json.RawMessage `json:"data"`
	ExecutionID    string          `json:"execution_id"`
	ConversationID string          `json:"conversation_id"`
	Epoch          int             `json:"epoch"`
	Seq            int64           `json:"seq"`
	Error          string          `json:"error"`
	Code           string          `json:"code"`
	raw            string
}

// data gives a member of the frame's data.
func (f frame) data(name string) any {
	var all map[string]any
	if json.Unmarshal(f.Data, &all) != nil {
		return nil
	}
	return all[name]
}

// client is one end of a socket; every frame that it reads is held to the AsyncAPI document.
type client struct {
	t  *testing.T
	ws *websocket.Conn
	// kept are events that came while an answer was waited for.
	kept []frame
}

// open opens a socket, which must succeed.
func (w *world) open(at string, header http.Header, protocols ...string) *client {
	w.t.Helper()
	c, res := w.dial(at, header, protocols...)
	require.NotNil(w.t, c, "%d", res.StatusCode)
	return c
}

// dial opens a socket, or gives the refusal.
func (w *world) dial(at string, header http.Header, protocols ...string) (*client, *http.Response) {
	w.t.Helper()
	dialer := websocket.Dialer{HandshakeTimeout: patience, Subprotocols: protocols}
	ws, res, err := dialer.DialContext(w.t.Context(), "ws"+strings.TrimPrefix(w.server.URL, "http")+at, header)
	if err != nil {
		require.ErrorIs(w.t, err, websocket.ErrBadHandshake)
		return nil, res
	}
	w.t.Cleanup(func() { _ = ws.Close() })
	return &client{t: w.t, ws: ws}, res
}

// refused opens nothing and gives status and body of the refusal, which is a problem.
func (w *world) refused(at string, header http.Header, protocols ...string) (int, string) {
	w.t.Helper()
	c, res := w.dial(at, header, protocols...)
	require.Nil(w.t, c, "a socket opened at %s", at)
	require.Equal(w.t, "application/problem+json", res.Header.Get("Content-Type"))
	require.Equal(w.t, "no-referrer", res.Header.Get("Referrer-Policy"))
	require.Equal(w.t, "no-store", res.Header.Get("Cache-Control"))
	body, err := io.ReadAll(res.Body)
	require.NoError(w.t, err)
	var problem struct {
		Code   string
		Status int
	}
	require.NoError(w.t, json.Unmarshal(body, &problem))
	require.Equal(w.t, res.StatusCode, problem.Status)
	return res.StatusCode, problem.Code
}

// agent opens an agent socket and reads its first frame.
func (w *world) agent(sessionID string, header http.Header) (*client, frame) {
	w.t.Helper()
	c := w.open(agentPath("session_id", sessionID), header)
	return c, c.event("connection.established")
}

func (c *client) send(v any) {
	c.t.Helper()
	c.text(jsonOf(c.t, v))
}

func (c *client) text(s string) {
	c.t.Helper()
	require.NoError(c.t, c.ws.WriteMessage(websocket.TextMessage, []byte(s)))
}

// read gives the next frame, or the close code.
func (c *client) read() (frame, int) {
	c.t.Helper()
	require.NoError(c.t, c.ws.SetReadDeadline(time.Now().Add(patience)))
	_, raw, err := c.ws.ReadMessage()
	var closed *websocket.CloseError
	if errors.As(err, &closed) {
		return frame{}, closed.Code
	}
	require.NoError(c.t, err)
	conforms(c.t, raw)
	f := frame{raw: string(raw)}
	require.NoError(c.t, json.Unmarshal(raw, &f))
	return f, 0
}

// next gives the next frame.
func (c *client) next() frame {
	c.t.Helper()
	if len(c.kept) > 0 {
		f := c.kept[0]
		c.kept = c.kept[1:]
		return f
	}
	f, code := c.read()
	require.Zero(c.t, code, "closed")
	return f
}

// event gives the next frame, which must be an event of the type.
func (c *client) event(kind string) frame {
	c.t.Helper()
	f := c.next()
	require.Equal(c.t, kind, f.EventType, f.raw)
	return f
}

// until reads up to an event of the type and gives all that came, it included.
func (c *client) until(kind string) []frame {
	c.t.Helper()
	var all []frame
	for {
		f := c.next()
		require.Equal(c.t, "runtime_event", f.Type, f.raw)
		if all = append(all, f); f.EventType == kind {
			return all
		}
	}
}

// fails sends a frame and expects an error with the code; the socket stays open.
func (c *client) fails(text, code string) frame {
	c.t.Helper()
	c.text(text)
	f, closed := c.read()
	for ; closed == 0 && f.Seq > 0; f, closed = c.read() {
		c.kept = append(c.kept, f)
	}
	require.Equal(c.t, "error", f.Type, f.raw)
	require.Equal(c.t, code, f.Code, "%s\n%s", text, f.raw)
	return f
}

// sync waits until everything sent before was handled.
func (c *client) sync() {
	c.t.Helper()
	c.send(map[string]any{"type": "ping"})
	c.until("pong")
}

// closed reads to the end and gives the close code.
func (c *client) closed() int {
	c.t.Helper()
	for {
		if _, code := c.read(); code != 0 {
			return code
		}
	}
}

// document is the compiled AsyncAPI document, shared by all tests.
var document = sync.OnceValues(func() (map[string]*jsonschema.Schema, error) {
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(wsapi.AsyncAPI()))
	if err != nil {
		return nil, err
	}
	compiler := jsonschema.NewCompiler()
	compiler.AssertFormat()
	if err := compiler.AddResource("https://test.example/asyncapi.json", doc); err != nil {
		return nil, err
	}
	schemas := map[string]*jsonschema.Schema{}
	for name := range doc.(map[string]any)["components"].(map[string]any)["schemas"].(map[string]any) {
		if schemas[name], err = compiler.Compile("https://test.example/asyncapi.json#/components/schemas/" + name); err != nil {
			return nil, err
		}
	}
	return schemas, nil
})

func schema(t *testing.T, name string) *jsonschema.Schema {
	t.Helper()
	all, err := document()
	require.NoError(t, err)
	require.Contains(t, all, name)
	return all[name]
}

// conforms holds a frame of the server to the document.
func conforms(t *testing.T, raw []byte) {
	t.Helper()
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(raw))
	require.NoError(t, err)
	require.NoError(t, schema(t, "ServerFrame").Validate(v), string(raw))
}
