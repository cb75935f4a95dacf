package membus

import (
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/symphainy/symphainy/ports"
	"github.com/symphainy/symphainy/test/bustest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestBus(t *testing.T) {
	bustest.Run(t, func(*testing.T) ports.EventBus { return New() })
}

func TestFullChannelDropsOnlyWhatDoesNotFit(t *testing.T) {
	b := New()
	hints, cancel, err := b.Subscribe(ports.TopicExecution("exe_1"))
	require.NoError(t, err)
	defer cancel()
	for seq := range 10 * buffered {
		require.NoError(t, b.Publish(t.Context(), ports.Hint{ExecutionID: "exe_1", LastSeq: int64(seq)}))
	}
	require.Len(t, hints, buffered)
	require.Zero(t, (<-hints).LastSeq, "the first hints are kept, in order")
}

func TestCancelForgetsTheTopic(t *testing.T) {
	b := New()
	for range 3 {
		_, cancel, err := b.Subscribe("session.ses_1")
		require.NoError(t, err)
		cancel()
		cancel()
	}
	require.Empty(t, b.subscribers)
	_, _, err := b.Subscribe("")
	require.Error(t, err)
}
