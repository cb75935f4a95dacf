package bootstrap

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// A connection that was accepted before the stop is answered although its request comes after it.
func TestStopAnswersWhoHasArrived(t *testing.T) {
	t.Parallel()
	ready := &readiness{}
	handler := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
	s := newServer(&http.Server{Handler: handler, ReadHeaderTimeout: time.Minute}, nil, ready, func(err error) { t.Error(err) })
	require.NoError(t, s.start(t.Context(), "127.0.0.1:0"))
	c, err := net.Dial("tcp", s.listener.Addr().String())
	require.NoError(t, err)
	defer c.Close()
	require.Eventually(t, func() bool { return !s.arrived.none() }, 10*time.Second, time.Millisecond)
	stopped := make(chan error, 1)
	go func() { stopped <- s.stop(context.WithoutCancel(t.Context())) }()
	require.Eventually(t, func() bool { return !ready.open.Load() }, 10*time.Second, time.Millisecond)
	_, err = io.WriteString(c, "GET / HTTP/1.1\r\nHost: example\r\n\r\n")
	require.NoError(t, err)
	res, err := http.ReadResponse(bufio.NewReader(c), nil)
	require.NoError(t, err)
	require.NoError(t, res.Body.Close())
	require.Equal(t, http.StatusNoContent, res.StatusCode)
	require.NoError(t, <-stopped)
}
