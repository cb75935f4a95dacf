package storetest

import (
	"context"
	"math"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/symphainy/symphainy/domain/audit"
	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/domain/typeid"
	"github.com/symphainy/symphainy/ports"
)

// beforeAll is where a chain is read from.
func beforeAll() audit.Link { return audit.Link{Position: math.MinInt64} }

func (s *suite) record(tenantID string, minutes int) audit.Record {
	return audit.Record{
		ID: id(typeid.AuditRecord), TenantID: tenantID, Actor: awkward, Action: "intent.submitted", Result: audit.Allowed,
		Detail: []byte(awkwardJSON), TraceID: "trace", At: s.abroad(minutes),
	}
}

func (s *suite) recorded(t *testing.T, records ...audit.Record) {
	t.Helper()
	s.do(t, func(ctx context.Context, tx ports.Tx) error { return tx.Audit.Append(ctx, records...) })
}

// seal puts up to limit records of a tenant into its chain and gives how many there were.
func seal(ctx context.Context, tx ports.Tx, tenantID string, limit int) (int, error) {
	head, err := tx.Chain.Head(ctx, tenantID)
	if err != nil {
		return 0, err
	}
	records, err := tx.Chain.Unsealed(ctx, tenantID, "", limit)
	if err != nil || len(records) == 0 {
		return 0, err
	}
	links := make([]audit.Link, len(records))
	for i, r := range records {
		links[i], head = head.Seal(r)
	}
	return len(links), tx.Chain.Extend(ctx, tenantID, links...)
}

func (s *suite) head(t *testing.T, tenantID string) audit.Head {
	t.Helper()
	return get(t, s, func(ctx context.Context, tx ports.Tx) (audit.Head, error) { return tx.Chain.Head(ctx, tenantID) })
}

func (s *suite) chainOf(t *testing.T, tenantID string, after audit.Link, limit int) []audit.Sealed {
	t.Helper()
	return get(t, s, func(ctx context.Context, tx ports.Tx) ([]audit.Sealed, error) {
		return tx.Chain.Sealed(ctx, tenantID, after, limit)
	})
}

func (s *suite) unsealed(t *testing.T, tenantID, after string, limit int) []audit.Record {
	t.Helper()
	return get(t, s, func(ctx context.Context, tx ports.Tx) ([]audit.Record, error) {
		return tx.Chain.Unsealed(ctx, tenantID, after, limit)
	})
}

// requireIntact verifies a tenant's chain against its stored head.
func (s *suite) requireIntact(t *testing.T, tenantID string, length int) {
	t.Helper()
	chain := s.chainOf(t, tenantID, beforeAll(), 1000)
	require.Len(t, chain, length)
	head, broken, err := audit.Verify(tenantID, func(yield func(audit.Sealed, error) bool) {
		for _, c := range chain {
			if !yield(c, nil) {
				return
			}
		}
	}, func() audit.Head { return s.head(t, tenantID) })
	require.NoError(t, err)
	require.Nil(t, broken)
	require.Equal(t, int64(length), head.Position)
}

func (s *suite) auditChain(t *testing.T) {
	t.Helper()
	t.Run("records are sealed once, in order", s.sealing)
	t.Run("tenants", s.auditTenants)
	t.Run("what Extend refuses", s.refusedLinks)
	t.Run("several at once", s.sealingAtOnce)
	t.Run("views, scopes and ended contexts", s.chainCalls)
}

func (s *suite) sealing(t *testing.T) {
	h, other := s.member(t, ""), s.member(t, "")
	require.Equal(t, audit.Start(h.tenantID), s.head(t, h.tenantID))
	first, second, late, third := s.record(h.tenantID, 3), s.record(h.tenantID, 2), s.record(h.tenantID, 1), s.record(h.tenantID, 4)
	s.recorded(t, first, second, third, s.record(other.tenantID, 1))
	same(t, []audit.Record{first, second}, s.unsealed(t, h.tenantID, "", 2))
	same(t, []audit.Record{third}, s.unsealed(t, h.tenantID, second.ID, 2))
	s.do(t, func(ctx context.Context, tx ports.Tx) error {
		n, err := seal(ctx, tx, h.tenantID, 2)
		require.Equal(t, 2, n)
		return err
	})
	s.recorded(t, late)
	same(t, []audit.Record{late, third}, s.unsealed(t, h.tenantID, "", 9))
	s.do(t, func(ctx context.Context, tx ports.Tx) error {
		_, err := seal(ctx, tx, h.tenantID, 9)
		return err
	})
	require.Empty(t, s.unsealed(t, h.tenantID, "", 9))
	chain := s.chainOf(t, h.tenantID, beforeAll(), 9)
	head := audit.Start(h.tenantID)
	for i, r := range []audit.Record{first, second, late, third} {
		var l audit.Link
		l, head = head.Seal(r)
		same(t, audit.Sealed{Record: r, Link: l}, chain[i])
	}
	same(t, head, s.head(t, h.tenantID))
	same(t, chain[2:3], s.chainOf(t, h.tenantID, chain[1].Link, 1))
	require.Empty(t, s.chainOf(t, h.tenantID, chain[3].Link, 9))
	require.Empty(t, s.chainOf(t, other.tenantID, beforeAll(), 9))
	s.requireIntact(t, h.tenantID, 4)
	same(t, []audit.Record{third, first, second, late}, s.auditOf(t, h.tenantID, ports.Page{Limit: 9}))
}

func (s *suite) auditTenants(t *testing.T) {
	a, b := s.member(t, "").tenantID, s.member(t, "").tenantID
	if b < a {
		a, b = b, a
	}
	s.recorded(t, s.record(a, 1), s.record(b, 1), s.record(b, 2))
	list := func(waiting bool) []string {
		var found []string
		for after := ""; ; {
			page := get(t, s, func(ctx context.Context, tx ports.Tx) ([]string, error) {
				if waiting {
					return tx.Chain.Waiting(ctx, after, 2)
				}
				return tx.Chain.Tenants(ctx, after, 2)
			})
			if len(page) == 0 {
				return found
			}
			require.LessOrEqual(t, len(page), 2)
			found, after = append(found, page...), page[len(page)-1]
		}
	}
	require.Subset(t, list(true), []string{a, b})
	s.do(t, func(ctx context.Context, tx ports.Tx) error {
		_, err := seal(ctx, tx, a, 9)
		return err
	})
	require.NotContains(t, list(true), a)
	require.Contains(t, list(true), b)
	all := list(false)
	require.Subset(t, all, []string{a, b})
	require.True(t, slices.IsSorted(all))
	require.Equal(t, slices.Compact(slices.Clone(all)), all)
}

func (s *suite) refusedLinks(t *testing.T) {
	h, other := s.member(t, ""), s.member(t, "")
	one, two, foreign := s.record(h.tenantID, 1), s.record(h.tenantID, 2), s.record(other.tenantID, 1)
	s.recorded(t, one, two, foreign)
	l1, head := audit.Start(h.tenantID).Seal(one)
	l2, _ := head.Seal(two)
	again, _ := head.Seal(one)
	stranger, _ := audit.Start(h.tenantID).Seal(foreign)
	theirs, _ := audit.Start(other.tenantID).Seal(foreign)
	for name, links := range map[string][]audit.Link{
		"a hole": {l2}, "the same record twice": {l1, again}, "another tenant's record": {stranger}, "another tenant's link": {theirs},
	} {
		require.ErrorIs(t, s.try(t, func(ctx context.Context, tx ports.Tx) error {
			return tx.Chain.Extend(ctx, h.tenantID, links...)
		}), fault.ErrStale, name)
	}
	require.Equal(t, int64(0), s.head(t, h.tenantID).Position)
	s.do(t, func(ctx context.Context, tx ports.Tx) error { return tx.Chain.Extend(ctx, h.tenantID) })
	s.do(t, func(ctx context.Context, tx ports.Tx) error { return tx.Chain.Extend(ctx, h.tenantID, l1, l2) })
	require.ErrorIs(t, s.try(t, func(ctx context.Context, tx ports.Tx) error {
		return tx.Chain.Extend(ctx, h.tenantID, l1)
	}), fault.ErrStale, "the head has moved")
	s.requireIntact(t, h.tenantID, 2)
}

// Sealers and appenders run at once: nothing is left out, nothing is sealed twice.
func (s *suite) sealingAtOnce(t *testing.T) {
	const rounds, each = 4, 6
	h := s.member(t, "")
	for _, err := range race(2*rounds, func(i int) error {
		for range each {
			if i%2 == 0 {
				r := s.record(h.tenantID, i)
				if err := s.try(t, func(ctx context.Context, tx ports.Tx) error { return tx.Audit.Append(ctx, r) }); err != nil {
					return err
				}
				continue
			}
			if err := s.try(t, func(ctx context.Context, tx ports.Tx) error { _, err := seal(ctx, tx, h.tenantID, 2); return err }); err != nil {
				return err
			}
		}
		return nil
	}) {
		require.NoError(t, err)
	}
	s.do(t, func(ctx context.Context, tx ports.Tx) error { _, err := seal(ctx, tx, h.tenantID, 1000); return err })
	require.Empty(t, s.unsealed(t, h.tenantID, "", 9))
	s.requireIntact(t, h.tenantID, rounds*each)
}

func (s *suite) chainCalls(t *testing.T) {
	h := s.member(t, "")
	r := s.record(h.tenantID, 1)
	s.recorded(t, r)
	link, _ := audit.Start(h.tenantID).Seal(r)
	of := func(tenantID string) map[string]attempt {
		return map[string]attempt{
			"Head": without(func(ctx context.Context, tx ports.Tx) (audit.Head, error) { return tx.Chain.Head(ctx, tenantID) }),
			"Unsealed": without(func(ctx context.Context, tx ports.Tx) ([]audit.Record, error) {
				return tx.Chain.Unsealed(ctx, tenantID, "", 1)
			}),
			"Sealed": without(func(ctx context.Context, tx ports.Tx) ([]audit.Sealed, error) {
				return tx.Chain.Sealed(ctx, tenantID, beforeAll(), 1)
			}),
			"Extend": func(ctx context.Context, tx ports.Tx) error { return tx.Chain.Extend(ctx, tenantID, link) },
		}
	}
	for name, call := range of("") {
		s.requireInternal(t, call, name)
	}
	require.Error(t, s.UnitOfWork.View(t.Context(), of(h.tenantID)["Extend"]), "a view writes nothing")
	all := of(h.tenantID)
	all["Waiting"] = without(func(ctx context.Context, tx ports.Tx) ([]string, error) { return tx.Chain.Waiting(ctx, "", 1) })
	all["Tenants"] = without(func(ctx context.Context, tx ports.Tx) ([]string, error) { return tx.Chain.Tenants(ctx, "", 1) })
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	_ = s.try(t, func(_ context.Context, tx ports.Tx) error {
		for name, call := range all {
			require.Error(t, call(gone, tx), name)
		}
		return fault.ErrUnavailable
	})
	require.Empty(t, s.chainOf(t, h.tenantID, beforeAll(), 9))
}
