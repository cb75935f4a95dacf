package fanout

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/symphainy/symphainy/ports"
)

func TestFullChannelDropsOnlyWhatDoesNotFit(t *testing.T) {
	table := New()
	hints, cancel, err := table.Subscribe(ports.TopicExecution("exe_1"))
	require.NoError(t, err)
	defer cancel()
	for seq := range 10 * Buffered {
		table.Deliver(ports.Hint{ExecutionID: "exe_1", LastSeq: int64(seq)})
	}
	require.Len(t, hints, Buffered)
	require.Zero(t, (<-hints).LastSeq, "the first hints are kept, in order")
}

func TestCancelForgetsTheTopic(t *testing.T) {
	table := New()
	for range 3 {
		_, cancel, err := table.Subscribe("session.ses_1")
		require.NoError(t, err)
		cancel()
		cancel()
	}
	require.Empty(t, table.subscribers)
	_, _, err := table.Subscribe("")
	require.Error(t, err)
}
