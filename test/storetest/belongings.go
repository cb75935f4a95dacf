package storetest

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/symphainy/symphainy/domain/agent"
	"github.com/symphainy/symphainy/domain/artifact"
	"github.com/symphainy/symphainy/domain/audit"
	"github.com/symphainy/symphainy/domain/event"
	"github.com/symphainy/symphainy/domain/execution"
	"github.com/symphainy/symphainy/domain/intent"
	"github.com/symphainy/symphainy/domain/session"
	"github.com/symphainy/symphainy/domain/typeid"
	"github.com/symphainy/symphainy/ports"
)

// belongings is one of everything that somebody can have.
type belongings struct {
	home
	execution    execution.Snapshot
	step         execution.Step
	event        event.Event
	artifact     artifact.Snapshot
	contract     artifact.Contract
	pending      intent.Pending
	conversation agent.Conversation
	message      agent.Message
	key          intent.IdempotencyRecord
	record       audit.Record
	ticket       session.Ticket
}

// furnish stores one of everything for somebody.
func (s *suite) furnish(t *testing.T, h home) belongings {
	t.Helper()
	b := belongings{home: h}
	b.execution = s.execution(h, 1, func(r *execution.Snapshot) { r.LastSeq = 1 }).Snapshot()
	b.step = execution.Step{ExecutionID: b.execution.ID, Name: "step", Position: 1, Result: []byte(`{"n":1}`), CompletedAt: s.at(1)}
	b.event = event.Event{ExecutionID: b.execution.ID, Seq: 1, Epoch: 1, Type: "x", Data: []byte(`{"n":1}`), Time: s.at(1)}
	b.artifact = s.artifact(h, 1, func(r *artifact.Snapshot) { r.ExecutionID = b.execution.ID }).Snapshot()
	b.contract, b.pending, b.conversation = s.contract(h, 1), s.pendingIntent(h, 1), s.conversation(h, 1)
	b.message = s.message(b.conversation, "hello")
	b.message.Seq = 1
	b.key = s.promise(h, "key of "+h.session.ID())
	b.record = audit.Record{ID: id(typeid.AuditRecord), TenantID: h.tenantID, Actor: h.principal.Actor(), Result: audit.Allowed, At: s.at(1)}
	b.ticket = session.Ticket{Hash: hashOf(id("ticket")), SessionID: h.session.ID(), Epoch: 1, ExpiresAt: s.at(600)}
	s.do(t, func(ctx context.Context, tx ports.Tx) error {
		require.NoError(t, tx.Executions.Insert(ctx, execution.Restore(b.execution)))
		require.NoError(t, tx.Steps.Put(ctx, h.tenantID, b.step))
		require.NoError(t, tx.Events.Append(ctx, h.tenantID, []event.Event{b.event}))
		require.NoError(t, tx.Artifacts.Insert(ctx, artifact.Restore(b.artifact)))
		require.NoError(t, tx.Contracts.Insert(ctx, b.contract))
		require.NoError(t, tx.Pending.Insert(ctx, b.pending))
		require.NoError(t, tx.Conversations.Insert(ctx, b.conversation))
		_, err := tx.Messages.Append(ctx, b.message)
		require.NoError(t, err)
		_, err = tx.Idempotency.Reserve(ctx, b.key)
		require.NoError(t, err)
		require.NoError(t, tx.Audit.Append(ctx, b.record))
		return tx.Tickets.Insert(ctx, b.ticket)
	})
	return b
}

// given gives the belongings as they are after a move to somebody else.
func (b belongings) given(to home) belongings {
	b.home.tenantID, b.home.user, b.home.scope = to.tenantID, to.user, to.scope
	b.execution.TenantID, b.execution.OwnerID = to.tenantID, to.user.ID
	b.artifact.TenantID, b.artifact.OwnerID = to.tenantID, to.user.ID
	b.contract.TenantID, b.contract.OwnerID = to.tenantID, to.user.ID
	b.pending.TenantID, b.pending.OwnerID = to.tenantID, to.user.ID
	b.conversation.TenantID, b.conversation.OwnerID = to.tenantID, to.user.ID
	b.message.TenantID = to.tenantID
	b.key.TenantID, b.key.Actor = to.tenantID, to.user.ID
	return b
}

// requireBelongings requires that all is where the belongings say, with any version.
func (s *suite) requireBelongings(t *testing.T, b belongings) {
	t.Helper()
	s.view(t, func(ctx context.Context, tx ports.Tx) error {
		e, err := tx.Executions.ByID(ctx, b.scope, b.execution.ID)
		require.NoError(t, err)
		row := e.Snapshot()
		row.Version = b.execution.Version
		same(t, b.execution, row)
		steps, err := tx.Steps.Of(ctx, b.tenantID, b.execution.ID)
		require.NoError(t, err)
		same(t, []execution.Step{b.step}, steps)
		events, err := tx.Events.Read(ctx, b.tenantID, b.execution.ID, 0, 10)
		require.NoError(t, err)
		same(t, []event.Event{b.event}, events)
		a, err := tx.Artifacts.ByID(ctx, b.scope, b.artifact.ID)
		require.NoError(t, err)
		material := a.Snapshot()
		material.Version = b.artifact.Version
		same(t, b.artifact, material)
		c, err := tx.Contracts.ByFile(ctx, b.scope, b.contract.FileID)
		require.NoError(t, err)
		c.Version = b.contract.Version
		same(t, b.contract, c)
		p, err := tx.Pending.ByID(ctx, b.scope, b.pending.ID)
		require.NoError(t, err)
		p.Version = b.pending.Version
		same(t, b.pending, p)
		con, err := tx.Conversations.ByClientID(ctx, b.scope, b.conversation.SessionID, b.conversation.ClientID)
		require.NoError(t, err)
		con.Version = b.conversation.Version
		same(t, b.conversation, con)
		messages, err := tx.Messages.Before(ctx, b.tenantID, b.conversation.ID, 0, 10)
		require.NoError(t, err)
		same(t, []agent.Message{b.message}, messages)
		return nil
	})
	probe := b.key
	probe.ExecutionID = id(typeid.Execution)
	stored, err := s.reserve(t, probe)
	require.NoError(t, err)
	require.NotNil(t, stored)
	same(t, b.key, *stored)
}
