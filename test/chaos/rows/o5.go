package rows

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/symphainy/symphainy/test/chaos/bed"
	"github.com/symphainy/symphainy/test/chaos/check"
)

// firstAnswerGoal is how soon after everything was started again somebody is answered.
const firstAnswerGoal = 5 * time.Second

// holdersEach occupy the workers of each replica while messages come in, so that those wait.
const holdersEach, holderSteps, holderWork = 4, 2, 2500

func o5() Row {
	row := Row{
		ID: "O5", Title: "everything off at once with a backlog, and on again",
		Goal: "first 2xx ≤ 5 s, backlog drained, lost 0, order of each chat kept",
	}
	row.Run = func(ctx context.Context, r *Run) Result {
		o := r.outcome(row)
		vars := append(r.times(), "SYMPHAINY_WORKERS=1")
		b, err := r.bed(ctx, func(o *bed.Options) { o.Private, o.Vars = true, vars })
		if err != nil {
			o.wrong(err)
			return o.result(nil)
		}
		o.offAndOn(ctx, b, "PostgreSQL")
		lite, err := r.Suite.New(ctx, bed.Options{SQLite: true, Vars: vars, Seed: r.Seed})
		if err != nil {
			o.wrong(err)
			return o.result(b)
		}
		o.offAndOn(ctx, lite, "SQLite")
		o.wrong(lite.Close())
		return o.result(b)
	}
	return row
}

// offAndOn makes a backlog, kills all that there is, starts it again after a while, and judges what became of the backlog.
func (o *outcome) offAndOn(ctx context.Context, b *bed.Bed, store string) {
	off := time.Duration(o.run.pick(300, 10)) * time.Second
	ids, reader, err := o.backlog(ctx, b, o.run.pick(20, 8), o.run.pick(20, 10))
	if err != nil {
		o.wrong(errors.Join(errSkipped, err))
		return
	}
	waiting, err := o.allOff(ctx, b)
	o.wrong(err)
	o.want(waiting > len(ids)/2, "%s: only %d of %d executions waited when everything was switched off: little was shown", store, waiting, len(ids))
	o.wrong(pause(ctx, off))
	on := time.Now()
	up, err := allOn(ctx, b, reader)
	o.wrong(err)
	o.wrong(b.Settle(ctx, o.run.settleTime()))
	o.figure("%s: off for %s with %d of %d waiting, database on after %s, first 2xx after %s, all ended after %s, starts repeated %d", store, off, waiting, len(ids),
		round(up.database), round(up.first), round(time.Since(on)), up.restarts)
	o.numbers[store+" first 2xx ms"] = float64(up.first.Milliseconds())
	// What the database takes to recover from its own end is not the replicas' to answer for.
	o.want(up.first-up.database <= o.run.stretched(firstAnswerGoal), "%s: the first 2xx came after %s, the database was on after %s", store, up.first, up.database)
	o.count("executions on "+store, len(ids))
	o.judge(ctx, b, ids, 0)
	turns, err := b.Turns(ctx)
	o.wrong(err)
	messages := len(ids) - holdersEach*len(b.Replicas)
	o.want(len(turns) == messages, "%s: %d turns of %d messages", store, len(turns), messages)
	o.zero(check.Turns(turns), "order", "overlap", "untaken")
}

// backlog lets chats send their messages while long executions hold all workers. It gives all that was accepted.
func (o *outcome) backlog(ctx context.Context, b *bed.Bed, chats, each int) ([]string, *bed.Client, error) {
	reader, err := b.Anonymous(ctx, "reader")
	if err != nil {
		return nil, nil, err
	}
	for i := range holdersEach * len(b.Replicas) {
		parameters := map[string]any{"steps": holderSteps, "work_ms": holderWork}
		if _, err := reader.Insist(ctx, bed.Intent{Type: "chaos_run", Parameters: parameters, Key: fmt.Sprintf("holder-%d", i)}); err != nil {
			return nil, nil, err
		}
	}
	failed := make([]error, chats)
	ends := make([]func(), chats)
	var all sync.WaitGroup
	for i := range chats {
		all.Go(func() {
			c, err := b.Anonymous(ctx, fmt.Sprintf("chat-%d", i))
			if err != nil {
				failed[i] = err
				return
			}
			messages := make([]string, each)
			for n := range messages {
				messages[n] = fmt.Sprintf("This is message %d", n+1)
			}
			ends[i], failed[i] = c.Talk(ctx, b.Any(), messages)
		})
	}
	all.Wait()
	defer func() {
		for _, end := range ends {
			if end != nil {
				end()
			}
		}
	}()
	if err := errors.Join(failed...); err != nil {
		return nil, nil, err
	}
	accepting, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	accepted := 0
	err = bed.Until(accepting, 20*time.Millisecond, func() (bool, error) {
		n, err := b.Int(ctx, "SELECT count(*) FROM executions WHERE intent_type = 'agent.turn'")
		accepted = n
		return n == chats*each, err
	})
	if err != nil {
		return nil, nil, fmt.Errorf("%d of %d messages were accepted: %w", accepted, chats*each, err)
	}
	tables, err := b.Tables(ctx)
	var ids []string
	for id := range tables.Executions {
		ids = append(ids, id)
	}
	return ids, reader, err
}

// allOff kills replicas, database and bus at once; it gives how many executions had not ended.
func (o *outcome) allOff(ctx context.Context, b *bed.Bed) (waiting int, err error) {
	var gone sync.WaitGroup
	failed := make([]error, len(b.Replicas))
	for i, replica := range b.Replicas {
		gone.Go(func() { failed[i] = replica.Kill() })
	}
	gone.Wait()
	err = errors.Join(failed...)
	waiting, read := b.Int(ctx, "SELECT count(*) FROM executions WHERE state NOT IN ('completed', 'failed', 'cancelled')")
	err = errors.Join(err, read)
	if b.NATS != nil {
		b.NATS.Stop()
	}
	if b.Server != nil {
		err = errors.Join(err, b.ControlPostgres(ctx, "stop", "-m", "immediate"))
	}
	return waiting, err
}

// powered is how everything came back.
type powered struct {
	// database and first are after how long the database was on, and somebody was answered with what only the store knows.
	database, first time.Duration
	// restarts is how often a replica gave up and was started again.
	restarts int
}

// allOn starts everything at once, as a machine does that has power again. A replica that gives up is started again, as by a supervisor. All have
// many workers now, so that nothing but its lane holds a message back.
func allOn(ctx context.Context, b *bed.Bed, reader *bed.Client) (up powered, err error) {
	began := time.Now()
	var starting sync.WaitGroup
	var mu sync.Mutex
	fail := func(e error) {
		mu.Lock()
		defer mu.Unlock()
		err = errors.Join(err, e)
	}
	if b.Server != nil {
		starting.Go(func() {
			fail(b.ControlPostgres(ctx, "start"))
			up.database = time.Since(began)
		})
	}
	if b.NATS != nil {
		starting.Go(func() { fail(b.NATS.Start()) })
	}
	limit, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	for _, replica := range b.Replicas {
		starting.Go(func() {
			var last error
			if e := bed.Until(limit, 100*time.Millisecond, func() (bool, error) {
				if last = replica.Start(limit, "SYMPHAINY_WORKERS=16"); last == nil {
					return true, nil
				}
				mu.Lock()
				up.restarts++
				mu.Unlock()
				return false, nil
			}); e != nil {
				fail(errors.Join(e, last))
			}
		})
	}
	var last bed.Answer
	asked := bed.Until(limit, 20*time.Millisecond, func() (bool, error) {
		a, e := reader.Call(limit, b.Any(), http.MethodGet, "/api/executions", nil)
		last = a
		return e == nil && a.Status == http.StatusOK, nil
	})
	up.first = time.Since(began)
	starting.Wait()
	if asked != nil {
		asked = fmt.Errorf("nobody was answered with 200, the last answer is %d %s: %w", last.Status, last.Body, asked)
	}
	return up, errors.Join(err, asked)
}
