package e2e_test

import (
	"database/sql"
	"path/filepath"
	"strings"
	"testing"

	_ "github.com/jackc/pgx/v5/stdlib" // registers "pgx"
	"github.com/stretchr/testify/require"
	_ "modernc.org/sqlite" // registers "sqlite"
)

// setting gives a deployment's setting, "" if it has none.
func (e environment) setting(name string) string {
	value := ""
	for _, v := range e.vars {
		if after, ok := strings.CutPrefix(v, name+"="); ok {
			value = after
		}
	}
	return value
}

// database opens the deployment's database, past the product.
func (e environment) database() *sql.DB {
	e.t.Helper()
	driver, dsn := "pgx", e.setting("SYMPHAINY_DATABASE_URL")
	if dsn == "" {
		driver, dsn = "sqlite", "file:"+filepath.Join(e.dataDir, "symphainy.db")+"?mode=ro"
	}
	db, err := sql.Open(driver, dsn)
	require.NoError(e.t, err)
	e.t.Cleanup(func() { require.NoError(e.t, db.Close()) })
	return db
}

// breaches are queries that count what must not be, in a store in which all work has ended.
func breaches() map[string]string {
	ended := "('completed', 'failed', 'cancelled')"
	return map[string]string{
		"work without an end":  "SELECT COUNT(*) FROM executions WHERE state NOT IN " + ended,
		"ended with a lease":   "SELECT COUNT(*) FROM executions WHERE lease_owner <> '' OR lease_until IS NOT NULL",
		"ended without a time": "SELECT COUNT(*) FROM executions WHERE completed_at IS NULL",
		"logs with a hole":     "SELECT COUNT(*) FROM executions e WHERE e.last_seq <> (SELECT COUNT(*) FROM events v WHERE v.tenant_id = e.tenant_id AND v.execution_id = e.id) OR e.last_seq <> (SELECT MAX(seq) FROM events v WHERE v.tenant_id = e.tenant_id AND v.execution_id = e.id)",
		"logs of two scopes":   "SELECT COUNT(*) FROM events v WHERE NOT EXISTS (SELECT 1 FROM executions e WHERE e.id = v.execution_id AND e.tenant_id = v.tenant_id)",
		"logs without one end": "SELECT COUNT(*) FROM executions e WHERE 1 <> (SELECT COUNT(*) FROM events v WHERE v.tenant_id = e.tenant_id AND v.execution_id = e.id AND v.type IN ('execution.completed', 'execution.failed', 'execution.cancelled'))",
		"logs of another end":  "SELECT COUNT(*) FROM executions e WHERE NOT EXISTS (SELECT 1 FROM events v WHERE v.tenant_id = e.tenant_id AND v.execution_id = e.id AND v.seq = e.last_seq AND v.type = 'execution.' || e.state)",
		"starts but attempts":  "SELECT COUNT(*) FROM executions e WHERE e.attempt <> (SELECT COUNT(*) FROM events v WHERE v.tenant_id = e.tenant_id AND v.execution_id = e.id AND v.type = 'execution.started') AND NOT EXISTS (SELECT 1 FROM events v WHERE v.tenant_id = e.tenant_id AND v.execution_id = e.id AND v.type = 'execution.waiting')",
		"audit without one end": `SELECT COUNT(*) FROM executions e LEFT JOIN (
			SELECT target, SUM(CASE action WHEN 'intent.submitted' THEN 1 WHEN 'intent.ended' THEN 1000 ELSE 0 END) AS n FROM audit_records GROUP BY target
			) a ON a.target = e.id WHERE a.n IS NULL OR a.n <> 1001`,
		"files made twice":      "SELECT COUNT(*) FROM (SELECT execution_id FROM artifacts WHERE type = 'file' GROUP BY execution_id HAVING COUNT(*) > 1) x",
		"files not made":        "SELECT COUNT(*) FROM executions e WHERE e.intent_type = 'ingest_file' AND e.state = 'completed' AND NOT EXISTS (SELECT 1 FROM artifacts a WHERE a.execution_id = e.id AND a.type = 'file')",
		"files of the failed":   "SELECT COUNT(*) FROM artifacts a JOIN executions e ON e.id = a.execution_id WHERE e.state = 'cancelled' AND a.type <> 'file' AND e.intent_type <> 'save_materialization'",
		"contracts but one":     "SELECT COUNT(*) FROM artifacts a WHERE a.type = 'file' AND 1 <> (SELECT COUNT(*) FROM contracts c WHERE c.file_id = a.id AND c.tenant_id = a.tenant_id)",
		"contracts of nothing":  "SELECT COUNT(*) FROM contracts c WHERE NOT EXISTS (SELECT 1 FROM artifacts a WHERE a.id = c.file_id AND a.tenant_id = c.tenant_id)",
		"messages twice":        "SELECT COUNT(*) FROM (SELECT execution_id, role FROM messages GROUP BY execution_id, role HAVING COUNT(*) > 1) x",
		"turns without a text":  "SELECT COUNT(*) FROM executions e WHERE e.intent_type = 'agent.turn' AND e.state = 'completed' AND 2 <> (SELECT COUNT(*) FROM messages m WHERE m.execution_id = e.id AND m.tenant_id = e.tenant_id)",
		"messages out of place": "SELECT COUNT(*) FROM messages m WHERE NOT EXISTS (SELECT 1 FROM conversations c WHERE c.id = m.conversation_id AND c.tenant_id = m.tenant_id)",
		"left behind": `SELECT COUNT(*) FROM sessions s WHERE s.owner_user_id IS NOT NULL AND (
			EXISTS (SELECT 1 FROM executions x WHERE x.tenant_id = s.id) OR EXISTS (SELECT 1 FROM steps x WHERE x.tenant_id = s.id)
			OR EXISTS (SELECT 1 FROM artifacts x WHERE x.tenant_id = s.id) OR EXISTS (SELECT 1 FROM artifact_parents x WHERE x.tenant_id = s.id)
			OR EXISTS (SELECT 1 FROM contracts x WHERE x.tenant_id = s.id) OR EXISTS (SELECT 1 FROM pending_intents x WHERE x.tenant_id = s.id)
			OR EXISTS (SELECT 1 FROM conversations x WHERE x.tenant_id = s.id) OR EXISTS (SELECT 1 FROM messages x WHERE x.tenant_id = s.id)
			OR EXISTS (SELECT 1 FROM message_counters x WHERE x.tenant_id = s.id) OR EXISTS (SELECT 1 FROM idempotency_keys x WHERE x.tenant_id = s.id))`,
		"of another than the session": `SELECT COUNT(*) FROM executions e JOIN sessions s ON s.id = e.session_id
			WHERE s.owner_user_id IS NOT NULL AND (e.tenant_id <> s.tenant_id OR e.owner_id <> s.owner_user_id)`,
	}
}

// audit requires that nothing in the deployment's database breaks a promise. All work has ended and no server is running.
func (e environment) audit() {
	e.t.Helper()
	db := e.database()
	for what, query := range breaches() {
		var n int
		require.NoError(e.t, db.QueryRowContext(e.t.Context(), query).Scan(&n), what)
		require.Zero(e.t, n, what)
	}
}

// finished waits until everything in a session has ended, and gives the executions as lists show them.
func (a *api) finished(who caller, sessionID string) []map[string]any {
	a.t.Helper()
	var all []map[string]any
	eventually(a.t, func() bool {
		all = nil
		done := true
		for path := "/api/executions?limit=200&session_id=" + sessionID; path != ""; {
			list := a.get(who, path).is(200).object()
			for _, raw := range list["executions"].([]any) {
				e := raw.(map[string]any)
				all = append(all, e)
				done = done && (e["status"] == "completed" || e["status"] == "failed" || e["status"] == "cancelled")
			}
			path = ""
			if next, ok := list["next_cursor"].(string); ok && next != "" {
				path = "/api/executions?limit=200&session_id=" + sessionID + "&cursor=" + next
			}
		}
		return done
	})
	return all
}

func TestTheAuditorReadsEveryTable(t *testing.T) {
	t.Parallel()
	onEach(t, func(e environment) {
		s := start(e.t, e)
		s.terminate()
		require.Zero(e.t, s.exit())
		e.audit()
	})
}
