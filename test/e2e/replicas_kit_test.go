package e2e_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/symphainy/symphainy/test/natstest"
)

// replicas are three processes on one database, with one NATS server between them.
type replicas struct {
	t       *testing.T
	nats    *natstest.Server
	servers []*server
	apis    []*api
}

// startReplicas starts them under further settings.
func startReplicas(t *testing.T, vars ...string) *replicas {
	t.Helper()
	r := &replicas{t: t, nats: natstest.New(t, nil)}
	e := onPostgres(t).with(append(vars, "SYMPHAINY_NATS_URL="+r.nats.URL())...)
	for range 3 {
		s := start(t, e)
		r.servers, r.apis = append(r.servers, s), append(r.apis, newAPI(t, s))
	}
	return r
}

// signal sends a signal to some replicas.
func (r *replicas) signal(sig syscall.Signal, which ...int) {
	r.t.Helper()
	for _, i := range which {
		require.NoError(r.t, r.servers[i].cmd.Process.Signal(sig))
	}
}

// bus reads what the readiness of all replicas says of the bus. None is out of service.
func (r *replicas) bus() (states []any) {
	r.t.Helper()
	for _, a := range r.apis {
		checks := a.get(caller{}, "/health/ready").is(http.StatusOK).object()["checks"].(map[string]any)
		states = append(states, checks["bus"])
	}
	return states
}

// within is a time limit, longer for a binary that looks for races.
func within(d time.Duration) time.Duration {
	if underRace {
		return 4 * d
	}
	return d
}

// longFile saves a file whose parsing takes about a second.
func (r *replicas) longFile(v visitor) (fileID string) {
	r.t.Helper()
	rows := 600_000
	if underRace {
		rows /= 8
	}
	var csv strings.Builder
	csv.WriteString("id,name,amount,day,note\n")
	for i := range rows {
		fmt.Fprintf(&csv, "%d,Name %d,%d.5,2024-01-%02d,some words about %d\n", i, i, i, i%28+1, i)
	}
	a := r.apis[0]
	accepted := a.upload(v.caller(), "long.csv", []byte(csv.String())).is(http.StatusAccepted)
	file := a.completed(v.caller(), accepted.text("execution_id"), "")["artifacts"].(map[string]any)
	a.run(v.caller(), v.id, "save_materialization", "materialization", map[string]any{
		"file_id": file["file_id"], "boundary_contract_id": file["boundary_contract_id"],
	})
	return accepted.text("file_id")
}

// ownedByFirst starts an execution that the first replica works on for certain: the others stand still until it is in the middle of it.
// They go on when the caller lets them.
func (r *replicas) ownedByFirst(v visitor, fileID string) (id string) {
	r.t.Helper()
	r.signal(syscall.SIGSTOP, 1, 2)
	id = r.apis[0].submit(v.caller(), v.id, "parse_content", map[string]any{"file_id": fileID})
	r.apis[0].follow(v.caller(), id).until("execution.step.started", "parse")
	return id
}

// streamed is an event of a stream, or why there are no more.
type streamed struct {
	ID   string
	Type string `json:"event_type"`
	Seq  int64  `json:"seq"`
	Data map[string]any
	Err  error
	// At is when it came.
	At time.Time
}

// stream is an event stream of one execution, read as it comes.
type stream struct {
	t      *testing.T
	events chan streamed
	last   int64
}

// follow opens the event stream of an execution from its beginning.
func (a *api) follow(who caller, id string) *stream {
	a.t.Helper()
	ctx, stop := context.WithCancel(a.t.Context())
	a.t.Cleanup(stop)
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, a.base+"/api/execution/"+id+"/events", nil)
	require.NoError(a.t, err)
	req.Header.Set("Accept", "text/event-stream")
	if who.secret != "" {
		req.Header.Set("X-Session-Secret", who.secret)
	}
	if who.token != "" {
		req.Header.Set("Authorization", "Bearer "+who.token)
	}
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	res, err := client.Do(req)
	require.NoError(a.t, err)
	require.Equal(a.t, http.StatusOK, res.StatusCode)
	s := &stream{t: a.t, events: make(chan streamed, 1000)}
	go func() {
		defer close(s.events)
		defer res.Body.Close()
		s.read(bufio.NewScanner(res.Body))
	}()
	return s
}

func (s *stream) read(lines *bufio.Scanner) {
	lines.Buffer(nil, 1<<20)
	var e streamed
	for lines.Scan() {
		name, value, _ := strings.Cut(lines.Text(), ": ")
		switch name {
		case "id":
			e.ID = value
		case "event":
			e.Type = value
		case "data":
			e.Err = json.Unmarshal([]byte(value), &e)
		case "":
			if e.At = time.Now(); e.Type != "" {
				s.events <- e
			}
			e = streamed{}
		}
	}
}

// next gives the next event and holds its number against the one before. ok is false at the end of the stream.
func (s *stream) next() (e streamed, ok bool) {
	s.t.Helper()
	select {
	case e, ok = <-s.events:
	case <-time.After(waitTime):
		require.Fail(s.t, "the stream stands still", "after %d", s.last)
	}
	require.NoError(s.t, e.Err)
	if ok && e.Seq > 0 {
		s.last++
		require.Equal(s.t, s.last, e.Seq, "no hole, nothing twice")
		require.Equal(s.t, fmt.Sprintf("1-%d", e.Seq), e.ID)
	}
	return e, ok
}

// until reads up to the first event of a type, of a step if one is named.
func (s *stream) until(eventType, step string) streamed {
	s.t.Helper()
	for {
		e, ok := s.next()
		require.True(s.t, ok, "the stream ended before %s", eventType)
		if e.Type == eventType && (step == "" || e.Data["step"] == step) {
			return e
		}
		require.NotContains(s.t, []string{"execution.completed", "execution.failed", "execution.cancelled"}, e.Type, "before %s %s", eventType, step)
	}
}

// ends reads to the end and insists that the stream ends with the log.
func (s *stream) ends() {
	s.t.Helper()
	_, more := s.next()
	require.False(s.t, more, "the stream ends with the log")
}

// untilOf reads a socket up to the first event of a type of one execution, any type if it is empty. last is the number of the one before; there is no hole.
func (s *socket) untilOf(executionID, eventType string, last *int64) {
	s.t.Helper()
	for {
		f, err := s.next()
		require.NoError(s.t, err)
		if f.ExecutionID != executionID || f.Seq == 0 {
			continue
		}
		*last++
		require.Equal(s.t, *last, f.Seq, "no hole, nothing twice")
		if eventType == "" || f.EventType == eventType {
			return
		}
	}
}
