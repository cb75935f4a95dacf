package insights

import (
	"encoding/json"
	"strings"

	"github.com/symphainy/symphainy/application/artifacts"
	"github.com/symphainy/symphainy/application/realms/insights/quality"
	"github.com/symphainy/symphainy/domain/artifact"
	"github.com/symphainy/symphainy/domain/document"
)

// Bounds of the payload's lists in bytes of JSON, together below artifact.MaxPayload. Issues come worst first, so what is left out matters
// least; the counts always tell how many there are.
const (
	issuesBudget  = 128 << 10
	columnsBudget = 64 << 10
	rowsBudget    = 40 << 10
	textMost      = 1000
	nameMost      = 200
)

// shape turns an assessment into what is stored and shown.
type shape struct {
	id     string
	source artifact.Snapshot
	doc    *document.Document
	result *quality.Assessment
	in     assessParameters
}

func (s shape) payload() json.RawMessage {
	r := s.result
	issues, issuesCut := bounded(r.Issues, issuesBudget, issueOf)
	columns, columnsCut := bounded(r.Columns, columnsBudget, columnOf)
	rows, _ := bounded(r.ProblemRows, rowsBudget, problemRow)
	fields := map[string]any{
		"quality_assessment_id": s.id, "parsed_file_id": s.source.ID, "source_file_id": s.fileID(), "file_id": s.fileID(), "name": s.source.Name,
		"summary": clip(r.Summary, textMost), "overall_score": r.Overall, "grade": r.Grade, "overall_quality": r.OverallQuality,
		"scores": map[string]any{
			"completeness": r.Scores.Completeness, "accuracy": r.Scores.Accuracy, "consistency": r.Scores.Consistency,
			"uniqueness": r.Scores.Uniqueness, "timeliness": r.Scores.Timeliness,
		},
		"issues": issues, "issues_truncated": issuesCut, "issue_count": len(r.Issues), "issue_counts": severities(r.Issues),
		"columns": columns, "columns_truncated": columnsCut, "problem_rows": rows,
		"rows_assessed": r.RowsAssessed, "record_count": s.doc.Metadata.RecordCount,
		"parsing_confidence": r.ParsingConfidence, "embedding_confidence": r.EmbeddingConfidence, "root_cause": r.RootCause,
		"as_of": nil, "max_age_days": s.in.MaxAgeDays,
	}
	if s.in.AsOf != "" {
		fields["as_of"] = s.in.AsOf
	}
	return artifacts.Encode(fields)
}

// fileID is the file that the document was made of.
func (s shape) fileID() any {
	if len(s.source.Parents) > 0 {
		return s.source.Parents[0]
	}
	return nil
}

func (s shape) metadata() json.RawMessage {
	assumptions := []string{}
	if s.in.AsOf == "" || s.in.MaxAgeDays == nil {
		assumptions = append(assumptions, "Timeliness was not judged: that takes as_of and max_age_days.")
	}
	warnings := []any{}
	for _, t := range s.doc.Tables {
		if t.RowCount == 0 {
			warnings = append(warnings, map[string]any{"code": "no_rows", "table": clip(t.Name, nameMost), "message": "The table has no rows and was not assessed."})
		}
		if t.Truncated {
			warnings = append(warnings, map[string]any{"code": "truncated", "table": clip(t.Name, nameMost), "message": "Only a part of the rows was read from the file."})
		}
		if len(warnings) >= 100 {
			break
		}
	}
	return artifacts.Encode(map[string]any{
		"schema": "quality_assessment_v1", "method": "deterministic", "model": nil, "assumptions": assumptions, "warnings": warnings,
	})
}

func (s shape) event() json.RawMessage {
	return artifacts.Encode(map[string]any{
		"quality_assessment_id": s.id, "parsed_file_id": s.source.ID, "name": s.source.Name, "overall_score": s.result.Overall,
		"grade": s.result.Grade, "overall_quality": s.result.OverallQuality, "issue_count": len(s.result.Issues),
		"issue_counts": severities(s.result.Issues), "summary": clip(s.result.Summary, textMost),
	})
}

func severities(issues []quality.Issue) map[string]any {
	counts := map[string]int{}
	for _, i := range issues {
		counts[string(i.Severity)]++
	}
	return map[string]any{
		"high": counts[string(quality.High)], "medium": counts[string(quality.Medium)], "low": counts[string(quality.Low)],
	}
}

func issueOf(i quality.Issue) map[string]any {
	return map[string]any{
		"code": i.Code, "dimension": string(i.Dimension), "severity": string(i.Severity), "description": clip(i.Description, textMost),
		"table": nullable(clip(i.Table, nameMost)), "column": nullable(clip(i.Column, nameMost)), "count": i.Count, "share": i.Share,
		"rows": append([]int{}, i.Rows...), "suggestion": clip(i.Suggestion, textMost),
	}
}

func columnOf(c quality.ColumnQuality) map[string]any {
	return map[string]any{
		"table": clip(c.Table, nameMost), "column": clip(c.Column, nameMost), "type": string(c.Type), "format": nullable(string(c.Format)),
		"null_count": c.NullCount, "completeness": c.Completeness, "accuracy": c.Accuracy, "consistency": c.Consistency,
		"overall": c.Overall, "issues": append([]string{}, c.Issues...),
	}
}

func problemRow(f quality.RowFinding) map[string]any {
	problems := make([]string, 0, len(f.Problems))
	for _, p := range f.Problems[:min(len(f.Problems), 20)] {
		problems = append(problems, clip(p, nameMost))
	}
	return map[string]any{"table": clip(f.Table, nameMost), "row": f.Row, "problems": problems, "problem_count": len(f.Problems)}
}

// bounded encodes a list until its budget is used up, and tells whether something was left out.
func bounded[T any](list []T, budget int, encode func(T) map[string]any) (out []json.RawMessage, cut bool) {
	out = []json.RawMessage{}
	for _, x := range list {
		raw := artifacts.Encode(encode(x))
		if budget -= len(raw) + 1; budget < 0 {
			return out, true
		}
		out = append(out, raw)
	}
	return out, false
}

func nullable(s string) any {
	if s == "" {
		return nil
	}
	return s
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
