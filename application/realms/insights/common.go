package insights

import (
	"context"
	"encoding/json"
	"math"

	"github.com/symphainy/symphainy/application/artifacts"
	"github.com/symphainy/symphainy/application/realms/say"
	"github.com/symphainy/symphainy/domain/artifact"
	"github.com/symphainy/symphainy/domain/document"
	"github.com/symphainy/symphainy/domain/identity"
	"github.com/symphainy/symphainy/ports"
)

// document finds the parsed document that a parameter names. A foreign or unknown id, and one of another type, is fault.ErrNotFound;
// one whose contract is over artifact.ErrExpired.
func (r *Realm) document(ctx context.Context, call ports.IntentCall, id string) (artifact.Snapshot, error) {
	var found artifact.Snapshot
	err := call.Read(ctx, func(ctx context.Context, tx ports.Tx, scope identity.Scope) error {
		a, err := artifacts.Find(ctx, tx, scope, artifacts.TypeParsedContent, id)
		if err == nil {
			found = a.Snapshot()
		}
		return err
	})
	if err != nil {
		return artifact.Snapshot{}, err
	}
	return found, r.kept(found)
}

// kept reports, as artifact.ErrExpired, that what the artifact is about is no longer kept.
func (r *Realm) kept(s artifact.Snapshot) error {
	if !s.ExpiresAt.IsZero() && !r.Clock.Now().Before(s.ExpiresAt) {
		return artifact.ErrExpired
	}
	return nil
}

// outcome is an artifact that an intent makes of others; the first source gives the root of its lineage.
func outcome(call ports.IntentCall, kind, schema string, done made, sources ...artifact.Snapshot) artifact.Snapshot {
	parents := make([]string, 0, len(sources))
	generation := 0
	for _, s := range sources {
		parents = append(parents, s.ID)
		generation = max(generation, s.Lineage.Generation)
	}
	return artifact.Snapshot{
		ID: done.ID, Type: kind, DataClass: artifact.Outcome, Purpose: "decision_support", State: artifact.Draft, Sharing: artifact.Workspace,
		Name: sources[0].Name, Format: sources[0].Format, Payload: done.Payload, Metadata: done.Metadata, Renderings: done.Renderings,
		Descriptor: artifacts.Encode(map[string]any{"schema": schema, "parser_type": sources[0].Format}),
		Parents:    parents,
		Lineage: artifact.Lineage{
			DerivedFrom: parents, DerivationIntent: call.Execution().Intent.Type, DerivationRunID: call.Execution().ID,
			Generation: generation + 1, RootArtifactID: root(sources[0]),
		},
	}
}

// made is the stored result of an intent's one step.
type made struct {
	ID         string
	Payload    json.RawMessage
	Metadata   json.RawMessage
	Renderings json.RawMessage
	Event      json.RawMessage
}

// fileOf is the file that a parsed document was made of; nil if unknown.
func fileOf(s artifact.Snapshot) any {
	if len(s.Parents) > 0 {
		return s.Parents[0]
	}
	return nil
}

// described is the metadata of a computed result.
func described(schema string, assumptions []string, warnings []any) json.RawMessage {
	if assumptions == nil {
		assumptions = []string{}
	}
	if warnings == nil {
		warnings = []any{}
	}
	return artifacts.Encode(map[string]any{
		"schema": schema, "method": "deterministic", "model": nil, "assumptions": assumptions, "warnings": warnings,
	})
}

func warning(code, message string) any { return map[string]any{"code": code, "message": message} }

// figure is a number as it is stored: six decimals, and null where it is beyond what JSON holds.
func figure(f float64) any {
	switch {
	case math.IsNaN(f) || math.IsInf(f, 0):
		return nil
	case math.Abs(f) >= 1e9: // a float has no six decimals to round there
		return f
	}
	return math.Round(f*1e6)/1e6 + 0 // no negative zero
}

func figures(list []float64) []any {
	out := make([]any, 0, len(list))
	for _, f := range list {
		out = append(out, figure(f))
	}
	return out
}

func optional(f *float64) any {
	if f == nil {
		return nil
	}
	return figure(*f)
}

// sentences are texts for people, each clipped, within a budget in bytes.
func sentences(list []string, budget int) []string {
	out := []string{}
	for _, s := range list {
		s = clip(s, textMost)
		if budget -= len(s) + 3; budget < 0 {
			break
		}
		out = append(out, s)
	}
	return out
}

// tableOf finds the table that a parameter names; without a name it is the main one.
func tableOf(doc *document.Document, parameter, name string) (int, error) {
	if name == "" {
		return doc.MainTable(), nil
	}
	for i := range doc.Tables {
		if doc.Tables[i].Name == name {
			return i, nil
		}
	}
	return 0, wrong(parameter, "unknown_table", "the document has no table of this name. It has "+listed(doc.Tables, func(t document.Table) string { return t.Name })+".")
}

// truncations warns of tables of which the parser read a part only.
func truncations(tables ...document.Table) []any {
	var out []any
	for _, t := range tables {
		if t.Truncated && len(out) < 100 {
			out = append(out, map[string]any{"code": "truncated", "table": clip(t.Name, nameMost), "message": "Only a part of the rows was read from the file."})
		}
	}
	return out
}

// listed names what there is, up to ten of it.
func listed[T any](all []T, name func(T) string) string {
	const most = 10
	var names []string
	for _, x := range all[:min(len(all), most)] {
		names = append(names, say.Quote(name(x)))
	}
	if len(all) == 0 {
		return "none"
	}
	return say.Join(names, len(all))
}
