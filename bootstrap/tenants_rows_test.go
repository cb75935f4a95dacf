package bootstrap_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/modelcontextprotocol/go-sdk/mcp"
	"github.com/stretchr/testify/require"

	"github.com/symphainy/symphainy/bootstrap"
	"github.com/symphainy/symphainy/test/sheet"
)

// TestTenantsAreApart tries the rows of tenants against the whole platform, on both stores. On PostgreSQL the role is the owner's, which
// row-level security does not hold: what keeps tenants apart here are the queries alone.
func TestTenantsAreApart(t *testing.T) {
	for name, prepare := range map[string]func(*testing.T) bootstrap.Config{"sqlite": variant, "postgres": onPostgres} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cfg := prepare(t)
			cfg.Agents.Strict = true // what changes something waits for a person, so that there is work that does not end by itself
			cfg.Limit.Register.Limit = 100
			require.NoError(t, run(t, cfg, func(url string) {
				founder(t, url, "operator") // the first one is more than the others
				t.Run("T7", func(t *testing.T) { bulkReachesOnlyTheOwn(t, url) })
				t.Run("T3", func(t *testing.T) { producersAreRefused(t, url) })
				t.Run("T13", func(t *testing.T) { nothingIsAnOracle(t, url) })
				t.Run("T6", func(t *testing.T) { listsAreBounded(t, url) })
			}))
		})
	}
}

// founder registers somebody with a tenant of their own.
func founder(t *testing.T, url, name string) *person {
	t.Helper()
	p := newPerson(t, url)
	p.join("register", `{"name":"`+name+`","email":"`+name+`@example.org","password":"a long enough phrase"}`)
	return p
}

// waiting makes executions that wait for a decision. A call over MCP is answered after some seconds, which nobody here waits for.
func (p *person) waiting(n int) (ids []string) {
	p.t.Helper()
	ctx, enough := context.WithCancel(p.t.Context())
	var calls sync.WaitGroup
	for i := range n {
		s := p.mcp()
		calls.Go(func() {
			_, _ = s.CallTool(ctx, &mcp.CallToolParams{Name: "generate_roadmap", Arguments: map[string]any{"goals": []string{fmt.Sprintf("Less rework %d", i)}}})
			_ = s.Close()
		})
	}
	defer calls.Wait()
	defer enough()
	require.Eventually(p.t, func() bool {
		ids = p.undecided()
		return len(ids) == n
	}, patience, tick)
	return ids
}

// undecided are the executions that wait for a decision of the caller.
func (p *person) undecided() (ids []string) {
	p.t.Helper()
	var open struct {
		Decisions []struct {
			ID string `json:"execution_id"`
		} `json:"decisions"`
	}
	p.json(http.MethodGet, "/api/decisions?limit=200", "", &open)
	for _, d := range open.Decisions {
		ids = append(ids, d.ID)
	}
	return ids
}

func (p *person) status(id string) string {
	p.t.Helper()
	var s map[string]any
	p.json(http.MethodGet, "/api/execution/"+id+"/status", "", &s)
	return fmt.Sprint(s["status"])
}

// file uploads and saves a CSV and gives its id.
func (p *person) file(name, content string) string {
	p.t.Helper()
	form, kind := multipartOf(p.t, name, []byte(content))
	status, raw := p.do(http.MethodPost, "/api/files", kind, form)
	require.Equal(p.t, http.StatusAccepted, status, string(raw))
	var made struct {
		File      string `json:"file_id"`
		Execution string `json:"execution_id"`
	}
	require.NoError(p.t, json.Unmarshal(raw, &made))
	ended, err := json.Marshal(p.ended(made.Execution))
	require.NoError(p.t, err)
	contract := regexp.MustCompile(`bct_[0-9a-z]{26}`).Find(ended)
	require.NotNil(p.t, contract, string(ended))
	p.json(http.MethodPost, "/api/content/save_materialization",
		fmt.Sprintf(`{"boundary_contract_id":%q,"file_id":%q,"session_id":%q}`, contract, made.File, p.session), &made)
	require.Equal(p.t, "completed", p.ended(made.Execution)["status"])
	return made.File
}

const (
	unknownExecution = "exe_01jd8h0000exampe0000000000"
	unknownFile      = "fil_01jd8h0000exampe0000000000"
)

// T7: whoever names several objects at once reaches the own ones, and hears of the others what they would hear of ones that nobody has.
func bulkReachesOnlyTheOwn(t *testing.T, url string) {
	t.Helper()
	victim, eve := founder(t, url, "ada7"), founder(t, url, "eve7")
	theirs := victim.waiting(2)
	tried := bulkControl(t, eve, theirs)
	for _, id := range theirs {
		require.Equal(t, "waiting", victim.status(id), "a foreign execution is as it was")
	}
	tried += bulkFilters(t, eve, victim)
	foreign := victim.file("ada.csv", "a,b\nCANARY-ADA,2\n")
	before := victim.total()
	tried += bulkParse(t, eve, foreign)
	for _, id := range theirs {
		require.Equal(t, "waiting", victim.status(id))
	}
	require.Equal(t, before, victim.total(), "nothing was made of the victim's file")
	sheet.Record(t, "T7", tried, "mixtures of own, foreign and unknown ids: reached beside the own 0", "only own, 20/20 on each store")
}

// total is how many artifacts the caller's session has.
func (p *person) total() int {
	p.t.Helper()
	var list struct {
		Total int `json:"total"`
	}
	p.json(http.MethodPost, "/api/artifact/list", `{"session_id":"`+p.session+`"}`, &list)
	return list.Total
}

// bulkControl names mixtures of ids to the one route that takes executions by id.
func bulkControl(t *testing.T, eve *person, theirs []string) (tried int) {
	t.Helper()
	type answer struct {
		IDs     []string `json:"execution_ids"`
		Refused []string `json:"refused"`
		More    bool     `json:"more"`
	}
	mixtures := []string{"ofu", "fo", "uo", "foof", "f", "u", "ff"}
	mine := eve.waiting(len(mixtures))
	for at, mixture := range mixtures {
		own := mine[at]
		var ids []string
		for i, c := range mixture {
			ids = append(ids, map[rune]string{'o': own, 'f': theirs[i%len(theirs)], 'u': unknownExecution}[c])
		}
		for _, act := range []struct{ action, status string }{{"pause", "paused"}, {"resume", "waiting"}, {"cancel", "cancelled"}} {
			raw, err := json.Marshal(map[string]any{"action": act.action, "execution_ids": ids})
			require.NoError(t, err)
			var got answer
			eve.json(http.MethodPost, "/api/admin/executions/control", string(raw), &got)
			if strings.Contains(mixture, "o") {
				require.Equal(t, answer{IDs: []string{own}, Refused: []string{}}, got, "%s %s", act.action, mixture)
				require.Eventually(t, func() bool {
					return eve.status(own) == act.status || act.action == "resume" && eve.status(own) == "running"
				}, patience, tick, "%s %s", act.action, mixture)
			} else {
				require.Equal(t, answer{IDs: []string{}, Refused: []string{}}, got, "%s %s", act.action, mixture)
				require.Equal(t, "waiting", eve.status(own))
			}
			tried++
		}
	}
	return tried
}

// bulkFilters acts on all executions that pass a filter, and names foreign sessions and the whole platform in it.
func bulkFilters(t *testing.T, eve, victim *person) (tried int) {
	t.Helper()
	left := eve.undecided()
	require.Len(t, left, 3)
	act := func(path, body string) (int, string) {
		status, raw := eve.do(http.MethodPost, path, "application/json", strings.NewReader(body))
		return status, string(raw)
	}
	for _, body := range []string{
		`{"action":"cancel","session_id":"` + victim.session + `"}`, `{"action":"cancel","session_id":"` + victim.session + `","intent_type":"generate_roadmap"}`,
	} {
		status, got := act("/api/executions/control", body)
		other, want := act("/api/executions/control", strings.ReplaceAll(body, victim.session, "ses_01jd8h0000exampe0000000000"))
		require.Equal(t, []any{http.StatusNotFound, http.StatusNotFound}, []any{status, other}, "%s %s", got, want)
		require.Equal(t, traces.ReplaceAllString(want, ""), traces.ReplaceAllString(got, ""), "a foreign session is as unknown as one that there is not")
		tried++
	}
	tenant, _ := victim.whoami()
	for _, body := range []string{
		`{"action":"cancel","scope":"platform"}`, `{"action":"cancel","scope":"platform","tenant":"` + tenant + `"}`, `{"action":"cancel","tenant":"` + tenant + `"}`,
	} {
		status, got := act("/api/admin/executions/control", body)
		require.Equal(t, http.StatusForbidden, status, got)
		tried++
	}
	var done struct {
		IDs []string `json:"execution_ids"`
	}
	eve.json(http.MethodPost, "/api/executions/control", `{"action":"cancel"}`, &done)
	require.ElementsMatch(t, left, done.IDs, "without a filter: all that are the caller's")
	return tried + 1
}

// bulkParse names mixtures of files to an intent that takes many.
func bulkParse(t *testing.T, eve *person, foreign string) (tried int) {
	t.Helper()
	type outcome struct {
		Code string `json:"code"`
		Text string `json:"error"`
		ID   string `json:"file_id"`
	}
	for i, mixture := range []string{"ofu", "fou", "f", "fuo"} {
		own := eve.file(fmt.Sprintf("eve-%d.csv", i), fmt.Sprintf("a,b\n%d,2\n", i))
		var ids []string
		for _, c := range mixture {
			ids = append(ids, map[rune]string{'o': own, 'f': foreign, 'u': unknownFile}[c])
		}
		raw, err := json.Marshal(map[string]any{"intent_type": "bulk_parse_files", "parameters": map[string]any{"file_ids": ids}})
		require.NoError(t, err)
		var accepted struct {
			ID string `json:"execution_id"`
		}
		eve.json(http.MethodPost, "/api/intent/submit", string(raw), &accepted)
		ended, err := json.Marshal(eve.ended(accepted.ID))
		require.NoError(t, err)
		require.NotContains(t, string(ended), "CANARY-ADA")
		var status struct {
			Artifacts struct {
				Bulk struct {
					Results []outcome `json:"results"`
					Errors  []outcome `json:"errors"`
				} `json:"bulk_result"`
			} `json:"artifacts"`
		}
		require.NoError(t, json.Unmarshal(ended, &status))
		for _, id := range ids {
			if id == own {
				require.Contains(t, status.Artifacts.Bulk.Results, outcome{ID: own}, "%s: %s", mixture, ended)
				continue
			}
			want := outcome{Code: "not_found", Text: "There is no such object, or it is not yours.", ID: id}
			require.Contains(t, status.Artifacts.Bulk.Errors, want, "%s: %s", mixture, ended)
		}
		require.Len(t, status.Artifacts.Bulk.Results, strings.Count(mixture, "o"))
		tried++
	}
	return tried
}

const (
	patience = 10 * time.Second
	tick     = 5 * time.Millisecond
)
