package insights

import (
	"context"
	"encoding/json"
	"errors"

	"github.com/symphainy/symphainy/application/artifacts"
	"github.com/symphainy/symphainy/application/realms/insights/guides"
	"github.com/symphainy/symphainy/application/realms/steps"
	"github.com/symphainy/symphainy/domain/artifact"
	"github.com/symphainy/symphainy/domain/event"
	"github.com/symphainy/symphainy/domain/execution"
	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/domain/identity"
	"github.com/symphainy/symphainy/ports"
)

var guideStore = definition{kind: keyGuide, schema: schemaGuide} //nolint:gochecknoglobals // a read-only value

// guideParameters are those of register_guide and update_guide; nil is what was not said.
type guideParameters struct {
	GuideID     string           `json:"guide_id"`
	Name        *string          `json:"name"`
	Description *string          `json:"description"`
	Type        *string          `json:"type"`
	Version     *string          `json:"version"`
	Scope       *string          `json:"scope"`
	FactPattern *guides.Pattern  `json:"fact_pattern"`
	Template    *guides.Template `json:"output_template"`
}

// over lays what was said over a guide.
func (p guideParameters) over(g guides.Guide) guides.Guide {
	set := func(to *string, from *string) {
		if from != nil {
			*to = *from
		}
	}
	set(&g.Name, p.Name)
	set(&g.Description, p.Description)
	set(&g.Type, p.Type)
	set(&g.Version, p.Version)
	if p.FactPattern != nil {
		g.FactPattern = *p.FactPattern
	}
	if p.Template != nil {
		g.OutputTemplate = *p.Template
	}
	if g.FactPattern.Relationships == nil {
		g.FactPattern.Relationships = []guides.Link{}
	}
	return g
}

func (p guideParameters) sharing(before artifact.Sharing) artifact.Sharing {
	if p.Scope != nil {
		return artifact.Sharing(*p.Scope)
	}
	return before
}

// guidePayload is a guide as it is stored and shown. Its own version is also guide_version, because version counts the artifact's.
func guidePayload(g guides.Guide) ([]byte, error) {
	raw, err := json.Marshal(g)
	if err != nil {
		return nil, fault.As(err)
	}
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(raw, &fields); err != nil {
		return nil, fault.As(err)
	}
	_, shipped := guides.ByID(g.GuideID)
	fields["read_only"], fields["guide_version"] = artifacts.Encode(shipped), fields["version"]
	return artifacts.Encode(fields), nil
}

func guideOf(s artifact.Snapshot) (guides.Guide, error) {
	var g guides.Guide
	if err := json.Unmarshal(s.Payload, &g); err != nil {
		return g, fault.As(err)
	}
	return g, nil
}

// guide finds a guide: a shipped one by its name, or one of the caller's. The snapshot of a shipped one has no id.
func (r *Realm) guide(ctx context.Context, call ports.IntentCall, id string) (guides.Guide, artifact.Snapshot, error) {
	if g, ok := guides.ByID(id); ok {
		payload, err := guidePayload(g)
		return g, artifact.Snapshot{Type: keyGuide, Name: g.Name, Payload: payload, Metadata: described(schemaGuide, nil, nil)}, err
	}
	var found artifact.Snapshot
	err := call.Read(ctx, func(ctx context.Context, tx ports.Tx, scope identity.Scope) error {
		a, err := guideStore.newest(ctx, tx, scope, id)
		found = a.Snapshot()
		return err
	})
	if err != nil {
		return guides.Guide{}, found, err
	}
	g, err := guideOf(found)
	return g, found, err
}

func (r *Realm) registerGuide(ctx context.Context, call ports.IntentCall) (ports.IntentResult, error) {
	in, err := steps.Parameters[guideParameters](call)
	if err != nil {
		return ports.IntentResult{}, err
	}
	if err := call.Read(ctx, guideStore.room); err != nil {
		return ports.IntentResult{}, err
	}
	done, err := steps.Run(ctx, call, "register", func(context.Context, string) (made, error) {
		g := in.over(guides.Guide{Type: guides.UserCreated, Version: "1.0"})
		if err := g.Check(); err != nil {
			return made{}, err
		}
		g.GuideID = r.newID()
		payload, err := guidePayload(g)
		return made{ID: g.GuideID, Payload: payload}, err
	})
	if err != nil {
		return ports.IntentResult{}, err
	}
	s := guideStore.first(call.Execution(), done.ID, *in.Name, done.Payload, in.sharing(artifact.Workspace))
	return ports.IntentResult{
		Artifacts: []ports.ResultArtifact{{Key: keyGuide, Artifact: s}},
		Values:    map[string]string{"guide_id": done.ID},
	}, nil
}

func (r *Realm) getGuide(ctx context.Context, call ports.IntentCall) (ports.IntentResult, error) {
	in, err := steps.Parameters[guideParameters](call)
	if err != nil {
		return ports.IntentResult{}, err
	}
	g, s, err := r.guide(ctx, call, in.GuideID)
	if err != nil {
		return ports.IntentResult{}, err
	}
	return ports.IntentResult{
		Artifacts: []ports.ResultArtifact{{Key: keyGuide, View: true, Artifact: s}},
		Values:    map[string]string{"guide_id": g.GuideID},
	}, nil
}

func (r *Realm) listGuides(ctx context.Context, call ports.IntentCall) (ports.IntentResult, error) {
	in, err := steps.Parameters[struct {
		Type   string `json:"type"`
		Limit  int    `json:"limit"`
		Offset int    `json:"offset"`
	}](call)
	if err != nil {
		return ports.IntentResult{}, err
	}
	list := guides.Shipped()
	err = call.Read(ctx, func(ctx context.Context, tx ports.Tx, scope identity.Scope) error {
		own, err := guideStore.all(ctx, tx, scope)
		for _, s := range own {
			g, bad := guideOf(s)
			err = errors.Join(err, bad)
			list = append(list, g)
		}
		return err
	})
	if err != nil {
		return ports.IntentResult{}, err
	}
	found := []any{}
	for _, g := range list {
		if in.Type == "" || g.Type == in.Type {
			found = append(found, guideEntry(g))
		}
	}
	total := len(found)
	if in.Limit == 0 {
		in.Limit = 100
	}
	found = found[min(in.Offset, total):min(in.Offset+in.Limit, total)]
	return ports.IntentResult{Artifacts: []ports.ResultArtifact{{Key: keyGuideList, View: true, Artifact: artifact.Snapshot{
		Type: keyGuideList, Payload: artifacts.Encode(map[string]any{"guides": found, "count": total}),
	}}}}, nil
}

// guideEntry is a guide in a list: without its template.
func guideEntry(g guides.Guide) map[string]any {
	entities := []string{}
	attributes := 0
	for _, e := range g.FactPattern.Entities {
		entities = append(entities, clip(e.EntityType, nameMost))
		attributes += len(e.Attributes)
	}
	return map[string]any{
		"guide_id": g.GuideID, "name": g.Name, "description": clip(g.Description, 300), "type": g.Type, "guide_version": g.Version,
		"read_only": g.Type == guides.Default, "entities": entities[:min(len(entities), 10)], "entity_count": len(entities), "attribute_count": attributes,
	}
}

func (r *Realm) updateGuide(ctx context.Context, call ports.IntentCall) (ports.IntentResult, error) {
	in, err := steps.Parameters[guideParameters](call)
	if err != nil {
		return ports.IntentResult{}, err
	}
	if _, shipped := guides.ByID(in.GuideID); shipped {
		return ports.IntentResult{}, errReadOnly
	}
	id, err := steps.Run(ctx, call, "name", func(context.Context, string) (string, error) { return r.newID(), nil })
	if err != nil {
		return ports.IntentResult{}, err
	}
	next, err := steps.Transact(ctx, call, "update", func(ctx context.Context, tx ports.Tx, now execution.Snapshot) (artifact.Snapshot, error) {
		before, err := guideStore.owned(ctx, tx, now.Scope(), in.GuideID)
		if err != nil {
			return artifact.Snapshot{}, err
		}
		if !before.Snapshot().Current {
			return artifact.Snapshot{}, artifact.ErrInvalidTransition.WithMsg("This is an old version; change the guide by the id of its first version.")
		}
		g, err := guideOf(before.Snapshot())
		if err != nil {
			return artifact.Snapshot{}, err
		}
		g = in.over(g)
		if err := g.Check(); err != nil {
			return artifact.Snapshot{}, err
		}
		payload, err := guidePayload(g)
		if err != nil {
			return artifact.Snapshot{}, err
		}
		return r.replace(ctx, tx, now, before, guideStore.first(now, id, g.Name, payload, in.sharing(before.Snapshot().Sharing)))
	})
	if err != nil {
		return ports.IntentResult{}, err
	}
	return ports.IntentResult{
		Artifacts: []ports.ResultArtifact{{Key: keyGuide, View: true, Artifact: next}},
		Values:    map[string]string{"guide_id": next.Lineage.RootArtifactID},
		Events:    []event.Draft{artifacts.Created(next)},
	}, nil
}

func (r *Realm) deleteGuide(ctx context.Context, call ports.IntentCall) (ports.IntentResult, error) {
	in, err := steps.Parameters[guideParameters](call)
	if err != nil {
		return ports.IntentResult{}, err
	}
	if _, shipped := guides.ByID(in.GuideID); shipped {
		return ports.IntentResult{}, errReadOnly
	}
	gone, err := steps.Transact(ctx, call, "delete", func(ctx context.Context, tx ports.Tx, now execution.Snapshot) (artifact.Snapshot, error) {
		return r.remove(ctx, tx, now, guideStore, in.GuideID)
	})
	if err != nil {
		return ports.IntentResult{}, err
	}
	root := gone.Lineage.RootArtifactID
	return ports.IntentResult{
		Artifacts: []ports.ResultArtifact{{Key: keyGuide, View: true, Artifact: artifact.Snapshot{
			Type: keyGuide, Name: gone.Name, State: artifact.Deleted,
			Payload: artifacts.Encode(map[string]any{"guide_id": root, "name": gone.Name, "deleted": true, "versions_deleted": gone.ContentVersion}),
		}}},
		Values: map[string]string{"guide_id": root},
	}, nil
}
