package gormstore

import (
	"context"
	"errors"

	"github.com/symphainy/symphainy/domain/agent"
	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/domain/identity"
	"github.com/symphainy/symphainy/ports"
)

type conversations struct{ t *transaction }

var _ ports.ConversationStore = conversations{}

type conversationRow struct {
	TenantID  string `gorm:"column:tenant_id;primaryKey"`
	ID        string `gorm:"column:id;primaryKey"`
	OwnerID   string `gorm:"column:owner_id"`
	SessionID string `gorm:"column:session_id"`
	ClientID  string `gorm:"column:client_id"`
	Surface   string `gorm:"column:surface"`
	AgentID   string `gorm:"column:agent_id"`
	Messages  int    `gorm:"column:messages"`
	Summary   string `gorm:"column:summary"`
	Version   int    `gorm:"column:version"`
	Created   stamp  `gorm:"column:created_at"`
	Updated   stamp  `gorm:"column:updated_at"`
}

func (conversationRow) TableName() string { return "conversations" }

func (r conversationRow) conversation() agent.Conversation {
	return agent.Conversation{
		ID: r.ID, TenantID: r.TenantID, OwnerID: r.OwnerID, SessionID: r.SessionID, ClientID: r.ClientID, Surface: r.Surface,
		AgentID: agent.ID(r.AgentID), Messages: r.Messages, Summary: r.Summary, Version: r.Version, CreatedAt: r.Created.Time, UpdatedAt: r.Updated.Time,
	}
}

func (s conversations) Insert(ctx context.Context, c agent.Conversation) error {
	if err := s.t.in(ctx, c.TenantID); err != nil {
		return err
	}
	return s.t.insert(ctx, &conversationRow{
		TenantID: c.TenantID, ID: c.ID, OwnerID: c.OwnerID, SessionID: c.SessionID, ClientID: c.ClientID, Surface: c.Surface,
		AgentID: string(c.AgentID), Messages: c.Messages, Summary: c.Summary, Version: c.Version, Created: at(c.CreatedAt), Updated: at(c.UpdatedAt),
	})
}

func (s conversations) by(ctx context.Context, scope identity.Scope, more string, values ...any) (agent.Conversation, error) {
	if err := s.t.within(ctx, scope); err != nil {
		return agent.Conversation{}, err
	}
	where, args := owned(scope)
	row, err := one[conversationRow](ctx, s.t, "SELECT "+columns[conversationRow]()+" FROM conversations WHERE "+where+" AND "+more, append(args, values...)...)
	return restore(row, err, conversationRow.conversation)
}

func (s conversations) ByClientID(ctx context.Context, scope identity.Scope, sessionID, clientID string) (agent.Conversation, error) {
	return s.by(ctx, scope, "session_id = ? AND client_id = ?", sessionID, clientID)
}

func (s conversations) ByID(ctx context.Context, scope identity.Scope, id string) (agent.Conversation, error) {
	return s.by(ctx, scope, "id = ?", id)
}

func (s conversations) Save(ctx context.Context, c agent.Conversation) error {
	if err := s.t.in(ctx, c.TenantID); err != nil {
		return err
	}
	return s.t.update(ctx, "conversations", "tenant_id = ? AND id = ?", []any{c.TenantID, c.ID}, c.Version, map[string]any{
		"surface": c.Surface, "agent_id": string(c.AgentID), "messages": c.Messages, "summary": c.Summary, "updated_at": at(c.UpdatedAt),
	})
}

func (s conversations) Of(ctx context.Context, scope identity.Scope, sessionID string) ([]agent.Conversation, error) {
	if err := s.t.within(ctx, scope); err != nil {
		return nil, err
	}
	where, args := owned(scope)
	rows, err := many[conversationRow](ctx, s.t, "SELECT "+columns[conversationRow]()+" FROM conversations WHERE "+where+
		" AND session_id = ? ORDER BY created_at DESC, id DESC", append(args, sessionID)...)
	return convert(rows, err, conversationRow.conversation)
}

type messages struct{ t *transaction }

var _ ports.MessageStore = messages{}

type messageRow struct {
	TenantID       string `gorm:"column:tenant_id;primaryKey"`
	ConversationID string `gorm:"column:conversation_id;primaryKey"`
	Seq            int64  `gorm:"column:seq;primaryKey"`
	ID             string `gorm:"column:id"`
	Role           string `gorm:"column:role"`
	Text           string `gorm:"column:text"`
	AgentID        string `gorm:"column:agent_id"`
	ExecutionID    string `gorm:"column:execution_id"`
	Origin         string `gorm:"column:origin"`
	Created        stamp  `gorm:"column:created_at"`
}

func (messageRow) TableName() string { return "messages" }

// Append takes the conversation's next number; concurrent appends to one conversation wait for each other on its counter. A
// number taken for a duplicate is given back, so that numbers have no holes.
func (s messages) Append(ctx context.Context, m agent.Message) (int64, error) {
	if err := s.t.in(ctx, m.TenantID); err != nil {
		return 0, err
	}
	counter, err := one[struct {
		LastSeq int64 `gorm:"column:last_seq"`
	}](ctx, s.t, `INSERT INTO message_counters (tenant_id, conversation_id, last_seq) VALUES (?, ?, 1)
		ON CONFLICT (tenant_id, conversation_id) DO UPDATE SET last_seq = message_counters.last_seq + 1 RETURNING last_seq`,
		m.TenantID, m.ConversationID)
	if err != nil {
		return 0, err
	}
	err = insertOne(ctx, s.t, messageRow{
		TenantID: m.TenantID, ConversationID: m.ConversationID, Seq: counter.LastSeq, ID: m.ID, Role: string(m.Role), Text: m.Text,
		AgentID: string(m.AgentID), ExecutionID: m.ExecutionID, Origin: m.Origin, Created: at(m.CreatedAt),
	})
	if errors.Is(err, fault.ErrDuplicate) {
		if _, undo := s.t.exec(ctx, "UPDATE message_counters SET last_seq = last_seq - 1 WHERE tenant_id = ? AND conversation_id = ?",
			m.TenantID, m.ConversationID); undo != nil {
			return 0, undo
		}
	}
	if err != nil {
		return 0, err
	}
	return counter.LastSeq, nil
}

func (s messages) Before(ctx context.Context, tenantID, conversationID string, before int64, limit int) ([]agent.Message, error) {
	if err := s.t.in(ctx, tenantID); err != nil {
		return nil, err
	}
	c := conditions{parts: []string{"tenant_id = ? AND conversation_id = ?"}, args: []any{tenantID, conversationID}}
	if before > 0 {
		c.add("seq < ?", before)
	}
	rows, err := many[messageRow](ctx, s.t, "SELECT * FROM (SELECT "+columns[messageRow]()+" FROM messages WHERE "+c.sql()+
		" ORDER BY seq DESC LIMIT ?) newest ORDER BY seq", append(c.args, limit)...)
	return convert(rows, err, func(r messageRow) agent.Message {
		return agent.Message{
			ID: r.ID, TenantID: r.TenantID, ConversationID: r.ConversationID, Seq: r.Seq, Role: agent.MessageRole(r.Role), Text: r.Text,
			AgentID: agent.ID(r.AgentID), ExecutionID: r.ExecutionID, Origin: r.Origin, CreatedAt: r.Created.Time,
		}
	})
}

func (s messages) Trim(ctx context.Context, tenantID, conversationID string, keep int) (int64, error) {
	if err := s.t.in(ctx, tenantID); err != nil {
		return 0, err
	}
	if keep < 0 {
		return 0, fault.New(fault.Internal, "invalid_bound", "a negative number of messages to keep")
	}
	return s.t.exec(ctx, `DELETE FROM messages WHERE tenant_id = ? AND conversation_id = ? AND seq NOT IN
		(SELECT seq FROM messages WHERE tenant_id = ? AND conversation_id = ? ORDER BY seq DESC LIMIT ?)`,
		tenantID, conversationID, tenantID, conversationID, keep)
}
