package bootstrap_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/symphainy/symphainy/test/sheet"
)

// oracle asks twice: about what is another tenant's, and about what nobody has. The answers must not differ.
type oracle struct {
	*person
	// own are the words in which the two questions differ.
	own *strings.Replacer
}

var made = regexp.MustCompile(`[a-z]{3}_[0-9a-z]{26}|\d{4}-\d\d-\d\dT[0-9:.]+Z|[0-9a-f]{32,64}|(sas|ivt|wst)_[A-Za-z0-9_-]+`)

// ask gives an answer with its headers, without what is made anew for every answer.
func (o oracle) ask(method, path, body string, header ...string) string {
	o.t.Helper()
	r, err := http.NewRequestWithContext(o.t.Context(), method, o.url+path, strings.NewReader(body))
	require.NoError(o.t, err)
	r.Header = o.header.Clone()
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	res, err := o.client.Do(r)
	require.NoError(o.t, err)
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	require.NoError(o.t, err)
	var lines []string
	for name, values := range res.Header {
		if name == "Content-Length" && res.StatusCode < http.StatusMultipleChoices {
			continue // times have as many digits as they need
		}
		if !slices.Contains([]string{"Date", "Traceparent", "Set-Cookie"}, name) {
			lines = append(lines, name+": "+strings.Join(values, ","))
		}
	}
	slices.Sort(lines)
	return made.ReplaceAllString(o.own.Replace(fmt.Sprintf("%d\n%s\n%s", res.StatusCode, strings.Join(lines, "\n"), raw)), "~")
}

// becomes submits and gives what becomes of it.
func (o oracle) becomes(body string, header ...string) string {
	o.t.Helper()
	before := o.ask(http.MethodPost, "/api/intent/submit", body, header...)
	var list struct {
		Executions []struct {
			ID string `json:"execution_id"`
		} `json:"executions"`
	}
	o.json(http.MethodGet, "/api/executions?limit=1", "", &list)
	ended := o.ended(list.Executions[0].ID)
	raw, err := json.Marshal([]any{ended["status"], ended["error_code"], ended["error"], ended["artifacts"]})
	require.NoError(o.t, err)
	return before + made.ReplaceAllString(o.own.Replace(string(raw)), "~")
}

// sends uploads and gives what becomes of it.
func (o oracle) sends(name, content string) string {
	o.t.Helper()
	form, kind := multipartOf(o.t, name, []byte(content))
	status, raw := o.do(http.MethodPost, "/api/files", kind, form)
	var accepted struct {
		ID string `json:"execution_id"`
	}
	require.NoError(o.t, json.Unmarshal(raw, &accepted), string(raw))
	ended, err := json.Marshal(o.ended(accepted.ID)["artifacts"])
	require.NoError(o.t, err)
	return made.ReplaceAllString(o.own.Replace(fmt.Sprintf("%d %s %s", status, raw, ended)), "~")
}

// surroundings is all that an administrator sees of how much there is.
func (o oracle) surroundings() string {
	var all []string
	for _, path := range []string{
		"/api/admin/control-room/statistics", "/api/admin/control-room/execution-metrics", "/api/admin/control-room/solution-registry", "/api/admin/control-room/realm-health", "/api/admin/queues",
		"/api/admin/agent-budget", "/api/admin/users", "/api/admin/sessions", "/api/admin/invitations", "/api/admin/tenants", "/api/admin/executions", "/api/executions", "/api/schedules",
		"/api/sessions", "/api/decisions", "/api/admin/audit?limit=200",
	} {
		all = append(all, path, o.ask(http.MethodGet, path, ""))
	}
	all = append(all, o.ask(http.MethodPost, "/api/artifact/list", `{"session_id":"`+o.session+`"}`), o.ask(http.MethodPost, "/api/intent/pending/list", `{"session_id":"`+o.session+`"}`))
	return strings.Join(all, "\n")
}

// T13: nothing that a tenant can ask tells whether another tenant has something: by an answer, a count, a name, a key or a hash.
func nothingIsAnOracle(t *testing.T, url string) {
	t.Helper()
	eve := oracle{founder(t, url, "eve13"), strings.NewReplacer()}
	settled := eve.surroundings()
	require.Equal(t, settled, eve.surroundings(), "looking changes nothing")
	victim := stocked(t, url, "ada13")
	const secretBytes = "a,b\n4711,0815\n"
	file, execution := victim.file("ledger.csv", secretBytes), victim.undecided()[0]
	victim.json(http.MethodPost, "/api/schedules", `{"name":"takeover","intent_type":"list_files","parameters":{},"cron":"0 3 * * *"}`, &map[string]any{})
	victim.says("merger-talk", "hello")
	keyed := oracle{victim.person, strings.NewReplacer()}
	const work = `{"intent_type":"list_files","parameters":{}}`
	keyed.ask(http.MethodPost, "/api/intent/submit", work, "Idempotency-Key", "ada-key")
	_, user := victim.whoami()
	var pending struct {
		ID string `json:"intent_id"`
	}
	victim.json(http.MethodPost, "/api/intent/pending/create", `{"intent_type":"list_files","context":{},"session_id":"`+victim.session+`"}`, &pending)
	require.NotEmpty(t, pending.ID)
	tried := 1
	require.Equal(t, settled, eve.surroundings(), "what another tenant has done is in no count")

	eve.own = strings.NewReplacer("ledger", "NAME", "unique", "NAME", "takeover", "NAME", "whatever", "NAME", "ada13@example.org", "MAIL", "ann99@example.org", "MAIL", "4711", "NNNN", "1174", "NNNN",
		"ada-key", "KEY", "new-key", "KEY", "merger-talk", "TALK", "nobody-talk", "TALK")
	both := func(name string, foreign, unknown string) {
		require.Equal(t, unknown, foreign, name)
		tried++
	}
	ids := map[string][2]string{
		"GET /api/execution/%/status": {execution, unknownExecution}, "GET /api/execution/%/events": {execution, unknownExecution}, "GET /api/artifacts/%": {file, unknownFile},
		"GET /api/artifacts/%/lineage": {file, unknownFile}, "GET /api/files/%/content": {file, unknownFile}, "GET /api/schedules/%": {victim.schedule, "sch_01jd8h0000exampe0000000000"},
		"GET /api/session/%": {victim.session, "ses_01jd8h0000exampe0000000000"}, "GET /api/executions?session_id=%": {victim.session, "ses_01jd8h0000exampe0000000000"},
		"GET /api/executions?parent_execution_id=%": {execution, unknownExecution}, "GET /api/admin/audit?target=%": {execution, unknownExecution},
		"POST /api/admin/users/%/disable": {user, "usr_01jd8h0000exampe0000000000"}, "DELETE /api/admin/sessions/%": {victim.session, "ses_01jd8h0000exampe0000000000"},
		"GET /api/v1/guide-agent/history/%": {victim.session, "ses_01jd8h0000exampe0000000000"}, "POST /api/execution/%/pause": {execution, unknownExecution},
	}
	for what, id := range ids {
		method, path, _ := strings.Cut(what, " ")
		body := ""
		if method != http.MethodGet {
			body = "{}"
		}
		both(what, eve.ask(method, strings.ReplaceAll(path, "%", id[0]), body), eve.ask(method, strings.ReplaceAll(path, "%", id[1]), body))
	}
	both("a taken name of a schedule", eve.ask(http.MethodPost, "/api/schedules", `{"name":"takeover","intent_type":"list_files","parameters":{},"cron":"0 3 * * *"}`),
		eve.ask(http.MethodPost, "/api/schedules", `{"name":"whatever","intent_type":"list_files","parameters":{},"cron":"0 3 * * *"}`))
	both("a file that another has, by its bytes", eve.sends("unique.csv", secretBytes), eve.sends("unique.csv", strings.Replace(secretBytes, "4711", "1174", 1)))
	both("a file that another has, by its name", eve.sends("ledger.csv", "a,b\n1,1\n"), eve.sends("unique.csv", "a,b\n1,1\n"))
	both("a key of idempotency", eve.becomes(work, "Idempotency-Key", "ada-key"), eve.becomes(work, "Idempotency-Key", "new-key"))
	both("a client's own name of a thread", eve.ask(http.MethodGet, "/api/v1/guide-agent/history/"+eve.session+"?conversation_id=merger-talk", ""),
		eve.ask(http.MethodGet, "/api/v1/guide-agent/history/"+eve.session+"?conversation_id=nobody-talk", ""))
	both("an invitation of a mail that is known", eve.ask(http.MethodPost, "/api/admin/invitations", `{"email":"ada13@example.org","role":"member"}`),
		eve.ask(http.MethodPost, "/api/admin/invitations", `{"email":"ann99@example.org","role":"member"}`))
	both("a sign-in of a mail that is known", eve.ask(http.MethodPost, "/api/auth/login", `{"email":"ada13@example.org","password":"a wrong long phrase"}`),
		eve.ask(http.MethodPost, "/api/auth/login", `{"email":"ann99@example.org","password":"a wrong long phrase"}`))
	both("a reset of a mail that is known", eve.ask(http.MethodPost, "/api/auth/reset", `{"email":"ada13@example.org"}`), eve.ask(http.MethodPost, "/api/auth/reset", `{"email":"ann99@example.org"}`))
	both("a pending intent, taken up", eve.becomes(`{"intent_type":"list_files","parameters":{},"intent_id":"`+pending.ID+`"}`, "Idempotency-Key", "k1"),
		eve.becomes(`{"intent_type":"list_files","parameters":{},"intent_id":"pit_01jd8h0000exampe0000000000"}`, "Idempotency-Key", "k2"))
	both("a file in an intent", eve.becomes(`{"intent_type":"parse_content","parameters":{"file_id":"`+file+`"}}`), eve.becomes(`{"intent_type":"parse_content","parameters":{"file_id":"`+unknownFile+`"}}`))
	both("a session for a ticket", eve.ask(http.MethodPost, "/api/runtime/agent/ticket", `{"session_id":"`+victim.session+`"}`),
		eve.ask(http.MethodPost, "/api/runtime/agent/ticket", `{"session_id":"ses_01jd8h0000exampe0000000000"}`))
	both("a cursor of another", eve.ask(http.MethodGet, "/api/executions?cursor="+victim.cursors["/api/executions"], ""), eve.ask(http.MethodGet, "/api/executions?cursor=AAAA", ""))
	sheet.Record(t, "T13", tried, "questions about what is another tenant's, answered otherwise than about what nobody has 0", "none, 12/12 oracles on each store")
}
