package runtimetest

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/symphainy/symphainy/domain/event"
	"github.com/symphainy/symphainy/ports"
)

func pages(t *testing.T, w *World) {
	id := w.Accepted(w.Ask("act")).ID
	last := w.Ended(id).LastSeq
	page := func(from ports.Position, limit int) ports.EventPage {
		p, err := w.Page(t.Context(), Ada().Scope(), id, from, limit)
		require.NoError(t, err)
		return p
	}
	all := page(ports.Position{}, 100)
	require.True(t, all.Recovered)
	require.True(t, all.Ended)
	require.Len(t, all.Events, int(last))
	require.Equal(t, event.ExecutionAccepted, all.Events[0].Type)
	part := page(ports.Position{Epoch: 1, Seq: 1}, 2)
	require.Equal(t, all.Events[1:3], part.Events, "every field of an event comes through")
	require.False(t, part.Ended)
	for reason, from := range map[string]ports.Position{
		"epoch_changed": {Epoch: 7, Seq: 1}, "future_position": {Seq: last + 1}, "negative_position": {Seq: -1},
	} {
		p := page(from, 100)
		require.False(t, p.Recovered, reason)
		require.Equal(t, reason, p.Reason)
		require.Equal(t, all.Events, p.Events, "read again from the start")
	}
}

// A follower sees the whole log once, in order, from where it stood, and ends with it.
func follows(t *testing.T, w *World) {
	id := w.Accepted(w.Ask("hold")).ID
	w.running(id)
	var seqs []int64
	err := w.Follow(t.Context(), Ada().Scope(), id, ports.Position{Epoch: 1, Seq: 1}, func(batch []event.Event) error {
		for _, e := range batch {
			seqs = append(seqs, e.Seq)
		}
		w.Release()
		return nil
	})
	require.NoError(t, err)
	last := w.Ended(id).LastSeq
	require.Len(t, seqs, int(last-1))
	for i, seq := range seqs {
		require.Equal(t, int64(i+2), seq)
	}
}

func followFaults(t *testing.T, w *World) {
	id := w.Accepted(w.Ask("hold")).ID
	enough := errors.New("enough")
	require.ErrorIs(t, w.Follow(t.Context(), Ada().Scope(), id, ports.Position{}, func([]event.Event) error { return enough }), enough)
	require.ErrorIs(t, w.FollowSession(t.Context(), Ada().Scope(), "ses_a", nil, time.Time{}, func([]ports.SessionEvent) error { return enough }), enough)
	ctx, cancel := context.WithCancelCause(t.Context())
	gone := errors.New("the reader is gone")
	err := w.Follow(ctx, Ada().Scope(), id, ports.Position{}, func([]event.Event) error {
		cancel(gone)
		return nil
	})
	require.ErrorIs(t, err, gone, "the cause of the reader's own end")
}

// sessionLog collects what a follower of a session sees, until enough says so.
func sessionLog(t *testing.T, w *World, known map[string]int64, since time.Time, enough func(map[string][]int64) bool) map[string][]int64 {
	t.Helper()
	seen := map[string][]int64{}
	over := errors.New("seen enough")
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	err := w.FollowSession(ctx, Ada().Scope(), "ses_a", known, since, func(batch []ports.SessionEvent) error {
		for _, e := range batch {
			seen[e.Event.ExecutionID] = append(seen[e.Event.ExecutionID], e.Event.Seq)
			require.Equal(t, "lane ", e.ConversationID)
		}
		if enough(seen) {
			return over
		}
		return nil
	})
	require.ErrorIs(t, err, over)
	return seen
}

// gapless insists on the numbers from first on, none missing, none twice.
func gapless(t *testing.T, seqs []int64, first int64) {
	t.Helper()
	for i, seq := range seqs {
		require.Equal(t, first+int64(i), seq, seqs)
	}
}

// A follower of a session sees what starts later too.
func followsSession(t *testing.T, w *World) {
	ask := func() ports.Submission {
		s := w.Ask("act")
		s.Intent.Lane = "lane "
		return s
	}
	first := w.Accepted(ask()).ID
	var second string
	seen := sessionLog(t, w, nil, time.Time{}, func(seen map[string][]int64) bool {
		if second == "" {
			second = w.Accepted(ask()).ID
		}
		return len(seen[first]) >= 5 && len(seen[second]) >= 5
	})
	gapless(t, seen[first], 1)
	gapless(t, seen[second], 1)
}

// What the reader knows is not told again, and what had ended before is left out.
func followsKnown(t *testing.T, w *World) {
	ask := func() ports.Submission {
		s := w.Ask("act")
		s.Intent.Lane = "lane "
		return s
	}
	old := w.Accepted(ask()).ID
	since := w.Ended(old).CompletedAt.Add(time.Microsecond)
	known := w.Accepted(ask()).ID
	w.Ended(known)
	fresh := w.Accepted(ask()).ID
	last := w.Ended(fresh).LastSeq
	seen := sessionLog(t, w, map[string]int64{known: 2}, since, func(seen map[string][]int64) bool {
		return len(seen[fresh]) == int(last) && len(seen[known]) == int(last)-2
	})
	require.NotContains(t, seen, old)
	gapless(t, seen[known], 3)
}
