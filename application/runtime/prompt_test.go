package runtime_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/symphainy/symphainy/domain/event"
	"github.com/symphainy/symphainy/domain/execution"
	"github.com/symphainy/symphainy/domain/intent"
	"github.com/symphainy/symphainy/ports"
)

// held is a handler that tells when it runs and goes on when it may.
type held struct{ entered, release chan struct{} }

func newHeld() held { return held{make(chan struct{}, 100), make(chan struct{})} }

func (h held) run(ctx context.Context, _ ports.IntentCall) (ports.IntentResult, error) {
	h.entered <- struct{}{}
	select {
	case <-h.release:
		return ports.IntentResult{}, nil
	case <-ctx.Done():
		return ports.IntentResult{}, context.Cause(ctx)
	}
}

func (w *world) ended(id string) execution.Snapshot {
	w.t.Helper()
	p, err := w.engine.Wait(w.t.Context(), ada().Scope(), id, time.Minute)
	require.NoError(w.t, err)
	return p.Execution
}

func TestASubmissionStartsAtOnceWhereAWorkerIsFree(t *testing.T) {
	w := (&world{t: t, workers: 1}).open(only(done))
	receipt, err := w.engine.Submit(t.Context(), submission("act"))
	require.NoError(t, err)
	require.Equal(t, execution.Accepted, receipt.Execution.State, "what is answered is what was accepted")
	got := w.ended(receipt.Execution.ID)
	require.Equal(t, execution.Completed, got.State)
	require.Equal(t, 1, got.Attempt)
	require.Equal(t, append(started[:2:2], event.ExecutionCompleted), w.types(got.ID))
	require.Equal(t, w.get(got.ID), got, "the waiter is told what is stored")
	require.Empty(t, w.desk.take(), "it needs no job")
}

func TestWithoutAFreeWorkerASubmissionWaitsInTheQueue(t *testing.T) {
	h := newHeld()
	w := (&world{t: t, workers: 1}).open(only(h.run))
	first := w.submit(submission("act"))
	<-h.entered
	second := w.submit(submission("act"))
	require.Equal(t, execution.Accepted, w.get(second).State)
	jobs := w.desk.take()
	require.Len(t, jobs, 1)
	waits := make(chan error, 1)
	go func() { waits <- w.desk.handle(t.Context(), jobs[0].ExecutionID) }()
	close(h.release)
	require.NoError(t, <-waits)
	require.Equal(t, execution.Completed, w.ended(first).State)
	require.Equal(t, execution.Completed, w.ended(second).State)
}

func TestALaneKeepsItsOrderBesidePromptStarts(t *testing.T) {
	h := newHeld()
	w := (&world{t: t, workers: 4}).open(only(h.run))
	inLane := func() ports.Submission {
		s := submission("act")
		s.Intent.Lane = "conversation"
		return s
	}
	first := w.submit(inLane())
	<-h.entered
	second := w.submit(inLane())
	require.Equal(t, execution.Accepted, w.get(second).State, "the lane is taken")
	require.Equal(t, []string{event.ExecutionAccepted}, w.types(second))
	close(h.release)
	require.Equal(t, execution.Completed, w.ended(first).State)
	w.work()
	require.Equal(t, execution.Completed, w.ended(second).State)
}

func TestBoundsAreTheQueuesToKeep(t *testing.T) {
	w := (&world{t: t, workers: 4, bounded: true}).open(only(done))
	id := w.submit(submission("act"))
	require.Equal(t, execution.Accepted, w.get(id).State)
	jobs := w.desk.take()
	require.NotEmpty(t, jobs)
	for _, j := range jobs { // the sweep of the start may have found it too
		require.Equal(t, id, j.ExecutionID)
	}
}

func TestAStopPutsBackWhatStartedPromptly(t *testing.T) {
	h := newHeld()
	w := (&world{t: t, workers: 2}).open(only(h.run))
	id := w.submit(submission("act"))
	<-h.entered
	over, cancel := context.WithCancel(t.Context())
	cancel()
	require.NoError(t, w.engine.Stop(over))
	require.Equal(t, execution.Retrying, w.get(id).State)
	require.Equal(t, execution.Accepted, w.get(w.submit(submission("act"))).State, "nothing starts after a stop")
}

// What was cancelled between the start and the end is found by the guard of the version, and nothing of the end is kept.
func TestTheShortEndSeesWhatCameBetween(t *testing.T) {
	h := newHeld()
	w := (&world{t: t, workers: 2}).open(map[string]ports.IntentHandler{"act": func(_ context.Context, c ports.IntentCall) (ports.IntentResult, error) {
		h.entered <- struct{}{}
		<-h.release // it does not look at its context
		return ports.IntentResult{}, nil
	}})
	id := w.submit(submission("act"))
	<-h.entered
	require.NoError(t, w.store.Do(t.Context(), func(ctx context.Context, tx ports.Tx) error {
		ex, err := tx.Executions.Lock(ctx, ada().Scope(), id)
		require.NoError(t, err)
		_, err = ex.RequestPause(false, w.clock.Now())
		require.NoError(t, err)
		return tx.Executions.Save(ctx, ex)
	}))
	close(h.release)
	require.Equal(t, execution.Completed, w.ended(id).State, "what is done is done, on the row as it is now")
	require.False(t, w.get(id).PauseRequested)
}

func TestAKeyThatIsKnownStartsNothing(t *testing.T) {
	h := newHeld()
	w := (&world{t: t, workers: 2}).open(only(h.run))
	s := submission("act")
	s.IdempotencyKey, s.Fingerprint = "key", []byte("same")
	first := w.submit(s)
	<-h.entered
	s.Intent.ID = "int_other"
	require.Equal(t, first, w.submit(s))
	same := submission("act")
	same.Intent = intent.Intent{ID: same.Intent.ID, Type: "act", Parameters: same.Intent.Parameters, Metadata: same.Intent.Metadata, SolutionID: "default", SameKey: "k"}
	a := w.submit(same)
	<-h.entered
	require.Equal(t, a, w.submit(same), "the same work is in flight")
	close(h.release)
	require.Equal(t, execution.Completed, w.ended(first).State)
	require.Equal(t, execution.Completed, w.ended(a).State)
	require.Empty(t, h.entered, "two started, two ran")
}
