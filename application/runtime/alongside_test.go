package runtime_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/symphainy/symphainy/domain/agent"
	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/domain/intent"
	"github.com/symphainy/symphainy/ports"
)

// fill stores what submissions refer to: a conversation and a pending intent of Ada's.
func (w *world) fill(owner string) {
	w.t.Helper()
	require.NoError(w.t, w.store.Do(w.t.Context(), func(ctx context.Context, tx ports.Tx) error {
		err := tx.Conversations.Insert(ctx, agent.Conversation{
			ID: "con_" + owner, TenantID: "ten_a", OwnerID: "usr_" + owner, SessionID: "ses_a", ClientID: "c" + owner, AgentID: agent.Guide,
			CreatedAt: w.clock.Now(), UpdatedAt: w.clock.Now(),
		})
		if err != nil {
			return err
		}
		return tx.Pending.Insert(ctx, intent.Pending{
			ID: "int_" + owner, TenantID: "ten_a", OwnerID: "usr_" + owner, SessionID: "ses_a", Type: "act", Status: intent.PendingOpen,
			Context: []byte(`{}`), CreatedAt: w.clock.Now(), UpdatedAt: w.clock.Now(),
		})
	}))
}

// What belongs to a submission commits with its execution, once, and only under the principal.
func TestWhatASubmissionNamesCommitsWithIt(t *testing.T) {
	w := newWorld(t, only(done))
	w.fill("ada")
	w.fill("eve")
	s := submission("act")
	s.IdempotencyKey, s.Fingerprint = "key", []byte("same")
	s.Alongside = ports.Alongside{PendingID: "int_ada", Message: &agent.Message{
		ID: "msg_1", TenantID: "ten_b", ConversationID: "con_ada", Role: agent.RoleUser, Text: "hello", ExecutionID: "exe_other", CreatedAt: w.clock.Now(),
	}}
	id := w.submit(s)
	require.Equal(t, id, w.submit(s), "a repetition stores nothing again")
	require.NoError(t, w.store.View(t.Context(), func(ctx context.Context, tx ports.Tx) error {
		p, err := tx.Pending.ByID(ctx, ada().Scope(), "int_ada")
		require.NoError(t, err)
		require.Equal(t, intent.PendingInProgress, p.Status)
		require.Equal(t, id, p.ExecutionID)
		said, err := tx.Messages.Before(ctx, "ten_a", "con_ada", 0, 10)
		require.Len(t, said, 1)
		require.Equal(t, id, said[0].ExecutionID)
		require.Equal(t, "ten_a", said[0].TenantID)
		return err
	}))

	for name, a := range map[string]ports.Alongside{
		"another's pending intent": {PendingID: "int_eve"},
		"another's conversation":   {Message: &agent.Message{ID: "msg_2", ConversationID: "con_eve", Text: "hello"}},
		"no conversation":          {Message: &agent.Message{ID: "msg_3", ConversationID: "con_none", Text: "hello"}},
	} {
		s := submission("act")
		s.Alongside = a
		_, err := w.engine.Submit(t.Context(), s)
		require.ErrorIs(t, err, fault.ErrNotFound, name)
	}
	again := submission("act")
	again.Alongside.PendingID = "int_ada"
	_, err := w.engine.Submit(t.Context(), again)
	require.Equal(t, fault.Conflict, fault.KindOf(err), "a pending intent is taken up once")
	list, err := w.engine.Executions(t.Context(), ada().Scope(), ports.ExecutionFilter{}, ports.Page{Limit: 10})
	require.NoError(t, err)
	require.Len(t, list, 1, "a refused submission leaves no execution")
}
