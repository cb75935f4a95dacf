package agents_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/symphainy/symphainy/domain/execution"
	"github.com/symphainy/symphainy/domain/identity"
	"github.com/symphainy/symphainy/ports"
)

// broken is a provider whose client panics over an answer, in the goroutine that listens to it.
type broken struct{ ports.LanguageModel }

func (broken) Chat(context.Context, ports.ChatRequest, func(string) error) (ports.ChatReply, error) {
	panic("index out of range")
}

// A client that panics fails its turn, and neither the process nor anybody else's turn.
func TestAModelThatPanicsFailsItsTurnOnly(t *testing.T) {
	w := newWorld(t, nil)
	w.model = broken{}
	w.start()
	s := w.ask(w.person(identity.RoleMember), "hello")
	require.True(t, s.State.Terminal() || s.State == execution.Retrying, s.State)
}
