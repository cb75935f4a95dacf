package outcomes_test

import (
	"context"
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/symphainy/symphainy/application/realms/content"
	"github.com/symphainy/symphainy/application/realms/outcomes"
	"github.com/symphainy/symphainy/domain/artifact"
	"github.com/symphainy/symphainy/domain/identity"
	"github.com/symphainy/symphainy/domain/typeid"
	"github.com/symphainy/symphainy/ports"
	"github.com/symphainy/symphainy/test/realmtest"
)

type params = map[string]any

func world(t *testing.T) *realmtest.World {
	t.Helper()
	return realmtest.NewWorld(t, func(w *realmtest.World) []ports.Realm {
		return []ports.Realm{
			content.New(content.Deps{UnitOfWork: w.Store, Blobs: w.Blobs, Clock: w.Clock, IDs: w.IDs}),
			outcomes.New(outcomes.Deps{Blobs: w.Blobs, Clock: w.Clock, IDs: w.IDs}),
		}
	})
}

// put stores an artifact as another realm would have made it, and gives its id.
func put(t *testing.T, w *realmtest.World, p identity.Principal, kind, name, payload string, parents ...string) string {
	t.Helper()
	require.True(t, json.Valid([]byte(payload)), payload)
	s := artifact.Snapshot{
		ID: w.IDs.NewID(typeid.Artifact), Type: kind, Name: name, TenantID: p.TenantID, OwnerID: p.UserID, SessionID: p.SessionID, Payload: []byte(payload),
		DataClass: artifact.Outcome, State: artifact.Draft, Parents: parents, CreatedAt: w.Clock.Advance(time.Second),
	}
	if kind == "file" || kind == "parsed_content" {
		s.DataClass, s.State = artifact.WorkingMaterial, artifact.Ready
	}
	a, err := artifact.New(s)
	require.NoError(t, err)
	require.NoError(t, w.Store.Do(t.Context(), func(ctx context.Context, tx ports.Tx) error { return tx.Artifacts.Insert(ctx, a) }))
	return s.ID
}

// made is a session in which much has been done.
type made struct{ file, document, quality, analysis, workflow, coexistence, blueprint, matching string }

const (
	qualityPayload = `{"overall_score":0.62,"grade":"D","scores":{"completeness":0.5,"accuracy":0.74,"consistency":0.6,"uniqueness":0.64,"timeliness":null},
		"issues":[{"code":"missing_values","severity":"high","description":"Column \"holder\" has 12 missing values.","suggestion":"Ask the branch for the holders.","column":"holder"},
		{"code":"outliers","severity":"low","description":"One premium is far off.","suggestion":"Check it."}]}`
	analysisPayload = `{"numeric":[{"field":"premium"},{"field":"age"}],"categorical":[{"field":"state"}],"patterns":{"correlations":[{"r":0.9}]},"trends":{"columns":[]},
		"anomalies":[{"field":"premium","outlier_count":1,"outlier_values":[9999.5],"rows":[3]}]}`
	workflowPayload = `{"workflow_name":"Beneficiary Change","total_tasks":5,"decision_points":1,
		"tasks":[{"id":"a","name":"Verify Policy Status","actor":"Claims Desk"},{"id":"b","name":"Validate New Beneficiary","actor":"Claims Desk"},{"id":"c","name":"Send Confirmation","actor":"unassigned"}]}`
	coexistencePayload = `{"workflow_name":"Beneficiary Change","steps":[{"step_id":"a"},{"step_id":"b"},{"step_id":"c"},{"step_id":"d"},{"step_id":"e"},{"step_id":"f"}],
		"friction_points":[{"step_id":"b","step_name":"Validate New Beneficiary","integration_point":"Beneficiary Register"}],
		"human_focus_areas":[{"step_name":"Approve Change"}],"hybrid":[{"step_name":"Verify Policy Status"},{"step_name":"Send Confirmation"}],
		"conflicts":[{"step_id":"b","step_name":"Validate New Beneficiary","severity":"high","predecessors":["Policy Active?"]}],"opportunities_count":3}`
	blueprintPayload = `{"name":"Beneficiary blueprint","roadmap":{"phases":[{"phase_number":1,"name":"Foundation","objective":"Agree on the data","friction_addressed":[]},
		{"phase_number":2,"name":"Validation","objective":"Assist validation","friction_addressed":["Validate New Beneficiary"]},{"phase_number":3,"name":"Handover","objective":"Hand over"}]},
		"responsibility_matrix":[{"step":"Validate New Beneficiary","human":["Claims Desk"],"ai_symphainy":["prepare"],"external_systems":["Policy Admin"]}]}`
	matchingPayload = `{"mapping_table":[{"source_column":"pol_no","target_column":"policy_number","confidence":0.95},{"source_column":"=HYPERLINK(1)","target_column":"it's","confidence":-0.5}],
		"unmapped_source":["shoe_size"],"unmapped_target":[],"errors":[],"overall_confidence":0.8}`
)

func fill(t *testing.T, w *realmtest.World, p identity.Principal) made {
	t.Helper()
	var m made
	m.file = put(t, w, p, "file", "policies.csv", `{"file_type":"csv"}`)
	m.document = put(t, w, p, "parsed_content", "policies.csv", `{"record_count":120}`, m.file)
	m.quality = put(t, w, p, "quality_assessment", "policies.csv", qualityPayload, m.document)
	m.analysis = put(t, w, p, "structured_analysis", "policies.csv", analysisPayload, m.document)
	m.matching = put(t, w, p, "matching_result", "policies to target", matchingPayload, m.document)
	m.workflow = put(t, w, p, "workflow", "Beneficiary Change", workflowPayload)
	m.coexistence = put(t, w, p, "coexistence_analysis", "Beneficiary Change", coexistencePayload, m.workflow)
	m.blueprint = put(t, w, p, "blueprint", "Beneficiary blueprint", blueprintPayload, m.workflow, m.coexistence)
	return m
}

func at(t *testing.T, doc map[string]any, path ...any) any {
	t.Helper()
	var v any = doc
	for _, p := range path {
		switch key := p.(type) {
		case string:
			m, ok := v.(map[string]any)
			require.True(t, ok, "%v of %v in %v", key, path, v)
			v = m[key]
		case int:
			l, ok := v.([]any)
			require.True(t, ok && key < len(l), "%v of %v in %v", key, path, v)
			v = l[key]
		}
	}
	return v
}

func count(t *testing.T, doc map[string]any, path ...any) int {
	t.Helper()
	list, ok := at(t, doc, path...).([]any)
	require.True(t, ok, "%v", path)
	return len(list)
}

func TestConformance(t *testing.T) { realmtest.Conformance(t, outcomes.New(outcomes.Deps{})) }

func decode(t *testing.T, raw []byte) map[string]any {
	t.Helper()
	var out map[string]any
	require.NoError(t, json.Unmarshal(raw, &out))
	return out
}
