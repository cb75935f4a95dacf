package e2e_test

import (
	"database/sql"
	"encoding/json"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	_ "github.com/jackc/pgx/v5/stdlib" // registers the driver "pgx"
	"github.com/stretchr/testify/require"
	_ "modernc.org/sqlite" // registers the driver "sqlite"
)

// vandal is somebody with all rights on the database, who changes audit records and knows of their triggers.
type vandal struct {
	t      *testing.T
	db     *sql.DB
	sqlite bool
}

func newVandal(t *testing.T, e environment) *vandal {
	t.Helper()
	driver, source := "sqlite", filepath.Join(e.dataDir, "symphainy.db")
	for _, v := range e.vars {
		if url, ok := strings.CutPrefix(v, "SYMPHAINY_DATABASE_URL="); ok {
			driver, source = "pgx", url
		}
	}
	db, err := sql.Open(driver, source)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	return &vandal{t: t, db: db, sqlite: driver == "sqlite"}
}

func (v *vandal) run(statement string) {
	v.t.Helper()
	_, err := v.db.ExecContext(v.t.Context(), statement)
	require.NoError(v.t, err, statement)
}

// disarm takes the triggers away that refuse what comes next.
func (v *vandal) disarm() {
	v.t.Helper()
	for _, trigger := range []string{"audit_records_append_only", "audit_records_kept"} {
		statement := "DROP TRIGGER " + trigger
		if !v.sqlite {
			statement += " ON audit_records"
		}
		v.run(statement)
	}
}

// audited runs audit verify until nothing waits to be sealed, and gives its output.
func audited(t *testing.T, e environment) string {
	t.Helper()
	var out string
	eventually(t, func() bool {
		var err error
		out, err = outputOf(t, command(t, e, "audit", "verify"))
		require.NoError(t, err, out)
		return strings.Count(out, ", 0 not sealed yet") == strings.Count(out, "\n")
	})
	return out
}

// export gives a tenant's records as they are written out.
func export(t *testing.T, e environment, tenant string) []map[string]any {
	t.Helper()
	out, err := outputOf(t, command(t, e, "audit", "export", "--tenant", tenant))
	require.NoError(t, err, out)
	var records []map[string]any
	for line := range strings.Lines(out) {
		var r map[string]any
		require.NoError(t, json.Unmarshal([]byte(line), &r), line)
		records = append(records, r)
	}
	return records
}

// The audit log is checked beside the running server. What somebody with all rights on the database does to it later is found: a byte
// that was changed, the newest record removed, and a record removed from the middle.
func TestAudit(t *testing.T) {
	t.Parallel()
	onEach(t, func(e environment) {
		t := e.t
		server := start(t, e)
		a := newAPI(t, server)
		ada := a.register("Ada")
		visitor := a.anonymous()
		for range 4 {
			a.ended(ada.caller(), a.submit(ada.caller(), ada.session, "list_files", map[string]any{}))
		}
		a.ended(visitor.caller(), a.submit(visitor.caller(), visitor.id, "list_files", map[string]any{}))
		out := audited(t, e)
		tenant := regexp.MustCompile(`(?m)^(ten_\S+)  9 sealed, 0 not sealed yet, head ([0-9a-f]{64})  intact$`).FindStringSubmatch(out)
		require.NotNil(t, tenant, "sign-up and four intents with their ends:\n%s", out)
		require.Regexp(t, `(?m)^`+visitor.id+`  2 sealed, `, out)

		records := export(t, e, tenant[1])
		require.Len(t, records, 9)
		for i, r := range records {
			require.EqualValues(t, i+1, r["position"])
		}
		newest, middle := records[8], records[4]
		require.Equal(t, tenant[2], newest["hash"])
		server.kill()
		require.Equal(t, out, audited(t, e), "also of a database that nobody closed")

		refused := func(tenant, want string) {
			t.Helper()
			out, err := outputOf(t, command(t, e, "audit", "verify", "--tenant", tenant))
			require.Error(t, err, out)
			require.Contains(t, out, "BROKEN at "+want)
			out, err = outputOf(t, command(t, e, "audit", "verify"))
			require.Error(t, err, out)
			require.Contains(t, out, "broken audit chains: 1")
			require.Regexp(t, `(?m)^`+visitor.id+`.*intact$`, out, "the others are not touched")
		}
		v := newVandal(t, e)
		id := middle["id"].(string)
		_, err := v.db.ExecContext(t.Context(), "UPDATE audit_records SET actor = actor WHERE id = '"+id+"'")
		require.ErrorContains(t, err, "append-only")
		v.disarm()
		v.run("UPDATE audit_records SET trace_id = trace_id || ' ' WHERE id = '" + id + "'")
		refused(tenant[1], "position 5, record "+id+" was changed")
		v.run("UPDATE audit_records SET trace_id = substr(trace_id, 1, length(trace_id) - 1) WHERE id = '" + id + "'")
		audited(t, e)

		detail := middle["detail"].(string)
		require.Contains(t, detail, "1")
		v.run("UPDATE audit_records SET detail = '" + strings.Replace(detail, "1", "2", 1) + "' WHERE id = '" + id + "'")
		refused(tenant[1], "position 5, record "+id+" was changed")
		v.run("UPDATE audit_records SET detail = '" + detail + "' WHERE id = '" + id + "'")
		audited(t, e)

		v.run("DELETE FROM audit_records WHERE id = '" + newest["id"].(string) + "'")
		refused(tenant[1], "position 9, the record was removed, near "+records[7]["id"].(string))
		v.run("DELETE FROM audit_records WHERE id = '" + id + "'")
		refused(tenant[1], "position 5, the record was removed, near "+records[3]["id"].(string))

		out, err = outputOf(t, command(t, e, "audit", "verify", "--tenant", "ten_nobody"))
		require.Error(t, err)
		require.Contains(t, out, "no audit records of ten_nobody")
	})
}

func TestAuditWithoutADatabase(t *testing.T) {
	t.Parallel()
	e := onSQLite(t)
	out, err := outputOf(t, command(t, e, "audit", "verify"))
	require.Error(t, err)
	require.Contains(t, out, "there is no database")
	require.NoDirExists(t, e.dataDir, "a look makes nothing")
	_, err = outputOf(t, command(t, e, "audit", "export"))
	require.Error(t, err, "whose?")
}
