package rows

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"time"

	"github.com/symphainy/symphainy/test/chaos/bed"
	"github.com/symphainy/symphainy/test/chaos/history"
)

func r3() Row {
	row := Row{
		ID: "R3", Title: "kill -9 with the first byte of a 2xx", Short: true,
		Goal: "every accepted execution is there and completes",
	}
	const steps = 2
	row.Run = func(ctx context.Context, r *Run) Result {
		o := r.outcome(row)
		kills := r.pick(500, 30)
		b, err := r.bed(ctx, nil)
		if err != nil {
			o.wrong(err)
			return o.result(nil)
		}
		keys := r.killAtAnswers(ctx, o, b, kills)
		o.kept(ctx, b, "PostgreSQL", keys, steps)
		lite, err := r.Suite.New(ctx, bed.Options{SQLite: true, Vars: r.times(), Seed: r.Seed})
		if err != nil {
			o.wrong(errors.Join(err, b.Close()))
			return o.result(nil)
		}
		keys = r.killAtAnswers(ctx, o, lite, kills/3)
		o.kept(ctx, lite, "SQLite", keys, steps)
		o.wrong(lite.Close())
		return o.result(b)
	}
	return row
}

// killAtAnswers lets one client per replica submit and kill its replica with the first bytes of the answer. It gives the keys of what was
// accepted.
func (r *Run) killAtAnswers(ctx context.Context, o *outcome, b *bed.Bed, kills int) []string {
	var mu sync.Mutex
	var keys []string
	var all sync.WaitGroup
	share := kills / len(b.Replicas)
	for _, victim := range b.Replicas {
		all.Go(func() {
			mine, err := killing(ctx, b, victim, share)
			mu.Lock()
			defer mu.Unlock()
			o.wrong(err)
			keys = append(keys, mine...)
		})
	}
	all.Wait()
	return keys
}

func killing(ctx context.Context, b *bed.Bed, victim *bed.Replica, kills int) (keys []string, err error) {
	c, err := b.Anonymous(ctx, fmt.Sprintf("killer-%d", victim.Index))
	if err != nil {
		return nil, err
	}
	for i := range kills {
		key := fmt.Sprintf("r3-%d-%d", victim.Index, i)
		in := bed.Intent{Type: "chaos_run", Parameters: map[string]any{"steps": 2, "work_ms": 10}, Key: key}
		began := time.Now()
		status, err := firstBytes(victim.Direct(), c, in, victim.Kill)
		if err != nil {
			return keys, err
		}
		outcome := history.Fail
		if strings.HasPrefix(status, "HTTP/1.1 2") {
			outcome = history.OK
			keys = append(keys, key)
		}
		b.History.Did(history.Op{Client: c.Name, Op: "submit", Args: in, Start: began, End: time.Now(), Outcome: outcome})
		if err := victim.Start(ctx); err != nil {
			return keys, err
		}
	}
	return keys, nil
}

// firstBytes sends an intent over a connection of its own and does something as soon as the answer's status is there.
func firstBytes(address string, c *bed.Client, in bed.Intent, then func() error) (string, error) {
	conn, err := net.DialTimeout("tcp", address, 10*time.Second)
	if err != nil {
		return "", err
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(30 * time.Second)); err != nil {
		return "", err
	}
	body, err := json.Marshal(map[string]any{"session_id": c.Session, "intent_type": in.Type, "parameters": in.Parameters, "idempotency_key": in.Key})
	if err != nil {
		return "", err
	}
	_, err = fmt.Fprintf(conn, "POST /api/intent/submit HTTP/1.1\r\nHost: %s\r\nContent-Type: application/json\r\nX-Session-Secret: %s\r\nContent-Length: %d\r\n\r\n%s",
		address, c.Secret, len(body), body)
	if err != nil {
		return "", err
	}
	status := make([]byte, len("HTTP/1.1 202"))
	if _, err = io.ReadFull(conn, status); err != nil {
		return "", err
	}
	return string(status), then()
}

// kept holds accepted keys against the table and judges the rest as every row does.
func (o *outcome) kept(ctx context.Context, b *bed.Bed, store string, keys []string, steps int) {
	known, err := b.Keys(ctx)
	o.wrong(err)
	var ids []string
	lost := 0
	for _, key := range keys {
		if len(known[key]) != 1 {
			lost++
			continue
		}
		ids = append(ids, known[key][0])
	}
	o.count("kills with an accepted execution on "+store, len(keys))
	o.figure("%s: found %d/%d", store, len(ids), len(keys))
	o.want(len(keys) > 0, "%s: nothing was accepted", store)
	o.none(lost, "not there", "%s: %d of %d accepted executions", store, lost, len(keys))
	tables := o.judge(ctx, b, ids, steps)
	for _, id := range ids {
		o.want(tables.Executions[id].State == "completed", "%s: %s is %q", store, id, tables.Executions[id].State)
	}
}
