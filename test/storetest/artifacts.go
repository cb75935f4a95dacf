package storetest

import (
	"bytes"
	"context"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/symphainy/symphainy/domain/artifact"
	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/domain/identity"
	"github.com/symphainy/symphainy/domain/typeid"
	"github.com/symphainy/symphainy/ports"
)

func (s *suite) fullArtifact(h home) artifact.Snapshot {
	return artifact.Snapshot{
		ID: id(typeid.File), TenantID: h.tenantID, OwnerID: h.user.ID, SessionID: h.session.ID(), SolutionID: "solution",
		Sharing: artifact.TenantShared, Realm: "content", Type: "file", DataClass: artifact.Outcome, Purpose: "learning",
		State: artifact.Draft, Payload: []byte(awkwardJSON), Renderings: []byte(awkwardJSON), Metadata: []byte(awkwardJSON),
		Descriptor: []byte(awkwardJSON),
		Materializations: []artifact.Materialization{
			{ID: id(typeid.Materialization), StorageType: "blob", Format: "csv"}, {ID: "2", StorageType: awkward, Format: "json"},
		},
		Parents: []string{id(typeid.File), awkward},
		Lineage: artifact.Lineage{
			DerivedFrom: []string{id(typeid.File), "b"}, DerivationIntent: "parse_content", DerivationRunID: "run", Generation: 2,
			RootArtifactID: id(typeid.File),
		},
		ProducedIntent: "ingest_file", ExecutionID: id(typeid.Execution),
		Transitions: []artifact.Transition{
			{From: artifact.Pending, To: artifact.Draft, At: s.abroad(1), By: h.user.ID, Reason: awkward},
			{From: artifact.Draft, To: artifact.Accepted, At: s.abroad(2), By: "b", Reason: "c"},
		},
		Name: awkward, Format: "csv", Profile: "tabular", Size: 1 << 40, BlobKey: "files/a/b", BlobSHA: "sha", MediaType: "text/csv",
		ContentVersion: 3, ParentVersionID: id(typeid.File), Current: true, Origin: "anonymous", SourceExpiredAt: s.abroad(3),
		ExpiresAt: s.abroad(4), Version: 5, CreatedAt: s.abroad(5), UpdatedAt: s.abroad(6),
	}
}

func (s *suite) insertArtifact(t *testing.T, a artifact.Artifact) error {
	t.Helper()
	return s.try(t, func(ctx context.Context, tx ports.Tx) error { return tx.Artifacts.Insert(ctx, a) })
}

func (s *suite) saveArtifact(t *testing.T, a artifact.Artifact) error {
	t.Helper()
	return s.try(t, func(ctx context.Context, tx ports.Tx) error { return tx.Artifacts.Save(ctx, a) })
}

func (s *suite) findArtifact(t *testing.T, scope identity.Scope, aid string) (artifact.Artifact, error) {
	t.Helper()
	return look(t, s, func(ctx context.Context, tx ports.Tx) (artifact.Artifact, error) {
		return tx.Artifacts.ByID(ctx, scope, aid)
	})
}

func (s *suite) artifacts(t *testing.T) {
	t.Helper()
	h, v := s.member(t, ""), s.visitor(t)
	row := s.fullArtifact(h)
	full(t, row)
	t.Run("round trip", func(t *testing.T) {
		bare := artifact.Snapshot{ID: id(typeid.Artifact), TenantID: v.tenantID, SessionID: v.session.ID(), Type: "file", State: artifact.Pending}
		large := s.artifact(h, 1, func(r *artifact.Snapshot) {
			text := bytes.Repeat([]byte("ä"), artifact.MaxPayload/2-10)
			r.Payload = append(append([]byte(`{"t":"`), text...), `"}`...)
			r.Renderings = r.Payload
		}).Snapshot()
		for _, want := range []artifact.Snapshot{row, bare, large} {
			require.NoError(t, s.insertArtifact(t, artifact.Restore(want)))
			scope := identity.Scope{TenantID: want.TenantID, OwnerID: want.OwnerID}
			if want.OwnerID == "" {
				scope.SessionID = want.SessionID
			}
			got, err := s.findArtifact(t, scope, want.ID)
			require.NoError(t, err)
			same(t, want, got.Snapshot())
		}
		require.ErrorIs(t, s.insertArtifact(t, artifact.Restore(row)), fault.ErrDuplicate)
		_, err := s.findArtifact(t, h.scope, strings.ToUpper(row.ID))
		require.ErrorIs(t, err, fault.ErrNotFound)
	})
	t.Run("rendered", func(t *testing.T) { s.renderedArtifacts(t, h, v) })
	t.Run("visibility", func(t *testing.T) { s.artifactVisibility(t, h, v) })
	t.Run("save", func(t *testing.T) {
		a := s.artifact(h, 1, nil)
		require.NoError(t, s.insertArtifact(t, a))
		next := s.fullArtifact(h)
		next.ID, next.Version, next.CreatedAt = a.ID(), 0, a.Snapshot().CreatedAt
		require.NoError(t, s.saveArtifact(t, artifact.Restore(next)))
		require.ErrorIs(t, s.saveArtifact(t, a), fault.ErrStale)
		next.Version++
		got, err := s.findArtifact(t, h.scope, a.ID())
		require.NoError(t, err)
		same(t, next, got.Snapshot())
		requireMissing(t, s.saveArtifact(t, s.artifact(h, 1, nil)))
	})
	t.Run("a locked one is nobody else's", func(t *testing.T) {
		a := s.artifact(h, 1, nil)
		require.NoError(t, s.insertArtifact(t, a))
		for _, err := range race(8, func(int) error {
			return s.UnitOfWork.Do(t.Context(), func(ctx context.Context, tx ports.Tx) error {
				got, err := tx.Artifacts.Lock(ctx, h.scope, a.ID())
				if err != nil {
					return err
				}
				return tx.Artifacts.Save(ctx, got)
			})
		}) {
			require.NoError(t, err, "none finds a version that is over")
		}
		got, err := s.findArtifact(t, h.scope, a.ID())
		require.NoError(t, err)
		require.Equal(t, a.Snapshot().Version+8, got.Snapshot().Version)
		for _, scope := range []identity.Scope{v.scope, s.member(t, "").scope} {
			requireMissing(t, s.try(t, func(ctx context.Context, tx ports.Tx) error {
				_, err := tx.Artifacts.Lock(ctx, scope, a.ID())
				return err
			}))
		}
	})
	t.Run("save never changes tenant and owner", func(t *testing.T) {
		a, other := s.artifact(h, 1, nil), s.member(t, "")
		require.NoError(t, s.insertArtifact(t, a))
		moved := a.Snapshot()
		moved.TenantID = other.tenantID
		requireMissing(t, s.saveArtifact(t, artifact.Restore(moved)))
		given := a.Snapshot()
		given.OwnerID = other.user.ID
		_ = s.saveArtifact(t, artifact.Restore(given)) // refused or without that effect
		got, err := s.findArtifact(t, h.scope, a.ID())
		require.NoError(t, err)
		require.Equal(t, h.user.ID, got.Snapshot().OwnerID)
	})
}

func (s *suite) artifactVisibility(t *testing.T, h, v home) {
	t.Helper()
	shared := func(r *artifact.Snapshot) { r.Sharing = artifact.TenantShared }
	mine, ours, theirs := s.artifact(h, 1, nil), s.artifact(h, 1, shared), s.artifact(v, 1, shared)
	for _, a := range []artifact.Artifact{mine, ours, theirs} {
		require.NoError(t, s.insertArtifact(t, a))
	}
	for name, c := range map[string]struct {
		scope identity.Scope
		seen  []string
	}{
		"owner":                    {h.scope, []string{mine.ID(), ours.ID()}},
		"colleague":                {s.member(t, h.tenantID).scope, []string{ours.ID()}},
		"another tenant":           {s.member(t, "").scope, nil},
		"visitor":                  {v.scope, []string{theirs.ID()}},
		"another visitor":          {s.visitor(t).scope, nil},
		"a session in the tenant":  {identity.Scope{TenantID: h.tenantID, SessionID: id(typeid.Session)}, nil},
		"the owner, elsewhere":     {identity.Scope{TenantID: id(typeid.Tenant), OwnerID: h.user.ID}, nil},
		"another session's tenant": {identity.Scope{TenantID: v.tenantID, SessionID: id(typeid.Session)}, nil},
	} {
		for _, a := range []artifact.Artifact{mine, ours, theirs} {
			_, err := s.findArtifact(t, c.scope, a.ID())
			if len(only(c.seen, a.ID())) == 1 {
				require.NoError(t, err, name)
				continue
			}
			require.ErrorIs(t, err, fault.ErrNotFound, name)
		}
		list, total := s.listArtifacts(t, c.scope, ports.ArtifactFilter{}, ports.Window{Limit: 100})
		require.ElementsMatch(t, c.seen, only(list, mine.ID(), ours.ID(), theirs.ID()), name)
		require.Equal(t, int64(len(list)), total, name)
	}
	for _, state := range []artifact.State{
		artifact.Pending, artifact.Ready, artifact.Archived, artifact.Failed, artifact.Draft, artifact.Accepted, artifact.Obsolete, artifact.Deleted,
	} {
		a := s.artifact(h, 1, func(r *artifact.Snapshot) { r.State = state })
		require.NoError(t, s.insertArtifact(t, a))
		_, err := s.findArtifact(t, h.scope, a.ID())
		if state == artifact.Deleted {
			require.ErrorIs(t, err, fault.ErrNotFound)
			continue
		}
		require.NoError(t, err, state)
	}
}
