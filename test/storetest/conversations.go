package storetest

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/symphainy/symphainy/domain/agent"
	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/domain/identity"
	"github.com/symphainy/symphainy/domain/typeid"
	"github.com/symphainy/symphainy/ports"
)

func (s *suite) insertConversation(t *testing.T, c agent.Conversation) error {
	t.Helper()
	return s.try(t, func(ctx context.Context, tx ports.Tx) error { return tx.Conversations.Insert(ctx, c) })
}

func (s *suite) findConversation(t *testing.T, scope identity.Scope, cid string) (agent.Conversation, error) {
	t.Helper()
	return look(t, s, func(ctx context.Context, tx ports.Tx) (agent.Conversation, error) {
		return tx.Conversations.ByID(ctx, scope, cid)
	})
}

func (s *suite) conversations(t *testing.T) {
	t.Helper()
	h, v := s.member(t, ""), s.visitor(t)
	byClient := func(t *testing.T, scope identity.Scope, sid, clientID string) (agent.Conversation, error) {
		t.Helper()
		return look(t, s, func(ctx context.Context, tx ports.Tx) (agent.Conversation, error) {
			return tx.Conversations.ByClientID(ctx, scope, sid, clientID)
		})
	}
	save := func(t *testing.T, c agent.Conversation) error {
		t.Helper()
		return s.try(t, func(ctx context.Context, tx ports.Tx) error { return tx.Conversations.Save(ctx, c) })
	}
	c := agent.Conversation{
		ID: id(typeid.Conversation), TenantID: h.tenantID, OwnerID: h.user.ID, SessionID: h.session.ID(), ClientID: awkward,
		Surface: "content_pillar", AgentID: agent.LiaisonContent, Messages: 7, Summary: "user: hello\nassistant: done\n", Version: 3, CreatedAt: s.abroad(1), UpdatedAt: s.abroad(2),
	}
	full(t, c)
	t.Run("round trip", func(t *testing.T) {
		bare := agent.Conversation{ID: id(typeid.Conversation), TenantID: v.tenantID, SessionID: v.session.ID(), ClientID: awkward}
		for want, scope := range map[*agent.Conversation]identity.Scope{&c: h.scope, &bare: v.scope} {
			require.NoError(t, s.insertConversation(t, *want), "another session may use the same name")
			got, err := s.findConversation(t, scope, want.ID)
			require.NoError(t, err)
			same(t, *want, got)
			got, err = byClient(t, scope, want.SessionID, want.ClientID)
			require.NoError(t, err)
			same(t, *want, got)
			again := *want
			require.ErrorIs(t, s.insertConversation(t, again), fault.ErrDuplicate)
			again.ID = id(typeid.Conversation)
			require.ErrorIs(t, s.insertConversation(t, again), fault.ErrDuplicate, "the client's name within the session")
		}
	})
	t.Run("not found", func(t *testing.T) {
		for _, scope := range []identity.Scope{s.member(t, "").scope, s.member(t, h.tenantID).scope, v.scope} {
			_, err := s.findConversation(t, scope, c.ID)
			require.ErrorIs(t, err, fault.ErrNotFound)
			_, err = byClient(t, scope, c.SessionID, c.ClientID)
			require.ErrorIs(t, err, fault.ErrNotFound)
		}
		for sid, clientID := range map[string]string{id(typeid.Session): c.ClientID, c.SessionID: strings.ToLower(c.ClientID)} {
			_, err := byClient(t, h.scope, sid, clientID)
			require.ErrorIs(t, err, fault.ErrNotFound)
		}
	})
	t.Run("save", func(t *testing.T) {
		first, second := c, c
		first.Messages, first.UpdatedAt, first.AgentID, first.Summary = 9, s.at(9), agent.Guide, "user: hello\n"
		require.NoError(t, save(t, first))
		require.ErrorIs(t, save(t, second), fault.ErrStale)
		first.Version++
		got, err := s.findConversation(t, h.scope, c.ID)
		require.NoError(t, err)
		same(t, first, got)
		requireMissing(t, save(t, s.conversation(h, 1)))
	})
	t.Run("of a session", func(t *testing.T) {
		h := s.member(t, "")
		a, b, last := s.conversation(h, 1), s.conversation(h, 2), s.conversation(h, 2)
		for _, one := range []agent.Conversation{b, a, last} {
			require.NoError(t, s.insertConversation(t, one))
		}
		of := func(scope identity.Scope, sid string) []string {
			return ids(get(t, s, func(ctx context.Context, tx ports.Tx) ([]agent.Conversation, error) {
				return tx.Conversations.Of(ctx, scope, sid)
			}), func(c agent.Conversation) string { return c.ID })
		}
		require.Equal(t, []string{last.ID, b.ID, a.ID}, of(h.scope, h.session.ID()))
		require.Empty(t, of(h.scope, id(typeid.Session)))
		require.Empty(t, of(s.member(t, h.tenantID).scope, h.session.ID()))
	})
}

func (s *suite) messages(t *testing.T) {
	t.Helper()
	h := s.member(t, "")
	c, other := s.conversation(h, 1), s.conversation(h, 1)
	require.NoError(t, s.insertConversation(t, c))
	require.NoError(t, s.insertConversation(t, other))
	add := func(m agent.Message) (seq int64, err error) {
		err = s.try(t, func(ctx context.Context, tx ports.Tx) (err error) {
			seq, err = tx.Messages.Append(ctx, m)
			return err
		})
		return seq, err
	}
	before := func(tenantID string, seq int64, limit int) []agent.Message {
		return get(t, s, func(ctx context.Context, tx ports.Tx) ([]agent.Message, error) {
			return tx.Messages.Before(ctx, tenantID, c.ID, seq, limit)
		})
	}
	texts := func(list []agent.Message) []string { return ids(list, func(m agent.Message) string { return m.Text }) }
	require.Empty(t, before(h.tenantID, 0, 10))

	m := agent.Message{
		ID: id(typeid.Message), TenantID: h.tenantID, ConversationID: c.ID, Seq: 1, Role: agent.RoleAssistant, Text: awkward,
		AgentID: agent.Guide, ExecutionID: id(typeid.Execution), Origin: "anonymous", CreatedAt: s.abroad(1),
	}
	full(t, m)
	seq, err := add(m)
	require.NoError(t, err)
	require.Equal(t, int64(1), seq)
	same(t, []agent.Message{m}, before(h.tenantID, 0, 10))
	_, err = add(m)
	require.ErrorIs(t, err, fault.ErrDuplicate)

	for i := 2; i <= 6; i++ {
		next := s.message(c, fmt.Sprint(i))
		next.Seq = 99
		seq, err := add(next)
		require.NoError(t, err)
		require.Equal(t, int64(i), seq, "the store numbers")
	}
	seq, err = add(s.message(other, "x"))
	require.NoError(t, err)
	require.Equal(t, int64(1), seq, "each conversation counts for itself")

	require.Equal(t, []string{"5", "6"}, texts(before(h.tenantID, 0, 2)), "the newest, oldest first")
	require.Equal(t, []string{"3", "4"}, texts(before(h.tenantID, 5, 2)))
	require.Equal(t, []string{awkward}, texts(before(h.tenantID, 2, 2)))
	require.Empty(t, before(h.tenantID, 1, 2))
	require.Empty(t, before(h.tenantID, 0, 0), "at most 0 are none")
	require.Empty(t, before(s.member(t, "").tenantID, 0, 10), "another tenant")

	trim := func(tenantID string, keep int) (n int64) {
		s.do(t, func(ctx context.Context, tx ports.Tx) (err error) {
			n, err = tx.Messages.Trim(ctx, tenantID, c.ID, keep)
			return err
		})
		return n
	}
	require.Zero(t, trim(h.tenantID, 6))
	require.Zero(t, trim(s.member(t, "").tenantID, 1), "another tenant")
	require.Equal(t, int64(4), trim(h.tenantID, 2))
	require.Equal(t, []string{"5", "6"}, texts(before(h.tenantID, 0, 10)))

	const writers = 8
	seqs := make([]int64, writers)
	for _, err := range race(writers, func(i int) (err error) {
		seqs[i], err = add(s.message(c, "many"))
		return err
	}) {
		require.NoError(t, err)
	}
	require.ElementsMatch(t, []int64{7, 8, 9, 10, 11, 12, 13, 14}, seqs, "no number twice, none left out")
}
