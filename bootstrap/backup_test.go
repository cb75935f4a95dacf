package bootstrap_test

import (
	"database/sql"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"
	_ "modernc.org/sqlite"

	"github.com/symphainy/symphainy/bootstrap"
	"github.com/symphainy/symphainy/test/pgtest"
)

// What docs/operations.md says under "Backup" is done here, word for word: a copy that is taken while the platform runs, restored into another
// folder (and database), has the people, the files and the audit chain of then, goes on, and knows nothing of what came after.
func TestABackupIsRestored(t *testing.T) {
	for name, c := range map[string]struct {
		prepare func(*testing.T) bootstrap.Config
		save    func(t *testing.T, from bootstrap.Config, to string)
		restore func(t *testing.T, from string, to *bootstrap.Config)
	}{
		"sqlite":   {variant, saveSQLite, restoreSQLite},
		"postgres": {onPostgres, savePostgres, restorePostgres},
	} {
		t.Run(name, func(t *testing.T) {
			cfg, kept := c.prepare(t), t.TempDir()
			var file, contract string
			require.NoError(t, run(t, cfg, func(url string) {
				p := registered(t, url)
				p.upload("employees.csv")
				file, contract = p.files()[0], p.contract()
				c.save(t, cfg, kept)
				copied(t, filepath.Join(cfg.DataDir, "files"), filepath.Join(kept, "files"))
				p.upload("orders-240.csv") // after the backup
				require.Len(t, p.files(), 2)
			}))
			again := variant(t)
			again.Auth.KeyFiles = cfg.Auth.KeyFiles
			copied(t, filepath.Join(kept, "files"), filepath.Join(again.DataDir, "files"))
			c.restore(t, kept, &again)
			require.NoError(t, bootstrap.Check(t.Context(), again))
			require.NoError(t, run(t, again, func(url string) {
				p := &person{t: t, url: url, header: http.Header{}, client: &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}}
				var in struct {
					Token string `json:"access_token"`
				}
				p.json(http.MethodPost, "/api/auth/login", `{"email":"ada@example.org","password":"a long enough phrase"}`, &in)
				p.header.Set("Authorization", "Bearer "+in.Token)
				require.Equal(t, []string{file}, p.files(), "what came after the backup is not there")
				p.submit("save_materialization", map[string]any{"file_id": file, "boundary_contract_id": contract})
				want, err := os.ReadFile(filepath.Join("..", "test", "fixtures", "employees.csv"))
				require.NoError(t, err)
				status, got := p.do(http.MethodGet, "/api/files/"+file+"/content", "", nil)
				require.Equal(t, http.StatusOK, status, string(got))
				require.Equal(t, want, got)
				p.upload("orders-240.csv")
				var audit struct{ Intact bool }
				p.json(http.MethodGet, "/api/admin/audit/verify", "", &audit)
				require.True(t, audit.Intact)
			}))
		})
	}
}

// files gives the ids of the files that the person has sent, the newest first.
func (p *person) files() (ids []string) {
	p.t.Helper()
	var list struct {
		Executions []struct {
			ID string `json:"execution_id"`
		}
	}
	p.json(http.MethodGet, "/api/executions", "", &list)
	for _, e := range list.Executions {
		status, raw := p.do(http.MethodGet, "/api/execution/"+e.ID+"/status", "", nil)
		require.Equal(p.t, http.StatusOK, status)
		ids = append(ids, regexp.MustCompile(`fil_[0-9a-z]{26}`).FindString(string(raw)))
	}
	return ids
}

// contract gives the id of the contract of the file that the person has sent last.
func (p *person) contract() string {
	p.t.Helper()
	var list struct {
		Executions []struct {
			ID string `json:"execution_id"`
		}
	}
	p.json(http.MethodGet, "/api/executions", "", &list)
	_, raw := p.do(http.MethodGet, "/api/execution/"+list.Executions[0].ID+"/status", "", nil)
	found := regexp.MustCompile(`"boundary_contract_id":"([^"]+)"`).FindSubmatch(raw)
	require.NotNil(p.t, found, string(raw))
	return string(found[1])
}

func copied(t *testing.T, from, to string) {
	t.Helper()
	require.NoError(t, os.CopyFS(to, os.DirFS(from)))
	require.NoError(t, os.Chmod(to, 0o700))
}

func saveSQLite(t *testing.T, from bootstrap.Config, to string) {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+filepath.Join(from.DataDir, "symphainy.db")+"?mode=ro")
	require.NoError(t, err)
	defer db.Close()
	_, err = db.ExecContext(t.Context(), "VACUUM INTO ?", filepath.Join(to, "symphainy.db"))
	require.NoError(t, err)
	copied(t, filepath.Join(from.DataDir, "keys"), filepath.Join(to, "keys"))
}

func restoreSQLite(t *testing.T, from string, to *bootstrap.Config) {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(from, "symphainy.db"))
	require.NoError(t, err)
	require.NoError(t, os.MkdirAll(to.DataDir, 0o700))
	require.NoError(t, os.WriteFile(filepath.Join(to.DataDir, "symphainy.db"), raw, 0o600))
	require.NoError(t, os.CopyFS(filepath.Join(to.DataDir, "keys"), os.DirFS(filepath.Join(from, "keys"))))
	require.NoError(t, os.Chmod(filepath.Join(to.DataDir, "keys"), 0o700))
	require.NoError(t, os.Chmod(filepath.Join(to.DataDir, "keys", "signing-key.pem"), 0o600))
}

func savePostgres(t *testing.T, from bootstrap.Config, to string) {
	t.Helper()
	tool(t, "pg_dump", "--format=custom", "--file="+filepath.Join(to, "symphainy.dump"), from.Database.URL.Reveal())
}

func restorePostgres(t *testing.T, from string, to *bootstrap.Config) {
	t.Helper()
	to.Database.URL = bootstrap.Secret(pgtest.New(t))
	tool(t, "pg_restore", "--exit-on-error", "--dbname="+to.Database.URL.Reveal(), filepath.Join(from, "symphainy.dump"))
}

// tool runs a client program of PostgreSQL, which is there where the server is.
func tool(t *testing.T, name string, args ...string) {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), name, args...).CombinedOutput()
	require.NoError(t, err, "%s: %s", name, out)
}
