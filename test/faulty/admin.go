package faulty

import (
	"context"
	"time"

	"github.com/symphainy/symphainy/domain/agent"
	"github.com/symphainy/symphainy/domain/artifact"
	"github.com/symphainy/symphainy/domain/execution"
	"github.com/symphainy/symphainy/domain/identity"
	"github.com/symphainy/symphainy/domain/session"
	"github.com/symphainy/symphainy/ports"
)

type directoryStore struct {
	faults *Store
	next   ports.DirectoryStore
}

func (s directoryStore) Members(ctx context.Context, tenantID string, page ports.Page) ([]identity.Member, error) {
	return guard(s.faults, "Directory.Members", func() ([]identity.Member, error) { return s.next.Members(ctx, tenantID, page) })
}

func (s directoryStore) SetRole(ctx context.Context, tenantID, userID string, role identity.Role) error {
	if err := s.faults.strike("Directory.SetRole"); err != nil {
		return err
	}
	return s.next.SetRole(ctx, tenantID, userID, role)
}

func (s directoryStore) Users(ctx context.Context, page ports.Page) ([]identity.User, error) {
	return guard(s.faults, "Directory.Users", func() ([]identity.User, error) { return s.next.Users(ctx, page) })
}

func (s directoryStore) Tenants(ctx context.Context, page ports.Page) ([]identity.Tenant, error) {
	return guard(s.faults, "Directory.Tenants", func() ([]identity.Tenant, error) { return s.next.Tenants(ctx, page) })
}

func (s directoryStore) SaveTenant(ctx context.Context, t identity.Tenant) error {
	if err := s.faults.strike("Directory.SaveTenant"); err != nil {
		return err
	}
	return s.next.SaveTenant(ctx, t)
}

func (s directoryStore) Sessions(ctx context.Context, tenantID string, page ports.Page) ([]session.Session, error) {
	return guard(s.faults, "Directory.Sessions", func() ([]session.Session, error) { return s.next.Sessions(ctx, tenantID, page) })
}

type invitationsStore struct {
	faults *Store
	next   ports.InvitationStore
}

func (s invitationsStore) Insert(ctx context.Context, i identity.Invitation) error {
	if err := s.faults.strike("Invitations.Insert"); err != nil {
		return err
	}
	return s.next.Insert(ctx, i)
}

func (s invitationsStore) ByTokenHash(ctx context.Context, hash []byte) (identity.Invitation, error) {
	return guard(s.faults, "Invitations.ByTokenHash", func() (identity.Invitation, error) { return s.next.ByTokenHash(ctx, hash) })
}

func (s invitationsStore) Use(ctx context.Context, id, userID string, now time.Time) error {
	if err := s.faults.strike("Invitations.Use"); err != nil {
		return err
	}
	return s.next.Use(ctx, id, userID, now)
}

func (s invitationsStore) List(ctx context.Context, tenantID string, page ports.Page) ([]identity.Invitation, error) {
	return guard(s.faults, "Invitations.List", func() ([]identity.Invitation, error) { return s.next.List(ctx, tenantID, page) })
}

func (s invitationsStore) Delete(ctx context.Context, tenantID, id string) error {
	if err := s.faults.strike("Invitations.Delete"); err != nil {
		return err
	}
	return s.next.Delete(ctx, tenantID, id)
}

type statisticsStore struct {
	faults *Store
	next   ports.StatisticsStore
}

func (s statisticsStore) Totals(ctx context.Context, tenantID string) (ports.Totals, error) {
	return guard(s.faults, "Statistics.Totals", func() (ports.Totals, error) { return s.next.Totals(ctx, tenantID) })
}

func (s statisticsStore) Executions(ctx context.Context, tenantID string, since time.Time, limit int) ([]ports.ExecutionCount, error) {
	return guard(s.faults, "Statistics.Executions", func() ([]ports.ExecutionCount, error) {
		return s.next.Executions(ctx, tenantID, since, limit)
	})
}

type tenantDataStore struct {
	faults *Store
	next   ports.TenantDataStore
}

func (s tenantDataStore) Executions(ctx context.Context, tenantID string, page ports.Page) ([]execution.Execution, error) {
	return guard(s.faults, "TenantData.Executions", func() ([]execution.Execution, error) { return s.next.Executions(ctx, tenantID, page) })
}

func (s tenantDataStore) Artifacts(ctx context.Context, tenantID string, page ports.Page) ([]artifact.Artifact, error) {
	return guard(s.faults, "TenantData.Artifacts", func() ([]artifact.Artifact, error) { return s.next.Artifacts(ctx, tenantID, page) })
}

func (s tenantDataStore) Conversations(ctx context.Context, tenantID string, page ports.Page) ([]agent.Conversation, error) {
	return guard(s.faults, "TenantData.Conversations", func() ([]agent.Conversation, error) { return s.next.Conversations(ctx, tenantID, page) })
}

func (s tenantDataStore) Erase(ctx context.Context, tenantID string, limit int) (int64, error) {
	return guard(s.faults, "TenantData.Erase", func() (int64, error) { return s.next.Erase(ctx, tenantID, limit) })
}
