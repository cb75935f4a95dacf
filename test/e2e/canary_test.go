package e2e_test

import (
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/symphainy/symphainy/test/sheet"
)

// canary gives a value that is nowhere else, for one variable.
func canary(name string) string {
	return "kx7Qcanary" + strings.ToLower(strings.ReplaceAll(name, "_", "")) + "9Zw"
}

// secretVars are an environment full of secrets, of ours and of others, at dependencies that are not there.
func secretVars() (vars, names []string) {
	for _, v := range []struct{ name, before, after string }{
		{"SYMPHAINY_NATS_URL", "nats://u:", "@127.0.0.1:1"}, {"SYMPHAINY_LLM_KEY", "", ""}, {"SYMPHAINY_TRACES_AUTHORIZATION", "Bearer ", ""},
		{"SYMPHAINY_MIGRATE_DATABASE_URL", "postgres://u:", "@127.0.0.1:1/d"},
		{"PGPASSWORD", "", ""}, {"AWS_SECRET_ACCESS_KEY", "", ""}, {"GITHUB_TOKEN", "", ""}, {"OPENAI_API_KEY", "", ""}, {"HTTP_PROXY_PASSWORD", "", ""},
	} {
		vars, names = append(vars, v.name+"="+v.before+canary(v.name)+v.after), append(names, v.name)
	}
	return append(vars, "SYMPHAINY_LLM_BASE_URL=http://127.0.0.1:1/v1", "SYMPHAINY_TRACES_ENDPOINT=http://127.0.0.1:1/v1/traces", "SYMPHAINY_LOG_LEVEL=debug"), names
}

// seen gives the variables whose secret is in a text.
func seen(text string, names []string) (found []string) {
	for _, name := range names {
		if strings.Contains(text, canary(name)) {
			found = append(found, name)
		}
	}
	return found
}

// F11: nothing that the program prints, logs, answers or keeps holds a secret of its environment, whether it starts, works, or is refused.
func TestTheEnvironmentIsNeverTold(t *testing.T) {
	t.Parallel()
	vars, names := secretVars()
	require.Equal(t, []string{"PGPASSWORD"}, seen("x"+canary("PGPASSWORD"), names), "the look finds what is there")
	looked := 0
	look := func(what, text string) {
		looked++
		require.Empty(t, seen(text, names), "%s tells them", what)
	}
	e := onSQLite(t).with(vars...)
	for _, args := range [][]string{{"version"}, {"config", "check"}, {"config", "list"}, {"help"}, {"audit", "verify"}, {"nothing"}} {
		out, _ := outputOf(t, command(t, e, args...)) // also what fails is looked at
		look(strings.Join(args, " "), out)
	}
	broken := e.with("SYMPHAINY_DATABASE_URL=postgres://u:"+canary("PGPASSWORD")+"@127.0.0.1:1/d", "SYMPHAINY_AUTH_KEY_FILES="+signingKey(t))
	for _, args := range [][]string{{"serve"}, {"migrate"}, {"config", "check"}, {"audit", "verify"}, {"audit", "export", "--tenant", "t"}} {
		out, err := outputOf(t, command(t, broken, args...))
		require.Error(t, err, args)
		look("without a database: "+strings.Join(args, " "), out)
	}
	for _, bad := range []string{"SYMPHAINY_DATABASE_URL=mysql://u:%s@h/d", "SYMPHAINY_NATS_URL=http://u:%s@h", "SYMPHAINY_DATABASE_URL=postgres://u:%s@ h:x/d"} {
		out, err := outputOf(t, command(t, e.with(fmt.Sprintf(bad, canary("PGPASSWORD"))), "serve"))
		require.Error(t, err, bad)
		look(bad, out)
	}
	e = onPostgres(t).with(vars...)
	s := start(t, e)
	client := &http.Client{Timeout: waitTime, Transport: &http.Transport{DisableKeepAlives: true}}
	for _, path := range []string{"/health/ready", "/health", "/metrics", "/api/openapi.json", "/api/asyncapi.json", "/api/nothing", "/.env", "/debug/pprof/cmdline", "/debug/vars", "/%00"} {
		r, err := client.Get(s.url + path)
		require.NoError(t, err)
		body, err := io.ReadAll(r.Body)
		require.NoError(t, r.Body.Close())
		require.NoError(t, err)
		look(path, fmt.Sprint(r.Header)+string(body))
	}
	r, err := client.Post(s.url+"/api/auth/register", "application/json", strings.NewReader(`{"name":"Ada","email":"ada@example.org","password":"violet armchair 17"}`))
	require.NoError(t, err)
	require.NoError(t, r.Body.Close())
	require.Less(t, r.StatusCode, 300)
	s.terminate()
	select {
	case <-s.done:
	case <-time.After(stopTime):
		t.Fatal("it does not stop")
	}
	look("what it printed", s.out.String())
	look("its log", s.log.String())
	require.NoError(t, filepath.WalkDir(e.dataDir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() {
			raw, readErr := os.ReadFile(path)
			require.NoError(t, readErr)
			look(path, string(raw))
		}
		return err
	}))
	sheet.Record(t, "F11", looked*len(names), fmt.Sprintf("outputs, answers and files %d × secrets of the environment %d: told 0", looked, len(names)), "0")
}
