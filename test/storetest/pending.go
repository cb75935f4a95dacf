package storetest

import (
	"context"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/domain/identity"
	"github.com/symphainy/symphainy/domain/intent"
	"github.com/symphainy/symphainy/domain/typeid"
	"github.com/symphainy/symphainy/ports"
)

func (s *suite) insertPending(t *testing.T, p intent.Pending) error {
	t.Helper()
	return s.try(t, func(ctx context.Context, tx ports.Tx) error { return tx.Pending.Insert(ctx, p) })
}

func (s *suite) findPending(t *testing.T, scope identity.Scope, pid string) (intent.Pending, error) {
	t.Helper()
	return look(t, s, func(ctx context.Context, tx ports.Tx) (intent.Pending, error) {
		return tx.Pending.ByID(ctx, scope, pid)
	})
}

func (s *suite) pending(t *testing.T) {
	t.Helper()
	h, v := s.member(t, ""), s.visitor(t)
	save := func(t *testing.T, p intent.Pending) error {
		t.Helper()
		return s.try(t, func(ctx context.Context, tx ports.Tx) error { return tx.Pending.Save(ctx, p) })
	}
	p := intent.Pending{
		ID: id(typeid.PendingIntent), TenantID: h.tenantID, OwnerID: h.user.ID, SessionID: h.session.ID(), Type: "parse_content",
		Status: intent.PendingFailed, TargetArtifactID: id(typeid.File), Context: []byte(awkwardJSON), ExecutionID: id(typeid.Execution),
		Error: awkward, Version: 4, CreatedAt: s.abroad(1), UpdatedAt: s.abroad(2),
	}
	full(t, p)
	t.Run("round trip", func(t *testing.T) {
		bare := intent.Pending{ID: id(typeid.PendingIntent), TenantID: v.tenantID, SessionID: v.session.ID(), Status: intent.PendingOpen}
		for want, scope := range map[*intent.Pending]identity.Scope{&p: h.scope, &bare: v.scope} {
			require.NoError(t, s.insertPending(t, *want))
			require.ErrorIs(t, s.insertPending(t, *want), fault.ErrDuplicate)
			got, err := s.findPending(t, scope, want.ID)
			require.NoError(t, err)
			same(t, *want, got)
		}
	})
	t.Run("other scopes do not see it", func(t *testing.T) {
		for _, scope := range []identity.Scope{s.member(t, "").scope, s.member(t, h.tenantID).scope, v.scope} {
			_, err := s.findPending(t, scope, p.ID)
			require.ErrorIs(t, err, fault.ErrNotFound)
		}
		_, err := s.findPending(t, h.scope, strings.ToUpper(p.ID))
		require.ErrorIs(t, err, fault.ErrNotFound)
	})
	t.Run("save", func(t *testing.T) {
		first, second := p, p
		first.Status, first.Error, first.UpdatedAt = intent.PendingOpen, "", s.at(9)
		require.NoError(t, save(t, first))
		require.ErrorIs(t, save(t, second), fault.ErrStale)
		first.Version++
		got, err := s.findPending(t, h.scope, p.ID)
		require.NoError(t, err)
		same(t, first, got)
		requireMissing(t, save(t, s.pendingIntent(h, 1)))
		moved := got
		moved.TenantID = v.tenantID
		requireMissing(t, save(t, moved))
	})
	t.Run("list", s.pendingList)
}

func (s *suite) pendingList(t *testing.T) {
	h := s.member(t, "")
	target := id(typeid.File)
	// Oldest first; the second and third share their time and are ordered by id.
	a, b, c, d := s.pendingIntent(h, 1), s.pendingIntent(h, 2), s.pendingIntent(h, 2), s.pendingIntent(h, 3)
	a.TargetArtifactID, b.Type, c.Status = target, "assess_data_quality", intent.PendingCompleted
	d.TargetArtifactID, d.Status = target, intent.PendingInProgress
	for _, p := range []intent.Pending{d, b, c, a, s.pendingIntent(s.member(t, h.tenantID), 1)} {
		require.NoError(t, s.insertPending(t, p))
	}
	list := func(scope identity.Scope, f ports.PendingFilter, w ports.Window) ([]string, int64) {
		var total int64
		found := get(t, s, func(ctx context.Context, tx ports.Tx) (list []intent.Pending, err error) {
			list, total, err = tx.Pending.List(ctx, scope, f, w)
			return list, err
		})
		return ids(found, func(p intent.Pending) string { return p.ID }), total
	}
	for name, e := range map[string]struct {
		filter ports.PendingFilter
		want   []string
	}{
		"none":    {ports.PendingFilter{}, []string{a.ID, b.ID, c.ID, d.ID}},
		"target":  {ports.PendingFilter{TargetArtifactID: target}, []string{a.ID, d.ID}},
		"type":    {ports.PendingFilter{Type: "parse_content"}, []string{a.ID, c.ID, d.ID}},
		"status":  {ports.PendingFilter{Status: []intent.PendingStatus{intent.PendingCompleted, intent.PendingInProgress}}, []string{c.ID, d.ID}},
		"several": {ports.PendingFilter{TargetArtifactID: target, Status: []intent.PendingStatus{intent.PendingOpen}}, []string{a.ID}},
		"nothing": {ports.PendingFilter{Type: "Parse_content"}, []string{}},
	} {
		got, total := list(h.scope, e.filter, ports.Window{Limit: 50})
		require.Equal(t, e.want, got, name)
		require.Equal(t, int64(len(e.want)), total, name)
	}
	got, total := list(h.scope, ports.PendingFilter{}, ports.Window{Limit: 2, Offset: 1})
	require.Equal(t, []string{b.ID, c.ID}, got)
	require.Equal(t, int64(4), total)
	got, total = list(s.visitor(t).scope, ports.PendingFilter{}, ports.Window{Limit: 5})
	require.Empty(t, got)
	require.Zero(t, total)
}
