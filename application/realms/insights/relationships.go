package insights

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/symphainy/symphainy/application/artifacts"
	"github.com/symphainy/symphainy/application/realms/insights/profile"
	"github.com/symphainy/symphainy/application/realms/insights/relations"
	"github.com/symphainy/symphainy/application/realms/say"
	"github.com/symphainy/symphainy/application/realms/steps"
	"github.com/symphainy/symphainy/domain/artifact"
	"github.com/symphainy/symphainy/domain/document"
	"github.com/symphainy/symphainy/domain/event"
	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/domain/identity"
	"github.com/symphainy/symphainy/domain/realm"
	"github.com/symphainy/symphainy/domain/typeid"
	"github.com/symphainy/symphainy/ports"
)

const (
	mapRelationships    = "map_relationships"
	keyRelationships    = "relationships"
	eventRelationships  = "relationships_mapped"
	schemaRelationships = "relationships_v1"
	relationsBudget     = 96 << 10
)

const relationshipsSchema = `{"type":"object","additionalProperties":false,"required":["parsed_file_id"],
"properties":{
 "parsed_file_id":` + idSchema + `,
 "related_parsed_file_ids":{"type":"array","maxItems":10,"uniqueItems":true,"items":` + idSchema + `}}}`

func relationshipsSpec() realm.IntentSpec {
	return realm.IntentSpec{
		Type: mapRelationships, Title: "Map relationships", Tier: 2, Anonymous: true,
		Summary:          "Finds which columns refer to keys of other tables, of this file or of others, and which columns decide others.",
		Schema:           []byte(relationshipsSchema),
		ParameterAliases: map[string]string{"parsed_result_id": "parsed_file_id"},
		Permission:       identity.PermWrite, Retry: realm.RetryPure,
		ResultKeys: []string{keyRelationships}, Events: []string{eventRelationships},
		Example: []byte(`{"parsed_file_id":"par_01jd8h0000exampe0000000000","related_parsed_file_ids":["par_01jd8h0000exampe0000000001"]}`),
	}
}

type relationshipsParameters struct {
	ParsedFileID string   `json:"parsed_file_id"`
	Related      []string `json:"related_parsed_file_ids"`
}

func (r *Realm) mapRelationships(ctx context.Context, call ports.IntentCall) (ports.IntentResult, error) {
	in, err := steps.Parameters[relationshipsParameters](call)
	if err != nil {
		return ports.IntentResult{}, err
	}
	var sources []artifact.Snapshot
	for _, id := range append([]string{in.ParsedFileID}, in.Related...) {
		s, err := r.document(ctx, call, id)
		if err != nil {
			return ports.IntentResult{}, err
		}
		sources = append(sources, s)
	}
	sources = distinct(sources...)
	done, err := steps.Run(ctx, call, "map", func(ctx context.Context, _ string) (made, error) {
		found, err := r.relate(ctx, sources)
		if err != nil {
			return made{}, err
		}
		return related(r.IDs.NewID(typeid.Artifact), sources, found), nil
	})
	if err != nil {
		return ports.IntentResult{}, err
	}
	return ports.IntentResult{
		Artifacts: []ports.ResultArtifact{{Key: keyRelationships, Artifact: outcome(call, keyRelationships, schemaRelationships, done, sources...)}},
		Values:    map[string]string{"relationships_id": done.ID, "parsed_file_id": sources[0].ID},
		Events:    []event.Draft{{Type: eventRelationships, Data: done.Event}},
	}, nil
}

// network is what was found in some documents.
type network struct {
	tables   []relations.Table
	found    []relations.Relationship
	warnings []any
}

// relate reads all tables with rows once for their profile, and each once more for its dependencies.
func (r *Realm) relate(ctx context.Context, sources []artifact.Snapshot) (network, error) {
	var n network
	var dependencies []relations.Relationship
	var budget profile.Budget
	for _, s := range sources {
		doc, err := r.documents.Open(ctx, s)
		if err != nil {
			return n, err
		}
		rows := rowsOf(ctx, doc)
		for i := range doc.Tables {
			if doc.Tables[i].RowCount == 0 {
				continue
			}
			if len(n.tables) == relations.MaxTables {
				n.warnings = append(n.warnings, warning("limited", fmt.Sprintf("Only the first %d tables were compared.", relations.MaxTables)))
				break
			}
			walk := func(visit func(row document.Row) error) error { return rows(i, visit) }
			columns, err := budget.Read(&doc.Tables[i], walk)
			if err != nil {
				return n, err
			}
			t := relations.Table{Document: s.ID, Name: doc.Tables[i].Name, Columns: columns}
			more, cut, err := relations.Dependencies(t, walk)
			if err != nil {
				return n, err
			}
			dependencies = append(dependencies, more...)
			if cut {
				n.warnings = append(n.warnings, warning("limited", fmt.Sprintf("Dependencies of table %s were looked for in its first %d columns and %d rows.", say.Quote(t.Name), relations.MaxDependent, relations.MaxDependencyRows)))
			}
			n.tables = append(n.tables, t)
		}
		n.warnings = append(n.warnings, truncations(doc.Tables...)...)
	}
	if len(n.tables) == 0 {
		return n, fault.New(fault.Invalid, "insufficient_data", "There is no table with rows whose relationships could be mapped.")
	}
	considered, cut := relations.Consider(n.tables)
	if cut {
		n.warnings = append(n.warnings, warning("limited", "References were looked for among the first columns only."))
	}
	n.found = relations.References(considered)
	for _, t := range considered {
		n.found = append(n.found, relations.Identifying(t)...)
	}
	n.found = append(n.found, dependencies...)
	return n, nil
}

func related(id string, sources []artifact.Snapshot, n network) made {
	list, cut := bounded(n.found, relationsBudget, relationshipOf)
	counts := map[string]int{relations.ForeignKey: 0, relations.NamedReference: 0, relations.Identifies: 0, relations.Determines: 0}
	for _, r := range n.found {
		counts[r.Kind]++
	}
	ids := []string{}
	for _, s := range sources {
		ids = append(ids, s.ID)
	}
	nodes, edges := graphOf(n)
	return made{
		ID: id,
		Payload: artifacts.Encode(map[string]any{
			"relationships_id": id, "parsed_file_id": sources[0].ID, "parsed_file_ids": ids, "name": sources[0].Name,
			"relationships": list, "relationship_count": len(n.found), "relationship_counts": counts, "truncated": cut,
			"graph": map[string]any{"nodes": nodes, "edges": edges}, "summary": relationsSummary(n),
		}),
		Metadata: described(schemaRelationships, []string{
			"A foreign key is a column of which at least 95 % of the different values are in a column without repeats, and whose name fits.",
			"A dependency holds in all rows that have both values, and there are at least 10 of them.",
		}, n.warnings),
		Event: artifacts.Encode(map[string]any{"relationships_id": id, "relationship_count": len(n.found), "relationship_counts": counts, "summary": relationsSummary(n)}),
	}
}

// relationsSummary says how much there is and names the first.
func relationsSummary(n network) string {
	s := fmt.Sprintf("%s in %s", say.Plural(len(n.found), "relationship", "relationships"), say.Plural(len(n.tables), "table", "tables"))
	if len(n.found) == 0 {
		return s + "."
	}
	f := n.found[0]
	verb := map[string]string{
		relations.ForeignKey: "refers to", relations.NamedReference: "is named after", relations.Identifies: "identifies", relations.Determines: "decides",
	}[f.Kind]
	return fmt.Sprintf("%s; first: %s of %s %s %s of %s.", s, say.Quote(f.From.Column), say.Quote(f.From.Table), verb, say.Quote(f.To.Column), say.Quote(f.To.Table))
}

func relationshipOf(r relations.Relationship) map[string]any {
	place := func(p relations.Place) map[string]any {
		return map[string]any{"parsed_file_id": p.Document, "table": clip(p.Table, nameMost), "column": nullable(clip(p.Column, nameMost))}
	}
	out := map[string]any{"type": r.Kind, "from": place(r.From), "to": place(r.To), "confidence": figure(r.Confidence)}
	switch r.Kind {
	case relations.ForeignKey:
		out["cardinality"], out["inclusion"], out["name_similarity"] = r.Cardinality, figure(r.Inclusion), figure(r.NameSimilarity)
	case relations.NamedReference:
		out["inclusion"], out["name_similarity"] = figure(r.Inclusion), figure(r.NameSimilarity)
	case relations.Identifies:
		out["name_similarity"] = figure(r.NameSimilarity)
	case relations.Determines:
		out["rows"] = r.Rows
	}
	return out
}

// graphOf is tables as nodes, with how many of the relationships between two of them there are as edges.
func graphOf(n network) (nodes, edges []json.RawMessage) {
	type tableKey struct{ document, table string }
	number := map[tableKey]string{}
	nodes, _ = bounded(n.tables, smallBudget*2, func(t relations.Table) map[string]any {
		key := tableKey{t.Document, t.Name}
		if number[key] == "" {
			number[key] = fmt.Sprintf("t%d", len(number))
		}
		rows := 0
		if len(t.Columns) > 0 {
			rows = t.Columns[0].Rows
		}
		return map[string]any{"id": number[key], "label": clip(t.Name, nameMost), "type": "table", "parsed_file_id": t.Document, "rows": rows, "columns": len(t.Columns)}
	})
	edges, _ = bounded(n.found, listBudget, func(r relations.Relationship) map[string]any {
		return map[string]any{
			"source": number[tableKey{r.From.Document, r.From.Table}], "target": number[tableKey{r.To.Document, r.To.Table}], "type": r.Kind,
			"label": clip(r.From.Column, valueMost) + " → " + clip(r.To.Column, valueMost),
		}
	})
	return nodes, edges
}
