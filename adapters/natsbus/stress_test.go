package natsbus_test

import (
	"log/slog"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/symphainy/symphainy/adapters/natsbus"
	"github.com/symphainy/symphainy/ports"
	"github.com/symphainy/symphainy/test/natstest"
	"github.com/symphainy/symphainy/test/sheet"
)

// F2: a bus that comes and goes, with subscribers and hints, leaves no goroutine and no connection.
func TestBusesCloseWithoutATrace(t *testing.T) {
	server := natstest.New(t, nil)
	keep := open(t, server.URL()) // what the server keeps for its clients is there before
	times := sheet.Times(100, 20)
	before := goleak.IgnoreCurrent()
	for range times {
		b, err := natsbus.New(natsbus.Config{URL: server.URL(), Logger: slog.New(slog.DiscardHandler)})
		require.NoError(t, err)
		_, leave, err := b.Subscribe(ports.TopicSession("ses_1"))
		require.NoError(t, err)
		require.NoError(t, b.Publish(t.Context(), ports.Hint{SessionID: "ses_1"}))
		leave()
		b.Close()
	}
	require.NoError(t, goleak.Find(before))
	require.NotNil(t, keep)
	sheet.Record(t, "F2", times, "goroutines left of the bus 0", "leaks 0")
}
