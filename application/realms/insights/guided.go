package insights

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/symphainy/symphainy/application/artifacts"
	"github.com/symphainy/symphainy/application/realms/insights/guides"
	"github.com/symphainy/symphainy/application/realms/say"
	"github.com/symphainy/symphainy/application/realms/steps"
	"github.com/symphainy/symphainy/domain/artifact"
	"github.com/symphainy/symphainy/domain/audit"
	"github.com/symphainy/symphainy/domain/event"
	"github.com/symphainy/symphainy/domain/execution"
	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/domain/typeid"
	"github.com/symphainy/symphainy/ports"
)

type guidedParameters struct {
	GuideID      string `json:"guide_id"`
	ParsedFileID string `json:"parsed_file_id"`
	Options      struct {
		Unmatched   *bool `json:"show_unmatched"`
		Suggestions *bool `json:"show_suggestions"`
	} `json:"matching_options"`
}

func (r *Realm) interpretGuided(ctx context.Context, call ports.IntentCall) (ports.IntentResult, error) {
	in, err := steps.Parameters[guidedParameters](call)
	if err != nil {
		return ports.IntentResult{}, err
	}
	guide, kept, err := r.guide(ctx, call, in.GuideID)
	if err != nil {
		return ports.IntentResult{}, err
	}
	source, err := r.document(ctx, call, in.ParsedFileID)
	if err != nil {
		return ports.IntentResult{}, err
	}
	done, err := steps.Run(ctx, call, "interpret", func(ctx context.Context, _ string) (made, error) {
		doc, err := r.documents.Open(ctx, source)
		if err != nil {
			return made{}, err
		}
		fields, cut := guides.Fields(doc.Document)
		if len(fields) == 0 {
			return made{}, fault.New(fault.Invalid, "insufficient_data", "The document has no columns and no labels that a guide could name.")
		}
		return guided(r.newID(), source, guide, kept, fields, cut, in), nil
	})
	if err != nil {
		return ports.IntentResult{}, err
	}
	if err := r.promote(ctx, call, source, done.ID); err != nil {
		return ports.IntentResult{}, err
	}
	sources := []artifact.Snapshot{source}
	if kept.ID != "" {
		sources = append(sources, kept)
	}
	return ports.IntentResult{
		Artifacts: []ports.ResultArtifact{{Key: keyInterpretation, Artifact: fact(outcome(call, keyInterpretation, schemaGuided, done, sources...))}},
		Values:    map[string]string{"interpretation_id": done.ID, "parsed_file_id": source.ID, "guide_id": guide.GuideID},
		Events:    []event.Draft{{Type: eventGuided, Data: done.Event}},
	}, nil
}

// fact makes an outcome a record of fact: it outlives its source.
func fact(s artifact.Snapshot) artifact.Snapshot {
	s.DataClass, s.State = artifact.RecordOfFact, artifact.Ready
	return s
}

// promote records that working material becomes a record of fact, which its contract must allow: it is active. What the tenant shares is under
// its owner's contract, which the caller does not see; the document's own expiry, checked before, decides then.
func (r *Realm) promote(ctx context.Context, call ports.IntentCall, source artifact.Snapshot, id string) error {
	_, err := steps.Transact(ctx, call, "promote", func(ctx context.Context, tx ports.Tx, now execution.Snapshot) (bool, error) {
		at := r.Clock.Now()
		basis := ""
		if len(source.Parents) > 0 {
			contract, err := tx.Contracts.ByFile(ctx, now.Scope(), source.Parents[0])
			switch {
			case err == nil:
				if err := contract.Readable(at); err != nil {
					return false, err
				}
				basis = contract.PolicyBasis
			case !errors.Is(err, fault.ErrNotFound):
				return false, err
			case source.OwnerID == now.OwnerID:
				return false, artifact.ErrContractNotActive
			}
		}
		return true, tx.Audit.Append(ctx, audit.Record{
			ID: r.IDs.NewID(typeid.AuditRecord), TenantID: now.TenantID, Actor: now.Principal.Actor(), Action: "fact.promoted", Target: id,
			IntentType: now.Intent.Type, PolicyVersion: basis, Result: audit.Completed, TraceID: now.TraceID, At: at,
			Detail: artifacts.Encode(map[string]any{"parsed_file_id": source.ID}),
		})
	})
	return err
}

func guided(id string, source artifact.Snapshot, g guides.Guide, kept artifact.Snapshot, fields []guides.Field, cut bool, in guidedParameters) made {
	on := func(b *bool) bool { return b == nil || *b }
	r := guides.Interpret(g, fields)
	var warnings []any
	if cut {
		warnings = append(warnings, warning("limited", fmt.Sprintf("Only the first %d columns and labels were compared.", guides.MaxFields)))
	}
	missing, _ := bounded(r.Missing, listBudget, func(m guides.Missing) map[string]any {
		return map[string]any{"entity_type": m.Entity, "attribute": m.Attribute, "type": m.Type}
	})
	output, outputCut := within(r.Output, 48<<10)
	records := []json.RawMessage{}
	budget := 48 << 10
	for _, rec := range r.Records {
		raw := artifacts.Encode(rec)
		if budget -= len(raw) + 1; budget < 0 {
			break
		}
		records = append(records, raw)
	}
	if outputCut || len(records) < len(r.Records) {
		warnings = append(warnings, warning("truncated", "The filled template is larger than what a result holds; a part is left out."))
	}
	payload := map[string]any{
		"interpretation_id": id, "parsed_file_id": source.ID, "file_id": fileOf(source), "name": source.Name,
		"guide_id": g.GuideID, "guide_name": g.Name, "guide_version": g.Version, "guide_artifact_id": nullable(kept.ID),
		"matched_entities": matchedEntities(g, r), "missing_expected": missing, "missing_count": len(r.Missing), "matched_count": len(r.Matches), "expected_count": r.Expected,
		"confidence_score": optional(r.Confidence), "coverage_score": figure(r.Coverage),
		"formatted_output": output, "formatted_records": records, "relationships": g.FactPattern.Relationships,
		"summary": fmt.Sprintf("%d of %s of the guide %s were found; %s.", len(r.Matches), say.Plural(r.Expected, "attribute", "attributes"), say.Quote(g.Name),
			say.Plural(len(r.Unmatched), "column or label is not in it", "columns and labels are not in it")),
	}
	if on(in.Options.Unmatched) {
		payload["unmatched_data"], _ = bounded(r.Unmatched, listBudget, fieldOf)
	}
	payload["unmatched_count"] = len(r.Unmatched)
	if on(in.Options.Suggestions) {
		payload["suggestions"], _ = bounded(r.Suggestions, listBudget, func(m guides.Match) map[string]any {
			out := matchOf(m)
			out["entity_type"], out["reason"] = m.Entity, m.Why
			return out
		})
	}
	return made{
		ID: id, Payload: artifacts.Encode(payload),
		Metadata: described(schemaGuided, []string{"Attributes are matched by the similarity of names (0.75 and more) and by type, one to one, best first."}, warnings),
		Event: artifacts.Encode(map[string]any{
			"interpretation_id": id, "guide_id": g.GuideID, "parsed_file_id": source.ID, "matched_count": len(r.Matches), "coverage_score": figure(r.Coverage),
		}),
	}
}

// within encodes a value unless it is larger than the budget; then it is null.
func within(v any, budget int) (json.RawMessage, bool) {
	raw := artifacts.Encode(v)
	if len(raw) > budget {
		return json.RawMessage("null"), true
	}
	return raw, false
}

func matchedEntities(g guides.Guide, r *guides.Result) []any {
	out := []any{}
	budget := 40 << 10
	for _, e := range g.FactPattern.Entities {
		var own []guides.Match
		for _, m := range r.Matches {
			if m.Entity == e.EntityType {
				own = append(own, m)
			}
		}
		if len(own) == 0 {
			continue
		}
		list, _ := bounded(own, budget, matchOf)
		for _, raw := range list {
			budget -= len(raw) + 1
		}
		out = append(out, map[string]any{"entity_type": e.EntityType, "attributes": list, "matched": len(own), "expected": len(e.Attributes)})
	}
	return out
}

func matchOf(m guides.Match) map[string]any {
	out := map[string]any{"attribute": m.Attribute, "type": m.Type, "source": fieldOf(m.Field), "score": figure(m.Score), "value": nil}
	if m.Filled() {
		out["value"] = guides.Plain(m.Field.Values[0])
	}
	return out
}

func fieldOf(f guides.Field) map[string]any {
	out := map[string]any{"kind": f.Kind, "name": clip(f.Name, nameMost), "type": string(f.Type)}
	if f.Kind == "label" {
		out["line"] = f.Line
	} else {
		out["table"] = clip(f.Table, nameMost)
	}
	return out
}
