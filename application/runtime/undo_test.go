package runtime_test

import (
	"context"
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/symphainy/symphainy/domain/execution"
	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/ports"
)

// saga books and pays, each with its undo, and then does last.
func saga(log *[]string, last func(ctx context.Context, c ports.IntentCall) error) ports.IntentHandler {
	return func(ctx context.Context, c ports.IntentCall) (ports.IntentResult, error) {
		for _, name := range []string{"book", "look", "pay"} {
			if name != "look" {
				c.OnUndo(name, "un"+name)
			}
			if _, err := c.Step(ctx, name, func(context.Context, string) ([]byte, error) {
				*log = append(*log, name)
				return json.Marshal(name + "ed")
			}); err != nil {
				return ports.IntentResult{}, err
			}
		}
		return ports.IntentResult{}, last(ctx, c)
	}
}

func undos(log *[]string, fail map[string]error) map[string]ports.UndoHandler {
	one := func(name string) ports.UndoHandler {
		return func(_ context.Context, _ ports.IntentCall, result []byte) error {
			*log = append(*log, name+" "+string(result))
			return fail[name]
		}
	}
	return map[string]ports.UndoHandler{"unbook": one("unbook"), "unpay": one("unpay")}
}

func TestAFailedSagaIsUndoneInReverseOrder(t *testing.T) {
	var log []string
	w := (&world{t: t, undos: undos(&log, nil)}).open(only(saga(&log, func(context.Context, ports.IntentCall) error {
		return fault.New(fault.Conflict, "sold_out", "Sold out.")
	})))
	id := w.submit(submission("act"))
	w.work()
	s := w.get(id)
	require.Equal(t, execution.Failed, s.State)
	require.Equal(t, "sold_out", s.ErrorCode)
	require.Empty(t, s.Ending)
	require.Equal(t, []string{"book", "look", "pay", `unpay "payed"`, `unbook "booked"`}, log)
	again, err := w.engine.Retry(t.Context(), ada(), id, ports.RetryCommand{})
	require.NoError(t, err)
	log = nil
	w.work()
	require.Equal(t, execution.Failed, w.get(again.ID).State)
	require.Equal(t, []string{"book", "look", "pay", `unpay "payed"`, `unbook "booked"`}, log, "what was undone is done again")
}

func TestACancelledSagaIsUndoneWhereverItStands(t *testing.T) {
	var log []string
	w := (&world{t: t, undos: undos(&log, nil)}).open(only(saga(&log, func(ctx context.Context, c ports.IntentCall) error {
		_, err := c.AwaitSignal(ctx, "go", ports.SignalWait{})
		return err
	})))
	id := w.submit(submission("act"))
	w.work()
	require.Equal(t, execution.Waiting, w.get(id).State)
	w.grants.roles = nil // what was done is undone, also when the rights are gone
	for range 2 {
		_, err := w.engine.Cancel(t.Context(), ada(), id)
		require.NoError(t, err)
	}
	w.work()
	require.Equal(t, execution.Cancelled, w.get(id).State)
	require.Equal(t, []string{"book", "look", "pay", `unpay "payed"`, `unbook "booked"`}, log)
}

func TestUndosSurviveTheirWorkers(t *testing.T) {
	var log []string
	fail := map[string]error{"unbook": fault.ErrUnavailable}
	w := (&world{t: t, undos: undos(&log, fail)}).open(only(saga(&log, func(context.Context, ports.IntentCall) error {
		return fault.New(fault.Conflict, "sold_out", "Sold out.")
	})))
	id := w.submit(submission("act"))
	w.work()
	require.Equal(t, execution.Retrying, w.get(id).State)
	require.Equal(t, execution.Failed, w.get(id).Ending)
	// The worker that goes on dies in the middle.
	w.clock.Advance(time.Minute)
	require.NoError(t, w.store.Do(t.Context(), func(ctx context.Context, tx ports.Tx) error {
		_, err := tx.Leases.Claim(ctx, id, "wrk_dead", time.Second)
		return err
	}))
	w.clock.Advance(time.Minute)
	delete(fail, "unbook")
	w.desk.Wake(id)
	w.work()
	require.Equal(t, execution.Failed, w.get(id).State)
	require.Equal(t, "sold_out", w.get(id).ErrorCode, "why it failed, not why an undo did")
	require.Equal(t, []string{"book", "look", "pay", `unpay "payed"`, `unbook "booked"`, `unbook "booked"`}, log)
}

func TestAnUndoThatFailsForGoodDoesNotKeepTheOthersFromRunning(t *testing.T) {
	var log []string
	w := (&world{t: t, undos: undos(&log, map[string]error{"unpay": fault.New(fault.Conflict, "no_refund", "No.")})}).open(only(saga(&log,
		func(context.Context, ports.IntentCall) error {
			return fault.New(fault.Conflict, "sold_out", "Sold out.")
		})))
	id := w.submit(submission("act"))
	w.work()
	require.Equal(t, execution.Failed, w.get(id).State)
	require.Equal(t, []string{"book", "look", "pay", `unpay "payed"`, `unbook "booked"`}, log)
	require.Contains(t, fmt.Sprint(w.reports), "no_refund")
}

// Who stops a process takes nothing from the attempts of what runs in it.
func TestAGracefulStopIsNoAttempt(t *testing.T) {
	stopping, stop := context.WithCancel(t.Context())
	runs := 0
	w := newWorld(t, only(func(ctx context.Context, _ ports.IntentCall) (ports.IntentResult, error) {
		if runs++; runs == 1 {
			stop()
			<-ctx.Done()
			return ports.IntentResult{}, ctx.Err()
		}
		return ports.IntentResult{}, nil
	}))
	id := w.submit(submission("act"))
	require.NoError(t, w.desk.handle(stopping, id))
	s := w.get(id)
	require.Equal(t, execution.Retrying, s.State)
	require.Equal(t, "server_stopping", s.ErrorCode)
	require.Zero(t, s.Attempt)
	w.work()
	require.Equal(t, execution.Completed, w.get(id).State)
	require.Equal(t, 1, w.get(id).Attempt)
}

// An execution that is being undone comes to its end: a pause between two attempts of an undo would keep it half undone.
func TestUndosAreNotPaused(t *testing.T) {
	var log []string
	fail := map[string]error{"unpay": fault.ErrUnavailable}
	w := (&world{t: t, undos: undos(&log, fail)}).open(only(saga(&log, func(context.Context, ports.IntentCall) error {
		return fault.New(fault.Conflict, "sold_out", "No.")
	})))
	id := w.submit(submission("act"))
	w.work()
	require.Equal(t, execution.Retrying, w.get(id).State)
	require.NotEmpty(t, w.get(id).Ending)
	audited := len(w.audited())
	s, err := w.engine.Pause(t.Context(), ada(), id)
	require.NoError(t, err)
	require.Equal(t, execution.Retrying, s.State)
	require.False(t, s.PauseRequested)
	require.Len(t, w.audited(), audited, "nothing was done")
	delete(fail, "unpay")
	w.clock.Advance(time.Hour)
	w.work()
	require.Equal(t, execution.Failed, w.get(id).State)
}
