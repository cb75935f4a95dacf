package erasure_test

import (
	"bytes"
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/symphainy/symphainy/application/erasure"
	"github.com/symphainy/symphainy/application/trafficcop"
	"github.com/symphainy/symphainy/domain/artifact"
	"github.com/symphainy/symphainy/domain/execution"
	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/domain/identity"
	"github.com/symphainy/symphainy/domain/intent"
	"github.com/symphainy/symphainy/domain/session"
	"github.com/symphainy/symphainy/domain/typeid"
	"github.com/symphainy/symphainy/ports"
	"github.com/symphainy/symphainy/test/authkit"
	"github.com/symphainy/symphainy/test/realmtest"
	"github.com/symphainy/symphainy/test/sheet"
)

const kept = 7 * 24 * time.Hour

type world struct {
	*authkit.Kit
	blobs  *realmtest.Blobs
	eraser erasure.Eraser
}

func newWorld(t *testing.T) *world {
	t.Helper()
	k := authkit.New(t)
	w := &world{Kit: k, blobs: &realmtest.Blobs{}}
	w.eraser = erasure.Eraser{UnitOfWork: k.Store, Blobs: w.blobs}
	return w
}

// visitor makes a session with an execution, and a file that it has uploaded.
func (w *world) visitor() (trafficcop.Created, identity.Scope, string) {
	w.T.Helper()
	made, err := w.Sessions.CreateAnonymous(w.T.Context(), nil, w.Client())
	require.NoError(w.T, err)
	id, now := made.Session.ID(), w.Clock.Now()
	scope := identity.Scope{TenantID: id, SessionID: id}
	principal := identity.Principal{Kind: identity.KindAnonymous, TenantID: id, SessionID: id, SessionEpoch: 1, Roles: []identity.Role{identity.RoleAnonymous}}
	key := "blobs/" + id
	_, err = w.blobs.Put(w.T.Context(), key, bytes.NewReader([]byte("data")), 10)
	require.NoError(w.T, err)
	file, err := artifact.New(artifact.Snapshot{
		ID: w.IDs().NewID(typeid.File), TenantID: id, SessionID: id, Realm: "content", Type: "file", Name: "a.csv", BlobKey: key, Size: 4,
		DataClass: artifact.WorkingMaterial, State: artifact.Pending, CreatedAt: now, UpdatedAt: now,
	})
	require.NoError(w.T, err)
	ex := execution.Accept(w.IDs().NewID(typeid.Execution), "content", intent.Intent{ID: w.IDs().NewID(typeid.Intent), Type: "list_files", Parameters: []byte("{}"), Metadata: []byte("{}")},
		principal, id, "", now.Add(time.Hour), now)
	require.NoError(w.T, w.Store.Do(w.T.Context(), func(ctx context.Context, tx ports.Tx) error {
		if err := tx.Artifacts.Insert(ctx, file); err != nil {
			return err
		}
		return tx.Executions.Insert(ctx, ex)
	}))
	return made, scope, key
}

// left counts what there is of a visitor.
func (w *world) left(id string, scope identity.Scope, key string) (n int) {
	w.T.Helper()
	require.NoError(w.T, w.Store.View(w.T.Context(), func(ctx context.Context, tx ports.Tx) error {
		if _, err := tx.Sessions.ByID(ctx, id); err == nil {
			n++
		}
		executions, err := tx.Executions.List(ctx, scope, ports.ExecutionFilter{}, ports.Page{Limit: 10})
		if err != nil {
			return err
		}
		files, err := tx.TenantData.Artifacts(ctx, scope.TenantID, ports.Page{Limit: 10})
		n += len(executions) + len(files)
		return err
	}))
	if _, err := w.blobs.Open(w.T.Context(), key); err == nil {
		n++
	} else {
		require.ErrorIs(w.T, err, fault.ErrNotFound)
	}
	return n
}

func TestWhatVisitorsLeaveIsErasedAndNothingElse(t *testing.T) {
	w := newWorld(t)
	const visitors = 25
	erase := func() int {
		n, err := w.eraser.Visitors(t.Context(), kept)
		require.NoError(t, err)
		return n
	}
	ids, scopes, keys := make([]string, visitors), make([]identity.Scope, visitors), make([]string, visitors)
	for i := range visitors {
		made, scope, key := w.visitor()
		ids[i], scopes[i], keys[i] = made.Session.ID(), scope, key
	}
	in := w.Register("ada")
	w.Clock.Advance(session.AnonymousLife + kept - time.Minute)
	require.Zero(t, erase(), "not yet")
	young, youngScope, youngKey := w.visitor()
	w.Clock.Advance(2 * time.Minute)
	require.Equal(t, visitors, erase())
	require.Zero(t, erase())
	for i := range visitors {
		require.Zero(t, w.left(ids[i], scopes[i], keys[i]))
	}
	require.Equal(t, 4, w.left(young.Session.ID(), youngScope, youngKey))
	_, err := w.Sessions.Resolve(t.Context(), identity.Principal{Kind: identity.KindUser, TenantID: in.Tenant.ID, UserID: in.User.ID}, in.Session.ID())
	require.NoError(t, err, "a user's session has an owner")
	sheet.Record(t, "S14", visitors, "left of sessions that are over 0 rows, 0 files", "bounded")
}
