package insights

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/symphainy/symphainy/application/artifacts"
	"github.com/symphainy/symphainy/application/realms/content/parsed"
	"github.com/symphainy/symphainy/application/realms/insights/extraction"
	"github.com/symphainy/symphainy/application/realms/say"
	"github.com/symphainy/symphainy/application/realms/steps"
	"github.com/symphainy/symphainy/domain/artifact"
	"github.com/symphainy/symphainy/domain/document"
	"github.com/symphainy/symphainy/domain/event"
	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/domain/identity"
	"github.com/symphainy/symphainy/ports"
)

// maxRowLines is how many rows of a document's tables an extraction searches.
const maxRowLines = 5000

type extractParameters struct {
	Pattern string `json:"pattern"`
	Source  struct {
		ParsedFileID string `json:"parsed_file_id"`
	} `json:"data_source"`
	ConfigID string `json:"extraction_config_id"`
}

// config finds the config that the pattern names: a shipped one, or for custom the one with the given id. kept has no id for a shipped one.
func (r *Realm) config(ctx context.Context, call ports.IntentCall, in extractParameters) (c extraction.Config, kept artifact.Snapshot, err error) {
	if in.Pattern != "custom" {
		c, _ = extraction.Shipped(in.Pattern)
		if in.ConfigID != "" && in.ConfigID != c.ConfigID {
			err = wrong("extraction_config_id", "conflict", "goes with the pattern custom.")
		}
		return c, kept, err
	}
	if in.ConfigID == "" {
		return c, kept, wrong("extraction_config_id", "missing", "the pattern custom needs one.")
	}
	if c, ok := extraction.Shipped(in.ConfigID); ok {
		return c, kept, nil
	}
	err = call.Read(ctx, func(ctx context.Context, tx ports.Tx, scope identity.Scope) error {
		a, err := configStore.newest(ctx, tx, scope, in.ConfigID)
		kept = a.Snapshot()
		return err
	})
	if err != nil {
		return c, kept, err
	}
	if err := json.Unmarshal(kept.Payload, &c); err != nil {
		return c, kept, fault.As(err)
	}
	return c, kept, nil
}

func (r *Realm) extract(ctx context.Context, call ports.IntentCall) (ports.IntentResult, error) {
	in, err := steps.Parameters[extractParameters](call)
	if err != nil {
		return ports.IntentResult{}, err
	}
	config, kept, err := r.config(ctx, call, in)
	if err != nil {
		return ports.IntentResult{}, err
	}
	source, err := r.document(ctx, call, in.Source.ParsedFileID)
	if err != nil {
		return ports.IntentResult{}, err
	}
	done, err := steps.Run(ctx, call, "extract", func(ctx context.Context, _ string) (made, error) {
		doc, err := r.documents.Open(ctx, source)
		if err != nil {
			return made{}, err
		}
		rows, err := rowLines(ctx, doc)
		if err != nil {
			return made{}, err
		}
		result, err := extraction.Extract(config, doc.Document, rows)
		if err != nil {
			return made{}, err
		}
		return extracted(r.newID(), source, doc.Document, config, result), nil
	})
	if err != nil {
		return ports.IntentResult{}, err
	}
	sources := []artifact.Snapshot{source}
	if kept.ID != "" {
		sources = append(sources, kept)
	}
	return ports.IntentResult{
		Artifacts: []ports.ResultArtifact{{Key: keyExtraction, Artifact: outcome(call, keyExtraction, schemaExtraction, done, sources...)}},
		Values:    map[string]string{"extraction_id": done.ID, "parsed_file_id": source.ID, "extraction_config_id": config.ConfigID},
		Events:    []event.Draft{{Type: eventExtracted, Data: done.Event}},
	}, nil
}

var errEnough = errors.New("enough rows")

// rowLines are the first rows of the tables as lines of text, so that regexes find them.
func rowLines(ctx context.Context, doc parsed.Document) ([]extraction.Line, error) {
	var out []extraction.Line
	size := 0
	for i := range doc.Tables {
		t := &doc.Tables[i]
		if t.RowCount == 0 {
			continue
		}
		err := doc.Rows(ctx, i, 0, maxRowLines-len(out), func(n int, row document.Row) error {
			var b strings.Builder
			for k, v := range row {
				if !v.IsNull() && k < len(t.Columns) {
					fmt.Fprintf(&b, "%s: %s; ", t.Columns[k].Name, v.String())
				}
			}
			text := strings.TrimSuffix(b.String(), "; ")
			if size += len(text); size > extraction.MaxText {
				return errEnough
			}
			out = append(out, extraction.Line{Text: text, Table: t.Name, Row: n})
			return nil
		})
		switch {
		case errors.Is(err, errEnough):
			return out, nil
		case err != nil:
			return nil, err
		case len(out) >= maxRowLines:
			return out, nil
		}
	}
	return out, nil
}

func extracted(id string, source artifact.Snapshot, doc *document.Document, c extraction.Config, r *extraction.Result) made {
	categories, data, total, cut := []any{}, map[string]any{}, 0, false
	budget := 120 << 10
	for _, f := range r.Found {
		items, short := bounded(f.Items, budget, extractedItem)
		for _, raw := range items {
			budget -= len(raw) + 1
		}
		cut = cut || short || f.Truncated
		total += len(f.Items)
		categories = append(categories, map[string]any{
			"name": f.Category.Name, "extraction_type": f.Category.ExtractionType, "required": f.Category.Required, "item_count": len(f.Items), "items": items,
		})
		data[f.Category.Name] = values(f)
	}
	short, dataCut := within(data, 64<<10)
	if dataCut {
		cut = true
	}
	check := func(x extraction.Check) map[string]any {
		return map[string]any{"category": x.Category, "rule": x.Rule, "passed": x.Passed, "required": x.Required, "message": clip(x.Message, textMost)}
	}
	checks, _ := bounded(r.Checks, smallBudget, check)
	failures, _ := bounded(r.Failures, smallBudget, check)
	dates, _ := bounded(r.Dates, smallBudget, func(d extraction.Date) map[string]any {
		return map[string]any{"label": clip(d.Label, nameMost), "value": d.Value, "line": d.Line}
	})
	verdict := "all required parts are there."
	if !r.Passed {
		verdict = say.Plural(len(r.Failures), "check", "checks") + " failed; first: " + r.Failures[0].Category + ": " + r.Failures[0].Message
	}
	summary := fmt.Sprintf("%s in %s by %s: %s", say.Plural(total, "item", "items"), say.Plain(source.Name, 60), say.Plain(c.Name, 60), say.Plain(verdict, 300))
	return made{
		ID: id,
		Payload: artifacts.Encode(map[string]any{
			"extraction_id": id, "parsed_file_id": source.ID, "file_id": fileOf(source), "name": source.Name, "extraction_config_id": c.ConfigID,
			"config_name": c.Name, "config_version": c.Version, "summary": summary, "categories": categories, "extracted_data": short,
			"item_count": total, "truncated": cut, "dates": dates, "date_count": len(r.Dates), "rules": checks, "confidence": optional(r.Confidence),
			"validation": map[string]any{"passed": r.Passed, "failures": failures},
		}),
		Metadata: described(schemaExtraction, []string{"A label or column answers a field if the similarity of their names is at least 0.75."}, extractionWarnings(doc, r)),
		Event: artifacts.Encode(map[string]any{
			"extraction_id": id, "parsed_file_id": source.ID, "extraction_config_id": c.ConfigID, "item_count": total, "passed": r.Passed, "summary": summary,
		}),
	}
}

func extractionWarnings(doc *document.Document, r *extraction.Result) []any {
	warnings := truncations(doc.Tables...)
	if len(r.Substituted) > 0 {
		names := r.Substituted[:min(len(r.Substituted), 10)]
		warnings = append(warnings, warning("llm_unavailable", "Extracted by pattern, without a model: "+say.Join(names, len(r.Substituted))+"."))
	}
	rows := 0
	for _, t := range doc.Tables {
		rows += t.RowCount
	}
	if _, cut := extraction.Lines(doc); cut || rows > maxRowLines {
		warnings = append(warnings, warning("limited", fmt.Sprintf("Only the first %d MiB of the text and %d rows of the tables were searched.", extraction.MaxText>>20, maxRowLines)))
	}
	return warnings
}

// values are a category's items in short: by field where it asks for labels, else a list of texts.
func values(f extraction.Found) any {
	fields, texts := map[string]any{}, []string{}
	for _, l := range f.Category.Labels {
		fields[l] = nil
	}
	for _, i := range f.Items {
		if i.Field != "" {
			fields[i.Field] = clip(i.Text, textMost)
		} else {
			texts = append(texts, clip(i.Text, textMost))
		}
	}
	switch {
	case len(fields) == 0:
		return texts
	case len(texts) > 0:
		fields["items"] = texts
	}
	return fields
}

func extractedItem(i extraction.Item) map[string]any {
	out := map[string]any{"text": clip(i.Text, textMost), "source": i.Source}
	if i.Field != "" {
		out["field"], out["label"], out["score"] = i.Field, clip(i.Label, nameMost), figure(i.Score)
	}
	if i.Section != "" {
		out["section"] = clip(i.Section, nameMost)
	}
	if i.Line > 0 {
		out["line"] = i.Line
	}
	if i.Table != "" {
		out["table"], out["row"] = clip(i.Table, nameMost), i.Row
	} else if i.Paragraph >= 0 {
		out["paragraph"] = i.Paragraph
	}
	return out
}
