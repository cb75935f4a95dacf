package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// The transactions of pgbench: one row in one commit, and three statements between BEGIN and COMMIT, which makes five round trips.
const (
	pgbenchTables = "CREATE TABLE bench_rows (n bigserial PRIMARY KEY, client int, body text); CREATE TABLE bench_states (id int PRIMARY KEY, n bigint); INSERT INTO bench_states SELECT i, 0 FROM generate_series(0, 63) AS i"
	oneRow        = "INSERT INTO bench_rows (client, body) VALUES (:client_id, 'one');\n"
	fiveTrips     = "BEGIN;\nINSERT INTO bench_rows (client, body) VALUES (:client_id, 'one');\nUPDATE bench_states SET n = n + 1 WHERE id = :client_id;\n" +
		"INSERT INTO bench_rows (client, body) VALUES (:client_id, 'two');\nCOMMIT;\n"
)

// pgbench measures the server with PostgreSQL's own tool, each kind of transaction over 1, 8 and 32 connections, and holds what S1 and S3 came to
// in this run against it.
func pgbench(ctx context.Context, d *deployment, s settings) (string, error) {
	if d.dsn == "" {
		return "PostgreSQL's only", nil
	}
	tool := findPgbench()
	if tool == "" {
		return "unavailable: pgbench is neither in /usr/lib/postgresql/*/bin nor in PATH", nil
	}
	db, err := d.open()
	if err != nil {
		return "", err
	}
	_, err = db.ExecContext(ctx, pgbenchTables)
	if err := errors.Join(err, db.Close()); err != nil {
		return "", err
	}
	var line strings.Builder
	for _, kind := range []struct{ name, script, beside string }{{"one-row commits", oneRow, "S1"}, {"BEGIN, 3 statements, COMMIT", fiveTrips, "S3"}} {
		script := filepath.Join(d.dir, "pgbench.sql")
		if err := os.WriteFile(script, []byte(kind.script), 0o600); err != nil {
			return "", err
		}
		write(&line, "%s at", kind.name)
		var last result
		for _, clients := range []int{1, 8, 32} {
			var runs []result
			for range s.runs {
				r, err := pgbenchRun(ctx, tool, d, script, clients, s.length)
				if err != nil {
					return "", err
				}
				runs = append(runs, r)
			}
			last = median(runs)
			write(&line, " c%d %.0f/s (p50 %s, p99 %s)", clients, last.rate, short(last.p50), short(last.p99))
		}
		if m, ok := d.measured[kind.beside]; ok {
			write(&line, ", %s is %.2f of the last", kind.beside, m.rate/last.rate)
		}
		line.WriteString("; ")
	}
	return strings.TrimSuffix(line.String(), "; "), nil
}

// findPgbench looks where Debian keeps it, and takes the newest; then in PATH.
func findPgbench() string {
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/pgbench") // the pattern is good
	if len(found) > 0 {
		slices.SortFunc(found, func(a, b string) int { return release(a) - release(b) })
		return found[len(found)-1]
	}
	path, err := exec.LookPath("pgbench")
	if err != nil {
		return ""
	}
	return path
}

func release(path string) int {
	n, err := strconv.Atoi(filepath.Base(filepath.Dir(filepath.Dir(path))))
	if err != nil {
		return 0
	}
	return n
}

// pgbenchRun is one run. The tool tells no quantiles, so it writes each tenth transaction into a file.
func pgbenchRun(ctx context.Context, tool string, d *deployment, script string, clients int, length time.Duration) (result, error) {
	seconds := max(1, int(length.Round(time.Second)/time.Second))
	log := filepath.Join(d.dir, "pgbench.log")
	defer func() {
		for _, f := range logsOf(log) {
			_ = os.Remove(f) // the folder goes too
		}
	}()
	cmd := exec.CommandContext(ctx, tool, "-n", "-M", "prepared", "-f", script, "-c", strconv.Itoa(clients), "-j", strconv.Itoa(min(clients, 2)), "-T", strconv.Itoa(seconds),
		"-l", "--log-prefix", log, "--sampling-rate", "0.1", d.dsn)
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "LC_ALL=C"}
	out, err := cmd.CombinedOutput()
	if err != nil {
		return result{}, fmt.Errorf("pgbench: %w: %s", err, out)
	}
	var r result
	for line := range strings.Lines(string(out)) {
		if rest, ok := strings.CutPrefix(line, "tps = "); ok {
			if r.rate, err = strconv.ParseFloat(strings.Fields(rest)[0], 64); err != nil {
				return result{}, err
			}
		}
	}
	times, err := pgbenchTimes(log)
	if err != nil || r.rate == 0 || len(times) == 0 {
		return result{}, errors.Join(err, fmt.Errorf("pgbench told no figures: %s", out))
	}
	r.p50, r.p99 = times[len(times)/2], times[len(times)*99/100]
	return r, nil
}

func logsOf(prefix string) []string {
	files, _ := filepath.Glob(prefix + ".*") // the pattern is good
	return files
}

// pgbenchTimes reads how long transactions took, in order: the third word of each line, in microseconds.
func pgbenchTimes(prefix string) ([]time.Duration, error) {
	var times []time.Duration
	for _, f := range logsOf(prefix) {
		text, err := os.ReadFile(f)
		if err != nil {
			return nil, err
		}
		for line := range strings.Lines(string(text)) {
			words := strings.Fields(line)
			if len(words) < 3 {
				continue
			}
			us, err := strconv.ParseInt(words[2], 10, 64)
			if err != nil {
				return nil, err
			}
			times = append(times, time.Duration(us)*time.Microsecond)
		}
	}
	slices.Sort(times)
	return times, nil
}
