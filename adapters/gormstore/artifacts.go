package gormstore

import (
	"context"
	"errors"
	"time"

	"github.com/symphainy/symphainy/domain/artifact"
	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/domain/identity"
	"github.com/symphainy/symphainy/ports"
)

type artifacts struct{ t *transaction }

var _ ports.ArtifactStore = artifacts{}

type artifactRow struct {
	TenantID         string                       `gorm:"column:tenant_id;primaryKey"`
	ID               string                       `gorm:"column:id;primaryKey"`
	OwnerID          string                       `gorm:"column:owner_id"`
	SessionID        string                       `gorm:"column:session_id"`
	SolutionID       string                       `gorm:"column:solution_id"`
	Sharing          string                       `gorm:"column:sharing"`
	Realm            string                       `gorm:"column:realm"`
	Type             string                       `gorm:"column:type"`
	DataClass        string                       `gorm:"column:data_class"`
	Purpose          string                       `gorm:"column:purpose"`
	State            string                       `gorm:"column:state"`
	Payload          rawJSON                      `gorm:"column:payload"`
	Renderings       rawJSON                      `gorm:"column:renderings"`
	Metadata         rawJSON                      `gorm:"column:metadata"`
	Descriptor       rawJSON                      `gorm:"column:descriptor"`
	Materializations object[[]materializationDoc] `gorm:"column:materializations"`
	Parents          object[[]string]             `gorm:"column:parents"`
	Lineage          object[lineageDoc]           `gorm:"column:lineage"`
	ProducedIntent   string                       `gorm:"column:produced_intent"`
	ExecutionID      string                       `gorm:"column:execution_id"`
	Transitions      object[[]transitionDoc]      `gorm:"column:transitions"`
	Name             string                       `gorm:"column:name"`
	Format           string                       `gorm:"column:format"`
	Profile          string                       `gorm:"column:profile"`
	Size             int64                        `gorm:"column:size"`
	BlobKey          string                       `gorm:"column:blob_key"`
	BlobSHA          string                       `gorm:"column:blob_sha"`
	MediaType        string                       `gorm:"column:media_type"`
	ContentVersion   int                          `gorm:"column:content_version"`
	ParentVersionID  string                       `gorm:"column:parent_version_id"`
	Current          bool                         `gorm:"column:current"`
	Origin           string                       `gorm:"column:origin"`
	SourceExpired    stamp                        `gorm:"column:source_expired_at"`
	Expires          stamp                        `gorm:"column:expires_at"`
	Version          int                          `gorm:"column:version"`
	Created          stamp                        `gorm:"column:created_at"`
	Updated          stamp                        `gorm:"column:updated_at"`
}

func (artifactRow) TableName() string { return "artifacts" }

func artifactRowOf(s artifact.Snapshot) artifactRow {
	return artifactRow{
		TenantID: s.TenantID, ID: s.ID, OwnerID: s.OwnerID, SessionID: s.SessionID, SolutionID: s.SolutionID, Sharing: string(s.Sharing),
		Realm: s.Realm, Type: s.Type, DataClass: string(s.DataClass), Purpose: s.Purpose, State: string(s.State), Payload: s.Payload,
		Renderings: s.Renderings, Metadata: s.Metadata, Descriptor: s.Descriptor,
		Materializations: object[[]materializationDoc]{each(s.Materializations, materializationDocOf)}, Parents: object[[]string]{s.Parents},
		Lineage: object[lineageDoc]{lineageDoc(s.Lineage)}, ProducedIntent: s.ProducedIntent, ExecutionID: s.ExecutionID,
		Transitions: object[[]transitionDoc]{each(s.Transitions, transitionDocOf)}, Name: s.Name, Format: s.Format, Profile: s.Profile, Size: s.Size,
		BlobKey: s.BlobKey, BlobSHA: s.BlobSHA, MediaType: s.MediaType, ContentVersion: s.ContentVersion,
		ParentVersionID: s.ParentVersionID, Current: s.Current, Origin: s.Origin, SourceExpired: at(s.SourceExpiredAt),
		Expires: at(s.ExpiresAt), Version: s.Version, Created: at(s.CreatedAt), Updated: at(s.UpdatedAt),
	}
}

func (r artifactRow) artifact() artifact.Artifact {
	return artifact.Restore(artifact.Snapshot{
		ID: r.ID, TenantID: r.TenantID, OwnerID: r.OwnerID, SessionID: r.SessionID, SolutionID: r.SolutionID,
		Sharing: artifact.Sharing(r.Sharing), Realm: r.Realm, Type: r.Type, DataClass: artifact.DataClass(r.DataClass), Purpose: r.Purpose,
		State: artifact.State(r.State), Payload: r.Payload, Renderings: r.Renderings, Metadata: r.Metadata, Descriptor: r.Descriptor,
		Materializations: each(r.Materializations.V, materializationDoc.materialization), Parents: r.Parents.V, Lineage: artifact.Lineage(r.Lineage.V), ProducedIntent: r.ProducedIntent,
		ExecutionID: r.ExecutionID, Transitions: each(r.Transitions.V, transitionDoc.transition), Name: r.Name, Format: r.Format, Profile: r.Profile, Size: r.Size,
		BlobKey: r.BlobKey, BlobSHA: r.BlobSHA, MediaType: r.MediaType, ContentVersion: r.ContentVersion,
		ParentVersionID: r.ParentVersionID, Current: r.Current, Origin: r.Origin, SourceExpiredAt: r.SourceExpired.Time,
		ExpiresAt: r.Expires.Time, Version: r.Version, CreatedAt: r.Created.Time, UpdatedAt: r.Updated.Time,
	})
}

type parentRow struct {
	TenantID   string `gorm:"column:tenant_id;primaryKey"`
	ParentID   string `gorm:"column:parent_id;primaryKey"`
	ArtifactID string `gorm:"column:artifact_id;primaryKey"`
}

func (parentRow) TableName() string { return "artifact_parents" }

func (s artifacts) Insert(ctx context.Context, a artifact.Artifact) error {
	row := artifactRowOf(a.Snapshot())
	if err := s.t.in(ctx, row.TenantID); err != nil {
		return err
	}
	if err := s.t.insert(ctx, &row); err != nil {
		return err
	}
	return s.index(ctx, row)
}

// index keeps the children of each parent findable.
func (s artifacts) index(ctx context.Context, row artifactRow) error {
	if _, err := s.t.exec(ctx, "DELETE FROM artifact_parents WHERE tenant_id = ? AND artifact_id = ?", row.TenantID, row.ID); err != nil {
		return err
	}
	for _, parent := range row.Parents.V {
		err := s.t.insert(ctx, &parentRow{TenantID: row.TenantID, ParentID: parent, ArtifactID: row.ID})
		if err != nil && !errors.Is(err, fault.ErrDuplicate) {
			return err
		}
	}
	return nil
}

// seen is the condition of artifacts that the scope sees: its own, and for a user what others share with the tenant.
func seen(scope identity.Scope) (string, []any) {
	if scope.OwnerID != "" {
		return "tenant_id = ? AND (owner_id = ? OR sharing = ?)", []any{scope.TenantID, scope.OwnerID, string(artifact.TenantShared)}
	}
	return owned(scope)
}

func (s artifacts) ByID(ctx context.Context, scope identity.Scope, id string) (artifact.Artifact, error) {
	return s.by(ctx, scope, id, "")
}

// Lock waits for whoever changes the row, and looks at it as it is then. SQLite has one writer.
func (s artifacts) Lock(ctx context.Context, scope identity.Scope, id string) (artifact.Artifact, error) {
	return s.by(ctx, scope, id, s.t.forUpdate(s.t.view))
}

func (s artifacts) by(ctx context.Context, scope identity.Scope, id, suffix string) (artifact.Artifact, error) {
	if err := s.t.within(ctx, scope); err != nil {
		return artifact.Artifact{}, err
	}
	where, args := seen(scope)
	row, err := one[artifactRow](ctx, s.t, "SELECT "+columns[artifactRow]()+" FROM artifacts WHERE "+where+" AND id = ? AND state <> ?"+suffix,
		append(args, id, string(artifact.Deleted))...)
	return restore(row, err, artifactRow.artifact)
}

func (s artifacts) Save(ctx context.Context, a artifact.Artifact) error {
	r := artifactRowOf(a.Snapshot())
	if err := s.t.in(ctx, r.TenantID); err != nil {
		return err
	}
	err := s.t.update(ctx, "artifacts", "tenant_id = ? AND id = ?", []any{r.TenantID, r.ID}, r.Version, map[string]any{
		"session_id": r.SessionID, "solution_id": r.SolutionID, "sharing": r.Sharing, "realm": r.Realm, "type": r.Type,
		"data_class": r.DataClass, "purpose": r.Purpose, "state": r.State, "payload": r.Payload, "renderings": r.Renderings,
		"metadata": r.Metadata, "descriptor": r.Descriptor, "materializations": r.Materializations, "parents": r.Parents,
		"lineage": r.Lineage, "produced_intent": r.ProducedIntent, "execution_id": r.ExecutionID, "transitions": r.Transitions,
		"name": r.Name, "format": r.Format, "profile": r.Profile, "size": r.Size, "blob_key": r.BlobKey, "blob_sha": r.BlobSHA,
		"media_type": r.MediaType, "content_version": r.ContentVersion, "parent_version_id": r.ParentVersionID, "current": r.Current,
		"origin": r.Origin, "source_expired_at": r.SourceExpired, "expires_at": r.Expires, "created_at": r.Created, "updated_at": r.Updated,
	})
	if err != nil {
		return err
	}
	return s.index(ctx, r)
}

func (s artifacts) List(ctx context.Context, scope identity.Scope, f ports.ArtifactFilter, w ports.Window) ([]artifact.Artifact, int64, error) {
	if err := s.t.within(ctx, scope); err != nil {
		return nil, 0, err
	}
	where, args := seen(scope)
	c := conditions{parts: []string{where}, args: args}
	states := f.States
	if len(states) == 0 {
		states = []artifact.State{artifact.Ready, artifact.Draft, artifact.Accepted}
	}
	c.add("state IN ?", states)
	if len(f.Types) > 0 {
		c.add("type IN ?", f.Types)
	}
	c.equal("session_id", f.SessionID)
	c.equal("name", f.Name)
	c.equal("format", f.Format)
	c.equal("profile", f.Profile)
	if f.ParentID != "" {
		c.add("id IN (SELECT artifact_id FROM artifact_parents WHERE tenant_id = ? AND parent_id = ?)", scope.TenantID, f.ParentID)
	}
	c.between("created_at", f.CreatedAfter, f.CreatedBefore)
	if f.MinSize > 0 {
		c.add("size >= ?", f.MinSize)
	}
	if f.MaxSize > 0 {
		c.add("size <= ?", f.MaxSize)
	}
	rows, err := many[artifactRow](ctx, s.t, "SELECT "+columns[artifactRow]()+" FROM artifacts WHERE "+c.sql()+
		" ORDER BY created_at DESC, id DESC LIMIT ? OFFSET ?", append(c.args[:len(c.args):len(c.args)], w.Limit, w.Offset)...)
	list, err := convert(rows, err, artifactRow.artifact)
	if err != nil || w.Offset == 0 && len(list) < w.Limit { // all there is
		return list, int64(len(list)), err
	}
	total, err := s.t.count(ctx, "artifacts", c)
	return list, total, err
}

func (s artifacts) Rendered(ctx context.Context, types []string, before time.Time, limit int) ([]artifact.Artifact, error) {
	if len(types) == 0 {
		return []artifact.Artifact{}, nil
	}
	if err := s.t.across(ctx); err != nil {
		return nil, err
	}
	rows, err := many[artifactRow](ctx, s.t, "SELECT "+columns[artifactRow]()+` FROM artifacts WHERE type IN ? AND created_at <= ?
		AND renderings IS NOT NULL AND state <> ? ORDER BY created_at, id LIMIT ?`, types, at(before), string(artifact.Deleted), limit)
	return convert(rows, err, artifactRow.artifact)
}
