package bootstrap_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/modelcontextprotocol/go-sdk/mcp"
	"github.com/stretchr/testify/require"

	"github.com/symphainy/symphainy/test/sheet"
)

// whoami gives the tenant and the user of somebody who is signed in.
func (p *person) whoami() (tenant, user string) {
	p.t.Helper()
	var me struct {
		User struct {
			ID     string `json:"id"`
			Tenant string `json:"tenant_id"`
		} `json:"user"`
	}
	p.json(http.MethodGet, "/api/auth/me", "", &me)
	require.NotEmpty(p.t, me.User.Tenant)
	return me.User.Tenant, me.User.ID
}

// misnamed are the ways in which a producer's payload names somebody else.
func misnamed(tenant, user, session string) map[string]map[string]any {
	return map[string]map[string]any{
		"tenant": {"tenant_id": tenant}, "user": {"user_id": user}, "session": {"session_id": session}, "both": {"tenant_id": tenant, "user_id": user},
		"camel": {"tenantId": tenant}, "case": {"Tenant_ID": tenant}, "array": {"tenant_id": []string{tenant}}, "number": {"tenant_id": 1},
		"context": {"user_context": map[string]any{"tenant_id": tenant, "user_id": user}}, "principal": {"_principal": map[string]any{"tenant_id": tenant}},
	}
}

// carriers are the places of a payload: each sends what misnames, and reports how it was refused.
func (p *person) carriers(file, schedule string) map[string]func(extra map[string]any) (refused bool, told string) {
	with := func(good, extra map[string]any) map[string]any {
		out := map[string]any{}
		for k, v := range good {
			out[k] = v
		}
		for k, v := range extra {
			out[k] = v
		}
		return out
	}
	send := func(method, path string, body map[string]any) (bool, string) {
		raw, err := json.Marshal(body)
		require.NoError(p.t, err)
		status, answer := p.do(method, path, "application/json", strings.NewReader(string(raw)))
		return slices.Contains([]int{400, 403, 404, 422}, status), fmt.Sprintf("%d %s", status, answer)
	}
	submit := func(kind string, parameters map[string]any) (bool, string) {
		return send(http.MethodPost, "/api/intent/submit", map[string]any{"intent_type": kind, "parameters": parameters})
	}
	standing := map[string]any{"name": "misnamed", "intent_type": "generate_roadmap", "cron": "0 3 * * *"}
	goals := map[string]any{"goals": []string{"Misnamed"}}
	return map[string]func(extra map[string]any) (bool, string){
		"intent": func(x map[string]any) (bool, string) { return submit("generate_roadmap", with(goals, x)) },
		"envelope": func(x map[string]any) (bool, string) {
			return send(http.MethodPost, "/api/intent/submit", with(map[string]any{"intent_type": "generate_roadmap", "parameters": goals}, x))
		},
		"schedule": func(x map[string]any) (bool, string) {
			return send(http.MethodPost, "/api/schedules", with(standing, map[string]any{"parameters": with(goals, x)}))
		},
		"changed schedule": func(x map[string]any) (bool, string) {
			return send(http.MethodPatch, "/api/schedules/"+schedule, map[string]any{"parameters": with(goals, x)})
		},
		"batch item": func(x map[string]any) (bool, string) {
			item := map[string]any{"ingestion_type": "upload", "file_content": "612c620a312c320a", "ui_name": "m.csv", "file_type": "csv"}
			return submit("bulk_ingest_files", map[string]any{"files": []any{with(item, x)}})
		},
		"child": func(x map[string]any) (bool, string) {
			return submit("bulk_parse_files", with(map[string]any{"file_ids": []string{file}}, x))
		},
		"tool": func(x map[string]any) (bool, string) {
			s := p.mcp()
			defer s.Close()
			r, err := s.CallTool(p.t.Context(), &mcp.CallToolParams{Name: "generate_roadmap", Arguments: with(goals, x)})
			if err != nil {
				return true, err.Error()
			}
			return r.IsError, fmt.Sprint(r.Content[0].(*mcp.TextContent).Text)
		},
	}
}

// effects counts what somebody has: a refusal leaves it as it was. A tool call is kept as an execution that tells of its refusal.
func (p *person) effects() (n map[string]int) {
	p.t.Helper()
	n = map[string]int{"artifacts": p.total(), "decisions": len(p.undecided())}
	for _, path := range []string{"/api/executions", "/api/schedules", "/api/sessions", "/api/admin/executions"} {
		var page map[string]any
		p.json(http.MethodGet, path+"?limit=200", "", &page)
		for _, v := range page {
			list, _ := v.([]any)
			for _, x := range list {
				one, _ := x.(map[string]any)
				if one["intent_type"] == "agent.tool" {
					continue
				}
				n[path]++
			}
		}
	}
	return n
}

// T3: a producer that names another tenant, user or session in what it sends is refused before anything has happened, wherever it does so.
func producersAreRefused(t *testing.T, url string) {
	t.Helper()
	victim, eve := founder(t, url, "ada3"), founder(t, url, "eve3")
	tenant, user := victim.whoami()
	file := eve.file("eve.csv", "a,b\n1,2\n")
	var made struct {
		ID string `json:"schedule_id"`
	}
	eve.json(http.MethodPost, "/api/schedules", `{"name":"s","intent_type":"generate_roadmap","parameters":{"goals":["x"]},"cron":"0 3 * * *"}`, &made)
	before, theirs, tried := eve.effects(), victim.effects(), 0
	for where, carry := range eve.carriers(file, made.ID) {
		for how, extra := range misnamed(tenant, user, victim.session) {
			refused, told := carry(extra)
			require.True(t, refused, "%s in %s: %s", how, where, told)
			require.NotContains(t, told, tenant)
			tried++
		}
	}
	require.Equal(t, before, eve.effects(), "nothing has begun")
	require.Equal(t, theirs, victim.effects())
	var schedule map[string]any
	eve.json(http.MethodGet, "/api/schedules/"+made.ID, "", &schedule)
	require.Equal(t, map[string]any{"goals": []any{"x"}}, schedule["parameters"])
	sheet.Record(t, "T3", tried, "payloads that name another tenant, user or session: with an effect 0", "refused before any effect; 40/40 on each store")
}
