package admin

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"

	"github.com/symphainy/symphainy/domain/agent"
	"github.com/symphainy/symphainy/domain/artifact"
	"github.com/symphainy/symphainy/domain/event"
	"github.com/symphainy/symphainy/domain/execution"
	"github.com/symphainy/symphainy/domain/identity"
	"github.com/symphainy/symphainy/domain/typeid"
	"github.com/symphainy/symphainy/ports"
)

// MayExport reports, as an error, why the caller may not have all data of a tenant: an admin may have that of the own one, an operator any. The
// export is audited, also if it is not read to its end.
func (s *Service) MayExport(ctx context.Context, p identity.Principal, tenantID string) error {
	tenantID, err := s.over(p, tenantID)
	if err != nil {
		return err
	}
	return s.do(ctx, func(ctx context.Context, tx ports.Tx) error {
		if _, err := tx.Tenants.ByID(ctx, tenantID); err != nil {
			return err
		}
		return s.note(ctx, tx, p, tenantID, "admin.tenant_exported", tenantID, nil)
	})
}

// exportLine is one object of an export.
type exportLine struct {
	Kind string `json:"kind"`
	Data any    `json:"data"`
}

// Export writes the tenant's data as JSON lines: tenant, members, executions with their events, artifacts, and conversations with their
// messages. No hash and no key of a file is in it; files are downloaded by their artifacts. MayExport decides before.
func (s *Service) Export(ctx context.Context, tenantID string, w io.Writer) error {
	out := bufio.NewWriter(w)
	lines := json.NewEncoder(out)
	e := exporter{s, tenantID, func(kind string, data any) error {
		if err := lines.Encode(exportLine{kind, data}); err != nil {
			return fmt.Errorf("write the export: %w", err)
		}
		return nil
	}}
	for _, part := range []func(context.Context) error{e.people, e.executions, e.artifacts, e.conversations} {
		if err := part(ctx); err != nil {
			return err
		}
	}
	if err := out.Flush(); err != nil {
		return fmt.Errorf("write the export: %w", err)
	}
	return nil
}

type exporter struct {
	s        *Service
	tenantID string
	write    func(kind string, data any) error
}

// every reads a list to its end and writes each of its members.
func every[V any](
	ctx context.Context, s *Service, read func(ctx context.Context, tx ports.Tx, page ports.Page) ([]V, error), id func(V) string, each func(V) error,
) error {
	page := ports.Page{Limit: pageSize}
	for {
		found, err := look(ctx, s, func(ctx context.Context, tx ports.Tx) ([]V, error) { return read(ctx, tx, page) })
		if err != nil {
			return err
		}
		for _, v := range found {
			if err := each(v); err != nil {
				return err
			}
		}
		if len(found) < page.Limit {
			return nil
		}
		page.After = id(found[len(found)-1])
	}
}

func (e exporter) people(ctx context.Context) error {
	tenant, err := look(ctx, e.s, func(ctx context.Context, tx ports.Tx) (identity.Tenant, error) {
		return tx.Tenants.ByID(ctx, e.tenantID)
	})
	if err != nil {
		return err
	}
	if err := e.write("tenant", map[string]any{"tenant_id": tenant.ID, "name": tenant.Name, "created_at": tenant.CreatedAt}); err != nil {
		return err
	}
	return every(ctx, e.s, func(ctx context.Context, tx ports.Tx, page ports.Page) ([]identity.Member, error) {
		return tx.Directory.Members(ctx, e.tenantID, page)
	}, func(m identity.Member) string { return m.UserID }, func(m identity.Member) error {
		return e.write("member", map[string]any{"user_id": m.UserID, "email": m.Email, "name": m.Name, "role": m.Role, "joined_at": m.JoinedAt})
	})
}

func (e exporter) executions(ctx context.Context) error {
	return every(ctx, e.s, func(ctx context.Context, tx ports.Tx, page ports.Page) ([]execution.Execution, error) {
		return tx.TenantData.Executions(ctx, e.tenantID, page)
	}, func(x execution.Execution) string { return x.Snapshot().ID }, func(x execution.Execution) error {
		v := x.Snapshot()
		err := e.write("execution", map[string]any{
			"execution_id": v.ID, "user_id": v.OwnerID, "session_id": v.SessionID, "intent_type": v.Intent.Type, "realm": v.Realm,
			"parameters": raw(v.Intent.Parameters), "artifacts": raw(v.Artifacts), "state": v.State, "error_code": v.ErrorCode, "created_at": v.CreatedAt, "completed_at": v.CompletedAt,
		})
		if err != nil {
			return err
		}
		return e.events(ctx, v.ID)
	})
}

func (e exporter) events(ctx context.Context, executionID string) error {
	for after := int64(0); ; {
		page, err := look(ctx, e.s, func(ctx context.Context, tx ports.Tx) ([]event.Event, error) {
			return tx.Events.Read(ctx, e.tenantID, executionID, after, pageSize)
		})
		if err != nil {
			return err
		}
		for _, v := range page {
			after = v.Seq
			err := e.write("event", map[string]any{"execution_id": executionID, "seq": v.Seq, "event_type": v.Type, "data": raw(v.Data), "timestamp": v.Time})
			if err != nil {
				return err
			}
		}
		if len(page) < pageSize {
			return nil
		}
	}
}

func (e exporter) artifacts(ctx context.Context) error {
	return every(ctx, e.s, func(ctx context.Context, tx ports.Tx, page ports.Page) ([]artifact.Artifact, error) {
		return tx.TenantData.Artifacts(ctx, e.tenantID, page)
	}, artifact.Artifact.ID, func(a artifact.Artifact) error {
		v := a.Snapshot()
		return e.write("artifact", map[string]any{
			"artifact_id": v.ID, "user_id": v.OwnerID, "session_id": v.SessionID, "artifact_type": v.Type, "lifecycle_state": v.State, "name": v.Name,
			"payload": raw(v.Payload), "metadata": raw(v.Metadata), "parents": v.Parents, "size": v.Size, "created_at": v.CreatedAt, "updated_at": v.UpdatedAt,
		})
	})
}

func (e exporter) conversations(ctx context.Context) error {
	return every(ctx, e.s, func(ctx context.Context, tx ports.Tx, page ports.Page) ([]agent.Conversation, error) {
		return tx.TenantData.Conversations(ctx, e.tenantID, page)
	}, func(c agent.Conversation) string { return c.ID }, func(c agent.Conversation) error {
		err := e.write("conversation", map[string]any{
			"conversation_id": c.ID, "user_id": c.OwnerID, "session_id": c.SessionID, "surface": c.Surface, "agent_id": c.AgentID, "created_at": c.CreatedAt,
		})
		if err != nil {
			return err
		}
		return e.messages(ctx, c.ID)
	})
}

// messages are written newest page first, each page in order, because that is how they are read.
func (e exporter) messages(ctx context.Context, conversationID string) error {
	for before := int64(0); ; {
		page, err := look(ctx, e.s, func(ctx context.Context, tx ports.Tx) ([]agent.Message, error) {
			return tx.Messages.Before(ctx, e.tenantID, conversationID, before, pageSize)
		})
		if err != nil {
			return err
		}
		for _, m := range page {
			err := e.write("message", map[string]any{
				"conversation_id": conversationID, "seq": m.Seq, "role": m.Role, "text": m.Text, "agent_id": m.AgentID, "execution_id": m.ExecutionID, "created_at": m.CreatedAt,
			})
			if err != nil {
				return err
			}
		}
		if len(page) < pageSize {
			return nil
		}
		before = page[0].Seq
	}
}

// raw keeps stored JSON as it is.
func raw(text []byte) json.RawMessage {
	if len(text) == 0 {
		return nil
	}
	return text
}

// ValidTenant reports whether a text can be a tenant's id at all.
func ValidTenant(id string) bool { return typeid.Valid(typeid.Tenant, id) }
