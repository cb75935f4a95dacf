package insights_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/symphainy/symphainy/domain/artifact"
)

func source(id string) params { return params{"parsed_file_id": id} }

// counts are the numbers of items by category.
func counts(t *testing.T, doc map[string]any) map[string]int {
	t.Helper()
	out := map[string]int{}
	list, _ := doc["categories"].([]any)
	for i := range list {
		n, _ := at(t, doc, "categories", i, "item_count").(float64)
		name, _ := at(t, doc, "categories", i, "name").(string)
		out[name] = int(n)
	}
	return out
}

func TestThePermitHasSevenObligationsAndNoAuthority(t *testing.T) {
	w := world(t)
	p := w.Visitor(t)
	_, id := parsed(t, w, p, "permit.txt", fixture(t, "permit.txt"))
	o := w.Must(t, p, "extract_structured_data", params{"pattern": "pso", "data_source": source(id)})
	require.Equal(t, []string{"structured_data_extracted"}, o.Events())
	doc := o.Artifact("extraction")
	require.Equal(t, map[string]int{"permit_metadata": 3, "obligations": 7, "legal_citations": 0}, counts(t, doc))
	require.InDelta(t, 3, doc["date_count"], 0)
	require.Equal(t, false, at(t, doc, "validation", "passed"))
	require.Equal(t, "missing: issuing_authority.", at(t, doc, "validation", "failures", 0, "message"))
	require.InDelta(t, 0.5, doc["confidence"], 0, "two rules, one passed")
	require.Equal(t, "Hand in a final report.", at(t, doc, "extracted_data", "obligations", 6))
	require.Equal(t, params{"permit_number": "PER-2024-001234", "permit_type": "Building", "issue_date": "2024-01-15", "issuing_authority": nil},
		at(t, doc, "extracted_data", "permit_metadata"))

	whole := strings.Replace(fixture(t, "permit.txt"), "Permit Type:", "Issuing Authority: City of Example\nPermit Type:", 1)
	_, id = parsed(t, w, p, "whole.txt", whole)
	doc = w.Must(t, p, "extract_structured_data", params{"pattern": "pso", "data_source": source(id)}).Artifact("extraction")
	require.Equal(t, true, at(t, doc, "validation", "passed"), "a changed input changes the result")
	require.InDelta(t, 1, doc["confidence"], 0)
}

func TestTheReviewHasLessonsARiskAndRecommendations(t *testing.T) {
	w := world(t)
	p := w.User(t)
	_, id := parsed(t, w, p, "review.txt", fixture(t, "review.txt"))
	doc := w.Must(t, p, "extract_structured_data", params{"pattern": "aar", "data_source": source(id)}).Artifact("extraction")
	require.Equal(t, map[string]int{"timeline": 0, "lessons_learned": 3, "risks": 1, "recommendations": 3}, counts(t, doc))
	require.Equal(t, []any{"Data recovery: PARTIAL"}, at(t, doc, "extracted_data", "risks"))
	require.Equal(t, true, at(t, doc, "validation", "passed"))
	require.InDelta(t, 1, doc["confidence"], 0)
}

func TestOwnConfigs(t *testing.T) {
	w := world(t)
	p := w.User(t)
	_, id := parsed(t, w, p, "review.txt", fixture(t, "review.txt"))
	proposed := w.Must(t, p, "discover_extraction_pattern", source(id))
	require.Empty(t, proposed.Stored)
	require.Equal(t, "key_findings", at(t, proposed.Artifact("extraction_config"), "categories", 1, "name"))

	made := w.Must(t, p, "create_extraction_config", params{"name": "Reviews", "parsed_file_id": id})
	config := made.Value("extraction_config_id")
	require.Equal(t, config, made.Artifact("extraction_config")["config_id"])
	doc := w.Must(t, p, "extract_structured_data", params{"pattern": "custom", "extraction_config_id": config, "data_source": source(id)}).Artifact("extraction")
	require.Equal(t, 3, counts(t, doc)["key_findings"])
	require.Equal(t, []any{id, config}, doc["parent_artifacts"])

	hostile := `<a & "b">'; --`
	made = w.Must(t, p, "create_extraction_config", params{"name": hostile, "categories": []any{
		params{"name": hostile, "extraction_type": "llm", "required": true, "regexes": []any{`generator`}, "labels": []any{"Backup"}},
	}})
	o := w.Must(t, p, "extract_structured_data", params{"pattern": "custom", "extraction_config_id": made.Value("extraction_config_id"), "data_source": source(id)})
	require.Contains(t, fmt.Sprint(at(t, o.Artifact("extraction"), "metadata", "warnings")), "llm_unavailable")
	require.Equal(t, 1, counts(t, o.Artifact("extraction"))[hostile])
}

func TestExtractionRefusals(t *testing.T) {
	w := world(t)
	p := w.User(t)
	_, prose := parsed(t, w, p, "a.txt", "only prose here\n")
	_, table := parsed(t, w, p, "a.csv", "id,name\n1,Ada\n")
	own := w.Must(t, p, "create_extraction_config", params{"name": "c", "parsed_file_id": table}).Value("extraction_config_id")
	category := params{"name": "a", "headings": []any{"h"}}
	for name, c := range map[string]struct {
		intent string
		in     params
		code   string
	}{
		"nothing found":    {"extract_structured_data", params{"pattern": "pso", "data_source": source(prose)}, "insufficient_data"},
		"no config":        {"extract_structured_data", params{"pattern": "custom", "data_source": source(prose)}, "invalid_parameters"},
		"unknown config":   {"extract_structured_data", params{"pattern": "custom", "extraction_config_id": "art_x", "data_source": source(prose)}, "not_found"},
		"not a config":     {"extract_structured_data", params{"pattern": "custom", "extraction_config_id": table, "data_source": source(prose)}, "not_found"},
		"config and name":  {"extract_structured_data", params{"pattern": "aar", "extraction_config_id": own, "data_source": source(prose)}, "invalid_parameters"},
		"unknown pattern":  {"extract_structured_data", params{"pattern": "x", "data_source": source(prose)}, "invalid_parameters"},
		"no such document": {"extract_structured_data", params{"pattern": "aar", "data_source": source("par_x")}, "not_found"},
		"nothing proposed": {"discover_extraction_pattern", source(prose), "insufficient_data"},
		"neither":          {"create_extraction_config", params{"name": "c"}, "invalid_parameters"},
		"both":             {"create_extraction_config", params{"name": "c", "parsed_file_id": table, "categories": []any{category}}, "invalid_parameters"},
		"bad regex":        {"create_extraction_config", params{"name": "c", "categories": []any{params{"name": "a", "regexes": []any{"("}}}}, "invalid_parameters"},
		"nothing to ask":   {"create_extraction_config", params{"name": "c", "categories": []any{params{"name": "a"}}}, "invalid_parameters"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := w.Submit(t, p, c.intent, c.in)
			require.Equal(t, c.code, code(err), "%v", err)
		})
	}
	stranger := w.User(t)
	_, theirs := parsed(t, w, stranger, "a.csv", "id,name\n1,Ada\n")
	_, err := w.Submit(t, stranger, "extract_structured_data", params{"pattern": "custom", "extraction_config_id": own, "data_source": source(theirs)})
	require.Equal(t, "not_found", code(err))
	_, err = w.Submit(t, stranger, "extract_structured_data", params{"pattern": "custom", "extraction_config_id": "pso", "data_source": source(table)})
	require.Equal(t, "not_found", code(err))
}

func TestExtractionStaysInItsBounds(t *testing.T) {
	w := world(t)
	p := w.User(t)
	var s strings.Builder
	s.WriteString("REQUIREMENTS\n")
	for i := range 2000 {
		fmt.Fprintf(&s, "%d. %s <b>\u0001\n", i, strings.Repeat("vä\"l ", 100))
	}
	_, id := parsed(t, w, p, "long.txt", s.String())
	o := w.Must(t, p, "extract_structured_data", params{"pattern": "pso", "data_source": source(id)})
	require.LessOrEqual(t, len(o.Stored[0].Payload), artifact.MaxPayload)
	require.Equal(t, true, o.Artifact("extraction")["truncated"])
}
