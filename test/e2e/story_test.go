package e2e_test

import (
	"net/http"
	"os"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

// badRow is the one bad row of orders-240.csv, counted from 0.
const badRow = 136

func fixture(t *testing.T, name string) []byte {
	t.Helper()
	content, err := os.ReadFile("../fixtures/" + name)
	require.NoError(t, err)
	return content
}

// story is the main job: a visitor's work, and what becomes of it.
type story struct {
	*api
	visitor    visitor
	socket     *socket
	file       map[string]any
	parsed     map[string]any
	quality    map[string]any
	executions []string
}

// The main job, end to end.
func TestStory(t *testing.T) {
	t.Parallel()
	onEach(t, func(e environment) {
		t := e.t
		server := start(t, e)
		s := &story{api: newAPI(t, server)}
		s.visits()
		s.uploads()
		s.parses()
		s.assesses()
		owner := s.upgrades()
		s.goesOn(owner)
		s.isHidden(owner)
		s.tellsEverythingAgain(owner)
		server.terminate()
		require.Zero(t, server.exit())
	})
}

// visits opens the anonymous session and talks to the guide.
func (s *story) visits() {
	s.t.Helper()
	s.visitor = s.anonymous()
	s.socket = s.open(s.visitor.caller(), s.visitor.id)
	_, execution := s.socket.ask("home", "Hello, what can I do here?", "guide")
	s.executions = append(s.executions, execution)
}

func (s *story) uploads() {
	s.t.Helper()
	who := s.visitor.caller()
	accepted := s.upload(who, "orders-240.csv", fixture(s.t, "orders-240.csv")).is(http.StatusAccepted)
	s.file = s.completed(who, accepted.text("execution_id"), "file")
	require.Equal(s.t, accepted.text("file_id"), s.file["file_id"])
	require.Nil(s.t, s.file["tenant_id"], "an anonymous session has no tenant")
	early := s.ended(who, s.submit(who, s.visitor.id, "parse_content", map[string]any{"file_id": s.file["file_id"]}))
	require.Equal(s.t, "failed", early["status"], "what is not saved is not parsed")
	require.Equal(s.t, "file_not_saved", early["error_code"])
	saved := s.run(who, s.visitor.id, "save_materialization", "materialization",
		map[string]any{"boundary_contract_id": s.file["boundary_contract_id"], "file_id": s.file["file_id"]})
	require.Equal(s.t, "full_artifact", saved["materialization_type"])
	s.executions = append(s.executions, accepted.text("execution_id"))
}

func (s *story) parses() {
	s.t.Helper()
	s.parsed = s.run(s.visitor.caller(), s.visitor.id, "parse_content", "parsed_content", map[string]any{"file_id": s.file["file_id"]})
	require.EqualValues(s.t, 240, s.parsed["record_count"])
	types := map[string]any{}
	for _, c := range s.parsed["columns"].([]any) {
		column := c.(map[string]any)
		types[column["name"].(string)] = column["type"]
	}
	require.Equal(s.t, map[string]any{
		"order_id": "integer", "customer": "string", "contact_email": "string", "order_date": "date", "product": "string",
		"quantity": "integer", "unit_price": "float", "status": "string",
	}, types)
}

func (s *story) assesses() {
	s.t.Helper()
	s.quality = s.run(s.visitor.caller(), s.visitor.id, "assess_data_quality", "quality_assessment",
		map[string]any{"parsed_file_id": s.parsed["parsed_file_id"]})
	pointing := map[any]bool{}
	for _, i := range s.quality["issues"].([]any) {
		issue := i.(map[string]any)
		if slices.Contains(issue["rows"].([]any), any(float64(badRow))) {
			pointing[issue["column"]] = true
		}
	}
	for _, column := range []string{"order_id", "order_date", "quantity"} {
		require.True(s.t, pointing[column], "the assessment points at row %d for its %s: %v", badRow, column, s.quality["issues"])
	}
}

// upgrades registers and takes the session along on the open socket.
func (s *story) upgrades() user {
	s.t.Helper()
	owner := s.register("Ada")
	require.NotEqual(s.t, s.visitor.id, owner.session, "without the secret registering does not touch the visitor's session")
	s.socket.send(map[string]any{"type": "session.upgrade", "access_token": owner.token, "session_secret": s.visitor.secret})
	upgraded := s.socket.until("session.upgraded", nil)
	require.Equal(s.t, s.visitor.id, upgraded.Data["session_id"])
	if token, ok := upgraded.Data["access_token"].(string); ok {
		owner.token = token
	}
	session := s.get(owner.caller(), "/api/session/"+s.visitor.id).is(http.StatusOK).object()
	require.Equal(s.t, "active", session["status"])
	require.Equal(s.t, owner.tenant, session["tenant_id"])
	require.Equal(s.t, owner.id, session["user_id"])
	require.NotNil(s.t, session["upgraded_at"])
	s.get(s.visitor.caller(), "/api/session/"+s.visitor.id).problem(http.StatusNotFound, "not_found")
	return owner
}

// goesOn uses what the visitor made, as the owner.
func (s *story) goesOn(owner user) {
	s.t.Helper()
	answer, execution := s.socket.ask("content_pillar", "Which files do I have?", "liaison.content")
	require.Contains(s.t, answer, "orders-240.csv")
	s.executions = append(s.executions, execution)
	list := s.get(owner.caller(), "/api/executions?limit=200&session_id="+s.visitor.id).is(http.StatusOK).object()
	var ids []any
	for _, e := range list["executions"].([]any) {
		ids = append(ids, e.(map[string]any)["execution_id"])
	}
	for _, id := range s.executions {
		require.Contains(s.t, ids, id, "the history came along")
	}
	download := s.get(owner.caller(), "/api/files/"+s.file["file_id"].(string)+"/content").is(http.StatusOK)
	require.Equal(s.t, string(fixture(s.t, "orders-240.csv")), string(download.body))
}

// unknown gives an id of the same kind that no server made.
func unknown(id string) string { return id[:4] + "01jd8h0000e7e8000000000000" }

// isHidden compares what another user is told with what is told of unknown ids, byte for byte.
func (s *story) isHidden(owner user) {
	s.t.Helper()
	other := s.register("Mallory").caller()
	trace := map[string]string{"Traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"}
	file, artifact, execution := s.file["file_id"].(string), s.quality["artifact_id"].(string), s.executions[1]
	for path, id := range map[string]string{
		"/api/session/%": s.visitor.id, "/api/execution/%/status": execution, "/api/execution/%/events": execution,
		"/api/files/%/content": file, "/api/artifacts/%": artifact, "/api/artifacts/%/lineage": artifact, "/api/artifacts/%/content": file,
	} {
		for _, who := range []caller{other, s.anonymous().caller()} {
			theirs := s.do(request{who: who, method: http.MethodGet, path: fill(path, id), headers: trace})
			never := s.do(request{who: who, method: http.MethodGet, path: fill(path, unknown(id)), headers: trace})
			theirs.problem(http.StatusNotFound, "not_found")
			require.Equal(s.t, string(never.body), string(theirs.body), path)
			never.header.Del("Date")
			theirs.header.Del("Date")
			require.Equal(s.t, never.header, theirs.header, path)
		}
	}
	for name, body := range map[string]map[string]any{
		"/api/intent/submit":        {"session_id": s.visitor.id, "intent_type": "list_files", "parameters": map[string]any{}},
		"/api/runtime/agent/ticket": {"session_id": s.visitor.id},
	} {
		theirs := s.do(request{who: other, method: http.MethodPost, path: name, json: body, headers: trace})
		body["session_id"] = unknown(s.visitor.id)
		never := s.do(request{who: other, method: http.MethodPost, path: name, json: body, headers: trace})
		require.Equal(s.t, http.StatusNotFound, theirs.status, "%s: %s", name, theirs.body)
		require.Equal(s.t, string(never.body), string(theirs.body), name)
	}
	require.NotEqual(s.t, owner.caller(), other)
}

func fill(path, id string) string {
	for i := range path {
		if path[i] == '%' {
			return path[:i] + id + path[i+1:]
		}
	}
	return path
}

// tellsEverythingAgain reads the log of each execution: 1..n without a hole, one end.
func (s *story) tellsEverythingAgain(owner user) {
	s.t.Helper()
	for _, id := range s.executions {
		checkLog(s.api, owner.caller(), id)
	}
}

// checkLog reads an event log page by page and checks that it is whole.
func checkLog(a *api, who caller, id string) {
	a.t.Helper()
	var next, ends int64
	for {
		page := a.get(who, "/api/execution/"+id+"/events?limit=20&after_seq="+itoa(next)).is(http.StatusOK).object()
		events := page["events"].([]any)
		require.Equal(a.t, true, page["recovered"])
		for _, raw := range events {
			next++
			e := raw.(map[string]any)
			require.EqualValues(a.t, next, e["seq"], "event log of %s", id)
			switch e["event_type"] {
			case "execution.completed", "execution.failed", "execution.cancelled":
				ends++
			default:
				require.Zero(a.t, ends, "nothing follows the end")
			}
		}
		if len(events) == 0 {
			require.EqualValues(a.t, 1, ends, "execution %s ends exactly once", id)
			return
		}
	}
}
