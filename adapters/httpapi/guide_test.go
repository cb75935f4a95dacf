package httpapi_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const guideBase = "/api/v1/guide-agent/"

func TestChatAnswersFromTheSession(t *testing.T) {
	w := newWorld(t)
	v := w.visit()
	as := func(path string, body any) call {
		return call{method: "POST", path: guideBase + path, secret: v.secret, body: body}
	}
	first := w.do(as("chat", map[string]any{"message": "What do I do first?", "session_id": v.session, "message_id": "m1"})).is(200).json()
	require.Equal(t, "completed", first["status"])
	require.Equal(t, "guide", first["agent_id"])
	require.Contains(t, first["message"], "no files yet")
	require.Equal(t, "deterministic", first["method"])
	require.NotEmpty(t, first["suggestions"])
	again := w.do(as("chat", map[string]any{"message": "What do I do first?", "message_id": "m1"})).is(200).json()
	require.Equal(t, first["execution_id"], again["execution_id"], "a resend is the same turn")

	h := w.do(call{method: "GET", path: guideBase + "history/" + v.session, secret: v.secret}).is(200).json()
	require.Len(t, h["messages"], 2)
	require.Equal(t, "user", h["messages"].([]any)[0].(map[string]any)["role"])
	require.Nil(t, h["next_before"])
	page := w.do(call{method: "GET", path: guideBase + "history/" + v.session + "?limit=1", secret: v.secret}).is(200).json()
	require.Equal(t, first["message"], page["messages"].([]any)[0].(map[string]any)["text"])
	require.EqualValues(t, 2, page["next_before"])

	other := w.visit()
	w.do(call{method: "GET", path: guideBase + "history/" + v.session, secret: other.secret}).fails(404, "not_found")
	w.do(call{method: "POST", path: guideBase + "chat", secret: other.secret, body: map[string]any{"message": "Hi", "session_id": v.session}}).fails(404, "not_found")
	w.do(as("chat", map[string]any{"message": "  "})).fails(422, "invalid_parameters")
	w.do(as("chat", map[string]any{"message": "Hi", "tenant_id": "ten_00000000000000000000000000"})).fails(403, "tenant_mismatch")
}

func TestTheGuideAnalysesAndRoutes(t *testing.T) {
	w := newWorld(t)
	v := w.visit()
	as := func(path string, body any) call {
		return call{method: "POST", path: guideBase + path, secret: v.secret, body: body}
	}
	a := w.do(as("analyze-intent", map[string]any{"message": "Please analyze the quality"})).is(200).json()
	require.Equal(t, "data_analysis", a["intent_category"])
	require.Equal(t, "insights", a["recommended_pillar"])
	require.InDelta(t, 0.8, a["confidence"], 1e-9)
	require.Equal(t, []any{"data_analysis"}, a["requirements"])

	g := w.do(as("guidance", map[string]any{"current_pillar": "operations_pillar"})).is(200).json()
	require.Equal(t, "upload_files", g["recommended_action"])
	require.Equal(t, "journey", g["current_pillar"])
	require.Empty(t, g["completed_pillars"])
	require.NotEmpty(t, g["next_steps"])
	w.do(call{method: "POST", path: guideBase + "guidance", secret: v.secret}).is(200)

	named := w.do(as("route-to-pillar", map[string]any{"pillar": "business_outcomes"})).is(200).json()
	require.Equal(t, "Business Outcomes Pillar", named["pillar_title"])
	require.Equal(t, "liaison.outcomes", named["routing_info"].(map[string]any)["liaison_agent"])
	unclear := w.do(as("route-to-pillar", map[string]any{"message": "good morning"})).is(200).json()
	require.Equal(t, false, unclear["routing_info"].(map[string]any)["should_route"])
	require.Nil(t, unclear["pillar"])
	w.do(as("route-to-pillar", map[string]any{"pillar": "cellar"})).fails(422, "invalid_parameters")
}

func TestAContextIsProvisionalUntilCommittedAndSurvivesTheUpgrade(t *testing.T) {
	w := newWorld(t)
	v := w.visit()
	as := func(path string, body any) call {
		return call{method: "POST", path: guideBase + path, secret: v.secret, body: body}
	}
	found := w.do(as("discover-context", map[string]any{"message": "We use SAP. Our goal is to halve rework."})).is(200).json()
	require.Equal(t, true, found["provisional"])
	read := func(c call) map[string]any {
		c.method, c.path = "GET", "/api/session/"+v.session
		return w.do(c).is(200).json()["metadata"].(map[string]any)
	}
	require.Empty(t, read(call{secret: v.secret}))
	w.do(as("commit-context", map[string]any{"context": found["context"]})).is(200)
	require.Equal(t, []any{"SAP"}, read(call{secret: v.secret})["business_context"].(map[string]any)["systems"])
	w.do(as("commit-context", map[string]any{"context": map[string]any{"goals": []string{strings.Repeat("g", 201)}}})).fails(422, "invalid_parameters")

	u := w.register("Ada")
	w.do(call{method: "PATCH", path: "/api/session/" + v.session + "/upgrade", token: u.token, secret: v.secret, body: map[string]any{"metadata": map[string]any{"theme": "dark"}}}).is(200)
	kept := read(call{token: u.token})
	require.Equal(t, "dark", kept["theme"])
	require.Contains(t, kept, "business_context")
}
