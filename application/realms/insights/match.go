package insights

import (
	"context"

	"github.com/symphainy/symphainy/application/artifacts"
	"github.com/symphainy/symphainy/application/realms/insights/matching"
	"github.com/symphainy/symphainy/application/realms/insights/profile"
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
	matchTables   = "match_source_to_target"
	keyMatching   = "matching_result"
	eventMatched  = "source_to_target_matched"
	schemaMatched = "matching_result_v1"
	mappingBudget = 120 << 10
	listBudget    = 24 << 10
)

const matchSchema = `{"type":"object","additionalProperties":false,
"allOf":[{"oneOf":[{"required":["source_parsed_file_id"]},{"required":["source_deterministic_embedding_id"]}]},
 {"oneOf":[{"required":["target_parsed_file_id"]},{"required":["target_deterministic_embedding_id"]}]}],
"dependentRequired":{"source_table":["source_parsed_file_id"],"target_table":["target_parsed_file_id"]},
"properties":{
 "source_parsed_file_id":` + idSchema + `,
 "target_parsed_file_id":` + idSchema + `,
 "source_deterministic_embedding_id":` + idSchema + `,
 "target_deterministic_embedding_id":` + idSchema + `,
 "source_table":{"type":"string","minLength":1,"maxLength":500},
 "target_table":{"type":"string","minLength":1,"maxLength":500}}}`

func matchSpec() realm.IntentSpec {
	return realm.IntentSpec{
		Type: matchTables, Title: "Match source to target", Tier: 2, Anonymous: true,
		Summary:    "Finds which column of one table belongs to which column of another, checks it against the data, and makes a mapping table.",
		Schema:     []byte(matchSchema),
		Permission: identity.PermWrite, Retry: realm.RetryPure,
		ResultKeys: []string{keyMatching}, Events: []string{eventMatched},
		Example: []byte(`{"source_parsed_file_id":"par_01jd8h0000exampe0000000000","target_parsed_file_id":"par_01jd8h0000exampe0000000001"}`),
	}
}

type matchParameters struct {
	Source          string `json:"source_parsed_file_id"`
	Target          string `json:"target_parsed_file_id"`
	SourceEmbedding string `json:"source_deterministic_embedding_id"`
	TargetEmbedding string `json:"target_deterministic_embedding_id"`
	SourceTable     string `json:"source_table"`
	TargetTable     string `json:"target_table"`
}

// side is one of the tables that are compared.
type side struct {
	artifact artifact.Snapshot
	table    document.Table
	columns  []*profile.Column
}

func (r *Realm) matchTables(ctx context.Context, call ports.IntentCall) (ports.IntentResult, error) {
	in, err := steps.Parameters[matchParameters](call)
	if err != nil {
		return ports.IntentResult{}, err
	}
	source, err := r.sideOf(ctx, call, in.Source, in.SourceEmbedding)
	if err != nil {
		return ports.IntentResult{}, err
	}
	target, err := r.sideOf(ctx, call, in.Target, in.TargetEmbedding)
	if err != nil {
		return ports.IntentResult{}, err
	}
	done, err := steps.Run(ctx, call, "match", func(ctx context.Context, _ string) (made, error) {
		s, err := r.side(ctx, source, "source_table", in.SourceTable)
		if err != nil {
			return made{}, err
		}
		t, err := r.side(ctx, target, "target_table", in.TargetTable)
		if err != nil {
			return made{}, err
		}
		result, err := matching.Match(s.columns, t.columns)
		if err != nil {
			return made{}, err
		}
		return matched(r.IDs.NewID(typeid.Artifact), s, t, result), nil
	})
	if err != nil {
		return ports.IntentResult{}, err
	}
	values := map[string]string{"matching_result_id": done.ID}
	for name, s := range map[string]artifact.Snapshot{"source": source, "target": target} {
		values[name+"_"+idName(s)] = s.ID
	}
	return ports.IntentResult{
		Artifacts: []ports.ResultArtifact{{Key: keyMatching, Artifact: outcome(call, keyMatching, schemaMatched, done, distinct(source, target)...)}},
		Values:    values,
		Events:    []event.Draft{{Type: eventMatched, Data: done.Event}},
	}, nil
}

// sideOf finds what is compared: a document, or the fingerprints of one.
func (r *Realm) sideOf(ctx context.Context, call ports.IntentCall, parsedID, embeddingID string) (artifact.Snapshot, error) {
	if embeddingID != "" {
		return r.embedding(ctx, call, embeddingID)
	}
	return r.document(ctx, call, parsedID)
}

// idName is the name of the parameter that names the artifact.
func idName(s artifact.Snapshot) string {
	if s.Type == typeEmbedding {
		return "deterministic_embedding_id"
	}
	return "parsed_file_id"
}

// distinct gives the artifacts without repeats: a table may be matched with another of the same document.
func distinct(list ...artifact.Snapshot) []artifact.Snapshot {
	var out []artifact.Snapshot
	seen := map[string]bool{}
	for _, s := range list {
		if !seen[s.ID] {
			seen[s.ID] = true
			out = append(out, s)
		}
	}
	return out
}

// side reads the profile of a table. A document without a table with columns is insufficient_data; a table without rows has a schema to match.
func (r *Realm) side(ctx context.Context, a artifact.Snapshot, parameter, name string) (side, error) {
	if a.Type == typeEmbedding {
		x, err := schemaOf(a)
		return side{artifact: a, table: document.Table{Name: x.MainTable, RowCount: x.RowCount}, columns: x.profiles()}, err
	}
	doc, err := r.documents.Open(ctx, a)
	if err != nil {
		return side{}, err
	}
	index, err := tableOf(doc.Document, parameter, name)
	if err != nil {
		return side{}, err
	}
	if index < 0 || len(doc.Tables[index].Columns) == 0 {
		return side{}, fault.New(fault.Invalid, "insufficient_data", parameter+": the document has no table with columns.")
	}
	rows := rowsOf(ctx, doc)
	columns, err := profile.Read(&doc.Tables[index], func(visit func(row document.Row) error) error { return rows(index, visit) })
	return side{artifact: a, table: doc.Tables[index], columns: columns}, err
}

func matched(id string, s, t side, r *matching.Result) made {
	table, cut := bounded(r.Mappings, mappingBudget, func(m matching.Mapping) map[string]any { return mappingOf(m, s, t, "mapped") })
	rejected, _ := bounded(r.Rejected, listBudget, func(m matching.Mapping) map[string]any { return mappingOf(m, s, t, "rejected") })
	suggested, _ := bounded(r.Suggested, listBudget, func(m matching.Mapping) map[string]any { return mappingOf(m, s, t, "suggested") })
	var exact, semantic []matching.Mapping
	for _, m := range r.Mappings {
		if m.Semantic() {
			semantic = append(semantic, m)
		} else {
			exact = append(exact, m)
		}
	}
	exactList, _ := bounded(exact, listBudget/2, pairOf)
	semanticList, _ := bounded(semantic, listBudget/2, pairOf)
	warnings, errors := findings(r)
	columnName := func(c *profile.Column) map[string]any {
		return map[string]any{"column": clip(c.Name, nameMost), "type": string(c.Type), "position": c.Position}
	}
	leftSource, _ := bounded(r.UnmappedSource, smallBudget, columnName)
	leftTarget, _ := bounded(r.UnmappedTarget, smallBudget, columnName)
	summary := say.Plural(len(r.Mappings), "column", "columns") + " of " + say.Plain(s.artifact.Name, 60) + " map to " + say.Plain(t.artifact.Name, 60) + "; " +
		say.Plural(len(r.UnmappedSource), "column has", "columns have") + " no target, and " + say.Plural(len(r.UnmappedTarget), "target has", "targets have") + " no source."
	return made{
		ID: id,
		Payload: artifacts.Encode(map[string]any{
			"matching_result_id": id, "source_" + idName(s.artifact): s.artifact.ID, "target_" + idName(t.artifact): t.artifact.ID,
			"source_name": s.artifact.Name, "target_name": t.artifact.Name, "source_table": clip(s.table.Name, nameMost), "target_table": clip(t.table.Name, nameMost),
			"summary": summary, "mapping_table": table, "mapping_table_truncated": cut, "mapping_count": len(r.Mappings), "rejected_mappings": rejected,
			"exact_matches": exactList, "semantic_matches": semanticList, "suggested_mappings": suggested,
			"unmapped_source": leftSource, "unmapped_target": leftTarget, "unmapped_source_count": len(r.UnmappedSource), "unmapped_target_count": len(r.UnmappedTarget),
			"warnings": warnings, "errors": errors,
			"schema_confidence": optional(r.Schema), "semantic_confidence": optional(r.Semantic), "validation_confidence": optional(r.ValidationMean),
			"overall_confidence": figure(r.Overall),
		}),
		Metadata: described(schemaMatched, []string{
			"Meanings are compared by local-hash-v1 vectors of the columns' names, without a model.",
			"The overall confidence is 0.4 schema + 0.3 semantic + 0.3 validation; a phase without input gives its weight to the others.",
		}, truncations(s.table, t.table)),
		Event: artifacts.Encode(map[string]any{
			"matching_result_id": id, "mapping_count": len(r.Mappings), "unmapped_source_count": len(r.UnmappedSource),
			"unmapped_target_count": len(r.UnmappedTarget), "overall_confidence": figure(r.Overall),
		}),
	}
}

// mappingOf is a row of the mapping table. It says all that an export needs: both columns with table, type and place, and how to convert.
func mappingOf(m matching.Mapping, s, t side, status string) map[string]any {
	transformation := "none"
	if m.Source.Type != m.Target.Type {
		transformation = "cast"
	}
	notes := []string{}
	for _, f := range m.Findings {
		notes = append(notes, f.Code)
	}
	phase := "schema"
	if m.Semantic() {
		phase = "semantic"
	}
	return map[string]any{
		"source_table": clip(s.table.Name, nameMost), "source_column": clip(m.Source.Name, nameMost), "source_type": string(m.Source.Type), "source_position": m.Source.Position,
		"target_table": clip(t.table.Name, nameMost), "target_column": clip(m.Target.Name, nameMost), "target_type": string(m.Target.Type), "target_position": m.Target.Position,
		"phase": phase, "rule": m.Rule, "confidence": figure(m.Score), "name_similarity": figure(m.Similarity), "validation_score": figure(m.Validation),
		"transformation": transformation, "status": status, "notes": notes,
	}
}

func pairOf(m matching.Mapping) map[string]any {
	return map[string]any{"source_column": clip(m.Source.Name, nameMost), "target_column": clip(m.Target.Name, nameMost), "rule": m.Rule, "confidence": figure(m.Score)}
}

// findings are those of all mappings, rejected ones too, divided into warnings and errors.
func findings(r *matching.Result) (warnings, errors []string) {
	for _, list := range [][]matching.Mapping{r.Mappings, r.Rejected} {
		for _, m := range list {
			for _, f := range m.Findings {
				if f.Severe {
					errors = append(errors, f.Message)
				} else {
					warnings = append(warnings, f.Message)
				}
			}
		}
	}
	return sentences(warnings, smallBudget), sentences(errors, smallBudget)
}
