package memstore

import (
	"context"
	"slices"

	"github.com/symphainy/symphainy/domain/agent"
	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/domain/identity"
)

type conversations struct{ *txn }

func (s conversations) Insert(ctx context.Context, c agent.Conversation) error {
	if err := s.writes(ctx); err != nil {
		return err
	}
	if err := needTenant(c.TenantID); err != nil {
		return err
	}
	_, err := s.st.conversations.one(func(other agent.Conversation) bool {
		return other.SessionID == c.SessionID && other.ClientID == c.ClientID
	})
	if err == nil {
		return fault.ErrDuplicate
	}
	return s.st.conversations.insert(c.ID, c)
}

func (s conversations) ByClientID(ctx context.Context, scope identity.Scope, sessionID, clientID string) (agent.Conversation, error) {
	return s.first(ctx, scope, func(c agent.Conversation) bool { return c.SessionID == sessionID && c.ClientID == clientID })
}

func (s conversations) ByID(ctx context.Context, scope identity.Scope, id string) (agent.Conversation, error) {
	return s.first(ctx, scope, func(c agent.Conversation) bool { return c.ID == id })
}

func (s conversations) first(ctx context.Context, scope identity.Scope, match func(agent.Conversation) bool) (agent.Conversation, error) {
	if err := s.within(ctx, scope); err != nil {
		return agent.Conversation{}, err
	}
	return s.st.conversations.one(func(c agent.Conversation) bool {
		return match(c) && sees(scope, c.TenantID, c.OwnerID, c.SessionID)
	})
}

func (s conversations) Save(ctx context.Context, c agent.Conversation) error {
	if err := s.writes(ctx); err != nil {
		return err
	}
	version := func(c *agent.Conversation) *int { return &c.Version }
	return s.st.conversations.save(c.ID, c, version, func(stored agent.Conversation, next *agent.Conversation) error {
		if stored.TenantID != next.TenantID {
			return fault.ErrNotFound
		}
		next.OwnerID, next.SessionID, next.ClientID = stored.OwnerID, stored.SessionID, stored.ClientID
		return nil
	})
}

func (s conversations) Of(ctx context.Context, scope identity.Scope, sessionID string) ([]agent.Conversation, error) {
	if err := s.within(ctx, scope); err != nil {
		return nil, err
	}
	return s.st.conversations.find(
		func(c agent.Conversation) bool {
			return c.SessionID == sessionID && sees(scope, c.TenantID, c.OwnerID, c.SessionID)
		},
		func(a, b agent.Conversation) int { return newestFirst(a.CreatedAt, b.CreatedAt, a.ID, b.ID) },
	), nil
}

type messages struct{ *txn }

func (s messages) Append(ctx context.Context, m agent.Message) (int64, error) {
	if err := s.writes(ctx); err != nil {
		return 0, err
	}
	if err := needTenant(m.TenantID); err != nil {
		return 0, err
	}
	th, err := s.st.threads.get(m.ConversationID)
	if err != nil {
		th = &thread{tenantID: m.TenantID}
	}
	if th.tenantID != m.TenantID {
		return 0, fault.ErrNotFound
	}
	if err := s.st.messageIDs.insert(m.ID, m.ConversationID); err != nil {
		return 0, err
	}
	m.Seq = th.last + 1
	s.st.threads.put(m.ConversationID, &thread{tenantID: m.TenantID, last: m.Seq, messages: append(th.messages, clone(m))})
	return m.Seq, nil
}

func (s messages) Before(ctx context.Context, tenantID, conversationID string, before int64, limit int) ([]agent.Message, error) {
	if err := s.ofTenant(ctx, tenantID); err != nil {
		return nil, err
	}
	th, err := s.st.threads.get(conversationID)
	if err != nil || th.tenantID != tenantID {
		return []agent.Message{}, nil //nolint:nilerr // a conversation that nobody wrote to is empty
	}
	end := len(th.messages)
	if before > 0 {
		for end > 0 && th.messages[end-1].Seq >= before {
			end--
		}
	}
	return slices.Clone(th.messages[max(end-max(limit, 0), 0):end]), nil
}

func (s messages) Trim(ctx context.Context, tenantID, conversationID string, keep int) (int64, error) {
	if err := s.writes(ctx); err != nil {
		return 0, err
	}
	if err := needTenant(tenantID); err != nil {
		return 0, err
	}
	th, err := s.st.threads.get(conversationID)
	if err != nil || th.tenantID != tenantID {
		return 0, nil //nolint:nilerr // nothing to remove
	}
	n := max(len(th.messages)-max(keep, 0), 0)
	for _, m := range th.messages[:n] {
		s.st.messageIDs.remove(m.ID)
	}
	s.st.threads.put(conversationID, &thread{tenantID: th.tenantID, last: th.last, messages: th.messages[n:]})
	return int64(n), nil
}
