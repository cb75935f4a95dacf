package memstore

import (
	"time"

	"github.com/symphainy/symphainy/domain/agent"
	"github.com/symphainy/symphainy/domain/artifact"
	"github.com/symphainy/symphainy/domain/audit"
	"github.com/symphainy/symphainy/domain/event"
	"github.com/symphainy/symphainy/domain/execution"
	"github.com/symphainy/symphainy/domain/identity"
	"github.com/symphainy/symphainy/domain/intent"
	"github.com/symphainy/symphainy/domain/schedule"
	"github.com/symphainy/symphainy/domain/session"
)

// state is all that the store holds at one moment.
type state struct {
	users         table[identity.User]
	tenants       table[identity.Tenant]
	members       table[identity.Membership]
	sessions      table[session.Snapshot]
	logins        table[session.Login]
	tickets       table[session.Ticket]
	limits        table[limit]
	replicas      table[replica]
	sockets       table[openAt]
	executions    table[execution.Snapshot]
	steps         table[step]
	signals       table[signal]
	schedules     table[schedule.Snapshot]
	runs          table[run]
	logs          table[*eventLog]
	idempotency   table[intent.IdempotencyRecord]
	artifacts     table[artifact.Snapshot]
	contracts     table[artifact.Contract]
	space         table[taken]
	pending       table[intent.Pending]
	conversations table[agent.Conversation]
	threads       table[*thread]
	messageIDs    table[string]
	agentSettings table[agent.Setting]
	toolPins      table[agent.Pin]
	ledger        table[account]
	audit         table[audit.Record]
	links         table[audit.Link]
	heads         table[audit.Head]
	invitations   table[identity.Invitation]
}

// limit is the theoretical arrival time of a limiter's key.
type limit struct{ Arrival time.Time }

// step is a stored step with its isolation scope.
type step struct {
	TenantID string
	Step     execution.Step
}

// signal is a stored signal with its isolation scope.
type signal struct {
	TenantID string
	Signal   execution.Signal
}

// eventLog is the log of one execution. It is replaced, never changed; a longer log may share the array of the shorter one, because
// there is one writer and nobody looks past the length that they know.
type eventLog struct {
	tenantID string
	events   []event.Event
}

// thread is the messages of one conversation, replaced like an eventLog. last is the newest number, which outlives trimming.
type thread struct {
	tenantID string
	last     int64
	messages []agent.Message
}

func (s *state) fork() *state {
	return &state{
		users: s.users.fork(), tenants: s.tenants.fork(), members: s.members.fork(), sessions: s.sessions.fork(),
		logins: s.logins.fork(), tickets: s.tickets.fork(), limits: s.limits.fork(), replicas: s.replicas.fork(), sockets: s.sockets.fork(), executions: s.executions.fork(),
		steps: s.steps.fork(), signals: s.signals.fork(), schedules: s.schedules.fork(), runs: s.runs.fork(), logs: s.logs.fork(), idempotency: s.idempotency.fork(), artifacts: s.artifacts.fork(),
		contracts: s.contracts.fork(), space: s.space.fork(), pending: s.pending.fork(), conversations: s.conversations.fork(),
		threads: s.threads.fork(), messageIDs: s.messageIDs.fork(), audit: s.audit.fork(),
		links: s.links.fork(), heads: s.heads.fork(), invitations: s.invitations.fork(),
		agentSettings: s.agentSettings.fork(), toolPins: s.toolPins.fork(), ledger: s.ledger.fork(),
	}
}
