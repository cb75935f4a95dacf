package riverqueue

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// What a sweep finds urgent does not wait behind the backlog of earlier sweeps; nothing waits twice, and the end is what does not fit.
func TestTheNewestWakeGoesFirst(t *testing.T) {
	t.Parallel()
	w := newWaking(4)
	w.add([]string{"fresh-1", "fresh-2", "fresh-3"})
	w.add([]string{"lapsed-1", "lapsed-2", "fresh-1", "fresh-2"})
	var got []string
	for range 4 {
		<-w.more
		id, ok := w.take()
		require.True(t, ok)
		got = append(got, id)
	}
	require.Equal(t, []string{"lapsed-1", "lapsed-2", "fresh-1", "fresh-2"}, got)
	_, ok := w.take()
	require.False(t, ok, "what did not fit is gone")
	w.add([]string{"fresh-1"})
	<-w.more
	id, ok := w.take()
	require.True(t, ok)
	require.Equal(t, "fresh-1", id, "taken, it may come again")
}
