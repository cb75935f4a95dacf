package catalogue_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/symphainy/symphainy/application/intents"
	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/test/realmtest"
)

// Two holders ask the same of different things. Where the results are equal, something in them is no result.
func TestChangedInputChangesTheResult(t *testing.T) {
	w := realmtest.NewWorld(t, realms)
	one, two := hold(t, w, 1), hold(t, w, 2)
	compared := 0
	entries := w.Catalogue.Entries()
	slices.SortStableFunc(entries, func(a, b intents.Entry) int { return destroys(a) - destroys(b) })
	for _, e := range entries {
		if slices.Contains(withoutContent(), e.Spec.Type) {
			continue
		}
		t.Run(e.Spec.Type, func(t *testing.T) {
			run := func(h *holder) (realmtest.Outcome, error) {
				in := h.filled(t, e, func(string) bool { return true })
				for name, value := range h.needs(e.Spec.Type) {
					in[name] = value
				}
				return w.Submit(t, h.Principal, e.Spec.Type, in)
			}
			a, errA := run(one)
			b, errB := run(two)
			if errA != nil || errB != nil {
				// The example does not fit what the holders have: it must say so, and the same to both.
				require.Equal(t, answer(errA), answer(errB))
				require.NotContains(t, []string{"", "internal"}, fault.As(errA).Code, "%v", errA)
				return
			}
			compared++
			require.NotEqual(t, normal(t, a), normal(t, b))
		})
	}
	require.Greater(t, compared, 15, "most examples must run")
}

// withoutContent are intents whose results hold ids and times of what is there, and nothing that is computed of it.
func withoutContent() []string { return []string{"save_materialization", "list_guides", "delete_file"} }

// destroys puts what takes something away behind what needs it.
func destroys(e intents.Entry) int {
	return slices.Index([]string{"archive_file", "restore_file", "purge_file", "delete_file"}, e.Spec.Type)
}

// needs are parameters that an intent's example leaves open, or that make its two runs differ.
func (h *holder) needs(intentType string) params {
	switch intentType {
	case "ingest_file", "register_file":
		return params{"ui_name": fmt.Sprintf("renamed%d.csv", h.n)}
	case "bulk_ingest_files":
		files := []params{}
		for i := range h.n {
			files = append(files, params{"ui_name": fmt.Sprintf("%d.csv", i), "file_content": "69640a310a"})
		}
		return params{"files": files}
	case "bulk_parse_files":
		return params{"file_ids": []string{h.file, h.bpmn}[:h.n]}
	case "create_extraction_config":
		return params{"name": fmt.Sprint("Config ", h.n)}
	case "search_files":
		return params{"query": fmt.Sprintf("orders%d", h.n)}
	case "register_guide":
		return params{"name": fmt.Sprint("Guide ", h.n)}
	case "create_poc":
		return params{"description": fmt.Sprintf("Show it %d times.", h.n)}
	case "generate_sop_from_chat":
		return params{"initial_requirements": fmt.Sprintf("Title: Procedure %d", h.n)}
	case "create_workflow":
		return params{"workflow_spec": params{"name": "P", "steps": []params{{"name": fmt.Sprint("Validate ", h.n)}}}}
	}
	return nil
}
