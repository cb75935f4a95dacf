package e2e_test

import (
	"bytes"
	"fmt"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/xuri/excelize/v2"

	"github.com/symphainy/symphainy/test/wordtest"
)

// planted is the one salary that is far off, in the third row of the sheet Staff.
const planted = 990000

// workbook is a spreadsheet of two sheets, with an outlier and a gap in it.
func workbook(t *testing.T) []byte {
	t.Helper()
	f := excelize.NewFile()
	require.NoError(t, f.SetSheetName("Sheet1", "Staff"))
	_, err := f.NewSheet("Branches")
	require.NoError(t, err)
	names := []string{"Ada", "Alan", "Grace", "Edsger", "Barbara", "Donald", "Radia", "", "Niklaus", "Frances"}
	require.NoError(t, f.SetSheetRow("Staff", "A1", &[]any{"staff_id", "holder", "salary"}))
	for i, name := range names {
		salary := 60000 + 1500*i
		if i == 2 {
			salary = planted
		}
		row := []any{i + 1, name, salary}
		if name == "" {
			row[1] = nil
		}
		require.NoError(t, f.SetSheetRow("Staff", fmt.Sprintf("A%d", i+2), &row))
	}
	for i, row := range [][]any{{"branch", "staff"}, {"Bonn", 12}, {"Cologne", 7}} {
		require.NoError(t, f.SetSheetRow("Branches", fmt.Sprintf("A%d", i+1), &row))
	}
	var out bytes.Buffer
	require.NoError(t, f.Write(&out))
	require.NoError(t, f.Close())
	return out.Bytes()
}

// business is the whole way of a business user: from files to a solution.
type business struct {
	*api
	user
}

func (b *business) make(intent, key string, parameters map[string]any) map[string]any {
	b.t.Helper()
	return b.run(b.caller(), b.session, intent, key, parameters)
}

// bring uploads a file, saves and parses it, and gives the typed document.
func (b *business) bring(name string, content []byte) map[string]any {
	b.t.Helper()
	accepted := b.do(uploadTo(b.t, b.caller(), b.session, name, content)).is(http.StatusAccepted)
	file := b.completed(b.caller(), accepted.text("execution_id"), "file")
	b.make("save_materialization", "materialization", map[string]any{"file_id": file["file_id"], "boundary_contract_id": file["boundary_contract_id"]})
	return b.make("parse_content", "parsed_content", map[string]any{"file_id": file["file_id"]})
}

// From a spreadsheet, a CSV and a process to a solution, on each database, with a restart in the middle and one at the end.
func TestBusinessStory(t *testing.T) {
	t.Parallel()
	onEach(t, func(e environment) {
		t := e.t
		server := start(t, e)
		a := newAPI(t, server)
		b := &business{a, a.register("Berta")}

		staff := b.bring("staff.xlsx", workbook(t))
		require.Len(t, staff["tables"], 2)
		orders := b.bring("orders.csv", fixture(t, "orders-240.csv"))
		require.EqualValues(t, 240, orders["record_count"])
		quality := b.make("assess_data_quality", "quality_assessment", map[string]any{"parsed_file_id": orders["parsed_file_id"]})
		gap := b.make("assess_data_quality", "quality_assessment", map[string]any{"parsed_file_id": staff["parsed_file_id"]})
		require.Contains(t, fmt.Sprint(gap["issues"]), "holder", "the gap is found in its column")
		analysis := b.make("analyze_structured_data", "analysis", map[string]any{"parsed_file_id": staff["parsed_file_id"], "table": "Staff"})
		require.Contains(t, fmt.Sprint(analysis["anomalies"]), "salary")
		require.Contains(t, fmt.Sprint(analysis["insights"]), fmt.Sprint(planted), "the planted outlier is found")

		process := b.bring("beneficiary.bpmn", fixture(t, "beneficiary.bpmn"))
		workflow := b.make("create_workflow", "workflow", map[string]any{"parsed_file_id": process["parsed_file_id"]})
		require.Contains(t, fmt.Sprint(workflow["tasks"]), "Validate New Beneficiary")
		sop := b.make("generate_sop", "sop", map[string]any{"workflow_id": workflow["workflow_id"]})
		require.Contains(t, fmt.Sprint(sop["steps"]), "If Yes → step 3")
		coexistence := b.make("analyze_coexistence", "coexistence_analysis", map[string]any{"workflow_id": workflow["workflow_id"]})
		require.InDelta(t, 0.1667, coexistence["friction_removal_potential"], 0)
		server.kill()

		server = start(t, e)
		b.api = newAPI(t, server)
		blueprint := b.make("create_blueprint", "blueprint", map[string]any{"workflow_id": workflow["workflow_id"]})
		require.Contains(t, fmt.Sprint(blueprint["roadmap"]), "Validate New Beneficiary")
		synthesis := b.make("synthesize_outcome", "synthesis_summary", nil)
		b.tells(synthesis, quality, gap)
		roadmap := b.plans()
		b.exports(roadmap)
		solutions := map[string]any{}
		poc := b.make("create_poc", "poc", map[string]any{"description": "Show that staff can be checked with AI assistance. Keep people in charge."})
		require.Contains(t, fmt.Sprint(poc["in_scope"]), "staff.xlsx")
		for source, id := range map[string]any{"roadmap": roadmap["roadmap_id"], "blueprint": blueprint["blueprint_id"], "poc": poc["poc_id"]} {
			s := b.make("create_solution", "platform_solution", map[string]any{"solution_source": source, "source_id": id})
			solutions[source] = s["context"]
			require.Equal(t, id, s["source_id"])
		}
		require.Contains(t, fmt.Sprint(solutions["roadmap"]), "Complete Remediation")
		require.Contains(t, fmt.Sprint(solutions["blueprint"]), "Validate New Beneficiary")
		require.Contains(t, fmt.Sprint(solutions["poc"]), "Keep people in charge.")
		server.terminate()
		require.Zero(t, server.exit())

		b.api = newAPI(t, start(t, e))
		b.isStillThere(solutions)
	})
}

// tells checks that the synthesis speaks of what was brought.
func (b *business) tells(synthesis map[string]any, assessments ...map[string]any) {
	b.t.Helper()
	content, insights := synthesis["content"].(map[string]any), synthesis["insights"].(map[string]any)
	require.EqualValues(b.t, 3, content["files_uploaded"])
	require.EqualValues(b.t, 3, content["files_parsed"])
	require.EqualValues(b.t, 240+10+6, content["records"], "rows, and the tasks and decisions of the process")
	require.Equal(b.t, "done", content["status"])
	require.Len(b.t, insights["quality"].(map[string]any)["assessments"], len(assessments))
	require.Equal(b.t, "done", synthesis["journey"].(map[string]any)["status"])
	findings := fmt.Sprint(synthesis["key_findings"])
	for _, want := range []string{fmt.Sprint(planted), "order_id", "Validate New Beneficiary"} {
		require.Contains(b.t, findings, want)
	}
	for _, a := range assessments {
		require.Contains(b.t, synthesis["parent_artifacts"], a["artifact_id"])
	}
	require.Contains(b.t, synthesis["renderings"].(map[string]any)["svg"], "orders.csv")
}

// plans makes the roadmap, and accepts it.
func (b *business) plans() map[string]any {
	b.t.Helper()
	roadmap := b.make("generate_roadmap", "roadmap", map[string]any{
		"goals":           []string{"Pay every holder the right salary", "Answer beneficiary changes within 2 days"},
		"roadmap_options": map[string]any{"timeline": "6 months", "start_date": "2026-01-05"},
	})
	phases := fmt.Sprint(roadmap["phases"])
	for _, want := range []string{"Remediation", "orders.csv", "2 days", "Validate New Beneficiary"} {
		require.Contains(b.t, phases, want)
	}
	path := "/api/artifacts/" + roadmap["artifact_id"].(string)
	change := request{who: b.caller(), method: http.MethodPatch, path: path, json: map[string]any{"lifecycle_state": "accepted", "reason": "agreed in the board", "scope": "tenant"}}
	accepted := b.do(change).is(http.StatusOK).object()
	require.Equal(b.t, "accepted", accepted["lifecycle_state"])
	require.Equal(b.t, "tenant", accepted["scope"])
	b.do(request{who: b.caller(), method: http.MethodPatch, path: path, json: map[string]any{"lifecycle_state": "READY"}}).problem(http.StatusConflict, "invalid_transition")
	return roadmap
}

// exports downloads the roadmap in each format and reads the document.
func (b *business) exports(roadmap map[string]any) {
	b.t.Helper()
	for _, format := range []string{"json", "yaml", "md", "docx"} {
		ask := map[string]any{"artifact_id": roadmap["roadmap_id"], "export_format": format}
		export := b.make("export_artifact", "export", ask)
		first := b.get(b.caller(), export["download_url"].(string)).is(http.StatusOK)
		require.Len(b.t, first.body, int(export["file_size"].(float64)))
		require.Equal(b.t, `attachment; filename=`+export["filename"].(string), strings.ReplaceAll(first.header.Get("Content-Disposition"), `"`, ""))
		require.Equal(b.t, "nosniff", first.header.Get("X-Content-Type-Options"))
		require.Contains(b.t, first.header.Get("Content-Security-Policy"), "sandbox")
		again := b.get(b.caller(), b.make("export_artifact", "export", ask)["download_url"].(string)).is(http.StatusOK)
		require.Equal(b.t, first.body, again.body, "the same version gives the same bytes: %s", format)
		if dir := os.Getenv("SYMPHAINY_TEST_PICTURES"); dir != "" {
			require.NoError(b.t, os.WriteFile(dir+"/"+export["filename"].(string), first.body, 0o600))
		}
		if format == "docx" {
			read := b.bring("roadmap.docx", first.body)
			require.Equal(b.t, "docx", read["format"])
			whole := b.get(b.caller(), "/api/artifacts/"+read["parsed_file_id"].(string)+"/content").is(http.StatusOK)
			require.Contains(b.t, string(whole.body), "Validate New Beneficiary", "the document opens, and says what the roadmap says")
			require.Contains(b.t, wordtest.Open(b.t, first.body).Text(), "Validate New Beneficiary", "and so a library that is not ours reads it")
		}
	}
}

// isStillThere looks at the solutions after a restart.
func (b *business) isStillThere(want map[string]any) {
	b.t.Helper()
	list := b.post(b.caller(), "/api/artifact/list", map[string]any{"artifact_type": "solution"}).is(http.StatusOK).object()
	require.EqualValues(b.t, len(want), list["total"], "the registry outlives the process")
	for _, x := range list["artifacts"].([]any) {
		s := b.get(b.caller(), "/api/artifacts/"+x.(map[string]any)["artifact_id"].(string)).is(http.StatusOK).object()
		require.Equal(b.t, want[s["solution_source"].(string)], s["context"])
	}
	state := b.get(b.caller(), "/api/session/"+b.session).is(http.StatusOK).object()["state"].(map[string]any)["realm_state"].(map[string]any)
	for realm, lists := range map[string]map[string]int{
		"content":  {"files": 4, "parsedFiles": 4},
		"insights": {"qualityAssessments": 2, "analyses": 1, "interpretations": 0, "lineageVisualizations": 0},
		"journey":  {"workflows": 1, "sops": 1, "coexistenceAnalyses": 1, "blueprints": 1, "optimizedProcesses": 0},
		"outcomes": {"syntheses": 1, "roadmaps": 1, "pocProposals": 1, "solutions": 3, "blueprints": 1},
	} {
		for name, n := range lists {
			require.Len(b.t, state[realm].(map[string]any)[name], n, "%s.%s", realm, name)
		}
	}
	stranger := b.register("Mallory").caller()
	trace := map[string]string{"Traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"}
	id := list["artifacts"].([]any)[0].(map[string]any)["artifact_id"].(string)
	change := map[string]any{"scope": "tenant"}
	theirs := b.do(request{who: stranger, method: http.MethodPatch, path: "/api/artifacts/" + id, json: change, headers: trace})
	never := b.do(request{who: stranger, method: http.MethodPatch, path: "/api/artifacts/" + unknown(id), json: change, headers: trace})
	theirs.problem(http.StatusNotFound, "not_found")
	require.Equal(b.t, string(never.body), string(theirs.body))
}

// uploadTo is an upload into a named session.
func uploadTo(t *testing.T, who caller, session, name string, content []byte) request {
	t.Helper()
	boundary := "x-e2e-boundary"
	var body bytes.Buffer
	fmt.Fprintf(&body, "--%s\r\nContent-Disposition: form-data; name=\"session_id\"\r\n\r\n%s\r\n", boundary, session)
	fmt.Fprintf(&body, "--%s\r\nContent-Disposition: form-data; name=\"file\"; filename=\"%s\"\r\nContent-Type: application/octet-stream\r\n\r\n", boundary, name)
	body.Write(content)
	fmt.Fprintf(&body, "\r\n--%s--\r\n", boundary)
	return request{who: who, method: http.MethodPost, path: "/api/files", raw: body.Bytes(), headers: map[string]string{"Content-Type": "multipart/form-data; boundary=" + boundary}}
}
