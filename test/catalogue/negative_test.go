package catalogue_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/test/realmtest"
)

// What is asked wrongly has one code, and is refused before or without making anything (realms.md §6.4).
func TestWrongQuestionsHaveTheirCodes(t *testing.T) {
	w := realmtest.NewWorld(t, realms)
	d := &desk{t: t, w: w, owner: w.User(t)}
	csv := d.parsed("employees.csv", d.fixture("employees.csv"))
	empty := d.parsed("header-only.csv", d.fixture("header-only.csv"))
	file := d.file("a.csv", "id\n1\n")
	roadmap := w.Must(t, d.owner, "generate_roadmap", params{"goals": []string{"Open a branch"}}).Value("roadmap_id")
	blobs := w.Blobs.Keys()
	for name, c := range map[string]struct {
		intent string
		in     params
		code   string
	}{
		"unknown intent":         {"make_gold", params{}, "unknown_intent"},
		"unknown parameter":      {"parse_content", params{"file_id": file, "colour": "x"}, "unknown_field"},
		"missing parameter":      {"get_parsed_file", params{}, "invalid_parameters"},
		"conflicting parameters": {"get_parsed_file", params{"parsed_file_id": csv, "parsed_result_id": empty}, "invalid_parameters"},
		"roadmap without goals":  {"generate_roadmap", params{}, "invalid_parameters"},
		"roadmap of no goals":    {"generate_roadmap", params{"goals": []string{}}, "invalid_parameters"},
		"solution of a file":     {"create_solution", params{"solution_source": "roadmap", "source_id": file}, "not_found"},
		"solution, wrong source": {"create_solution", params{"solution_source": "poc", "source_id": roadmap}, "not_found"},
		"unknown guide":          {"interpret_data_guided", params{"guide_id": "no_such_guide", "parsed_file_id": csv}, "not_found"},
		"analysis of 0 rows":     {"analyze_structured_data", params{"parsed_file_id": empty}, "insufficient_data"},
		"quality of 0 rows":      {"assess_data_quality", params{"parsed_file_id": empty}, "insufficient_data"},
		"workflow from a CSV":    {"create_workflow", params{"parsed_file_id": csv}, "unsupported_format"},
		"purge without confirm":  {"purge_file", params{"file_id": file}, "confirm_required"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := w.Submit(t, d.owner, c.intent, c.in)
			require.Equal(t, c.code, fault.As(err).Code, "%v", err)
			require.Equal(t, blobs, w.Blobs.Keys(), "nothing half-made is left")
		})
	}
	_, err := w.Submit(t, w.User(t), "synthesize_outcome", nil)
	require.Equal(t, "nothing_to_synthesize", fault.As(err).Code)
}
