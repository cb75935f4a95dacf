package e2e_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"
)

// SIGTERM: an open socket is told to go away and closed with 1012, and the process ends well.
func TestGracefulStop(t *testing.T) {
	t.Parallel()
	onEach(t, func(e environment) {
		t := e.t
		server := start(t, e)
		a := newAPI(t, server)
		v := a.anonymous()
		s := a.open(v.caller(), v.id)
		s.ask("home", "Hello", "guide")
		accepted := a.submit(v.caller(), v.id, "list_files", map[string]any{})
		server.terminate()
		code, before := s.closed()
		require.Equal(t, 1012, code)
		require.Contains(t, before, "server.goaway")
		require.Zero(t, server.exit())

		again := start(t, e)
		b := newAPI(t, again)
		b.completed(v.caller(), accepted, "")
		b.get(v.caller(), "/api/session/"+v.id).is(http.StatusOK)
		again.terminate()
		require.Zero(t, again.exit())
	})
}
