package bootstrap_test

import (
	"encoding/hex"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/stretchr/testify/require"
	collector "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	spans "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	"github.com/symphainy/symphainy/bootstrap"
)

// receiver is a collector of traces.
type receiver struct {
	mu     sync.Mutex
	spans  []*spans.Span
	text   strings.Builder
	header http.Header
}

func (r *receiver) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	raw, err := io.ReadAll(req.Body)
	var in collector.ExportTraceServiceRequest
	if err != nil || req.URL.Path != "/v1/traces" || proto.Unmarshal(raw, &in) != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.header = req.Header.Clone()
	r.text.WriteString(protojson.Format(&in))
	for _, rs := range in.GetResourceSpans() {
		for _, s := range rs.GetScopeSpans() {
			r.spans = append(r.spans, s.GetSpans()...)
		}
	}
}

// of gives the spans of a trace by name, and by id.
func (r *receiver) of(traceID string) (byName map[string]*spans.Span, byID map[string]*spans.Span) {
	byName, byID = map[string]*spans.Span{}, map[string]*spans.Span{}
	for _, s := range r.spans {
		if hex.EncodeToString(s.GetTraceId()) == traceID {
			byName[s.GetName()], byID[string(s.GetSpanId())] = s, s
		}
	}
	return byName, byID
}

// above gives the names of a span and of all above it, up to the client's span.
func above(s *spans.Span, byID map[string]*spans.Span) (names []string, client string) {
	for s != nil {
		names, client = append(names, s.GetName()), hex.EncodeToString(s.GetParentSpanId())
		s = byID[string(s.GetParentSpanId())]
	}
	return names, client
}

// One trace goes from a client's request through the queue to a step, over HTTP and over a socket, and its id is in the events. What people and
// programs keep secret is in no span.
func TestATraceGoesFromTheRequestToTheStep(t *testing.T) {
	const overHTTP, overSocket, client = "4bf92f3577b34da6a3ce929d0e0e4736", "0af7651916cd43dd8448eb211c80319c", "00f067aa0ba902b7"
	got := &receiver{}
	server := httptest.NewServer(got)
	defer server.Close()
	cfg := variant(t)
	cfg.Traces.Endpoint, cfg.Traces.Authorization = server.URL+"/v1/traces", "Bearer of-the-collector"
	var token string
	require.NoError(t, run(t, cfg, func(url string) {
		p := registered(t, url)
		token = strings.TrimPrefix(p.header.Get("Authorization"), "Bearer ")
		p.header.Set("Traceparent", "00-"+overHTTP+"-"+client+"-00")
		p.upload("employees.csv")
		p.header.Del("Traceparent")
		p.say(url, overSocket, client)
	}))
	require.Equal(t, "Bearer of-the-collector", got.header.Get("Authorization"))

	byName, byID := got.of(overHTTP)
	require.NotNil(t, byName["step inspect"], "%v", byName)
	names, parent := above(byName["step inspect"], byID)
	require.Equal(t, []string{"step inspect", "run ingest_file", "accept ingest_file", "POST /api/files"}, names)
	require.Equal(t, client, parent)

	byName, byID = got.of(overSocket)
	require.NotNil(t, byName["run agent.turn"], "%v", byName)
	names, parent = above(byName["run agent.turn"], byID)
	require.Equal(t, []string{"run agent.turn", "accept agent.turn", "GET /api/runtime/agent"}, names)
	require.Equal(t, client, parent)

	for _, secret := range []string{token, "a long enough phrase", "ada@example.org", "of-the-collector", "what the visitor said", "employees.csv"} {
		require.NotContains(t, got.text.String(), secret)
	}
}

// say sends a message over a socket under a client's span, and waits for the answer, whose events are of that trace.
func (p *person) say(url, traceID, span string) {
	p.t.Helper()
	header := p.header.Clone()
	header.Set("Traceparent", "00-"+traceID+"-"+span+"-01")
	conn, res, err := (&websocket.Dialer{Subprotocols: []string{"agent.v1"}}).DialContext(p.t.Context(), strings.Replace(url, "http", "ws", 1)+"/api/runtime/agent", header)
	require.NoError(p.t, err)
	defer conn.Close()
	defer res.Body.Close()
	require.NoError(p.t, conn.SetReadDeadline(time.Now().Add(20*time.Second)))
	require.NoError(p.t, conn.WriteJSON(map[string]any{"type": "agent.message", "text": "what the visitor said"}))
	for {
		var f struct {
			Kind string `json:"event_type"`
			ID   string `json:"execution_id"`
		}
		require.NoError(p.t, conn.ReadJSON(&f))
		if f.Kind == "agent.completed" {
			status, log := p.do(http.MethodGet, "/api/execution/"+f.ID+"/events", "", nil)
			require.Equal(p.t, http.StatusOK, status)
			require.Contains(p.t, string(log), `"trace_id":"`+traceID+`"`)
			return
		}
	}
}

func TestTracesThatCannotBeSentAreRefusedAtTheStart(t *testing.T) {
	for _, traces := range []bootstrap.TracesConfig{
		{Endpoint: "collector:4318", Ratio: 1}, {Endpoint: "http://user:pass@127.0.0.1:4318/v1/traces", Ratio: 1}, {Endpoint: "http://127.0.0.1:4318/v1/traces", Ratio: 2},
		{Endpoint: "http://collector:4318/v1/traces", Authorization: "Bearer x", Ratio: 1}, {Authorization: "Bearer x"},
	} {
		cfg := variant(t)
		cfg.Traces = traces
		require.ErrorContains(t, cfg.Validate(), "traces.")
	}
}
