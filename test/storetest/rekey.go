package storetest

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/symphainy/symphainy/domain/artifact"
	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/domain/identity"
	"github.com/symphainy/symphainy/ports"
)

func (s *suite) rekeyTo(t *testing.T, from, to home) error {
	t.Helper()
	return s.try(t, func(ctx context.Context, tx ports.Tx) error {
		return tx.Scopes.Rekey(ctx, from.session.ID(), to.tenantID, to.user.ID)
	})
}

func (s *suite) rekey(t *testing.T) {
	t.Helper()
	to := s.furnish(t, s.member(t, ""))
	moving, staying := s.furnish(t, s.visitor(t)), s.furnish(t, s.visitor(t))
	t.Run("rolled back, nothing has moved", func(t *testing.T) {
		require.ErrorIs(t, s.try(t, func(ctx context.Context, tx ports.Tx) error {
			require.NoError(t, tx.Scopes.Rekey(ctx, moving.session.ID(), to.tenantID, to.user.ID))
			_, err := tx.Executions.ByID(ctx, to.scope, moving.execution.ID)
			require.NoError(t, err)
			return fault.ErrPermission
		}), fault.ErrPermission)
		s.requireBelongings(t, moving)
	})
	t.Run("moves everything of the session and nothing else", func(t *testing.T) {
		require.NoError(t, s.rekeyTo(t, moving.home, to.home))
		s.requireBelongings(t, moving.given(to.home))
		s.requireBelongings(t, to)
		s.requireBelongings(t, staying)
	})
	t.Run("leaves nothing behind", func(t *testing.T) {
		s.nothingLeft(t, moving)
		stored, err := s.reserve(t, moving.key)
		require.NoError(t, err)
		require.Nil(t, stored, "the key is free in the old scope")
	})
	t.Run("audit records stay where they were written", func(t *testing.T) {
		records := s.auditOf(t, moving.tenantID, ports.Page{Limit: 10})
		require.Len(t, records, 1)
		same(t, moving.record, records[0])
		for _, r := range s.auditOf(t, to.tenantID, ports.Page{Limit: 10}) {
			require.NotEqual(t, moving.record.ID, r.ID)
		}
	})
	t.Run("copies from before cannot be saved", func(t *testing.T) {
		requireMissing(t, s.saveExecution(t, moving.execution))
		requireMissing(t, s.saveArtifact(t, artifact.Restore(moving.artifact)))
		same(t, moving.given(to.home).execution.Principal, s.reload(t, moving.given(to.home).execution).Principal)
	})
	t.Run("what moved can be worked on", func(t *testing.T) {
		after := moving.given(to.home)
		a, err := s.findArtifact(t, to.scope, after.artifact.ID)
		require.NoError(t, err)
		require.NoError(t, a.Share(artifact.TenantShared, s.at(5)))
		require.NoError(t, s.saveArtifact(t, a))
		require.NoError(t, s.try(t, func(ctx context.Context, tx ports.Tx) error {
			e, err := tx.Executions.Lock(ctx, to.scope, after.execution.ID)
			require.NoError(t, err)
			require.NoError(t, tx.Executions.Save(ctx, e))
			seq, err := tx.Messages.Append(ctx, s.message(after.conversation, "again"))
			require.NoError(t, err)
			require.Equal(t, int64(2), seq)
			return nil
		}))
	})
	t.Run("a session that made nothing, and one that is gone already", func(t *testing.T) {
		require.NoError(t, s.rekeyTo(t, s.visitor(t), to.home))
		require.NoError(t, s.rekeyTo(t, moving.home, to.home))
	})
	t.Run("a key that the user has used already stays the user's", func(t *testing.T) {
		visitor := s.visitor(t)
		mine, theirs := s.promise(to.home, "same key"), s.promise(visitor, "same key")
		_, err := s.reserve(t, mine)
		require.NoError(t, err)
		_, err = s.reserve(t, theirs)
		require.NoError(t, err)
		require.NoError(t, s.rekeyTo(t, visitor, to.home))
		stored, err := s.reserve(t, s.promise(to.home, "same key"))
		require.NoError(t, err)
		require.NotNil(t, stored)
		same(t, mine, *stored)
	})
	t.Run("needs a session, a tenant and a user", func(t *testing.T) {
		sid := staying.session.ID()
		for _, args := range [][3]string{{"", to.tenantID, to.user.ID}, {sid, "", to.user.ID}, {sid, to.tenantID, ""}} {
			err := s.try(t, func(ctx context.Context, tx ports.Tx) error { return tx.Scopes.Rekey(ctx, args[0], args[1], args[2]) })
			require.Error(t, err)
			require.Equal(t, fault.Internal, fault.KindOf(err))
		}
		s.requireBelongings(t, staying)
	})
}

// nothingLeft requires that the session's old scope sees nothing any more, by id and in lists.
func (s *suite) nothingLeft(t *testing.T, b belongings) {
	t.Helper()
	s.view(t, func(ctx context.Context, tx ports.Tx) error {
		for _, read := range []func(identity.Scope) error{
			func(sc identity.Scope) error { _, err := tx.Executions.ByID(ctx, sc, b.execution.ID); return err },
			func(sc identity.Scope) error { _, err := tx.Artifacts.ByID(ctx, sc, b.artifact.ID); return err },
			func(sc identity.Scope) error { _, err := tx.Contracts.ByID(ctx, sc, b.contract.ID); return err },
			func(sc identity.Scope) error { _, err := tx.Pending.ByID(ctx, sc, b.pending.ID); return err },
			func(sc identity.Scope) error { _, err := tx.Conversations.ByID(ctx, sc, b.conversation.ID); return err },
		} {
			require.ErrorIs(t, read(b.scope), fault.ErrNotFound)
		}
		list, err := tx.Executions.List(ctx, b.scope, ports.ExecutionFilter{}, ports.Page{Limit: 10})
		require.NoError(t, err)
		require.Empty(t, list)
		conversations, err := tx.Conversations.Of(ctx, b.scope, b.session.ID())
		require.NoError(t, err)
		require.Empty(t, conversations)
		steps, err := tx.Steps.Of(ctx, b.tenantID, b.execution.ID)
		require.NoError(t, err)
		require.Empty(t, steps)
		events, err := tx.Events.Read(ctx, b.tenantID, b.execution.ID, 0, 10)
		require.NoError(t, err)
		require.Empty(t, events)
		messages, err := tx.Messages.Before(ctx, b.tenantID, b.conversation.ID, 0, 10)
		require.NoError(t, err)
		require.Empty(t, messages)
		return nil
	})
}
