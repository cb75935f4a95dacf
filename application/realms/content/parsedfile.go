package content

import (
	"context"
	"encoding/json"
	"errors"
	"strconv"

	"github.com/symphainy/symphainy/application/artifacts"
	"github.com/symphainy/symphainy/application/realms/content/parsed"
	"github.com/symphainy/symphainy/application/realms/steps"
	"github.com/symphainy/symphainy/domain/artifact"
	"github.com/symphainy/symphainy/domain/document"
	"github.com/symphainy/symphainy/ports"
)

type windowParameters struct {
	ParsedFileID string          `json:"parsed_file_id"`
	Table        json.RawMessage `json:"table"`
	Offset       int             `json:"offset"`
	Limit        int             `json:"limit"`
}

func (p windowParameters) limit() int {
	if p.Limit == 0 {
		return defaultLimit
	}
	return p.Limit
}

// page is a window of a document.
type page struct {
	fields  map[string]any
	preview map[string]any
}

func (r *Realm) getParsedFile(ctx context.Context, call ports.IntentCall) (ports.IntentResult, error) {
	in, err := steps.Parameters[windowParameters](call)
	if err != nil {
		return ports.IntentResult{}, err
	}
	found, err := r.find(ctx, call, artifacts.TypeParsedContent, in.ParsedFileID)
	if err != nil {
		return ports.IntentResult{}, err
	}
	if !found.ExpiresAt.IsZero() && !r.Clock.Now().Before(found.ExpiresAt) {
		return ports.IntentResult{}, artifact.ErrExpired
	}
	doc, err := r.documents.Open(ctx, found)
	if err != nil {
		return ports.IntentResult{}, err
	}
	shownPage, err := windowOf(ctx, doc, in)
	if err != nil {
		return ports.IntentResult{}, err
	}
	found.Renderings = artifacts.Encode(map[string]any{"document": shownPage.fields})
	thumb := shown("preview", shownPage.preview)
	thumb.Parents = []string{found.ID}
	return ports.IntentResult{
		Artifacts: []ports.ResultArtifact{view(keyParsedFile, found, keyParsedContent), view(keyPreview, thumb)},
		Values:    map[string]string{"parsed_file_id": found.ID},
	}, nil
}

func windowOf(ctx context.Context, doc parsed.Document, in windowParameters) (page, error) {
	table, err := tableOf(doc.Document, in.Table)
	if err != nil {
		return page{}, err
	}
	if table < 0 {
		return textWindow(doc.Document, in), nil
	}
	return rowWindow(ctx, doc, table, in)
}

// tableOf finds the table that is asked for, by name or by position; the main table if none is, −1 if the document has none.
func tableOf(doc *document.Document, asked json.RawMessage) (int, error) {
	if len(asked) == 0 {
		return doc.MainTable(), nil
	}
	var name string
	if err := json.Unmarshal(asked, &name); err == nil {
		for i := range doc.Tables {
			if doc.Tables[i].Name == name {
				return i, nil
			}
		}
	} else if n, err := strconv.Atoi(string(asked)); err == nil && n < len(doc.Tables) {
		return n, nil
	}
	return -1, wrong("table", "unknown_table", "the document has no such table; payload.tables lists them.")
}

// errFull ends the reading of rows when the window is full.
var errFull = errors.New("window is full")

func rowWindow(ctx context.Context, doc parsed.Document, table int, in windowParameters) (page, error) {
	t := &doc.Tables[table]
	w := window{budget: windowBudget}
	err := doc.Rows(ctx, table, in.Offset, in.limit(), func(_ int, row document.Row) error {
		if !w.add(t.Columns, row) {
			return errFull
		}
		return nil
	})
	if err != nil && !errors.Is(err, errFull) {
		return page{}, err
	}
	described, more := columns(t.Columns)
	next := in.Offset + len(w.list)
	fields := map[string]any{
		"format": doc.Format, "parsing_type": doc.ParsingType, "table": clip(t.Name, textBudget), "table_index": table,
		"columns": described, "columns_truncated": more, "rows": w.rows(), "row_count": t.RowCount, "returned": len(w.list),
		"offset": in.Offset, "limit": in.limit(), "truncated": t.Truncated, "cells_clipped": w.clipped, "next_offset": nextOffset(next, t.RowCount),
	}
	thumb := window{budget: previewBudget}
	for _, row := range t.Preview {
		if !thumb.add(t.Columns, row) {
			break
		}
	}
	return page{fields: fields, preview: map[string]any{
		"table": clip(t.Name, textBudget), "columns": described, "rows": thumb.rows(), "row_count": t.RowCount,
	}}, nil
}

func textWindow(doc *document.Document, in windowParameters) page {
	found, _ := paragraphs(doc, in.Offset, in.limit(), windowBudget)
	count := len(doc.Paragraphs)
	fields := map[string]any{
		"format": doc.Format, "parsing_type": doc.ParsingType, "paragraphs": found, "paragraph_count": count, "returned": len(found),
		"offset": in.Offset, "limit": in.limit(), "next_offset": nextOffset(in.Offset+len(found), count),
		"sections": outline(doc), "labels": labels(doc), "structure": structure(doc),
	}
	head, _ := paragraphs(doc, 0, document.PreviewRows, previewBudget)
	return page{fields: fields, preview: map[string]any{"paragraphs": head, "paragraph_count": count}}
}

// maxListed bounds headings and labels in a window; the typed document has all.
const maxListed = 100

func outline(doc *document.Document) []any {
	out := []any{}
	for _, s := range doc.Sections[:min(len(doc.Sections), maxListed)] {
		out = append(out, map[string]any{"level": s.Level, "title": clip(s.Title, textBudget)})
	}
	return out
}

func structure(doc *document.Document) []any {
	out := []any{}
	for _, e := range doc.Structure[:min(len(doc.Structure), maxListed)] {
		items := make([]string, 0, min(len(e.Items), document.PreviewRows))
		for _, i := range e.Items[:min(len(e.Items), document.PreviewRows)] {
			items = append(items, clip(i, textBudget))
		}
		out = append(out, map[string]any{"kind": e.Kind, "name": clip(e.Name, textBudget), "level": e.Level, "items": items})
	}
	return out
}

func labels(doc *document.Document) []any {
	out := []any{}
	for _, l := range doc.Labels[:min(len(doc.Labels), maxListed)] {
		out = append(out, map[string]any{"label": clip(l.Label, textBudget), "value": clip(l.Value, textBudget), "line": l.Line})
	}
	return out
}

func nextOffset(next, count int) any {
	if next >= count {
		return nil
	}
	return next
}
