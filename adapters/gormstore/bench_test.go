package gormstore_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/symphainy/symphainy/adapters/gormstore"
	"github.com/symphainy/symphainy/domain/audit"
	"github.com/symphainy/symphainy/domain/event"
	"github.com/symphainy/symphainy/domain/execution"
	"github.com/symphainy/symphainy/domain/identity"
	"github.com/symphainy/symphainy/domain/intent"
	"github.com/symphainy/symphainy/ports"
	"github.com/symphainy/symphainy/test/pgtest"
)

var caller = identity.Principal{Kind: identity.KindUser, UserID: "usr_1", TenantID: "ten_1", SessionID: "ses_1", Roles: []identity.Role{identity.RoleOwner}}

// benchStores runs a benchmark on both databases.
func benchStores(b *testing.B, run func(b *testing.B, s *gormstore.Store)) {
	b.Helper()
	lite := gormstore.Defaults()
	lite.DataDir = b.TempDir()
	server, held := gormstore.Defaults(), gormstore.Defaults()
	server.DatabaseURL, held.DatabaseURL = pgtest.New(b), pgtest.New(b)
	require.NoError(b, errors.Join(gormstore.Migrate(b.Context(), server), gormstore.Migrate(b.Context(), held), pgtest.GrantApp(held.DatabaseURL)))
	var err error
	held.DatabaseURL, err = pgtest.AppDSN(held.DatabaseURL)
	require.NoError(b, err)
	for name, cfg := range map[string]gormstore.Config{"sqlite": lite, "postgres": server, "postgres under row-level security": held} {
		s, err := gormstore.Open(b.Context(), cfg)
		require.NoError(b, err)
		b.Run(name, func(b *testing.B) { run(b, s) })
		require.NoError(b, s.Close())
	}
}

// accept stores an execution with its idempotency key, event, audit record and job, as a submission does.
func accept(ctx context.Context, s *gormstore.Store, id string) error {
	now := time.Now().UTC().Truncate(time.Microsecond)
	return s.Do(ctx, func(ctx context.Context, tx ports.Tx) error {
		if _, err := tx.Idempotency.Reserve(ctx, intent.IdempotencyRecord{
			TenantID: caller.TenantID, Actor: caller.UserID, Key: id, Fingerprint: []byte("f"), ExecutionID: id, ExpiresAt: now.Add(time.Hour),
		}); err != nil {
			return err
		}
		in := intent.Intent{ID: "int_" + id, Type: "parse_content", Parameters: []byte(`{"a":1}`), Metadata: []byte(`{}`), SolutionID: "default"}
		e := execution.Accept(id, "content", in, caller, caller.SessionID, "trace", time.Time{}, now)
		events := e.Record(now, event.Draft{Type: event.ExecutionAccepted})
		if err := tx.Executions.Insert(ctx, e); err != nil {
			return err
		}
		if err := tx.Events.Append(ctx, caller.TenantID, events); err != nil {
			return err
		}
		if err := tx.Audit.Append(ctx, audit.Record{ID: "aud_a" + id, TenantID: caller.TenantID, Result: audit.Open, At: now}); err != nil {
			return err
		}
		return tx.Queue.Enqueue(ctx, ports.Job{ExecutionID: id})
	})
}

func claim(ctx context.Context, s *gormstore.Store, id string) (e execution.Execution, err error) {
	err = s.Do(ctx, func(ctx context.Context, tx ports.Tx) (err error) {
		e, err = tx.Leases.Claim(ctx, id, "worker", time.Minute)
		return err
	})
	return e, err
}

// finish writes the last transaction of a run: the terminal state, a step, two events and the audit record.
func finish(ctx context.Context, s *gormstore.Store, l execution.Lease) error {
	now := time.Now().UTC().Truncate(time.Microsecond)
	return s.Do(ctx, func(ctx context.Context, tx ports.Tx) error {
		e, err := tx.Leases.Hold(ctx, l)
		if err != nil {
			return err
		}
		if err := e.Complete([]byte(`{}`), now); err != nil {
			return err
		}
		events := e.Record(now, event.Draft{Type: event.StepCompleted}, event.Draft{Type: event.ExecutionCompleted})
		step := execution.Step{ExecutionID: l.ExecutionID, Name: "work", Position: 1, Result: []byte(`{}`), CompletedAt: now}
		if err := tx.Steps.Put(ctx, caller.TenantID, step); err != nil {
			return err
		}
		if err := tx.Executions.Save(ctx, e); err != nil {
			return err
		}
		if err := tx.Events.Append(ctx, caller.TenantID, events); err != nil {
			return err
		}
		return tx.Audit.Append(ctx, audit.Record{ID: "aud_f" + l.ExecutionID, TenantID: caller.TenantID, Result: audit.Completed, At: now})
	})
}

func BenchmarkAccept(b *testing.B) {
	benchStores(b, func(b *testing.B, s *gormstore.Store) {
		for n := 0; b.Loop(); n++ {
			require.NoError(b, accept(b.Context(), s, fmt.Sprintf("exe_%d_%d", b.N, n)))
		}
	})
}

func BenchmarkAcceptClaimFinish(b *testing.B) {
	benchStores(b, func(b *testing.B, s *gormstore.Store) {
		for n := 0; b.Loop(); n++ {
			id := fmt.Sprintf("exe_%d_%d", b.N, n)
			require.NoError(b, accept(b.Context(), s, id))
			e, err := claim(b.Context(), s, id)
			require.NoError(b, err)
			require.NoError(b, finish(b.Context(), s, e.Snapshot().Lease()))
		}
	})
}

func BenchmarkRead(b *testing.B) {
	benchStores(b, func(b *testing.B, s *gormstore.Store) {
		require.NoError(b, accept(b.Context(), s, "exe_read"))
		for b.Loop() {
			require.NoError(b, s.View(b.Context(), func(ctx context.Context, tx ports.Tx) error {
				_, err := tx.Executions.ByID(ctx, caller.Scope(), "exe_read")
				return err
			}))
		}
	})
}
