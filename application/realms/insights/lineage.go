package insights

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/symphainy/symphainy/application/artifacts"
	"github.com/symphainy/symphainy/application/realms/say"
	"github.com/symphainy/symphainy/application/realms/steps"
	"github.com/symphainy/symphainy/domain/artifact"
	"github.com/symphainy/symphainy/domain/event"
	"github.com/symphainy/symphainy/domain/identity"
	"github.com/symphainy/symphainy/domain/realm"
	"github.com/symphainy/symphainy/domain/typeid"
	"github.com/symphainy/symphainy/ports"
)

const (
	visualizeLineage = "visualize_lineage"
	keyLineage       = "lineage_visualization"
	eventLineage     = "lineage_visualized"
	schemaLineage    = "lineage_visualization_v1"
	nodesBudget      = 128 << 10
	edgesBudget      = 64 << 10
)

func lineageSpec() realm.IntentSpec {
	return realm.IntentSpec{
		Type: visualizeLineage, Title: "Show the lineage", Tier: 2, Anonymous: true,
		Summary:          "Shows what an artifact was made of and what was made of it, as a graph and as a picture.",
		Schema:           []byte(`{"type":"object","additionalProperties":false,"required":["file_id"],"properties":{"file_id":` + idSchema + `}}`),
		ParameterAliases: map[string]string{"artifact_id": "file_id", "parsed_file_id": "file_id"},
		Permission:       identity.PermRead, Retry: realm.RetryPure,
		ResultKeys: []string{keyLineage}, Events: []string{eventLineage},
		Example: []byte(`{"file_id":"fil_01jd8h0000exampe0000000000"}`),
	}
}

// drawn is the stored result of the step, with the artifact that it is about.
type drawn struct {
	Made   made
	Source artifact.Snapshot
}

func (r *Realm) visualizeLineage(ctx context.Context, call ports.IntentCall) (ports.IntentResult, error) {
	in, err := steps.Parameters[struct {
		FileID string `json:"file_id"`
	}](call)
	if err != nil {
		return ports.IntentResult{}, err
	}
	done, err := steps.Run(ctx, call, "draw", func(ctx context.Context, _ string) (drawn, error) {
		var graph artifacts.Graph
		err := call.Read(ctx, func(ctx context.Context, tx ports.Tx, scope identity.Scope) (err error) {
			graph, err = artifacts.Walk(ctx, tx, scope, in.FileID)
			return err
		})
		if err != nil {
			return drawn{}, err
		}
		s := graph.Nodes[0]
		source := artifact.Snapshot{ID: s.ID, Type: s.Type, Name: s.Name, Format: s.Format, Lineage: s.Lineage}
		return drawn{Made: lineageOf(r.IDs.NewID(typeid.Artifact), withoutPictures(graph)), Source: source}, nil
	})
	if err != nil {
		return ports.IntentResult{}, err
	}
	return ports.IntentResult{
		Artifacts: []ports.ResultArtifact{{Key: keyLineage, Artifact: outcome(call, keyLineage, schemaLineage, done.Made, done.Source)}},
		Values:    map[string]string{"lineage_visualization_id": done.Made.ID},
		Events:    []event.Draft{{Type: eventLineage, Data: done.Made.Event}},
	}, nil
}

// withoutPictures leaves out earlier pictures of the lineage: looking at it must not make it grow. The artifact asked for always stays.
func withoutPictures(g artifacts.Graph) artifacts.Graph {
	gone := map[string]bool{}
	out := artifacts.Graph{Truncated: g.Truncated}
	for i, n := range g.Nodes {
		if i > 0 && n.Type == keyLineage {
			gone[n.ID] = true
			continue
		}
		out.Nodes = append(out.Nodes, n)
	}
	out.Edges = slices.DeleteFunc(slices.Clone(g.Edges), func(e artifacts.Edge) bool { return gone[e.From] || gone[e.To] })
	return out
}

func lineageOf(id string, g artifacts.Graph) made {
	by := map[string]string{}
	for _, n := range g.Nodes {
		by[n.ID] = n.Lineage.DerivationIntent
	}
	nodes, cutNodes := bounded(g.Nodes, nodesBudget, func(n artifact.Snapshot) map[string]any {
		return map[string]any{
			"id": n.ID, "label": lineageLabel(n), "type": n.Type, "state": string(n.State), "data_class": string(n.DataClass), "name": clip(n.Name, nameMost),
			"realm": n.Realm, "created_at": artifacts.Time(n.CreatedAt), "generation": n.Lineage.Generation,
		}
	})
	edges, cutEdges := bounded(g.Edges, edgesBudget, func(e artifacts.Edge) map[string]any {
		kind := by[e.To]
		if kind == "" {
			kind = "derived_from"
		}
		return map[string]any{"source": e.From, "target": e.To, "type": kind}
	})
	start := g.Nodes[0]
	picture, shown := drawLineage(g)
	var warnings []any
	if g.Truncated || cutNodes || cutEdges {
		warnings = append(warnings, warning("truncated", fmt.Sprintf("The lineage has more than %d artifacts; the nearest ones are in the graph.", artifacts.MaxLineage)))
	}
	if shown < len(g.Nodes) {
		warnings = append(warnings, warning("picture_truncated", fmt.Sprintf("The picture shows the nearest %d of %d artifacts.", shown, len(g.Nodes))))
	}
	parents, children := 0, 0
	for _, e := range g.Edges {
		switch start.ID {
		case e.To:
			parents++
		case e.From:
			children++
		}
	}
	summary := fmt.Sprintf("%s was made of %s; %s made of it.", say.Plain(lineageLabel(start), 100), say.Plural(parents, "artifact", "artifacts"), say.Plural(children, "artifact is", "artifacts are"))
	return made{
		ID: id,
		Payload: artifacts.Encode(map[string]any{
			"lineage_visualization_id": id, "subject_id": start.ID, "subject_type": start.Type, "name": start.Name, "summary": summary,
			"lineage_graph": map[string]any{"nodes": nodes, "edges": edges}, "node_count": len(g.Nodes), "edge_count": len(g.Edges),
			"parent_count": parents, "child_count": children,
		}),
		Renderings: artifacts.Encode(map[string]any{"svg": picture}),
		Metadata:   described(schemaLineage, []string{"Artifacts that the caller may not see are left out, and so are earlier pictures of the lineage."}, warnings),
		Event: json.RawMessage(artifacts.Encode(map[string]any{
			"lineage_visualization_id": id, "subject_id": start.ID, "node_count": len(g.Nodes), "edge_count": len(g.Edges),
		})),
	}
}

// lineageLabel is an artifact in words: its type and, if it has one, its name.
func lineageLabel(n artifact.Snapshot) string {
	kind := say.Words(n.Type)
	if n.Name == "" {
		return kind
	}
	return kind + " " + say.Plain(n.Name, 80)
}
