package content

import (
	"encoding/json"
	"strings"

	"github.com/symphainy/symphainy/application/artifacts"
	"github.com/symphainy/symphainy/application/realms/content/parse"
	"github.com/symphainy/symphainy/domain/document"
)

// Bounds of what a payload repeats of a document, in bytes of JSON; together they stay below artifact.MaxPayload. The whole is in the
// typed document.
const (
	columnsBudget  = 96 << 10
	previewBudget  = 64 << 10
	tablesBudget   = 24 << 10
	warningsBudget = 32 << 10
	windowBudget   = 160 << 10
	cellBudget     = 1 << 10
	textBudget     = 200
)

// payload is what the artifact of a parsed document says of it.
func (p plan) payload(doc *document.Document) json.RawMessage {
	fields := map[string]any{
		"parsed_file_id": p.ParsedID, "file_id": p.FileID, "file_reference": p.Reference,
		"parsed_file_reference": p.ParsedRef, "storage_location": p.ParsedRef,
		"name": p.Name, "format": doc.Format, "parser_type": doc.Format, "parser_version": doc.ParserVersion,
		"parsing_type": doc.ParsingType, "parsing_status": "completed", "record_count": doc.Metadata.RecordCount,
		"cell_error_count": doc.CellErrors.Total, "warning_count": doc.Warnings.Total,
		"encoding": orNull(doc.Metadata.Encoding), "delimiter": orNull(doc.Metadata.Delimiter), "has_header": doc.Metadata.HasHeader,
		"source_sha256": doc.SourceSHA256,
	}
	if doc.Metadata.Codepage != "" {
		fields["codepage"], fields["record_length"] = doc.Metadata.Codepage, orNil(doc.Metadata.RecordLength)
	}
	if len(doc.Rules) > 0 {
		fields["validation_rules"] = map[string]any{"88_level_fields": rules(doc)}
	}
	fields["tables"], fields["tables_truncated"] = tables(doc)
	fields["columns"], fields["columns_truncated"] = []any{}, false
	main := doc.MainTable()
	if main >= 0 {
		fields["columns"], fields["columns_truncated"] = columns(doc.Tables[main].Columns)
	}
	fields["parsed_data_preview"] = preview(doc, main)
	return artifacts.Encode(fields)
}

// preview is the first 10 rows of the main table, or the first 10 paragraphs.
func preview(doc *document.Document, main int) []json.RawMessage {
	if main < 0 || doc.Tables[main].RowCount == 0 && len(doc.Paragraphs) > 0 {
		found, _ := paragraphs(doc, 0, document.PreviewRows, previewBudget)
		return found
	}
	w := window{budget: previewBudget}
	for _, row := range doc.Tables[main].Preview {
		if !w.add(doc.Tables[main].Columns, row) {
			break
		}
	}
	return w.rows()
}

func tables(doc *document.Document) (list []json.RawMessage, truncated bool) {
	list = []json.RawMessage{}
	left := tablesBudget
	for i, t := range doc.Tables {
		raw := artifacts.Encode(map[string]any{
			"index": i, "name": clip(t.Name, textBudget), "source": clip(t.Source, textBudget), "row_count": t.RowCount,
			"column_count": len(t.Columns), "truncated": t.Truncated,
		})
		if left -= len(raw) + 1; left < 0 {
			return list, true
		}
		list = append(list, raw)
	}
	return list, false
}

// columns describes columns until the budget is used up.
func columns(all []document.Column) (list []json.RawMessage, truncated bool) {
	list = []json.RawMessage{}
	left := columnsBudget
	for _, c := range all {
		constraints := make([]string, 0, len(c.Constraints))
		for _, x := range c.Constraints {
			constraints = append(constraints, clip(x.String(), textBudget))
		}
		raw := artifacts.Encode(map[string]any{
			"name": clip(c.Name, textBudget), "label": clip(c.Label, textBudget), "position": c.Position, "type": string(c.Type),
			"format": orNull(string(c.Format)), "nullable": c.Nullable, "null_count": c.NullCount, "constraints": constraints,
		})
		if left -= len(raw) + 1; left < 0 {
			return list, true
		}
		list = append(list, raw)
	}
	return list, false
}

// rules are the first named conditions of a copybook.
func rules(doc *document.Document) []any {
	out := []any{}
	for _, r := range doc.Rules[:min(len(doc.Rules), maxListed)] {
		values := make([]string, 0, min(len(r.Values), maxListed))
		for _, v := range r.Values[:min(len(r.Values), maxListed)] {
			values = append(values, clip(v, textBudget))
		}
		out = append(out, map[string]any{"field_name": clip(r.Field, textBudget), "condition_name": clip(r.Condition, textBudget), "values": values})
	}
	return out
}

// orNil gives null for 0.
func orNil(n int) any {
	if n == 0 {
		return nil
	}
	return n
}

// metadataOf is the artifact's metadata: how the document was made, and what a reader should know of it.
func metadataOf(doc *document.Document) json.RawMessage {
	warnings, left := []json.RawMessage{}, warningsBudget
	for _, findings := range []document.Findings{doc.Warnings, doc.CellErrors} {
		for _, f := range findings.List {
			raw := artifacts.Encode(finding(f))
			if left -= len(raw) + 1; left < 0 {
				break
			}
			warnings = append(warnings, raw)
		}
	}
	return artifacts.Encode(map[string]any{
		"schema": "parsed_content_v1", "method": "deterministic", "assumptions": []string{}, "warnings": warnings,
		"warning_total": doc.Warnings.Total, "cell_error_total": doc.CellErrors.Total, "counts": doc.Metadata.Counts,
	})
}

func finding(f document.Finding) map[string]any {
	out := map[string]any{"code": f.Code, "message": clip(f.Message, 2*textBudget)}
	if f.Table != "" {
		out["table"] = clip(f.Table, textBudget)
	}
	if f.Row >= 0 {
		out["row"] = f.Row
	}
	if f.Column != "" {
		out["column"] = clip(f.Column, textBudget)
	}
	if f.Offset >= 0 {
		out["offset"] = f.Offset
	}
	return out
}

// window collects rows as JSON objects until its budget is used up.
type window struct {
	budget int
	// clipped tells that long cells were shortened.
	clipped bool
	list    []json.RawMessage
	keys    [][]byte
}

// rows gives what was collected, never nil.
func (w *window) rows() []json.RawMessage {
	if w.list == nil {
		return []json.RawMessage{}
	}
	return w.list
}

// add takes a row in and reports whether there was room. The first row always fits: if it must, with its cells cut ever shorter, and
// then with its first cells only.
func (w *window) add(columns []document.Column, row document.Row) bool {
	if w.keys == nil {
		for _, c := range columns {
			w.keys = append(w.keys, artifacts.Encode(clip(c.Name, textBudget)))
		}
	}
	raw := w.object(row, cellBudget, len(row))
	cells := len(row)
	for most := cellBudget / 2; len(w.list) == 0 && len(raw) > w.budget; most /= 2 {
		if most < 8 {
			cells /= 2
		}
		raw = w.object(row, max(most, 8), cells)
	}
	if len(raw) > w.budget {
		return false
	}
	w.budget -= len(raw) + 1
	w.list = append(w.list, raw)
	return true
}

// object writes the first cells of a row, each of at most so many bytes.
func (w *window) object(row document.Row, most, cells int) []byte {
	out := []byte{'{'}
	w.clipped = w.clipped || cells < len(row)
	for i, v := range row[:min(cells, len(w.keys), len(row))] {
		if i > 0 {
			out = append(out, ',')
		}
		out = append(append(out, w.keys[i]...), ':')
		start := len(out)
		out = parse.AppendValue(out, v)
		if len(out)-start <= most {
			continue
		}
		w.clipped = true
		text := v.Text()
		if v.Kind() == document.KindArray || v.Kind() == document.KindObject {
			text = string(out[start:])
		}
		out = append(out[:start], artifacts.Encode(clip(text, most))...)
	}
	return artifacts.Storable(append(out, '}'))
}

// paragraphs gives a window of a document's paragraphs, and whether it ended for want of room.
func paragraphs(doc *document.Document, offset, limit, budget int) (list []json.RawMessage, full bool) {
	list = []json.RawMessage{}
	for _, p := range doc.Paragraphs[min(offset, len(doc.Paragraphs)):] {
		if len(list) == limit {
			return list, false
		}
		raw := artifacts.Encode(map[string]any{"index": p.Index, "text": clip(p.Text, 16<<10), "style": p.Style})
		if budget -= len(raw) + 1; budget < 0 {
			return list, true
		}
		list = append(list, raw)
	}
	return list, false
}

// clip shortens a text to at most that many bytes and an ellipsis, at a character's end.
func clip(s string, most int) string {
	if len(s) <= most {
		return s
	}
	for most > 0 && s[most]&0xC0 == 0x80 {
		most--
	}
	return strings.ToValidUTF8(s[:most], "\uFFFD") + "…"
}
