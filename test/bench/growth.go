package main

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
)

// growth is S10: S3 and S2 on tables that hold many finished executions, with their events, and many sessions, alternating with the same on empty
// tables.
func growth(ctx context.Context, d *deployment, s settings) (string, error) {
	empty, err := deploy(ctx, s, d.store)
	if err != nil {
		return "", err
	}
	defer empty.end()
	grown, err := deploy(ctx, s, d.store)
	if err != nil {
		return "", err
	}
	defer grown.end()
	took, err := grown.grow(ctx, s)
	if err != nil {
		return "", fmt.Errorf("grow: %w", err)
	}
	if err := empty.signInAgain(ctx); err != nil { // an access token may have ended meanwhile
		return "", err
	}
	var line strings.Builder
	write(&line, "%d rows each (made in %s)", s.rows, took.Round(time.Second))
	for _, shape := range []shape{{name: "S3", clients: 32, prepare: runIntent}, {name: "S2", clients: 32, prepare: readSession}} {
		var before, after []result
		for i := range s.runs {
			// Each goes first in turn: who comes second finds the machine as the first has left it.
			sides := []*deployment{empty, grown}
			if i%2 == 1 {
				slices.Reverse(sides)
			}
			for _, d := range sides {
				r, err := d.run(ctx, d.url, shape.clients, s.length, shape.prepare)
				if err != nil {
					return "", err
				}
				if d == empty {
					before = append(before, r)
				} else {
					after = append(after, r)
				}
			}
		}
		b, a := median(before), median(after)
		write(&line, "; %s %.0f/s is %.2f of %.0f/s on empty tables (p50 %s of %s, p99 %s of %s, cpu %s of %s)", shape.name, a.rate, a.rate/b.rate, b.rate,
			short(a.p50), short(b.p50), short(a.p99), short(b.p99), short(a.cpu), short(b.cpu))
	}
	return line.String(), nil
}

// grow copies what one execution of the server has left, and a session, so many times, straight in the tables; the server is started again after it.
func (d *deployment) grow(ctx context.Context, s settings) (time.Duration, error) {
	began := time.Now()
	c, _, err := runIntent(ctx, d, d.url)
	if err != nil {
		return 0, err
	}
	if err := c(ctx); err != nil {
		return 0, err
	}
	d.kill(d.url)
	db, err := d.open()
	if err != nil {
		return 0, err
	}
	defer func() { _ = db.Close() }() // what it wrote is committed
	// References would be checked row by row, and are right by how the rows are made.
	conn, err := db.Conn(ctx)
	if err != nil {
		return 0, err
	}
	defer func() { _ = conn.Close() }() // as above
	begin, end := []string{"PRAGMA foreign_keys = 0"}, []string{"PRAGMA wal_checkpoint(TRUNCATE)"}
	if d.dsn != "" {
		// What autovacuum would do in its time is done now.
		begin, end = []string{"SET session_replication_role = replica"}, []string{"VACUUM ANALYZE executions", "VACUUM ANALYZE events", "VACUUM ANALYZE sessions", "CHECKPOINT"}
	}
	for _, sql := range begin {
		if _, err := conn.ExecContext(ctx, sql); err != nil {
			return 0, err
		}
	}
	if err := d.copyRows(ctx, conn, s.rows); err != nil {
		return 0, err
	}
	for _, sql := range end {
		if _, err := conn.ExecContext(ctx, sql); err != nil {
			return 0, err
		}
	}
	if d.url, err = d.serve(ctx, s); err != nil {
		return 0, err
	}
	return time.Since(began), d.signInAgain(ctx)
}

// places is over how many sessions the executions, and over how many owners the sessions, are spread.
const places = 1000

// copyRows multiplies the newest execution, its events, and the session of the account.
func (d *deployment) copyRows(ctx context.Context, conn *sql.Conn, n int) error {
	var execution string
	if err := conn.QueryRowContext(ctx, "SELECT id FROM executions WHERE state = 'completed' ORDER BY id DESC LIMIT 1").Scan(&execution); err != nil {
		return err
	}
	for _, table := range []struct {
		name, which string
		// other is the columns that differ from copy to copy; shared, those that only some copies have in common.
		other, shared []string
	}{
		{"executions", "id = '" + execution + "'", []string{"id"}, []string{"session_id"}},
		{"events", "execution_id = '" + execution + "'", []string{"execution_id"}, nil},
		{"sessions", "id = '" + d.session + "'", []string{"id"}, []string{"owner_user_id"}},
	} {
		columns, err := columnsOf(ctx, conn, table.name)
		if err != nil {
			return err
		}
		values := slices.Clone(columns)
		for i, c := range columns {
			switch {
			case slices.Contains(table.other, c):
				values[i] = d.renamed(c, "n.n")
			case slices.Contains(table.shared, c):
				values[i] = d.renamed(c, fmt.Sprintf("n.n %% %d", places))
			default:
				values[i] = "t." + c
			}
		}
		numbers := fmt.Sprintf("WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < %d) ", n)
		from := "n"
		if d.dsn != "" {
			numbers, from = "", fmt.Sprintf("generate_series(1, %d) AS n(n)", n)
		}
		text := "INSERT INTO " + table.name + " (" + strings.Join(columns, ", ") + ") " + numbers + "SELECT " + strings.Join(values, ", ") +
			" FROM (SELECT * FROM " + table.name + " WHERE " + table.which + ") AS t, " + from
		if _, err := conn.ExecContext(ctx, text); err != nil {
			return fmt.Errorf("%s: %w", table.name, err)
		}
	}
	return nil
}

// renamed gives an id of the same kind with a number in it, older than every real one.
func (d *deployment) renamed(column, number string) string {
	if d.dsn != "" {
		return fmt.Sprintf("split_part(t.%s, '_', 1) || '_' || lpad((%s)::text, 26, '0')", column, number)
	}
	return fmt.Sprintf("substr(t.%s, 1, instr(t.%s, '_')) || printf('%%026d', %s)", column, column, number)
}

func columnsOf(ctx context.Context, conn *sql.Conn, table string) ([]string, error) {
	rows, err := conn.QueryContext(ctx, "SELECT * FROM "+table+" LIMIT 0")
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }() // there are none
	columns, err := rows.Columns()
	if err != nil {
		return nil, err
	}
	return columns, rows.Err()
}

// signInAgain gives the account a fresh token and session.
func (d *deployment) signInAgain(ctx context.Context) error {
	answer, err := d.call(ctx, http.MethodPost, d.url+"/api/auth/login", nil, []byte(`{"email":"bench@bench.example","password":"a-long-passphrase-for-bench"}`), http.StatusOK)
	if err != nil {
		return err
	}
	var made struct {
		Token   string `json:"access_token"`
		Session string `json:"session_id"`
	}
	err = json.Unmarshal(answer, &made)
	d.token, d.session = made.Token, made.Session
	return err
}
