// Package bustest is the conformance suite of ports.EventBus: every adapter runs it from its own test. Delivery may be asynchronous,
// so the suite waits for what has to come, and proves what must not come by something that was sent after it.
package bustest

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/symphainy/symphainy/ports"
)

// patience bounds the wait for a hint that has to come.
const patience = 15 * time.Second

// Run runs the suite. open gives a bus for one test and frees it by t.Cleanup; ids of different tests differ, so it may be shared.
func Run(t *testing.T, open func(t *testing.T) ports.EventBus) {
	t.Helper()
	t.Run("topics", func(t *testing.T) { topics(t, open(t)) })
	t.Run("every subscriber", func(t *testing.T) { everySubscriber(t, open(t)) })
	t.Run("slow subscriber", func(t *testing.T) { slowSubscriber(t, open(t)) })
	t.Run("cancel", func(t *testing.T) { cancelled(t, open(t)) })
	t.Run("concurrency", func(t *testing.T) { concurrency(t, open(t)) })
}

// subscribe subscribes until the test ends.
func subscribe(t *testing.T, b ports.EventBus, topic string) <-chan ports.Hint {
	t.Helper()
	hints, cancel, err := b.Subscribe(topic)
	require.NoError(t, err)
	t.Cleanup(cancel)
	return hints
}

func publish(t *testing.T, b ports.EventBus, hints ...ports.Hint) {
	t.Helper()
	for _, h := range hints {
		require.NoError(t, b.Publish(t.Context(), h))
	}
}

// next gives the next hint that comes.
func next(t *testing.T, hints <-chan ports.Hint) ports.Hint {
	t.Helper()
	select {
	case h, open := <-hints:
		require.True(t, open, "the channel is never closed")
		return h
	case <-time.After(patience):
		require.Fail(t, "no hint came")
		return ports.Hint{}
	}
}

func topics(t *testing.T, b ports.EventBus) {
	t.Helper()
	session := subscribe(t, b, ports.TopicSession("ses_topics"))
	execution := subscribe(t, b, ports.TopicExecution("exe_topics"))
	control := subscribe(t, b, ports.TopicControl)

	work := ports.Hint{SessionID: "ses_topics", ExecutionID: "exe_topics", LastSeq: 42}
	cancel := ports.Hint{SessionID: "ses_topics", ExecutionID: "exe_topics", LastSeq: 43, Control: true}
	epoch := ports.Hint{SessionID: "ses_topics"}
	sibling := ports.Hint{SessionID: "ses_topics", ExecutionID: "exe_topics2", LastSeq: 1}
	foreign := ports.Hint{SessionID: "ses_topics2", ExecutionID: "exe_topic", LastSeq: 1}
	last := ports.Hint{SessionID: "ses_topics", ExecutionID: "exe_topics", LastSeq: 44, Control: true}
	publish(t, b, foreign, work, sibling, cancel, epoch, last)

	for _, want := range []ports.Hint{work, sibling, cancel, epoch, last} {
		require.Equal(t, want, next(t, session))
	}
	for _, want := range []ports.Hint{work, cancel, last} {
		require.Equal(t, want, next(t, execution))
	}
	for _, want := range []ports.Hint{cancel, last} {
		require.Equal(t, want, next(t, control))
	}
}

func everySubscriber(t *testing.T, b ports.EventBus) {
	t.Helper()
	h := ports.Hint{SessionID: "ses_every", ExecutionID: "exe_every", LastSeq: 7}
	var all []<-chan ports.Hint
	for range 20 {
		all = append(all, subscribe(t, b, ports.TopicSession("ses_every")))
	}
	publish(t, b, h)
	for _, hints := range all {
		require.Equal(t, h, next(t, hints))
	}
}

func slowSubscriber(t *testing.T, b ports.EventBus) {
	t.Helper()
	slow := subscribe(t, b, ports.TopicExecution("exe_slow"))
	const sent = 5000
	done := make(chan error, 1)
	go func() {
		for seq := range sent {
			if err := b.Publish(context.Background(), ports.Hint{ExecutionID: "exe_slow", LastSeq: int64(seq + 1)}); err != nil {
				done <- err
				return
			}
		}
		done <- nil
	}()
	select {
	case err := <-done:
		require.NoError(t, err)
	case <-time.After(patience):
		require.Fail(t, "a subscriber who does not read stops the publisher")
	}
	require.NotZero(t, next(t, slow).LastSeq, "the slow subscriber still has something that makes it look")

	quick := subscribe(t, b, ports.TopicExecution("exe_quick"))
	h := ports.Hint{ExecutionID: "exe_quick", LastSeq: 1}
	publish(t, b, h)
	require.Equal(t, h, next(t, quick), "others do not suffer")
}

func cancelled(t *testing.T, b ports.EventBus) {
	t.Helper()
	hints, cancel, err := b.Subscribe(ports.TopicSession("ses_cancel"))
	require.NoError(t, err)
	stays := subscribe(t, b, ports.TopicSession("ses_cancel"))
	publish(t, b, ports.Hint{SessionID: "ses_cancel", LastSeq: 1})
	next(t, hints)
	next(t, stays)
	cancel()
	cancel()
	publish(t, b, ports.Hint{SessionID: "ses_cancel", LastSeq: 2})
	require.Equal(t, int64(2), next(t, stays).LastSeq, "the others go on")
	select {
	case h, open := <-hints:
		require.Fail(t, "a cancelled subscription", "got %v, open %v", h, open)
	default:
	}
}

func concurrency(t *testing.T, b ports.EventBus) {
	t.Helper()
	const workers, rounds = 8, 50
	failed := make(chan error, workers)
	for range workers {
		go func() {
			var failure error
			for range rounds {
				_, cancel, err := b.Subscribe(ports.TopicSession("ses_busy"))
				if err == nil {
					err = b.Publish(context.Background(), ports.Hint{SessionID: "ses_busy"})
					cancel()
				}
				if err != nil {
					failure = err
				}
			}
			failed <- failure
		}()
	}
	for range workers {
		require.NoError(t, <-failed)
	}
}
