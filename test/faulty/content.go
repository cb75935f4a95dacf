package faulty

import (
	"context"
	"time"

	"github.com/symphainy/symphainy/domain/agent"
	"github.com/symphainy/symphainy/domain/artifact"
	"github.com/symphainy/symphainy/domain/audit"
	"github.com/symphainy/symphainy/domain/identity"
	"github.com/symphainy/symphainy/domain/intent"
	"github.com/symphainy/symphainy/ports"
)

type artifactsStore struct {
	faults *Store
	next   ports.ArtifactStore
}

func (s artifactsStore) Insert(ctx context.Context, a artifact.Artifact) error {
	if err := s.faults.strike("Artifacts.Insert"); err != nil {
		return err
	}
	return s.next.Insert(ctx, a)
}

func (s artifactsStore) ByID(ctx context.Context, scope identity.Scope, id string) (artifact.Artifact, error) {
	return guard(s.faults, "Artifacts.ByID", func() (artifact.Artifact, error) { return s.next.ByID(ctx, scope, id) })
}

func (s artifactsStore) Lock(ctx context.Context, scope identity.Scope, id string) (artifact.Artifact, error) {
	return guard(s.faults, "Artifacts.Lock", func() (artifact.Artifact, error) { return s.next.Lock(ctx, scope, id) })
}

func (s artifactsStore) Save(ctx context.Context, a artifact.Artifact) error {
	if err := s.faults.strike("Artifacts.Save"); err != nil {
		return err
	}
	return s.next.Save(ctx, a)
}

func (s artifactsStore) List(ctx context.Context, scope identity.Scope, f ports.ArtifactFilter, w ports.Window) ([]artifact.Artifact, int64, error) {
	if err := s.faults.strike("Artifacts.List"); err != nil {
		return nil, 0, err
	}
	return s.next.List(ctx, scope, f, w)
}

func (s artifactsStore) Rendered(ctx context.Context, types []string, before time.Time, limit int) ([]artifact.Artifact, error) {
	return guard(s.faults, "Artifacts.Rendered", func() ([]artifact.Artifact, error) { return s.next.Rendered(ctx, types, before, limit) })
}

type contractsStore struct {
	faults *Store
	next   ports.ContractStore
}

func (s contractsStore) Insert(ctx context.Context, c artifact.Contract) error {
	if err := s.faults.strike("Contracts.Insert"); err != nil {
		return err
	}
	return s.next.Insert(ctx, c)
}

func (s contractsStore) ByID(ctx context.Context, scope identity.Scope, id string) (artifact.Contract, error) {
	return guard(s.faults, "Contracts.ByID", func() (artifact.Contract, error) { return s.next.ByID(ctx, scope, id) })
}

func (s contractsStore) ByFile(ctx context.Context, scope identity.Scope, fileID string) (artifact.Contract, error) {
	return guard(s.faults, "Contracts.ByFile", func() (artifact.Contract, error) { return s.next.ByFile(ctx, scope, fileID) })
}

func (s contractsStore) Save(ctx context.Context, c artifact.Contract) error {
	if err := s.faults.strike("Contracts.Save"); err != nil {
		return err
	}
	return s.next.Save(ctx, c)
}

func (s contractsStore) Due(ctx context.Context, now, pendingBefore time.Time, limit int) ([]artifact.Contract, error) {
	return guard(s.faults, "Contracts.Due", func() ([]artifact.Contract, error) { return s.next.Due(ctx, now, pendingBefore, limit) })
}

type pendingStore struct {
	faults *Store
	next   ports.PendingIntentStore
}

func (s pendingStore) Insert(ctx context.Context, p intent.Pending) error {
	if err := s.faults.strike("Pending.Insert"); err != nil {
		return err
	}
	return s.next.Insert(ctx, p)
}

func (s pendingStore) ByID(ctx context.Context, scope identity.Scope, id string) (intent.Pending, error) {
	return guard(s.faults, "Pending.ByID", func() (intent.Pending, error) { return s.next.ByID(ctx, scope, id) })
}

func (s pendingStore) Save(ctx context.Context, p intent.Pending) error {
	if err := s.faults.strike("Pending.Save"); err != nil {
		return err
	}
	return s.next.Save(ctx, p)
}

func (s pendingStore) List(ctx context.Context, scope identity.Scope, f ports.PendingFilter, w ports.Window) ([]intent.Pending, int64, error) {
	if err := s.faults.strike("Pending.List"); err != nil {
		return nil, 0, err
	}
	return s.next.List(ctx, scope, f, w)
}

type conversationsStore struct {
	faults *Store
	next   ports.ConversationStore
}

func (s conversationsStore) Insert(ctx context.Context, c agent.Conversation) error {
	if err := s.faults.strike("Conversations.Insert"); err != nil {
		return err
	}
	return s.next.Insert(ctx, c)
}

func (s conversationsStore) ByClientID(ctx context.Context, scope identity.Scope, sessionID, clientID string) (agent.Conversation, error) {
	return guard(s.faults, "Conversations.ByClientID", func() (agent.Conversation, error) { return s.next.ByClientID(ctx, scope, sessionID, clientID) })
}

func (s conversationsStore) ByID(ctx context.Context, scope identity.Scope, id string) (agent.Conversation, error) {
	return guard(s.faults, "Conversations.ByID", func() (agent.Conversation, error) { return s.next.ByID(ctx, scope, id) })
}

func (s conversationsStore) Save(ctx context.Context, c agent.Conversation) error {
	if err := s.faults.strike("Conversations.Save"); err != nil {
		return err
	}
	return s.next.Save(ctx, c)
}

func (s conversationsStore) Of(ctx context.Context, scope identity.Scope, sessionID string) ([]agent.Conversation, error) {
	return guard(s.faults, "Conversations.Of", func() ([]agent.Conversation, error) { return s.next.Of(ctx, scope, sessionID) })
}

type messagesStore struct {
	faults *Store
	next   ports.MessageStore
}

func (s messagesStore) Append(ctx context.Context, m agent.Message) (int64, error) {
	return guard(s.faults, "Messages.Append", func() (int64, error) { return s.next.Append(ctx, m) })
}

func (s messagesStore) Before(ctx context.Context, tenantID, conversationID string, before int64, limit int) ([]agent.Message, error) {
	return guard(s.faults, "Messages.Before", func() ([]agent.Message, error) { return s.next.Before(ctx, tenantID, conversationID, before, limit) })
}

func (s messagesStore) Trim(ctx context.Context, tenantID, conversationID string, keep int) (int64, error) {
	return guard(s.faults, "Messages.Trim", func() (int64, error) { return s.next.Trim(ctx, tenantID, conversationID, keep) })
}

type auditStore struct {
	faults *Store
	next   ports.AuditLog
}

func (s auditStore) Append(ctx context.Context, records ...audit.Record) error {
	if err := s.faults.strike("Audit.Append"); err != nil {
		return err
	}
	return s.next.Append(ctx, records...)
}

func (s auditStore) List(ctx context.Context, tenantID string, page ports.Page) ([]audit.Record, error) {
	return guard(s.faults, "Audit.List", func() ([]audit.Record, error) { return s.next.List(ctx, tenantID, page) })
}

func (s auditStore) About(ctx context.Context, tenantID, target string, page ports.Page) ([]audit.Record, error) {
	return guard(s.faults, "Audit.About", func() ([]audit.Record, error) { return s.next.About(ctx, tenantID, target, page) })
}
