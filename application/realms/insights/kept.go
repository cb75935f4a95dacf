package insights

import (
	"context"
	"slices"

	"github.com/symphainy/symphainy/application/artifacts"
	"github.com/symphainy/symphainy/domain/artifact"
	"github.com/symphainy/symphainy/domain/execution"
	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/domain/identity"
	"github.com/symphainy/symphainy/domain/typeid"
	"github.com/symphainy/symphainy/ports"
)

// maxKept is how many guides, and how many extraction configs, a caller may have.
const maxKept = 500

// definition is a description that people keep, a guide or an extraction config, as an artifact with versions: the first version's id names
// all of them, each later version has the first as its parent, and all but the newest are archived.
type definition struct{ kind, schema string }

// newest finds the newest version by the id of the first, or the version itself by its own id. Unknown and foreign ones are
// fault.ErrNotFound.
func (d definition) newest(ctx context.Context, tx ports.Tx, scope identity.Scope, id string) (artifact.Artifact, error) {
	found, err := artifacts.Find(ctx, tx, scope, d.kind, id)
	if err != nil || found.Snapshot().Current || found.Snapshot().ContentVersion > 1 {
		return found, err
	}
	later, _, err := tx.Artifacts.List(ctx, scope, ports.ArtifactFilter{Types: []string{d.kind}, ParentID: found.ID()}, ports.Window{Limit: artifacts.MaxWindow})
	if err != nil {
		return found, err
	}
	for _, a := range later {
		if a.Snapshot().Current {
			return a, nil
		}
	}
	return artifact.Artifact{}, fault.ErrNotFound
}

// all gives the newest versions of everything in scope, newest first.
func (d definition) all(ctx context.Context, tx ports.Tx, scope identity.Scope) ([]artifact.Snapshot, error) {
	var out []artifact.Snapshot
	for offset := 0; ; {
		page, total, err := tx.Artifacts.List(ctx, scope, ports.ArtifactFilter{Types: []string{d.kind}}, ports.Window{Limit: artifacts.MaxWindow, Offset: offset})
		if err != nil {
			return nil, err
		}
		for _, a := range page {
			if s := a.Snapshot(); s.Current {
				out = append(out, s)
			}
		}
		if offset += len(page); len(page) == 0 || int64(offset) >= total {
			return out, nil
		}
	}
}

// room reports, as limit_exceeded, that the caller has as many as one may have.
func (d definition) room(ctx context.Context, tx ports.Tx, scope identity.Scope) error {
	_, total, err := tx.Artifacts.List(ctx, scope, ports.ArtifactFilter{Types: []string{d.kind}}, ports.Window{Limit: 1})
	if err == nil && total >= maxKept {
		return fault.Newf(fault.TooLarge, "limit_exceeded", "There are %d of type %s; the limit is %d.", total, d.kind, maxKept)
	}
	return err
}

// first is a new definition.
func (d definition) first(now execution.Snapshot, id, name string, payload []byte, sharing artifact.Sharing) artifact.Snapshot {
	return artifact.Snapshot{
		ID: id, Type: d.kind, DataClass: artifact.RecordOfFact, Purpose: "governance", State: artifact.Ready, Sharing: sharing, Name: name, Payload: payload,
		Metadata:   described(d.schema, nil, nil),
		Descriptor: artifacts.Encode(map[string]any{"schema": d.schema}),
		Lineage:    artifact.Lineage{DerivationIntent: now.Intent.Type, DerivationRunID: now.ID, RootArtifactID: id},
	}
}

// errReadOnly is a change of what comes with the platform, or belongs to another member of the tenant.
var errReadOnly = fault.New(fault.Denied, "access_denied", "This comes with the platform, or belongs to somebody else; register one of your own.")

// owned finds the newest version of what the caller may change.
func (d definition) owned(ctx context.Context, tx ports.Tx, scope identity.Scope, id string) (artifact.Artifact, error) {
	a, err := d.newest(ctx, tx, scope, id)
	if err == nil && a.Snapshot().OwnerID != scope.OwnerID {
		return a, errReadOnly
	}
	return a, err
}

// replace stores the next version of a definition, and archives the one before.
func (r *Realm) replace(ctx context.Context, tx ports.Tx, now execution.Snapshot, before artifact.Artifact, next artifact.Snapshot) (artifact.Snapshot, error) {
	at := r.Clock.Now()
	old := before.Snapshot()
	root := old.Lineage.RootArtifactID
	if err := before.Move(artifact.Archived, now.Principal.Actor(), "replaced by version "+next.ID, at); err != nil {
		return artifact.Snapshot{}, err
	}
	archived := before.Snapshot()
	archived.Current = false
	if err := tx.Artifacts.Save(ctx, artifact.Restore(archived)); err != nil {
		return artifact.Snapshot{}, err
	}
	next.TenantID, next.OwnerID, next.SessionID, next.SolutionID = now.TenantID, now.OwnerID, now.SessionID, now.Intent.SolutionID
	next.Realm, next.ProducedIntent, next.ExecutionID, next.CreatedAt, next.UpdatedAt = Name, now.Intent.Type, now.ID, at, at
	next.Origin = old.Origin
	next.ContentVersion, next.ParentVersionID, next.Current = old.ContentVersion+1, old.ID, true
	next.Parents = []string{root}
	next.Lineage.DerivedFrom, next.Lineage.RootArtifactID, next.Lineage.Generation = []string{root}, root, 1
	made, err := artifact.New(next)
	if err != nil {
		return artifact.Snapshot{}, err
	}
	if err := tx.Artifacts.Insert(ctx, made); err != nil {
		return artifact.Snapshot{}, err
	}
	return made.Snapshot(), nil
}

// remove deletes a definition with all its versions and gives the newest as it was.
func (r *Realm) remove(ctx context.Context, tx ports.Tx, now execution.Snapshot, d definition, id string) (artifact.Snapshot, error) {
	found, err := d.owned(ctx, tx, now.Scope(), id)
	if err != nil {
		return artifact.Snapshot{}, err
	}
	root := found.Snapshot().Lineage.RootArtifactID
	versions, err := artifacts.Children(ctx, tx, now.Scope(), root)
	if err != nil {
		return artifact.Snapshot{}, err
	}
	versions = slices.DeleteFunc(versions, func(a artifact.Artifact) bool { return a.Snapshot().Type != d.kind })
	first, err := tx.Artifacts.ByID(ctx, now.Scope(), root)
	if err != nil {
		return artifact.Snapshot{}, err
	}
	for _, v := range append(versions, first) {
		if err := v.Move(artifact.Deleted, now.Principal.Actor(), "deleted by its owner", r.Clock.Now()); err != nil {
			return artifact.Snapshot{}, err
		}
		if err := tx.Artifacts.Save(ctx, v); err != nil {
			return artifact.Snapshot{}, err
		}
	}
	return found.Snapshot(), nil
}

func (r *Realm) newID() string { return r.IDs.NewID(typeid.Artifact) }
