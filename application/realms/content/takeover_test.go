package content_test

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/symphainy/symphainy/application/intents"
	"github.com/symphainy/symphainy/application/realms/content/parsed"
	"github.com/symphainy/symphainy/domain/artifact"
	"github.com/symphainy/symphainy/domain/document"
	"github.com/symphainy/symphainy/domain/event"
	"github.com/symphainy/symphainy/domain/execution"
	"github.com/symphainy/symphainy/domain/identity"
	"github.com/symphainy/symphainy/domain/intent"
	"github.com/symphainy/symphainy/domain/typeid"
	"github.com/symphainy/symphainy/ports"
)

// claim is one claim of an execution by one of several workers. A worker that lost it can store nothing in the database.
type claim struct {
	ports.Waits // there are none here
	k           *kit
	at          execution.Snapshot
	steps       map[string][]byte
}

var _ ports.IntentCall = (*claim)(nil)

// claim takes the execution over, with the steps that are finished.
func (k *kit) claim(t *testing.T, id, worker string, finished map[string][]byte) *claim {
	t.Helper()
	c := &claim{k: k, steps: map[string][]byte{}}
	maps.Copy(c.steps, finished)
	require.NoError(t, k.Store.Do(t.Context(), func(ctx context.Context, tx ports.Tx) error {
		ex, err := tx.Leases.Claim(ctx, id, worker, time.Minute)
		c.at = ex.Snapshot()
		return err
	}))
	return c
}

func (c *claim) OnUndo(string, string) {}

func (c *claim) Execution() execution.Snapshot { return c.at }

func (c *claim) Step(ctx context.Context, name string, fn func(ctx context.Context, key string) ([]byte, error)) ([]byte, error) {
	result, err := fn(ctx, name)
	if err != nil {
		return nil, err
	}
	return c.Transact(ctx, name, func(context.Context, ports.Tx, execution.Snapshot) ([]byte, error) { return result, nil })
}

func (c *claim) Transact(ctx context.Context, name string, fn func(ctx context.Context, tx ports.Tx, now execution.Snapshot) ([]byte, error)) ([]byte, error) {
	if done, ok := c.steps[name]; ok {
		return done, nil
	}
	err := c.k.Store.Do(ctx, func(ctx context.Context, tx ports.Tx) error {
		ex, err := tx.Leases.Hold(ctx, c.at.Lease())
		if err == nil {
			c.steps[name], err = fn(ctx, tx, ex.Snapshot())
		}
		return err
	})
	return c.steps[name], err
}

func (c *claim) Read(ctx context.Context, fn func(ctx context.Context, tx ports.Tx, scope identity.Scope) error) error {
	return c.k.Store.View(ctx, func(ctx context.Context, tx ports.Tx) error { return fn(ctx, tx, c.at.Scope()) })
}

func (c *claim) Emit(context.Context, ...event.Draft) error { return nil }

func (c *claim) Progress(context.Context, int64, int64, string) error { return nil }

// A worker stands still before any of its operations on blobs, another takes over and completes, and the first goes on: the document of
// the second stays whole. What the first left is swept.
func TestTakeOverKeepsTheDocument(t *testing.T) {
	t.Parallel()
	operations := takenOver(t, -1)
	require.Greater(t, operations, 4)
	for before := range operations {
		t.Run(fmt.Sprintf("before operation %d", before), func(t *testing.T) {
			t.Parallel()
			takenOver(t, before)
		})
	}
}

// takenOver lets the first worker stand still before one of its operations, or never, and counts them.
func takenOver(t *testing.T, before int) (operations int) {
	t.Helper()
	k := newKit(t)
	p := k.User(t)
	f := k.saved(t, p, "a.csv", smallCSV)
	entry, ex := k.accepted(t, p, "parse_content", params{"file_id": f.id})
	first := k.claim(t, ex.ID(), "first", nil)
	var made artifact.Snapshot
	others := false
	k.Blobs.Fail = func(string, string) error {
		if others {
			return nil
		}
		if operations++; operations-1 == before {
			others = true
			k.Clock.Advance(2 * time.Minute)
			result, err := entry.Handler(t.Context(), k.claim(t, ex.ID(), "second", first.steps))
			require.NoError(t, err)
			made = result.Artifacts[0].Artifact
			others = false
		}
		return nil
	}
	_, err := entry.Handler(t.Context(), first)
	k.Blobs.Fail = nil
	if before < 0 {
		require.NoError(t, err)
		return operations
	}
	require.ErrorIs(t, err, execution.ErrLeaseLost)
	require.Equal(t, 3, k.rows(t, made))

	made.TenantID, made.OwnerID, made.SessionID, made.Realm = p.TenantID, p.UserID, p.SessionID, "content"
	stored, err := artifact.New(made)
	require.NoError(t, err)
	require.NoError(t, k.Store.Do(t.Context(), func(ctx context.Context, tx ports.Tx) error { return tx.Artifacts.Insert(ctx, stored) }))
	k.Clock.Advance(24*time.Hour + time.Minute)
	_, err = k.content.Sweep(t.Context())
	require.NoError(t, err)
	require.Len(t, k.Blobs.Keys(), 3, "the file, the document and its rows")
	require.Equal(t, 3, k.rows(t, made))
	return operations
}

// accepted makes an execution that waits for a worker.
func (k *kit) accepted(t *testing.T, p identity.Principal, intentType string, in params) (intents.Entry, execution.Execution) {
	t.Helper()
	entry, err := k.Catalogue.Find(intentType)
	require.NoError(t, err)
	raw, err := json.Marshal(in)
	require.NoError(t, err)
	work := intent.Intent{ID: k.IDs.NewID(typeid.Intent), Type: intentType, Parameters: raw, SolutionID: intent.DefaultSolution}
	now := k.Clock.Now()
	ex := execution.Accept(k.IDs.NewID(typeid.Execution), entry.Realm, work, p, p.SessionID, "trace", now.Add(time.Hour), now)
	require.NoError(t, k.Store.Do(t.Context(), func(ctx context.Context, tx ports.Tx) error { return tx.Executions.Insert(ctx, ex) }))
	return entry, ex
}

// rows reads the first table of a document.
func (k *kit) rows(t *testing.T, a artifact.Snapshot) (n int) {
	t.Helper()
	doc, err := parsed.NewStore(k.Blobs, 1<<20).Open(t.Context(), a)
	require.NoError(t, err)
	require.NoError(t, doc.Rows(t.Context(), 0, 0, -1, func(int, document.Row) error { n++; return nil }))
	return n
}
