package storetest

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/symphainy/symphainy/domain/agent"
	"github.com/symphainy/symphainy/domain/artifact"
	"github.com/symphainy/symphainy/domain/execution"
	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/domain/identity"
	"github.com/symphainy/symphainy/domain/schedule"
	"github.com/symphainy/symphainy/domain/session"
	"github.com/symphainy/symphainy/domain/typeid"
	"github.com/symphainy/symphainy/ports"
)

func (s *suite) directory(t *testing.T) {
	t.Helper()
	owner := s.member(t, "")
	colleague, stranger := s.member(t, owner.tenantID), s.member(t, "")
	visitor := s.visitor(t)
	members := func(tenantID string) []identity.Member {
		return get(t, s, func(ctx context.Context, tx ports.Tx) ([]identity.Member, error) {
			return tx.Directory.Members(ctx, tenantID, ports.Page{Limit: 10})
		})
	}
	t.Run("members", func(t *testing.T) {
		want := []string{owner.user.ID, colleague.user.ID}
		slices.Sort(want)
		require.Equal(t, want, ids(members(owner.tenantID), func(m identity.Member) string { return m.UserID }))
		require.Equal(t, want, pages(t, 1, func(p ports.Page) []string {
			return ids(get(t, s, func(ctx context.Context, tx ports.Tx) ([]identity.Member, error) {
				return tx.Directory.Members(ctx, owner.tenantID, p)
			}), func(m identity.Member) string { return m.UserID })
		}))
		require.Empty(t, members(id(typeid.Tenant)))
		for _, m := range members(owner.tenantID) {
			if m.UserID == owner.user.ID {
				same(t, identity.Member{UserID: owner.user.ID, Email: owner.user.Email, Name: owner.user.Name, Role: identity.RoleOwner, JoinedAt: s.at(0)}, m)
			}
		}
	})
	t.Run("roles", func(t *testing.T) {
		set := func(tenantID, userID string) error {
			return s.try(t, func(ctx context.Context, tx ports.Tx) error {
				return tx.Directory.SetRole(ctx, tenantID, userID, identity.RoleViewer)
			})
		}
		require.ErrorIs(t, set(stranger.tenantID, colleague.user.ID), fault.ErrNotFound, "another tenant's member")
		require.ErrorIs(t, set(owner.tenantID, stranger.user.ID), fault.ErrNotFound)
		require.NoError(t, set(owner.tenantID, colleague.user.ID))
		require.Equal(t, identity.RoleViewer, get(t, s, func(ctx context.Context, tx ports.Tx) (identity.Membership, error) {
			return tx.Tenants.Member(ctx, owner.tenantID, colleague.user.ID)
		}).Role)
	})
	t.Run("users and tenants of all", func(t *testing.T) {
		users := pages(t, 50, func(p ports.Page) []string {
			return ids(get(t, s, func(ctx context.Context, tx ports.Tx) ([]identity.User, error) { return tx.Directory.Users(ctx, p) }),
				func(u identity.User) string { return u.ID })
		})
		require.True(t, slices.IsSorted(users))
		require.Subset(t, users, []string{owner.user.ID, colleague.user.ID, stranger.user.ID})
		tenants := pages(t, 50, func(p ports.Page) []string {
			return ids(get(t, s, func(ctx context.Context, tx ports.Tx) ([]identity.Tenant, error) { return tx.Directory.Tenants(ctx, p) }),
				func(t identity.Tenant) string { return t.ID })
		})
		require.True(t, slices.IsSorted(tenants))
		require.Subset(t, tenants, []string{owner.tenantID, stranger.tenantID})
	})
	t.Run("save a tenant", func(t *testing.T) {
		read := func() identity.Tenant {
			return get(t, s, func(ctx context.Context, tx ports.Tx) (identity.Tenant, error) {
				return tx.Tenants.ByID(ctx, owner.tenantID)
			})
		}
		save := func(v identity.Tenant) error {
			return s.try(t, func(ctx context.Context, tx ports.Tx) error { return tx.Directory.SaveTenant(ctx, v) })
		}
		first := read()
		second := first
		first.Name, first.Suspended = awkward, true
		require.NoError(t, save(first))
		require.ErrorIs(t, save(second), fault.ErrStale)
		first.Version++
		same(t, first, read())
		requireMissing(t, save(identity.Tenant{ID: id(typeid.Tenant)}))
	})
	t.Run("sessions", func(t *testing.T) {
		list := func(tenantID string, page ports.Page) []string {
			return ids(get(t, s, func(ctx context.Context, tx ports.Tx) ([]session.Session, error) {
				return tx.Directory.Sessions(ctx, tenantID, page)
			}),
				session.Session.ID)
		}
		want := []string{colleague.session.ID(), owner.session.ID()}
		require.Equal(t, want, list(owner.tenantID, ports.Page{Limit: 10}))
		require.Equal(t, want, pages(t, 1, func(p ports.Page) []string { return list(owner.tenantID, p) }))
		require.Subset(t, pages(t, 100, func(p ports.Page) []string { return list("", p) }), append(want, visitor.session.ID(), stranger.session.ID()))
	})
}

func (s *suite) invitations(t *testing.T) {
	t.Helper()
	h, other := s.member(t, ""), s.member(t, "")
	i := identity.Invitation{
		ID: id(typeid.Invitation), TenantID: h.tenantID, Email: awkward, EmailKey: "key", Role: identity.RoleViewer, TokenHash: hashOf(id("x")),
		InvitedBy: h.user.ID, CreatedAt: s.abroad(1), ExpiresAt: s.abroad(2),
	}
	insert := func(i identity.Invitation) error {
		return s.try(t, func(ctx context.Context, tx ports.Tx) error { return tx.Invitations.Insert(ctx, i) })
	}
	find := func(hash []byte) (identity.Invitation, error) {
		return look(t, s, func(ctx context.Context, tx ports.Tx) (identity.Invitation, error) {
			return tx.Invitations.ByTokenHash(ctx, hash)
		})
	}
	use := func() error {
		return s.try(t, func(ctx context.Context, tx ports.Tx) error {
			return tx.Invitations.Use(ctx, i.ID, other.user.ID, s.at(3))
		})
	}
	remove := func(tenantID, invitation string) error {
		return s.try(t, func(ctx context.Context, tx ports.Tx) error { return tx.Invitations.Delete(ctx, tenantID, invitation) })
	}
	require.NoError(t, insert(i))
	require.ErrorIs(t, insert(i), fault.ErrDuplicate)
	got, err := find(i.TokenHash)
	require.NoError(t, err)
	same(t, i, got)
	for _, hash := range [][]byte{nil, {}, hashOf("another"), i.TokenHash[:31]} {
		_, err := find(hash)
		require.ErrorIs(t, err, fault.ErrNotFound)
	}
	second := i
	second.ID, second.TokenHash = id(typeid.Invitation), hashOf(id("y"))
	require.NoError(t, insert(second))
	require.ErrorIs(t, remove(other.tenantID, second.ID), fault.ErrNotFound)
	list := func(tenantID string, p ports.Page) []string {
		return ids(get(t, s, func(ctx context.Context, tx ports.Tx) ([]identity.Invitation, error) {
			return tx.Invitations.List(ctx, tenantID, p)
		}),
			func(i identity.Invitation) string { return i.ID })
	}
	require.Equal(t, []string{second.ID, i.ID}, pages(t, 1, func(p ports.Page) []string { return list(h.tenantID, p) }))
	require.Empty(t, list(other.tenantID, ports.Page{Limit: 10}))
	require.NoError(t, remove(h.tenantID, second.ID))
	won := 0
	for _, err := range race(4, func(int) error { return use() }) {
		if err == nil {
			won++
			continue
		}
		require.ErrorIs(t, err, fault.ErrNotFound)
	}
	require.Equal(t, 1, won, "an invitation is taken once")
	i.UsedAt, i.UsedBy = s.at(3), other.user.ID
	full(t, i)
	got, err = find(i.TokenHash)
	require.NoError(t, err)
	same(t, i, got)
	require.ErrorIs(t, remove(h.tenantID, i.ID), fault.ErrNotFound, "a used one stays")
}

func (s *suite) statistics(t *testing.T) {
	t.Helper()
	h := s.member(t, "")
	b := s.furnish(t, h)
	s.stored(t, h, 1, func(v *execution.Snapshot) {
		v.State, v.CompletedAt = execution.Completed, v.CreatedAt.Add(2*time.Second)
	})
	s.stored(t, h, 1, func(v *execution.Snapshot) {
		v.State, v.CompletedAt = execution.Completed, v.CreatedAt.Add(4*time.Second)
	})
	s.furnish(t, s.member(t, "")) // somebody else's
	totals := func(tenantID string) ports.Totals {
		return get(t, s, func(ctx context.Context, tx ports.Tx) (ports.Totals, error) {
			return tx.Statistics.Totals(ctx, tenantID)
		})
	}
	count := func(since time.Time) []ports.ExecutionCount {
		return get(t, s, func(ctx context.Context, tx ports.Tx) ([]ports.ExecutionCount, error) {
			return tx.Statistics.Executions(ctx, h.tenantID, since, 10)
		})
	}
	require.Equal(t, ports.Totals{Users: 1, Tenants: 1, Sessions: 1, Artifacts: 1, Conversations: 1}, totals(h.tenantID))
	require.Zero(t, totals(id(typeid.Tenant)))
	all := totals("")
	require.GreaterOrEqual(t, all.Users, int64(2))
	require.GreaterOrEqual(t, all.Artifacts, int64(2))
	require.Equal(t, []ports.ExecutionCount{
		{IntentType: b.execution.Intent.Type, State: execution.Accepted, Count: 1},
		{IntentType: b.execution.Intent.Type, State: execution.Completed, Count: 2, Mean: 3 * time.Second, Longest: 4 * time.Second},
	}, count(s.at(1)))
	require.Empty(t, count(s.at(2)))
}

func (s *suite) tenantData(t *testing.T) {
	t.Helper()
	owner := s.member(t, "")
	colleague, guest := s.member(t, owner.tenantID), s.member(t, "")
	mine, theirs, others := s.furnish(t, owner), s.furnish(t, colleague), s.furnish(t, guest)
	s.do(t, func(ctx context.Context, tx ports.Tx) error { // the guest belongs to both
		return tx.Tenants.AddMember(ctx, identity.Membership{TenantID: owner.tenantID, UserID: guest.user.ID, Role: identity.RoleViewer, CreatedAt: s.at(0)})
	})
	executions := func(tenantID string) []string {
		return pages(t, 1, func(p ports.Page) []string {
			return ids(get(t, s, func(ctx context.Context, tx ports.Tx) ([]execution.Execution, error) {
				return tx.TenantData.Executions(ctx, tenantID, p)
			}),
				func(e execution.Execution) string { return e.Snapshot().ID })
		})
	}
	artifacts := func(tenantID string) []string {
		return pages(t, 1, func(p ports.Page) []string {
			return ids(get(t, s, func(ctx context.Context, tx ports.Tx) ([]artifact.Artifact, error) {
				return tx.TenantData.Artifacts(ctx, tenantID, p)
			}),
				artifact.Artifact.ID)
		})
	}
	talks := func(tenantID string) []string {
		return pages(t, 1, func(p ports.Page) []string {
			return ids(get(t, s, func(ctx context.Context, tx ports.Tx) ([]agent.Conversation, error) {
				return tx.TenantData.Conversations(ctx, tenantID, p)
			}),
				func(c agent.Conversation) string { return c.ID })
		})
	}
	require.Equal(t, []string{mine.execution.ID, theirs.execution.ID}, executions(owner.tenantID))
	require.Equal(t, []string{mine.artifact.ID, theirs.artifact.ID}, artifacts(owner.tenantID))
	require.Equal(t, []string{mine.conversation.ID, theirs.conversation.ID}, talks(owner.tenantID))

	s.do(t, func(ctx context.Context, tx ports.Tx) error {
		return tx.Space.Reserve(ctx, owner.tenantID, id(typeid.File), 1, 0)
	})
	planned, kept := s.plant(t, owner, 1, nil), s.plant(t, guest, 1, nil)
	s.do(t, func(ctx context.Context, tx ports.Tx) error {
		return tx.Ticks.Put(ctx, owner.tenantID, schedule.Run{ScheduleID: planned.ID, Tick: s.at(1), Outcome: schedule.Missed})
	})
	for n, round := int64(1), 0; n > 0; round++ {
		require.Less(t, round, 100)
		s.do(t, func(ctx context.Context, tx ports.Tx) (err error) {
			n, err = tx.TenantData.Erase(ctx, owner.tenantID, 1)
			return err
		})
	}
	require.Empty(t, slices.Concat(executions(owner.tenantID), artifacts(owner.tenantID), talks(owner.tenantID)))
	require.Zero(t, get(t, s, func(ctx context.Context, tx ports.Tx) (int64, error) { return tx.Space.Used(ctx, owner.tenantID) }))
	_, err := s.findSchedule(t, owner.scope, planned.ID)
	require.ErrorIs(t, err, fault.ErrNotFound, "schedules go too")
	_, err = s.findSchedule(t, guest.scope, kept.ID)
	require.NoError(t, err)
	user := func(userID string) error {
		_, err := look(t, s, func(ctx context.Context, tx ports.Tx) (identity.User, error) { return tx.Users.ByID(ctx, userID) })
		return err
	}
	require.ErrorIs(t, user(owner.user.ID), fault.ErrNotFound)
	require.ErrorIs(t, user(colleague.user.ID), fault.ErrNotFound)
	require.NoError(t, user(guest.user.ID), "who belongs elsewhere stays")
	_, err = s.sessionByID(t, owner.session.ID())
	require.ErrorIs(t, err, fault.ErrNotFound)
	require.Len(t, get(t, s, func(ctx context.Context, tx ports.Tx) ([]execution.Execution, error) {
		return tx.Executions.List(ctx, guest.scope, ports.ExecutionFilter{}, ports.Page{Limit: 9})
	}), 1)
	s.requireBelongings(t, others)
}
