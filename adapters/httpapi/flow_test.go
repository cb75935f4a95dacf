package httpapi_test

import (
	"encoding/hex"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const csv = "id,name,amount\n1,Ada,10.5\n2,Alan,11\n3,Grace,12\n"

// TestStory walks the main job over HTTP: upload, save, parse, assess, download, resolve, and everything foreign is unknown.
func TestStory(t *testing.T) {
	w := newWorld(t)
	v := w.visit()
	as := call{secret: v.secret}
	up := w.upload(as, `C:\dir\people "x".csv`, csv, map[string]string{"session_id": v.session, "metadata": `{"from":"test"}`}).is(202)
	fileID, ingest := up.str("file_id"), up.str("execution_id")
	require.Equal(t, "/api/execution/"+ingest+"/status", up.header.Get("Location"))
	require.Equal(t, "accepted", up.str("status"))
	status := w.settle(as, ingest)
	require.Equal(t, "completed", status["status"], status)
	require.Equal(t, map[string]any{"from": "test"}, status["metadata"])
	require.Nil(t, status["tenant_id"])
	file := status["artifacts"].(map[string]any)["file"].(map[string]any)
	require.Equal(t, fileID, file["file_id"])
	require.Contains(t, file, "tenant_id")
	require.Nil(t, file["tenant_id"])
	contract := file["boundary_contract_id"].(string)

	download := call{method: "GET", path: "/api/files/" + fileID + "/content", secret: v.secret}
	w.do(download).fails(409, "file_not_saved")
	saved := w.do(call{method: "POST", path: "/api/content/save_materialization", secret: v.secret, header: map[string]string{"Prefer": "respond-async, wait=5"},
		body: map[string]any{"boundary_contract_id": contract, "file_id": fileID}}).is(200)
	require.Equal(t, "wait=5", saved.header.Get("Preference-Applied"))
	require.Equal(t, "completed", saved.str("status"))

	open := w.do(call{method: "POST", path: "/api/intent/pending/list", secret: v.secret, body: map[string]any{"target_artifact_id": fileID}}).is(200).json()
	require.Len(t, open["intents"], 1, "saving prepares the parsing")
	parsed := w.do(call{method: "POST", path: "/api/intent/submit", secret: v.secret, header: map[string]string{"Prefer": "wait=5"},
		body: map[string]any{"session_id": v.session, "intent_type": "parse_content", "parameters": map[string]any{"file_id": fileID, "session_id": v.session}}}).is(200).json()
	require.Equal(t, "completed", parsed["status"], parsed)
	parsedID := parsed["artifacts"].(map[string]any)["parsed_file_id"].(string)

	got := w.do(download).is(200)
	require.Equal(t, csv, string(got.body))
	require.Equal(t, `attachment; filename="people _x_.csv"`, got.header.Get("Content-Disposition"))
	require.Contains(t, got.header.Get("Content-Security-Policy"), "sandbox")
	require.NotEmpty(t, got.header.Get("ETag"))
	part := download
	part.header = map[string]string{"Range": "bytes=3-6"}
	require.Equal(t, csv[3:7], string(w.do(part).is(206).body))
	part.header = map[string]string{"If-None-Match": got.header.Get("ETag")}
	w.do(part).is(304)
	part.header = map[string]string{"Range": "bytes=9999-"}
	w.do(part).is(416)

	doc := w.do(call{method: "GET", path: "/api/artifacts/" + parsedID, secret: v.secret}).is(200).json()
	require.Equal(t, "parsed_content", doc["artifact_type"])
	require.Nil(t, doc["tenant_id"])
	resolved := w.do(call{method: "POST", path: "/api/artifact/resolve", secret: v.secret, body: map[string]any{"artifact_id": fileID, "artifact_type": "file", "tenant_id": nil}}).is(200).json()
	require.Equal(t, "READY", resolved["lifecycle_state"])
	w.do(call{method: "POST", path: "/api/artifact/resolve", secret: v.secret, body: map[string]any{"artifact_id": fileID, "artifact_type": "parsed_content"}}).fails(404, "not_found")
	list := w.do(call{method: "POST", path: "/api/artifact/list", secret: v.secret, body: map[string]any{"eligible_for": "parse_content"}}).is(200).json()
	require.InDelta(t, 1, list["total"], 0)
	require.InDelta(t, 100, list["limit"], 0)
	require.Empty(t, w.do(call{method: "POST", path: "/api/artifact/list", secret: v.secret, body: map[string]any{"eligible_for": "nothing"}}).is(200).json()["artifacts"])
	graph := w.do(call{method: "GET", path: "/api/artifacts/" + parsedID + "/lineage", secret: v.secret}).is(200).json()
	require.Equal(t, []any{map[string]any{"from": fileID, "to": parsedID}}, graph["edges"])
	state := w.do(call{method: "GET", path: "/api/session/" + v.session, secret: v.secret}).is(200).json()["state"].(map[string]any)["realm_state"].(map[string]any)
	require.Len(t, state["content"].(map[string]any)["parsedFiles"], 1)

	change := func(id string, body map[string]any) call {
		return call{method: "PATCH", path: "/api/artifacts/" + id, secret: v.secret, body: body}
	}
	for range 2 {
		archived := w.do(change(parsedID, map[string]any{"lifecycle_state": "ARCHIVED", "reason": "tidied up"})).is(200).json()
		require.Equal(t, "ARCHIVED", archived["lifecycle_state"])
		require.Len(t, archived["lifecycle_transitions"], 1)
	}
	w.do(change(parsedID, map[string]any{"lifecycle_state": "READY"})).is(200)
	w.do(change(parsedID, map[string]any{"lifecycle_state": "accepted"})).fails(409, "invalid_transition")
	w.do(change(fileID, map[string]any{"lifecycle_state": "ARCHIVED"})).fails(409, "invalid_transition")
	w.do(change(parsedID, map[string]any{"lifecycle_state": "DELETED"})).is(422)
	w.do(change(parsedID, map[string]any{"scope": "tenant"})).fails(403, "permission_denied")
	w.do(change(parsedID, map[string]any{"price": 1})).is(400)
	stranger := w.visit()
	theirs := change(parsedID, map[string]any{"lifecycle_state": "ARCHIVED"})
	theirs.secret = stranger.secret
	w.do(theirs).fails(404, "not_found")

	w.foreign(t, v, map[string]string{
		"/api/execution/%/status": ingest, "/api/execution/%/events": ingest, "/api/artifacts/%": parsedID, "/api/artifacts/%/lineage": parsedID,
		"/api/artifacts/%/content": fileID, "/api/files/%/content": fileID, "/api/session/%": v.session,
	})
}

// foreign proves, byte for byte and header for header, that what is somebody else's is as unknown as what never was (G10).
func (w *world) foreign(t *testing.T, owner visitor, objects map[string]string) {
	t.Helper()
	bob, other := w.register("bob"), w.visit()
	trace := map[string]string{"Traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"}
	for template, id := range objects {
		unknown := id[:4] + "01jd8h0000exampe0000000000"
		require.Len(t, unknown, len(id))
		w.do(call{method: "GET", path: strings.Replace(template, "%", id, 1), secret: owner.secret})
		for name, as := range map[string]call{"user": {token: bob.token}, "visitor": {secret: other.secret}, "bad secret": {secret: "sas_" + strings.Repeat("A", 43)}} {
			var answers []reply
			for _, target := range []string{id, unknown, bob.token[:40], "x"} {
				as.method, as.path, as.header = "GET", strings.Replace(template, "%", target, 1), trace
				got := w.do(as).fails(404, "not_found")
				got.header.Del("Date")
				answers = append(answers, got)
			}
			for _, a := range answers[1:] {
				require.Equal(t, string(answers[0].body), string(a.body), template+" "+name)
				require.Equal(t, answers[0].header, a.header, template+" "+name)
				require.NotContains(t, string(a.body), id)
			}
		}
		if !strings.HasPrefix(template, "/api/session/") {
			w.do(call{method: "GET", path: strings.Replace(template, "%", id, 1)}).fails(401, "unauthenticated")
		}
	}
}

func TestSubmit(t *testing.T) {
	w := newWorld(t)
	ada := w.register("ada")
	submit := func(body map[string]any, header map[string]string) reply {
		return w.do(call{method: "POST", path: "/api/intent/submit", token: ada.token, body: body, header: header})
	}
	first := submit(map[string]any{"intent_type": "wait", "parameters": map[string]any{"n": 1}, "metadata": map[string]any{"k": "v"}, "tenant_id": ada.tenant, "solution_id": nil},
		map[string]string{"Idempotency-Key": "key-1", "Traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"}).is(202)
	id := first.str("execution_id")
	require.Equal(t, "/api/execution/"+id+"/status", first.header.Get("Location"))
	again := submit(map[string]any{"intent_type": "wait", "parameters": map[string]any{"n": 1}, "idempotency_key": "key-1"}, nil).is(202)
	require.Equal(t, first.json(), again.json())
	submit(map[string]any{"intent_type": "wait", "parameters": map[string]any{"n": 2}}, map[string]string{"Idempotency-Key": "key-1"}).fails(422, "idempotency_key_reused")
	submit(map[string]any{"intent_type": "wait", "idempotency_key": "key-2"}, map[string]string{"Idempotency-Key": "key-1"}).fails(400, "conflicting_values")
	waited := submit(map[string]any{"intent_type": "wait"}, map[string]string{"Prefer": "wait=0"}).is(202)
	require.Equal(t, "wait=0", waited.header.Get("Preference-Applied"))

	submit(map[string]any{"intent_type": "no_such"}, nil).fails(422, "unknown_intent")
	submit(map[string]any{}, nil).fails(422, "invalid_parameters")
	submit(map[string]any{"intent_type": "wait", "parameters": []int{1}}, nil).fails(422, "invalid_parameters")
	submit(map[string]any{"intent_type": "wait", "parameters": map[string]any{"n": "x"}}, nil).fails(422, "invalid_parameters")
	submit(map[string]any{"intent_type": "wait", "parameters": map[string]any{"m": 1}}, nil).fails(400, "unknown_field")
	for _, alien := range []map[string]any{{"tenant_id": "ten_other"}, {"user_id": "usr_other"}, {"tenant_id": []string{ada.tenant}}, {"tenant_id": 7},
		{"parameters": map[string]any{"tenant_id": "ten_other"}}} {
		alien["intent_type"] = "wait"
		submit(alien, nil).fails(403, "tenant_mismatch")
	}
	submit(map[string]any{"intent_type": "wait", "Tenant_ID": ada.tenant}, nil).fails(400, "unknown_field")
	w.do(call{method: "POST", path: "/api/intent/submit", token: ada.token, body: `{"intent_type":"wait","tenant_id":"` + ada.tenant + `","Tenant_ID":"ten_other"}`}).fails(400, "invalid_json")
	w.do(call{method: "POST", path: "/api/intent/submit?tenant_id=ten_other", token: ada.token, body: map[string]any{"intent_type": "wait"}}).fails(403, "tenant_mismatch")
	w.do(call{method: "POST", path: "/api/intent/submit?tenant_id=" + ada.tenant + "&tenant_id=ten_other", token: ada.token, body: map[string]any{"intent_type": "wait"}}).fails(403, "tenant_mismatch")
	w.do(call{method: "POST", path: "/api/intent/submit?session_id=a&session_id=b", token: ada.token, body: map[string]any{"intent_type": "wait"}}).fails(400, "conflicting_values")

	status := w.do(call{method: "GET", path: "/api/execution/" + id + "/status", token: ada.token}).is(200).json()
	require.Equal(t, ada.tenant, status["tenant_id"])
	require.Equal(t, "0af7651916cd43dd8448eb211c80319c", status["events"].([]any)[0].(map[string]any)["trace_id"])
	w.do(call{method: "GET", path: "/api/execution/" + id + "/status?tenant_id=ten_other", token: ada.token}).fails(403, "tenant_mismatch")
	require.Empty(t, w.do(call{method: "GET", path: "/api/execution/" + id + "/status?include_artifacts=false", token: ada.token}).is(200).json()["artifacts"])
	w.do(call{method: "GET", path: "/api/execution/" + id + "/status?include_artifacts=maybe", token: ada.token}).fails(400, "invalid_parameters")

	cancelled := w.do(call{method: "POST", path: "/api/execution/" + id + "/cancel", token: ada.token}).is(200)
	require.NotEmpty(t, cancelled.str("status"))
	require.Equal(t, "cancelled", w.settle(call{token: ada.token}, id)["status"])
	w.do(call{method: "POST", path: "/api/execution/" + id + "/cancel", token: ada.token, body: map[string]any{"force": true}}).fails(400, "unknown_field")
}

// What a page sends again and again while it is at work is one execution; what has ended is not.
func TestIdenticalSubmissionsInFlightAreOne(t *testing.T) {
	w := newWorld(t)
	v := w.visit()
	ask := func(solution string) reply {
		return w.do(call{method: "POST", path: "/api/intent/submit", secret: v.secret, body: map[string]any{
			"intent_type": "wait", "parameters": map[string]any{}, "solution_id": solution,
		}}).is(202)
	}
	first, again, other := ask("default"), ask("default"), ask("another")
	require.Empty(t, first.header.Get("Coalesced"))
	require.Equal(t, "true", again.header.Get("Coalesced"))
	require.Equal(t, first.str("execution_id"), again.str("execution_id"))
	require.Empty(t, other.header.Get("Coalesced"))
	require.NotEqual(t, first.str("execution_id"), other.str("execution_id"))
	w.do(call{method: "POST", path: "/api/execution/" + first.str("execution_id") + "/cancel", secret: v.secret}).is(200)
	w.settle(call{secret: v.secret}, first.str("execution_id"))
	next := ask("default")
	require.Empty(t, next.header.Get("Coalesced"))
	require.NotEqual(t, first.str("execution_id"), next.str("execution_id"))
}

func TestListsAndCatalogue(t *testing.T) {
	w := newWorld(t)
	v := w.visit()
	for _, key := range []string{"one", "two", "three"} {
		w.submit(call{secret: v.secret, header: map[string]string{"Idempotency-Key": key}}, "wait", map[string]any{})
	}
	page := w.do(call{method: "GET", path: "/api/executions?limit=2&status=pending,running&intent_type=wait&realm=test", secret: v.secret}).is(200).json()
	require.Len(t, page["executions"], 2)
	rest := w.do(call{method: "GET", path: "/api/executions?limit=2&status=pending,running&intent_type=wait&realm=test&cursor=" + page["next_cursor"].(string), secret: v.secret}).is(200).json()
	require.Len(t, rest["executions"], 1)
	w.do(call{method: "GET", path: "/api/executions?limit=2&cursor=" + page["next_cursor"].(string), secret: v.secret}).fails(400, "invalid_cursor")
	w.do(call{method: "GET", path: "/api/executions?status=done", secret: v.secret}).fails(400, "invalid_parameters")
	w.do(call{method: "GET", path: "/api/executions?created_after=yesterday", secret: v.secret}).fails(400, "invalid_parameters")
	require.Empty(t, w.do(call{method: "GET", path: "/api/executions?created_after=2030-01-01T00:00:00Z", secret: v.secret}).is(200).json()["executions"])

	catalogue := w.do(call{method: "GET", path: "/api/intents", secret: v.secret}).is(200).json()
	require.NotEmpty(t, catalogue["intents"].([]any)[0].(map[string]any)["parameters"].(map[string]any)["properties"])
	realms := w.do(call{method: "GET", path: "/api/realms", secret: v.secret}).is(200).json()["realms"].([]any)
	require.Equal(t, "content", realms[0].(map[string]any)["name"])

	made := w.do(call{method: "POST", path: "/api/intent/pending/create", secret: v.secret, header: map[string]string{"Idempotency-Key": "p"},
		body: map[string]any{"intent_type": "wait", "context": map[string]any{"n": 1}}}).is(201)
	require.Equal(t, "pending", made.str("status"))
	again := w.do(call{method: "POST", path: "/api/intent/pending/create", secret: v.secret,
		body: map[string]any{"intent_type": "wait", "context": map[string]any{"n": 1}, "idempotency_key": "p"}}).is(201)
	require.Equal(t, made.json(), again.json())
	w.do(call{method: "POST", path: "/api/intent/pending/create", secret: v.secret, body: map[string]any{"intent_type": "wait", "idempotency_key": "p"}}).fails(422, "idempotency_key_reused")
	w.do(call{method: "POST", path: "/api/intent/pending/create", secret: v.secret, body: map[string]any{"intent_type": "parse_content", "target_artifact_id": "fil_01jd8h0000exampe0000000000"}}).fails(404, "not_found")
	w.do(call{method: "POST", path: "/api/intent/pending/create", secret: v.secret, body: map[string]any{"intent_type": "nothing"}}).fails(422, "unknown_intent")
	list := w.do(call{method: "POST", path: "/api/intent/pending/list", secret: v.secret}).is(200).json()
	require.InDelta(t, 1, list["total"], 0)
	require.Equal(t, map[string]any{"n": 1.0}, list["intents"].([]any)[0].(map[string]any)["context"])
	taken := w.do(call{method: "POST", path: "/api/intent/submit", secret: v.secret, body: map[string]any{"intent_type": "wait", "intent_id": made.str("intent_id")}}).is(202)
	require.Equal(t, made.str("intent_id"), taken.str("intent_id"))
	require.Empty(t, w.do(call{method: "POST", path: "/api/intent/pending/list", secret: v.secret, body: map[string]any{"status": "pending"}}).is(200).json()["intents"])
}

func TestUploadsAreBoundedAndChecked(t *testing.T) {
	w := newWorld(t)
	v, ada := w.visit(), w.register("ada")
	as := call{secret: v.secret}
	w.upload(call{}, "a.csv", csv, nil).fails(401, "unauthenticated")
	w.upload(call{}, "a.csv", csv, map[string]string{"session_id": v.session}).fails(401, "unauthenticated")
	w.upload(call{token: ada.token}, "a.csv", csv, map[string]string{"session_id": v.session}).fails(404, "not_found")
	w.upload(as, "", "", map[string]string{"ui_name": "x"}).fails(422, "invalid_parameters")
	w.upload(as, "a.csv", "", nil).fails(422, "empty_content")
	w.upload(as, "a.csv", strings.Repeat("x", 64<<10+1), nil).fails(413, "limit_exceeded")
	w.upload(as, "a.csv", strings.Repeat("x", 3<<20), nil).fails(413, "limit_exceeded")
	w.upload(as, "a.csv", csv, map[string]string{"path": "/etc/passwd"}).fails(400, "unknown_field")
	w.upload(as, "a.csv", csv, map[string]string{"ui_name": v.secret}).fails(400, "secret_in_url")
	w.upload(as, "a.csv", csv, map[string]string{"ui_name": strings.Repeat("x", 65<<10)}).fails(413, "limit_exceeded")
	w.upload(as, "a.csv", csv, map[string]string{"metadata": "[]"}).fails(400, "invalid_json")
	w.upload(as, "a.csv", csv, map[string]string{"tenant_id": "ten_other"}).fails(403, "tenant_mismatch")
	w.upload(as, "a.csv", csv, map[string]string{"ingestion_profile": "odd"}).fails(422, "invalid_parameters")
	w.upload(call{secret: v.secret, path: "?session_id=" + unknownSession}, "a.csv", csv, nil).fails(404, "not_found")
	w.upload(call{cookies: []*http.Cookie{cookieOf(t, v.cookies, "sas-")}}, "a.csv", csv, nil).fails(403, "origin_refused")
	w.do(call{method: "POST", path: "/api/files", secret: v.secret, body: map[string]any{}}).fails(415, "unsupported_media_type")
	broken := w.do(call{method: "POST", path: "/api/files", secret: v.secret, body: "--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a\"\r\n\r\nabc",
		header: map[string]string{"Content-Type": "multipart/form-data; boundary=x"}})
	broken.fails(400, "malformed_request")

	key := map[string]string{"Idempotency-Key": "up-1"}
	first := w.upload(call{secret: v.secret, header: key}, "a.csv", csv, nil).is(202)
	again := w.upload(call{secret: v.secret, header: map[string]string{"Idempotency-Key": "up-1"}}, "a.csv", csv, nil).is(202)
	require.Equal(t, first.json(), again.json())
	w.upload(call{secret: v.secret, header: map[string]string{"Idempotency-Key": "up-1"}}, "a.csv", csv+"4,x,1\n", nil).fails(422, "idempotency_key_reused")
	// Hex in a body does the same.
	id := w.submit(as, "ingest_file", map[string]any{"ui_name": "b.csv", "file_content": hex.EncodeToString([]byte(csv))})
	require.Equal(t, "completed", w.settle(as, id)["status"])
	mine := w.upload(call{token: ada.token}, "a.csv", csv, map[string]string{"tenant_id": ada.tenant, "ui_name": "Mine"}).is(202)
	got := w.settle(call{token: ada.token}, mine.str("execution_id"))
	require.Equal(t, "completed", got["status"], got)
}
