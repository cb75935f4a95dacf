package wsapi_test

import (
	"context"
	"fmt"
	"strconv"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/symphainy/symphainy/domain/typeid"
	"github.com/symphainy/symphainy/ports"
)

func TestStreamOfAnExecution(t *testing.T) {
	w := newWorld(t)
	ada := w.Register("ada")
	p := w.Caller(ada.AccessToken)
	work := w.begin(p, ada.Session.ID())
	c := w.open(streamPath(work), bearer(ada.AccessToken))
	hello := c.event("connection.established")
	require.Equal(t, ada.Session.ID(), hello.data("session_id"))
	w.emit(work, 5)
	c.sync()
	c.fails(`{"type":"agent.message","text":"hi"}`, "unknown_message_type")
	c.fails(`{"type":"stream.resume","execution_id":"`+typeid.Format(typeid.Execution, [16]byte{3})+`"}`, "not_found")
	c.send(map[string]any{"type": "stream.resume", "execution_id": work, "epoch": 1, "after_seq": 1})
	f := c.until("stream.resumed")
	require.JSONEq(t, `{"recovered":true,"from_seq":2}`, string(f[len(f)-1].Data))
	last := w.end(p, work).LastSeq
	frames := c.until("execution.completed")
	numbered(t, frames, work, 2)
	require.Equal(t, last, frames[len(frames)-1].Seq)
	require.Equal(t, 1000, c.closed())

	at := strconv.FormatInt(last-1, 10)
	c = w.open(streamPath(work, "after_seq", at, "epoch", "1"), bearer(ada.AccessToken))
	c.event("connection.established")
	c.event("stream.resumed")
	require.Equal(t, last, c.next().Seq)
	require.Equal(t, 1000, c.closed())

	c = w.open(streamPath(work, "after_seq", "9999"), bearer(ada.AccessToken))
	c.event("connection.established")
	require.JSONEq(t, `{"recovered":false,"reason":"future_position","from_seq":1}`, string(c.event("stream.resumed").Data))
	numbered(t, c.until("execution.completed"), work, 1)

	// What retention has removed is told.
	require.NoError(t, w.Store.Do(t.Context(), func(ctx context.Context, tx ports.Tx) error {
		_, err := tx.Retention.TrimEvents(ctx, 0, 10)
		return err
	}))
	c = w.open(streamPath(work, "after_seq", "1"), bearer(ada.AccessToken))
	c.event("connection.established")
	require.JSONEq(t, fmt.Sprintf(`{"recovered":false,"reason":"trimmed","from_seq":%d}`, last+1), string(c.event("stream.resumed").Data))
	require.Equal(t, 1000, c.closed())
}

func TestStreamRefusals(t *testing.T) {
	w := newWorld(t)
	ada, bob := w.Register("ada"), w.Register("bob")
	work := w.begin(w.Caller(ada.AccessToken), ada.Session.ID())
	for _, id := range []string{work, typeid.Format(typeid.Execution, [16]byte{3}), "x", bob.AccessToken} {
		status, code := w.refused(streamPath(id), bearer(bob.AccessToken))
		require.Equal(t, 404, status)
		require.Equal(t, "not_found", code)
	}
	status, _ := w.refused(streamPath(work, "after_seq", "many"), bearer(ada.AccessToken))
	require.Equal(t, 422, status)
	second, err := w.Sessions.Create(t.Context(), w.Caller(ada.AccessToken), nil)
	require.NoError(t, err)
	status, _ = w.refused(streamPath(work, "session_id", second.Session.ID()), bearer(ada.AccessToken))
	require.Equal(t, 404, status, "not of this session")
}

// W18: many producers, many watchers, upgrades, resumes and closes at once.
func TestManyAtOnce(t *testing.T) {
	w := newWorld(t)
	visit := w.Anonymous()
	id := visit.Session.ID()
	var jobs []string
	for range 5 {
		jobs = append(jobs, w.begin(guest(visit), id))
	}
	var watchers, producers sync.WaitGroup
	for i := range 6 {
		c, hello := w.agent(id, secret(visit))
		next := map[string]int64{}
		for _, p := range hello.data("position").([]any) {
			at := p.(map[string]any)
			next[at["execution_id"].(string)] = int64(at["seq"].(float64)) + 1
		}
		watchers.Go(func() {
			for ended := 0; ended < len(jobs); {
				f := c.next()
				if f.Seq == 0 {
					continue
				}
				require.Equal(t, next[f.ExecutionID], f.Seq)
				next[f.ExecutionID]++
				if f.EventType == "execution.completed" {
					ended++
				}
				if i == 0 && f.Seq%10 == 0 {
					c.send(map[string]any{"type": "ping"})
				}
			}
			require.NoError(t, c.ws.Close())
		})
	}
	for _, job := range jobs {
		producers.Go(func() {
			w.emit(job, 30)
			w.end(guest(visit), job)
		})
	}
	producers.Wait()
	watchers.Wait()
}
