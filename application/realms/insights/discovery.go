package insights

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/symphainy/symphainy/application/artifacts"
	"github.com/symphainy/symphainy/application/realms/insights/meaning"
	"github.com/symphainy/symphainy/application/realms/insights/naming"
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
	"github.com/symphainy/symphainy/ports"
)

const (
	selfDiscovery   = "interpret_data_self_discovery"
	keyDiscovery    = "discovery"
	eventDiscovered = "semantics_discovered"
	schemaDiscovery = "self_discovery_v1"
	entityBudget    = 64 << 10
	meaningBudget   = 64 << 10
	maxLabels       = 500
)

func discoverySpec() realm.IntentSpec {
	return realm.IntentSpec{
		Type: selfDiscovery, Title: "Discover what data mean", Tier: 2, Anonymous: true,
		Summary: "Finds the things that a document is about, how they hang together, and what its columns mean, without a guide.",
		Schema: []byte(`{"type":"object","additionalProperties":false,"required":["parsed_file_id"],"properties":{
 "parsed_file_id":` + idSchema + `,
 "discovery_options":{"type":"object","additionalProperties":false,"properties":{"entities":{"type":"boolean"},"relationships":{"type":"boolean"},"meanings":{"type":"boolean"}}}}}`),
		ParameterAliases: map[string]string{"parsed_result_id": "parsed_file_id"},
		Permission:       identity.PermWrite, Retry: realm.RetryPure,
		ResultKeys: []string{keyDiscovery}, Events: []string{eventDiscovered},
		Example: []byte(`{"parsed_file_id":"par_01jd8h0000exampe0000000000","discovery_options":{"relationships":false}}`),
	}
}

type discoveryParameters struct {
	ParsedFileID string `json:"parsed_file_id"`
	Options      struct {
		Entities      *bool `json:"entities"`
		Relationships *bool `json:"relationships"`
		Meanings      *bool `json:"meanings"`
	} `json:"discovery_options"`
}

func (r *Realm) discover(ctx context.Context, call ports.IntentCall) (ports.IntentResult, error) {
	in, err := steps.Parameters[discoveryParameters](call)
	if err != nil {
		return ports.IntentResult{}, err
	}
	on := func(b *bool) bool { return b == nil || *b }
	if !on(in.Options.Entities) && !on(in.Options.Relationships) && !on(in.Options.Meanings) {
		return ports.IntentResult{}, wrong("discovery_options", "nothing_asked", "at least one kind of discovery must be left on.")
	}
	source, err := r.document(ctx, call, in.ParsedFileID)
	if err != nil {
		return ports.IntentResult{}, err
	}
	done, err := steps.Run(ctx, call, "discover", func(ctx context.Context, _ string) (made, error) { return r.computeDiscovery(ctx, source, in) })
	if err != nil {
		return ports.IntentResult{}, err
	}
	if err := r.promote(ctx, call, source, done.ID); err != nil {
		return ports.IntentResult{}, err
	}
	return ports.IntentResult{
		Artifacts: []ports.ResultArtifact{{Key: keyDiscovery, Artifact: fact(outcome(call, keyInterpretation, schemaDiscovery, done, source))}},
		Values:    map[string]string{"interpretation_id": done.ID, "parsed_file_id": source.ID},
		Events:    []event.Draft{{Type: eventDiscovered, Data: done.Event}},
	}, nil
}

// discovered is what a document is about.
type discovered struct {
	tables   []relations.Table
	labels   []document.Label
	found    []relations.Relationship
	warnings []any
}

func (r *Realm) computeDiscovery(ctx context.Context, source artifact.Snapshot, in discoveryParameters) (made, error) {
	doc, err := r.documents.Open(ctx, source)
	if err != nil {
		return made{}, err
	}
	d := discovered{labels: doc.Labels[:min(len(doc.Labels), maxLabels)], warnings: truncations(doc.Tables...)}
	rows := rowsOf(ctx, doc)
	var budget profile.Budget
	for i := range doc.Tables[:min(len(doc.Tables), relations.MaxTables)] {
		columns, err := budget.Read(&doc.Tables[i], func(visit func(row document.Row) error) error { return rows(i, visit) })
		if err != nil {
			return made{}, err
		}
		d.tables = append(d.tables, relations.Table{Document: source.ID, Name: doc.Tables[i].Name, Columns: columns})
	}
	if len(d.tables) == 0 && len(d.labels) == 0 {
		return made{}, fault.New(fault.Invalid, "insufficient_data", "The document has no table and no labels; analyze_unstructured_data works on text.")
	}
	if len(doc.Tables) > len(d.tables) || len(doc.Labels) > len(d.labels) {
		d.warnings = append(d.warnings, warning("limited", fmt.Sprintf("Only the first %d tables and %d labels were looked at.", relations.MaxTables, maxLabels)))
	}
	considered, cut := relations.Consider(d.tables)
	if cut {
		d.warnings = append(d.warnings, warning("limited", "Relationships were looked for among the first columns only."))
	}
	d.found = relations.References(considered)
	for _, t := range considered {
		d.found = append(d.found, relations.Identifying(t)...)
	}
	return d.made(r.newID(), source, in), nil
}

func (d discovered) made(id string, source artifact.Snapshot, in discoveryParameters) made {
	on := func(b *bool) bool { return b == nil || *b }
	entities, meanings := d.entities(), d.meanings()
	known := 0
	for _, m := range meanings {
		if m["meaning"] != nil {
			known++
		}
	}
	payload := map[string]any{
		"interpretation_id": id, "parsed_file_id": source.ID, "file_id": fileOf(source), "name": source.Name,
		"entity_count": len(entities), "relationship_count": len(d.found), "column_count": len(meanings), "meanings_known": known,
		// What the dictionary and the formats explain of the columns and labels.
		"coverage_score": nil, "confidence_score": nil, "narrative": nil,
	}
	if len(meanings) > 0 {
		payload["coverage_score"] = figure(float64(known) / float64(len(meanings)))
	}
	same := func(m map[string]any) map[string]any { return m }
	if on(in.Options.Entities) {
		payload["entities"], _ = bounded(entities, entityBudget, same)
	}
	if on(in.Options.Relationships) {
		payload["relationships"], _ = bounded(d.found, listBudget, relationshipOf)
	}
	if on(in.Options.Meanings) {
		payload["meanings"], _ = bounded(meanings, meaningBudget, same)
	}
	summary := fmt.Sprintf("%s is about %s, with %s between them; %d of %s are understood.", say.Plain(source.Name, 60), say.Plural(len(entities), "thing", "things"),
		say.Plural(len(d.found), "relationship", "relationships"), known, say.Plural(len(meanings), "column or label", "columns and labels"))
	payload["summary"] = summary
	return made{
		ID: id, Payload: artifacts.Encode(payload),
		Metadata: described(schemaDiscovery, []string{"Meanings are looked up in a dictionary of English words, or follow from the format of the values; what is in neither has none."}, d.warnings),
		Event: artifacts.Encode(map[string]any{
			"interpretation_id": id, "parsed_file_id": source.ID, "entity_count": len(entities), "relationship_count": len(d.found), "summary": summary,
		}),
	}
}

// entities are tables, groups of columns with a common first word, keys, and the labels of a text as one thing.
func (d discovered) entities() []map[string]any {
	var out []map[string]any
	for _, t := range d.tables {
		attributes := []string{}
		for _, c := range t.Columns {
			attributes = append(attributes, clip(c.Name, valueMost))
		}
		rows := 0
		if len(t.Columns) > 0 {
			rows = t.Columns[0].Rows
		}
		out = append(out, map[string]any{
			"name": clip(t.Name, nameMost), "kind": "table", "table": clip(t.Name, nameMost), "rows": rows,
			"attributes": attributes[:min(len(attributes), 100)], "attribute_count": len(attributes),
		})
		out = append(out, prefixGroups(t)...)
		for _, c := range t.Columns {
			if c.Key() {
				out = append(out, map[string]any{
					"name": clip(c.Name, nameMost), "kind": "key", "table": clip(t.Name, nameMost), "attributes": []string{clip(c.Name, valueMost)}, "attribute_count": 1,
					"distinct_values": c.Distinct,
				})
			}
		}
	}
	if len(d.labels) > 0 {
		names := []string{}
		for _, l := range d.labels {
			names = append(names, clip(l.Label, valueMost))
		}
		out = append(out, map[string]any{"name": "labels", "kind": "labels", "attributes": names[:min(len(names), 100)], "attribute_count": len(names)})
	}
	return out
}

// prefixGroups are two columns or more whose names begin with the same word: policy_number and policy_type are of a policy.
func prefixGroups(t relations.Table) []map[string]any {
	groups := map[string][]string{}
	var order []string
	for _, c := range t.Columns {
		words := naming.Words(c.Name)
		if len(words) < 2 {
			continue
		}
		if groups[words[0]] == nil {
			order = append(order, words[0])
		}
		groups[words[0]] = append(groups[words[0]], clip(c.Name, valueMost))
	}
	var out []map[string]any
	for _, prefix := range order {
		if list := groups[prefix]; len(list) > 1 && strings.ContainsFunc(prefix, func(r rune) bool { return r < '0' || r > '9' }) {
			out = append(out, map[string]any{
				"name": clip(prefix, nameMost), "kind": "prefix_group", "table": clip(t.Name, nameMost), "attributes": list[:min(len(list), 100)], "attribute_count": len(list),
			})
		}
	}
	return out
}

// meanings are those of columns and labels, also of those that have none.
func (d discovered) meanings() []map[string]any {
	var out []map[string]any
	add := func(kind, table, name string, typ document.Type, format document.Format, samples []string) {
		m := meaning.Of(name, format)
		shown := []string{}
		for _, s := range samples[:min(len(samples), 3)] {
			shown = append(shown, clip(s, 80))
		}
		out = append(out, map[string]any{
			"kind": kind, "table": nullable(clip(table, nameMost)), "name": clip(name, nameMost), "type": nullable(string(typ)), "format": nullable(string(format)),
			"meaning": nullable(m.Text), "domain": nullable(m.Domain), "basis": nullable(m.Basis), "word": nullable(m.Word), "samples": shown,
		})
	}
	for _, t := range d.tables {
		for _, c := range t.Columns {
			add("column", t.Name, c.Name, c.Type, c.Format, c.Samples)
		}
	}
	for _, l := range d.labels {
		add("label", "", l.Label, "", document.FormatOf(l.Value), []string{l.Value})
	}
	// What is understood comes first, so that a cut list loses least.
	slices.SortStableFunc(out, func(a, b map[string]any) int {
		switch known, other := a["meaning"] != nil, b["meaning"] != nil; {
		case known == other:
			return 0
		case known:
			return -1
		}
		return 1
	})
	return out
}
