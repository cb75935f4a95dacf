package bootstrap_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/symphainy/symphainy/test/sheet"
)

// pagedLists are all lists that hand out cursors, with another filter for those that have one.
func pagedLists(schedule string) map[string]string {
	return map[string]string{
		"/api/sessions": "", "/api/executions": "status=completed", "/api/decisions": "", "/api/schedules": "", "/api/schedules/" + schedule + "/runs": "",
		"/api/admin/users": "", "/api/admin/sessions": "", "/api/admin/audit": "target=x", "/api/admin/invitations": "",
		"/api/admin/executions": "stuck=true", registry: "",
	}
}

// registry lists solutions, of which nobody here has one: its cursors are all forged.
const registry = "/api/admin/control-room/solution-registry"

// lists is somebody with at least two of everything that is listed.
type lists struct {
	*person
	schedule string
	cursors  map[string]string
}

// stocked makes two of everything, and takes a cursor of every list.
func stocked(t *testing.T, url, name string) lists {
	t.Helper()
	p := lists{person: founder(t, url, name), cursors: map[string]string{}}
	p.join("login", `{"email":"`+name+`@example.org","password":"a long enough phrase"}`)
	p.waiting(2)
	for i, role := range []string{"member", "viewer"} {
		p.invites(fmt.Sprintf("%s-%d", name, i), role)
		var made struct {
			ID string `json:"schedule_id"`
		}
		p.json(http.MethodPost, "/api/schedules", fmt.Sprintf(`{"name":"s%d","intent_type":"list_files","parameters":{},"cron":"0 3 * * *","overlap":"allow"}`, i), &made)
		p.schedule = made.ID
	}
	for path := range pagedLists(p.schedule) {
		if path == registry {
			continue
		}
		require.Eventually(t, func() bool {
			var page struct {
				Next *string `json:"next_cursor"`
			}
			p.json(http.MethodGet, path+"?limit=1", "", &page)
			if page.Next != nil {
				p.cursors[path] = *page.Next
			} else if strings.HasSuffix(path, "/runs") { // a schedule is triggered once at a time
				var made map[string]any
				p.json(http.MethodPost, "/api/schedules/"+p.schedule+"/trigger", "{}", &made)
			}
			return page.Next != nil
		}, patience, 10*tick, path)
	}
	return p
}

// T6: cursors that a list did not hand out to this caller for this filter, and limits and filters out of bounds, are refused.
func listsAreBounded(t *testing.T, url string) {
	t.Helper()
	eve, victim := stocked(t, url, "eve6"), stocked(t, url, "ada6")
	count := func() map[string]int {
		all := map[string]int{}
		for path := range pagedLists(victim.schedule) {
			var page map[string]any
			victim.json(http.MethodGet, path+"?limit=200", "", &page)
			for _, v := range page {
				if list, ok := v.([]any); ok {
					all[path] += len(list)
				}
			}
		}
		return all
	}
	before := count()
	tried := 0
	refused := func(method, path, body string) {
		status, raw := eve.do(method, path, "application/json", strings.NewReader(body))
		require.Contains(t, []int{http.StatusBadRequest, http.StatusUnprocessableEntity}, status, "%s %s %s: %s", method, path, body, raw)
		require.False(t, method == http.MethodGet && status != http.StatusBadRequest, "%s: %s", path, raw)
		tried++
	}
	for path, filter := range pagedLists(eve.schedule) {
		theirs := strings.Replace(path, eve.schedule, victim.schedule, 1)
		for _, c := range forged(eve.cursors, path, victim.cursors[theirs]) {
			refused(http.MethodGet, path+"?limit=1&cursor="+c, "")
		}
		if filter != "" {
			refused(http.MethodGet, path+"?limit=1&"+filter+"&cursor="+eve.cursors[path], "")
		}
		for _, limit := range []string{"-1", "0", "201", "1e9", "1000000000", "99999999999999999999", "1.5", "x", "1%3BDROP+TABLE+executions", "0x10"} {
			refused(http.MethodGet, path+"?limit="+limit, "")
		}
	}
	for _, path := range []string{
		"/api/executions?status=" + sqlText(), "/api/executions?status=running," + sqlText(), "/api/executions?created_after=" + sqlText(), "/api/executions?created_before=0",
		"/api/admin/executions?status=" + sqlText(), "/api/admin/executions?stuck=" + sqlText(), "/api/admin/executions?scope=" + sqlText(), "/api/admin/users?scope=" + sqlText(),
		"/api/admin/control-room/execution-metrics?hours=-1", "/api/admin/control-room/execution-metrics?hours=1000000000", "/api/admin/audit?scope=all",
	} {
		refused(http.MethodGet, path, "")
	}
	for _, path := range []string{"/api/artifact/list", "/api/intent/pending/list"} {
		for _, part := range []string{`"limit":-1`, `"limit":0.5`, `"limit":1000000000`, `"offset":-1`, `"offset":"0; DROP TABLE artifacts"`, `"sort":"id"`, `"order_by":"id; DROP TABLE artifacts"`} {
			refused(http.MethodPost, path, `{"session_id":"`+eve.session+`",`+part+`}`)
		}
	}
	tried += unsorted(t, eve)
	for path, n := range count() {
		require.GreaterOrEqual(t, n, before[path], "nothing is gone from %s", path)
	}
	sheet.Record(t, "T6", tried, "cursors, limits, filters and sorts that no list takes: taken 0", "400, 40/40 on each store")
}

func sqlText() string { return url.QueryEscape("' OR 1=1; DROP TABLE executions; --") }

// forged are cursors for a list that it did not make for this caller.
func forged(own map[string]string, path, foreign string) []string {
	good := own[path]
	if path == registry {
		good, foreign = own["/api/sessions"], own["/api/executions"]
	}
	raw, err := base64.RawURLEncoding.DecodeString(good)
	if err != nil {
		panic(err)
	}
	changed := func(at int) string {
		other := append([]byte{}, raw...)
		other[at] ^= 1
		return base64.RawURLEncoding.EncodeToString(other)
	}
	bare := base64.RawURLEncoding.EncodeToString
	list := []string{
		changed(0), changed(31), changed(32), changed(len(raw) - 1), bare(raw[:len(raw)-1]), bare(append(append([]byte{}, raw...), '0')), bare(raw[32:]), bare(raw[:32]),
		bare([]byte("' OR 1=1; --")), bare(append(make([]byte, 32), "' UNION SELECT * FROM users; --"...)), sqlText(), good + "=", good[:8], good + good,
		foreign, strings.Repeat("A", 600), "%00", "exe_01jd8h0000exampe0000000000", "null",
	}
	for other, cursor := range own {
		if other != path {
			list = append(list, cursor)
		}
	}
	return list
}

// unsorted asks for orders that no list has: the parameter does not exist, and the answer is as without it.
func unsorted(t *testing.T, p lists) (tried int) {
	t.Helper()
	page := func(path string) any {
		var got map[string]any
		p.json(http.MethodGet, path, "", &got)
		delete(got, "next_cursor")
		raw, err := json.Marshal(got)
		require.NoError(t, err)
		return string(raw)
	}
	for path := range pagedLists(p.schedule) {
		want := page(path + "?limit=3")
		for _, sort := range []string{"sort=tenant_id", "order=id%3B+DROP+TABLE+executions", "order_by=(SELECT+1)", "sort[]=id", "desc=true%3B--"} {
			require.Equal(t, want, page(path+"?limit=3&"+sort), "%s %s", path, sort)
			tried++
		}
	}
	return tried
}
