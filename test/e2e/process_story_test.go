package e2e_test

import (
	"archive/zip"
	"bytes"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// processStory is the way from a drawn process to a plan for it.
type processStory struct {
	*api
	who      caller
	session  string
	workflow map[string]any
	sop      map[string]any
}

// From a BPMN file to a blueprint, across a restart of the server.
func TestProcessStory(t *testing.T) {
	t.Parallel()
	onEach(t, func(e environment) {
		t := e.t
		server := start(t, e)
		s := &processStory{api: newAPI(t, server)}
		visitor := s.anonymous()
		s.who, s.session = visitor.caller(), visitor.id
		s.draws()
		s.writes()
		chat := s.tells()
		server.terminate()
		require.Zero(t, server.exit())
		server = start(t, e)
		s.api = newAPI(t, server)
		s.goesOnTelling(chat)
		s.plans()
		server.terminate()
		require.Zero(t, server.exit())
	})
}

// draws uploads the file, saves it, and has the workflow made of it without asking for the parsing.
func (s *processStory) draws() {
	s.t.Helper()
	accepted := s.upload(s.who, "beneficiary.bpmn", fixture(s.t, "beneficiary.bpmn")).is(http.StatusAccepted)
	file := s.completed(s.who, accepted.text("execution_id"), "file")
	s.run(s.who, s.session, "save_materialization", "materialization",
		map[string]any{"boundary_contract_id": file["boundary_contract_id"], "file_id": file["file_id"]})
	s.workflow = s.run(s.who, s.session, "create_workflow", "workflow", map[string]any{"bpmn_file_id": file["file_id"]})
	require.EqualValues(s.t, 5, s.workflow["total_tasks"])
	require.EqualValues(s.t, 1, s.workflow["decision_points"])
	require.Equal(s.t, file["file_id"], s.workflow["lineage"].(map[string]any)["root_artifact_id"])
	bpmn := s.get(s.who, s.workflow["content_url"].(string)).is(http.StatusOK)
	require.Equal(s.t, s.workflow["bpmn_xml"], string(bpmn.body))
	require.Contains(s.t, bpmn.header.Get("Content-Disposition"), ".bpmn")
	require.Contains(s.t, s.workflow["renderings"].(map[string]any)["svg"], "Validate New")
}

// writes has the workflow written down, and opens the document.
func (s *processStory) writes() {
	s.t.Helper()
	s.sop = s.run(s.who, s.session, "generate_sop", "sop", map[string]any{"workflow_id": s.workflow["workflow_id"]})
	require.EqualValues(s.t, 6, s.sop["total_steps"])
	file := s.get(s.who, s.sop["content_url"].(string)).is(http.StatusOK)
	archive, err := zip.NewReader(bytes.NewReader(file.body), int64(len(file.body)))
	require.NoError(s.t, err)
	part, err := archive.Open("word/document.xml")
	require.NoError(s.t, err)
	var text bytes.Buffer
	_, err = text.ReadFrom(part)
	require.NoError(s.t, err)
	require.Contains(s.t, text.String(), "If Yes → step 3")
	again := s.run(s.who, s.session, "create_workflow", "workflow", map[string]any{"sop_id": s.sop["sop_id"]})
	require.EqualValues(s.t, 6, again["tasks_count"])
}

// tells begins to tell a procedure.
func (s *processStory) tells() string {
	s.t.Helper()
	chat := s.run(s.who, s.session, "generate_sop_from_chat", "chat_session", map[string]any{})
	id := chat["session_id"].(string)
	require.True(s.t, strings.HasPrefix(id, "con_"))
	s.run(s.who, s.session, "sop_chat_message", "chat_response", map[string]any{"session_id": id, "message": "Returns"})
	return id
}

// goesOnTelling finishes it after the restart.
func (s *processStory) goesOnTelling(chat string) {
	s.t.Helper()
	for _, message := range []string{"skip", "skip", "1. Open the parcel\n2. If it is damaged, go to step 3\n3. Ask the lead"} {
		s.run(s.who, s.session, "sop_chat_message", "chat_response", map[string]any{"session_id": chat, "message": message})
	}
	sop := s.run(s.who, s.session, "generate_sop_from_chat", "sop", map[string]any{"session_id": chat})
	require.Equal(s.t, "Returns", sop["sop_title"])
	require.EqualValues(s.t, 3, sop["total_steps"])
}

// plans has the process classified, measured and planned for.
func (s *processStory) plans() {
	s.t.Helper()
	of := map[string]any{"workflow_id": s.workflow["workflow_id"]}
	analysis := s.run(s.who, s.session, "analyze_coexistence", "coexistence_analysis", of)
	require.InDelta(s.t, 0.1667, analysis["friction_removal_potential"], 0)
	optimization := s.run(s.who, s.session, "optimize_process", "optimized_process", of)
	require.EqualValues(s.t, 5, optimization["longest_path"].(map[string]any)["length"])
	blueprint := s.run(s.who, s.session, "create_blueprint", "blueprint", of)
	require.Contains(s.t, blueprint["parent_artifacts"], analysis["artifact_id"], "the newest analysis is used")
	require.Len(s.t, blueprint["roadmap"].(map[string]any)["phases"], 5)
	state := s.get(s.who, "/api/session/"+s.session).is(http.StatusOK).object()["state"].(map[string]any)
	journey := state["realm_state"].(map[string]any)["journey"].(map[string]any)
	for list, count := range map[string]int{"workflows": 2, "sops": 2, "coexistenceAnalyses": 1, "optimizedProcesses": 1, "blueprints": 1} {
		require.Len(s.t, journey[list], count, list)
	}
	failed := s.ended(s.who, s.submit(s.who, s.session, "analyze_coexistence", map[string]any{"sop_id": s.workflow["workflow_id"]}))
	require.Equal(s.t, "not_found", failed["error_code"])
}
