package auditing_test

import (
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/symphainy/symphainy/adapters/memstore"
	"github.com/symphainy/symphainy/application/auditing"
	"github.com/symphainy/symphainy/domain/audit"
	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/ports"
	"github.com/symphainy/symphainy/test/clock"
	"github.com/symphainy/symphainy/test/faulty"
)

// tampered is a store of which somebody has changed what it gives.
type tampered struct {
	ports.UnitOfWork
	head   func(*audit.Head)
	sealed func([]audit.Sealed) []audit.Sealed
	extend map[string]error
}

type tamperedChain struct {
	ports.AuditChain
	by *tampered
}

func (t *tampered) wrap(fn func(context.Context, ports.Tx) error) func(context.Context, ports.Tx) error {
	return func(ctx context.Context, tx ports.Tx) error {
		tx.Chain = tamperedChain{tx.Chain, t}
		return fn(ctx, tx)
	}
}

func (t *tampered) Do(ctx context.Context, fn func(context.Context, ports.Tx) error) error {
	return t.UnitOfWork.Do(ctx, t.wrap(fn))
}

func (t *tampered) View(ctx context.Context, fn func(context.Context, ports.Tx) error) error {
	return t.UnitOfWork.View(ctx, t.wrap(fn))
}

func (t *tampered) Look(ctx context.Context, fn func(context.Context, ports.Tx) error) error {
	return t.UnitOfWork.Look(ctx, t.wrap(fn))
}

func (c tamperedChain) Head(ctx context.Context, tenantID string) (audit.Head, error) {
	h, err := c.AuditChain.Head(ctx, tenantID)
	if c.by.head != nil {
		c.by.head(&h)
	}
	return h, err
}

func (c tamperedChain) Sealed(ctx context.Context, tenantID string, after audit.Link, limit int) ([]audit.Sealed, error) {
	page, err := c.AuditChain.Sealed(ctx, tenantID, after, limit)
	if c.by.sealed != nil {
		page = c.by.sealed(page)
	}
	return page, err
}

func (c tamperedChain) Extend(ctx context.Context, tenantID string, links ...audit.Link) error {
	if err := c.by.extend[tenantID]; err != nil {
		return err
	}
	return c.AuditChain.Extend(ctx, tenantID, links...)
}

func record(tenant string, n int) audit.Record {
	return audit.Record{
		ID: fmt.Sprintf("aud_%s_%06d", tenant, n), TenantID: tenant, Actor: "usr_1", Action: "intent.submitted", Result: audit.Open,
		Detail: []byte(`{ "lines": "<1>" }`), At: time.Unix(int64(n), 123456000),
	}
}

func recorded(t *testing.T, s ports.UnitOfWork, tenant string, from, to int) {
	t.Helper()
	require.NoError(t, s.Do(t.Context(), func(ctx context.Context, tx ports.Tx) error {
		for n := from; n < to; n++ {
			if err := tx.Audit.Append(ctx, record(tenant, n)); err != nil {
				return err
			}
		}
		return nil
	}))
}

func verified(t *testing.T, s *auditing.Service, tenant string) auditing.Report {
	t.Helper()
	r, err := s.Verify(t.Context(), tenant)
	require.NoError(t, err)
	return r
}

func TestSealAndVerify(t *testing.T) {
	t.Parallel()
	store := memstore.New(clock.Fixed())
	s := auditing.New(store)
	n, err := s.Seal(t.Context())
	require.NoError(t, err)
	require.Zero(t, n)
	_, err = s.Verify(t.Context(), "ten_1")
	require.ErrorIs(t, err, fault.ErrNotFound)

	const many = 1234 // more than a page, a multiple of nothing
	recorded(t, store, "ten_1", 0, many)
	for i := range 40 {
		recorded(t, store, fmt.Sprintf("ten_2_%02d", i), 0, 3)
	}
	require.Equal(t, auditing.Report{Tenant: "ten_1", Head: audit.Genesis(), Unsealed: many}, verified(t, s, "ten_1"))
	n, err = s.Seal(t.Context())
	require.NoError(t, err)
	require.Equal(t, int64(many+120), n)
	r := verified(t, s, "ten_1")
	require.Equal(t, int64(many), r.Sealed)
	require.Zero(t, r.Unsealed)
	require.Nil(t, r.Broken)

	recorded(t, store, "ten_1", many, many+2)
	require.Equal(t, int64(2), verified(t, s, "ten_1").Unsealed)
	n, err = s.Seal(t.Context())
	require.NoError(t, err)
	require.Equal(t, int64(2), n)
	require.Equal(t, int64(many+2), verified(t, s, "ten_1").Sealed)

	var tenants []string
	require.NoError(t, s.Tenants(t.Context(), func(tenant string) error {
		tenants = append(tenants, tenant)
		return nil
	}))
	require.Len(t, tenants, 41)
	enough := errors.New("enough")
	require.ErrorIs(t, s.Tenants(t.Context(), func(string) error { return enough }), enough)
}

// A tenant's first records are sealed between Verify's look at the chain and its look at what waits: they are not nothing.
func TestVerifyBesideASealer(t *testing.T) {
	t.Parallel()
	store := memstore.New(clock.Fixed())
	recorded(t, store, "ten_1", 0, 3)
	looks := 0
	r := verified(t, auditing.New(&tampered{UnitOfWork: store, sealed: func(page []audit.Sealed) []audit.Sealed {
		if looks++; looks == 1 {
			_, err := auditing.New(store).Seal(context.Background())
			require.NoError(t, err)
		}
		return page
	}}), "ten_1")
	require.Equal(t, int64(3), r.Sealed)
	require.Nil(t, r.Broken)
}

func TestVerifyFindsWhatWasDone(t *testing.T) {
	t.Parallel()
	store := memstore.New(clock.Fixed())
	recorded(t, store, "ten_1", 1, 1002) // two pages and one
	_, err := auditing.New(store).Seal(t.Context())
	require.NoError(t, err)
	id := func(n int) string { return record("ten_1", n).ID }
	without := func(position int64) func([]audit.Sealed) []audit.Sealed {
		return func(page []audit.Sealed) []audit.Sealed {
			for i, one := range page {
				if one.Link.Position == position {
					return append(page[:i:i], page[i+1:]...)
				}
			}
			return page
		}
	}
	for name, c := range map[string]struct {
		by   tampered
		want audit.Break
	}{
		"changed": {tampered{sealed: func(page []audit.Sealed) []audit.Sealed {
			for i := range page {
				if page[i].Link.Position == 700 {
					page[i].Record.Actor = "usr_2"
				}
			}
			return page
		}}, audit.Break{Reason: audit.Changed, Position: 700, RecordID: id(700)}},
		"the newest removed": {tampered{sealed: without(1001)}, audit.Break{Reason: audit.Removed, Position: 1001, RecordID: id(1000)}},
		"the head put back":  {tampered{head: func(h *audit.Head) { h.Position-- }}, audit.Break{Reason: audit.HeadMismatch, Position: 1001, RecordID: id(1001)}},
		"the head removed":   {tampered{head: func(h *audit.Head) { *h = audit.Start("ten_1") }}, audit.Break{Reason: audit.HeadMismatch, Position: 1001, RecordID: id(1001)}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c.by.UnitOfWork = store
			r := verified(t, auditing.New(&c.by), "ten_1")
			require.Equal(t, &c.want, r.Broken)
		})
	}
}

func TestAChainThatCannotGoOnKeepsNobodyWaiting(t *testing.T) {
	t.Parallel()
	store := memstore.New(clock.Fixed())
	for i := range 5 {
		recorded(t, store, fmt.Sprintf("ten_%d", i), 0, 1)
	}
	broken := errors.New("broken")
	s := auditing.New(&tampered{UnitOfWork: store, extend: map[string]error{"ten_1": broken, "ten_3": broken}})
	n, err := s.Seal(t.Context())
	require.ErrorIs(t, err, broken)
	require.Equal(t, int64(3), n)
}

// Sealing that fails anywhere, also with its answer lost, is made good by the next.
func TestSealingSurvivesEveryFault(t *testing.T) {
	t.Parallel()
	for at := 1; ; at++ {
		store := memstore.New(clock.Fixed())
		for _, tenant := range []string{"ten_1", "ten_2"} {
			recorded(t, store, tenant, 0, 60)
		}
		flaky := faulty.Wrap(store)
		flaky.FailAt(at, nil)
		_, err := auditing.New(flaky).Seal(t.Context())
		if flaky.Struck() == "" {
			require.NoError(t, err)
			require.Greater(t, at, 10)
			return
		}
		require.ErrorIs(t, err, fault.ErrUnavailable)
		s := auditing.New(store)
		_, err = s.Seal(t.Context())
		require.NoError(t, err)
		for _, tenant := range []string{"ten_1", "ten_2"} {
			r := verified(t, s, tenant)
			require.Nil(t, r.Broken)
			require.Equal(t, []int64{60, 0}, []int64{r.Sealed, r.Unsealed})
		}
	}
}

func TestReadingFailsWithItsStore(t *testing.T) {
	t.Parallel()
	for _, kind := range []string{faulty.View, "Chain.Head", "Chain.Sealed", "Chain.Unsealed"} {
		store := faulty.Wrap(memstore.New(clock.Fixed()))
		s := auditing.New(store)
		store.Fail(kind, 1, nil)
		_, err := s.Verify(t.Context(), "ten_1")
		require.ErrorIs(t, err, fault.ErrUnavailable, kind)
		store.Fail(kind, 1, nil)
		require.ErrorIs(t, s.Export(t.Context(), "ten_1", &bytes.Buffer{}), fault.ErrUnavailable, kind)
	}
	store := faulty.Wrap(memstore.New(clock.Fixed()))
	store.Fail("Chain.Tenants", 1, nil)
	require.ErrorIs(t, auditing.New(store).Tenants(t.Context(), nil), fault.ErrUnavailable)
}

type full struct{}

func (full) Write([]byte) (int, error) { return 0, errors.New("no space left") }

func TestExport(t *testing.T) {
	t.Parallel()
	store := memstore.New(clock.Fixed())
	s := auditing.New(store)
	recorded(t, store, "ten_1", 0, 2)
	recorded(t, store, "ten_2", 0, 1)
	_, err := s.Seal(t.Context())
	require.NoError(t, err)
	recorded(t, store, "ten_1", 2, 3)
	var out bytes.Buffer
	require.NoError(t, s.Export(t.Context(), "ten_1", &out))

	head := audit.Start("ten_1")
	lines := bytes.Split(bytes.TrimSuffix(out.Bytes(), []byte("\n")), []byte("\n"))
	require.Len(t, lines, 3)
	for i, text := range lines {
		var got map[string]any
		require.NoError(t, json.Unmarshal(text, &got))
		want := record("ten_1", i)
		require.Equal(t, want.ID, got["id"])
		require.Equal(t, string(want.Detail), got["detail"])
		require.Equal(t, want.At.UTC().Format(time.RFC3339Nano), got["at"])
		if i == 2 {
			require.NotContains(t, got, "position")
			require.NotContains(t, got, "hash")
			continue
		}
		var l audit.Link
		l, head = head.Seal(want)
		require.EqualValues(t, l.Position, got["position"])
		require.Equal(t, hex.EncodeToString(l.Hash), got["hash"])
		require.Equal(t, hex.EncodeToString(l.Previous), got["previous"])
	}
	require.ErrorContains(t, s.Export(t.Context(), "ten_1", full{}), "no space left")
}
