package conversation_test

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/mock"
	"github.com/stretchr/testify/require"

	"github.com/symphainy/symphainy/adapters/memstore"
	"github.com/symphainy/symphainy/adapters/system"
	"github.com/symphainy/symphainy/application/agents"
	"github.com/symphainy/symphainy/application/conversation"
	"github.com/symphainy/symphainy/application/intents"
	"github.com/symphainy/symphainy/application/realms/content/liaison"
	"github.com/symphainy/symphainy/domain/agent"
	"github.com/symphainy/symphainy/domain/execution"
	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/domain/identity"
	"github.com/symphainy/symphainy/domain/intent"
	"github.com/symphainy/symphainy/domain/session"
	"github.com/symphainy/symphainy/mocks"
	"github.com/symphainy/symphainy/ports"
	"github.com/symphainy/symphainy/test/clock"
)

type bench struct {
	service *conversation.Service
	runtime *mocks.Runtime
	store   *memstore.Store
	mu      sync.Mutex
	sent    []ports.Submission
}

func newBench(t *testing.T) *bench {
	t.Helper()
	c := clock.Fixed()
	b := &bench{runtime: mocks.NewRuntime(t), store: memstore.New(c)}
	require.NoError(t, b.store.Do(t.Context(), func(ctx context.Context, tx ports.Tx) error {
		return errors.Join(
			tx.Sessions.Insert(ctx, session.NewAnonymous("ses_1", []byte("one"), nil, nil, c.Now())),
			tx.Sessions.Insert(ctx, session.NewAnonymous("ses_2", []byte("two"), nil, nil, c.Now())),
		)
	}))
	realm := agents.NewRealm(c, system.IDs{}, agents.GuideAgent{}, liaison.Agent{})
	catalogue, err := intents.NewCatalogue(realm)
	require.NoError(t, err)
	b.service = conversation.New(conversation.Deps{
		UnitOfWork: b.store, Runtime: b.runtime, Catalogue: catalogue, Agents: realm, Clock: c, IDs: system.IDs{},
	})
	return b
}

// accepts makes the Runtime take submissions and run what belongs to their transaction.
func (b *bench) accepts(t *testing.T) {
	t.Helper()
	b.runtime.EXPECT().Submit(mock.Anything, mock.Anything).RunAndReturn(func(ctx context.Context, s ports.Submission) (ports.Receipt, error) {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.sent = append(b.sent, s)
		id := "exe_" + string(rune('a'+len(b.sent)))
		err := b.store.Do(ctx, func(ctx context.Context, tx ports.Tx) error {
			m := *s.Alongside.Message
			m.ExecutionID = id
			_, err := tx.Messages.Append(ctx, m)
			return err
		})
		return ports.Receipt{Execution: execution.Snapshot{ID: id, Intent: s.Intent}}, err
	})
}

func visitor() identity.Principal {
	return identity.Principal{Kind: identity.KindAnonymous, TenantID: "ses_1", SessionID: "ses_1", Roles: []identity.Role{identity.RoleAnonymous}}
}

func message(text, surface string) conversation.MessageCommand {
	return conversation.MessageCommand{SessionID: "ses_1", Text: text, Surface: surface}
}

func TestAMessageBecomesATurnOfTheRightAgent(t *testing.T) {
	b := newBench(t)
	b.accepts(t)
	for surface, want := range map[string]agent.ID{
		"": agent.Guide, "landing_page": agent.Guide, "content_pillar": agent.LiaisonContent,
		"insights_pillar": agent.Guide, // no such liaison on this server: the guide answers for it
	} {
		sent, err := b.service.Send(t.Context(), visitor(), message("hello", surface))
		require.NoError(t, err)
		require.Equal(t, want, sent.AgentID, surface)
		last := b.sent[len(b.sent)-1]
		require.Equal(t, agents.TurnIntent, last.Intent.Type)
		require.Equal(t, sent.ConversationID, last.Intent.Lane, "a conversation's messages run one at a time")
		var p agents.TurnParameters
		require.NoError(t, json.Unmarshal(last.Intent.Parameters, &p))
		require.Equal(t, want, p.AgentID)
	}
}

// A message that was on its way while the session was upgraded begins no thread in the scope that the session has left.
func TestNothingBeginsInAScopeThatAnUpgradeHasLeft(t *testing.T) {
	b := newBench(t)
	require.NoError(t, b.store.Do(t.Context(), func(ctx context.Context, tx ports.Tx) error {
		_, err := tx.Sessions.Upgrade(ctx, "ses_1", []byte("one"), "usr_ada", "ten_a")
		return err
	}))
	_, err := b.service.Send(t.Context(), visitor(), message("hello", ""))
	require.ErrorIs(t, err, fault.ErrNotFound)
}

func TestAConversationBelongsToItsSession(t *testing.T) {
	b := newBench(t)
	b.accepts(t)
	first, err := b.service.Send(t.Context(), visitor(), message("one", ""))
	require.NoError(t, err)
	second, err := b.service.Send(t.Context(), visitor(), message("two", ""))
	require.NoError(t, err)
	require.Equal(t, first.ConversationID, second.ConversationID, "one thread by surface")

	named := message("three", "")
	named.ConversationID = "mine"
	third, err := b.service.Send(t.Context(), visitor(), named)
	require.NoError(t, err)
	require.NotEqual(t, first.ConversationID, third.ConversationID)

	other := visitor()
	other.TenantID, other.SessionID = "ses_2", "ses_2"
	named.SessionID = "ses_2"
	fourth, err := b.service.Send(t.Context(), other, named)
	require.NoError(t, err)
	require.NotEqual(t, third.ConversationID, fourth.ConversationID, "a name is the session's own")

	named.ConversationID = third.ConversationID
	_, err = b.service.Send(t.Context(), other, named)
	require.ErrorIs(t, err, fault.ErrNotFound, "an id of somebody else is unknown")

	history, err := b.service.History(t.Context(), visitor(), "ses_1", first.ConversationID, 0, 10)
	require.NoError(t, err)
	require.Len(t, history, 2)
	require.Equal(t, []string{"one", "two"}, []string{history[0].Text, history[1].Text})
	require.Equal(t, "anonymous", history[0].Origin)
	_, err = b.service.History(t.Context(), other, "ses_2", first.ConversationID, 0, 10)
	require.ErrorIs(t, err, fault.ErrNotFound)
}

func TestTheSurfaceRepinsTheAgent(t *testing.T) {
	b := newBench(t)
	b.accepts(t)
	say := func(surface string) conversation.Sent {
		m := message("hi", surface)
		m.ConversationID = "thread"
		sent, err := b.service.Send(t.Context(), visitor(), m)
		require.NoError(t, err)
		return sent
	}
	require.Equal(t, agent.Guide, say("").AgentID)
	require.Equal(t, agent.LiaisonContent, say("content_pillar").AgentID)
	require.Equal(t, agent.LiaisonContent, say("").AgentID, "without a surface the pinned agent stays")
	require.Equal(t, agent.Guide, say("landing_page").AgentID)
}

func TestConcurrentFirstMessagesShareOneThread(t *testing.T) {
	b := newBench(t)
	b.accepts(t)
	ids := make([]string, 16)
	var group sync.WaitGroup
	for i := range ids {
		group.Go(func() {
			sent, err := b.service.Send(t.Context(), visitor(), message("hi", ""))
			require.NoError(t, err)
			ids[i] = sent.ConversationID
		})
	}
	group.Wait()
	for _, id := range ids {
		require.Equal(t, ids[0], id)
	}
}

func TestAResendCarriesItsKey(t *testing.T) {
	b := newBench(t)
	b.accepts(t)
	m := message("hi", "")
	m.MessageID = "m1"
	_, err := b.service.Send(t.Context(), visitor(), m)
	require.NoError(t, err)
	_, err = b.service.Send(t.Context(), visitor(), m)
	require.NoError(t, err)
	require.NotEmpty(t, b.sent[0].IdempotencyKey)
	require.Equal(t, b.sent[0].IdempotencyKey, b.sent[1].IdempotencyKey)
	require.Equal(t, b.sent[0].Fingerprint, b.sent[1].Fingerprint)
	m.Text = "other words"
	_, err = b.service.Send(t.Context(), visitor(), m)
	require.NoError(t, err)
	require.NotEqual(t, b.sent[0].Fingerprint, b.sent[2].Fingerprint)
}

func TestWhenBusy(t *testing.T) {
	b := newBench(t)
	b.accepts(t)
	first, err := b.service.Send(t.Context(), visitor(), message("hi", ""))
	require.NoError(t, err)
	b.runtime.EXPECT().Executions(mock.Anything, visitor().Scope(), mock.Anything, mock.Anything).Return([]execution.Snapshot{
		{ID: "exe_busy", Intent: intent.Intent{Lane: first.ConversationID}}, {ID: "exe_else", Intent: intent.Intent{Lane: "con_other"}},
	}, nil)
	m := message("again", "")
	m.WhenBusy = "reject"
	_, err = b.service.Send(t.Context(), visitor(), m)
	require.ErrorIs(t, err, conversation.ErrBusy)

	b.runtime.EXPECT().Cancel(mock.Anything, visitor(), "exe_busy").Return(execution.Snapshot{}, nil).Once()
	m.WhenBusy = "interrupt"
	_, err = b.service.Send(t.Context(), visitor(), m)
	require.NoError(t, err)
}

func TestWhatIsRefused(t *testing.T) {
	b := newBench(t)
	viewer := visitor()
	viewer.Roles = []identity.Role{identity.RoleViewer}
	_, err := b.service.Send(t.Context(), viewer, message("hi", ""))
	require.ErrorIs(t, err, fault.ErrPermission)
	for name, m := range map[string]conversation.MessageCommand{
		"no text": message(" \n", ""), "too long": message(strings.Repeat("x", 32<<10+1), ""), "not UTF-8": message("\xff", ""),
		"long conversation": {SessionID: "ses_1", Text: "x", ConversationID: strings.Repeat("c", 201)},
		"long message id":   {SessionID: "ses_1", Text: "x", MessageID: strings.Repeat("c", 201)},
		"unknown policy":    {SessionID: "ses_1", Text: "x", WhenBusy: "drop"},
	} {
		_, err := b.service.Send(t.Context(), visitor(), m)
		require.ErrorIs(t, err, intent.ErrParameters, name)
		require.Len(t, fault.As(err).Fields, 1, name)
	}
}
