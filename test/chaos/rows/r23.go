package rows

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"syscall"
	"time"

	"github.com/symphainy/symphainy/test/chaos/bed"
	"github.com/symphainy/symphainy/test/chaos/check"
	"github.com/symphainy/symphainy/test/chaos/history"
)

func r23() Row {
	row := Row{
		ID: "R23", Title: "histories of many clients against sequential objects, under faults of R5, R9 and R14",
		Goal: "session owner, idempotency key, execution state and refresh counter linearizable",
	}
	row.Run = func(ctx context.Context, r *Run) Result {
		o := r.outcome(row)
		b, err := r.bed(ctx, func(o *bed.Options) { o.Private = true })
		if err != nil {
			o.wrong(err)
			return o.result(nil)
		}
		rounds, unknown, undecided := r.pick(20, 1), 0, 0
		for round := range rounds {
			from := len(b.History.Ops())
			if err := o.contend(ctx, r, b, round); err != nil {
				o.wrong(errors.Join(errSkipped, err))
				break
			}
			found, without := check.Linear(b.History.Ops()[from:], time.Minute)
			unknown += without
			undecided += found.Count("undecided")
			o.numbers["operations"] += float64(found.Checked)
			o.zero(found)
		}
		o.count("rounds", rounds)
		o.count("operations", int(o.numbers["operations"]))
		o.figure("without an answer %d, undecided objects %d", unknown, undecided)
		o.want(o.numbers["operations"] > 0, "nothing was checked")
		o.judge(ctx, b, nil, 0)
		return o.result(b)
	}
	return row
}

// contenders is how many groups of three clients contend for objects of each kind.
const contenders = 2

// contend lets clients contend for objects of all four kinds while faults come one after the other, until the time is over.
func (o *outcome) contend(ctx context.Context, r *Run, b *bed.Bed, round int) error {
	var users []*bed.Client
	for _, name := range []string{"ada", "bob", "eve"} {
		u, err := b.Register(ctx, fmt.Sprintf("%s%d", name, round))
		if err != nil {
			return err
		}
		users = append(users, u)
	}
	over, end := context.WithTimeout(ctx, time.Duration(r.pick(60, 10))*time.Second)
	defer end()
	var all sync.WaitGroup
	kinds := []func(context.Context, *bed.Bed, []*bed.Client, string) error{contendSession, contendKey, contendExecution, contendTokens}
	failed := make([]error, 1+contenders*len(kinds))
	for i := range contenders * len(kinds) {
		all.Go(func() {
			for n := 0; over.Err() == nil && failed[i+1] == nil; n++ {
				failed[i+1] = kinds[i%len(kinds)](ctx, b, users, fmt.Sprintf("%d-%d-%d", round, i, n))
			}
		})
	}
	all.Go(func() { failed[0] = troubles(over, r, b) })
	all.Wait()
	return errors.Join(failed...)
}

// troubles pauses a replica for a lease and a half, kills a process of the database, and ends a connection, in turn, until ctx ends.
func troubles(ctx context.Context, r *Run, b *bed.Bed) error {
	victims := "SELECT pid FROM pg_stat_activity WHERE application_name = 'symphainy' ORDER BY random() LIMIT 1"
	for n := 0; ctx.Err() == nil; n++ {
		var err error
		switch n % 3 {
		case 0:
			victim := b.Replicas[b.Random(len(b.Replicas))]
			err = victim.Signal(syscall.SIGSTOP)
			_ = pause(ctx, r.lease()*3/2) // it goes on also when the time is over
			err = errors.Join(err, victim.Signal(syscall.SIGCONT))
		case 1:
			var pid int
			if pid, err = b.Int(ctx, victims); err == nil && pid > 0 {
				err = signalAll([]int{pid}, syscall.SIGKILL)
			}
		case 2:
			err = b.Exec(ctx, "SELECT pg_terminate_backend(pid) FROM ("+victims+") one")
		}
		if err != nil && n%3 == 0 {
			return err
		} // a database that is just recovering has trouble enough
		_ = pause(ctx, time.Duration(800+b.Random(1500))*time.Millisecond) // the loop sees the end of ctx
	}
	return nil
}

// together3 runs a few operations of each of three clients at once.
func together3(each func(n int)) {
	var all sync.WaitGroup
	for n := range 3 {
		all.Go(func() { each(n) })
	}
	all.Wait()
}

// contending does one operation and writes it down; an answer that says nothing about the object is none.
func contending(b *bed.Bed, client, kind string, on history.On, call func() (bed.Answer, error), result func(bed.Answer) string) string {
	op := history.Op{Client: client, Op: kind, Args: on, Start: time.Now()}
	a, err := call()
	op.End, op.Status, op.Outcome = time.Now(), a.Status, history.Unknown
	if err == nil {
		if op.Result = result(a); op.Result != "" {
			op.Outcome = history.OK
		}
	}
	b.History.Did(op)
	return op.Result
}

// accepted reads an answer as "ok" if its status is good, as refused if it is one of those, else as none.
func accepted(good int, refusals ...int) func(bed.Answer) string {
	return func(a bed.Answer) string {
		switch {
		case a.Status == good:
			return "ok"
		case slices.Contains(refusals, a.Status):
			return check.Refused
		}
		return ""
	}
}

func contendSession(ctx context.Context, b *bed.Bed, users []*bed.Client, name string) error {
	visitor, err := b.Anonymous(ctx, "visitor-"+name)
	if err != nil {
		return err
	}
	together3(func(n int) {
		both := *visitor
		both.Token = users[n].Token
		for range 3 {
			contending(b, users[n].Name, check.Upgrade, history.On{Object: visitor.Session, Argument: users[n].Name}, func() (bed.Answer, error) {
				return both.Call(ctx, b.Any(), http.MethodPatch, "/api/session/"+visitor.Session+"/upgrade", map[string]any{})
			}, accepted(http.StatusOK, http.StatusNotFound))
		}
	})
	return nil
}

func contendKey(ctx context.Context, b *bed.Bed, _ []*bed.Client, name string) error {
	c, err := b.Anonymous(ctx, "reserver-"+name)
	if err != nil {
		return err
	}
	together3(func(n int) {
		for i := range 3 {
			body := fmt.Sprint(1 + (n+i)%2)
			contending(b, fmt.Sprintf("reserver-%d", n), check.Reserve, history.On{Object: "key-" + c.Session, Argument: body}, func() (bed.Answer, error) {
				return c.Call(ctx, b.Any(), http.MethodPost, "/api/intent/submit", map[string]any{
					"session_id": c.Session, "intent_type": "chaos_run", "parameters": map[string]any{"steps": 1, "note": body}, "idempotency_key": "contended",
				})
			}, func(a bed.Answer) string {
				if a.Status == http.StatusAccepted {
					return a.Text("execution_id")
				}
				return accepted(0, http.StatusUnprocessableEntity)(a)
			})
		}
	})
	return nil
}

func contendExecution(ctx context.Context, b *bed.Bed, _ []*bed.Client, name string) error {
	c, err := b.Anonymous(ctx, "runner-"+name)
	if err != nil {
		return err
	}
	id, err := c.Insist(ctx, bed.Intent{Type: "chaos_run", Parameters: map[string]any{"steps": 2, "work_ms": 20 + b.Random(60)}, Key: name})
	if err != nil {
		return err
	}
	together3(func(n int) {
		for i := range 4 {
			if n == 0 && i == 1 {
				contending(b, "runner-0", check.Cancel, history.On{Object: id}, func() (bed.Answer, error) {
					return c.Call(ctx, b.Any(), http.MethodPost, "/api/execution/"+id+"/cancel", nil)
				}, accepted(http.StatusOK, http.StatusConflict))
				continue
			}
			contending(b, fmt.Sprintf("runner-%d", n), check.Observe, history.On{Object: id}, func() (bed.Answer, error) {
				return c.Call(ctx, b.Any(), http.MethodGet, "/api/execution/"+id+"/status", nil)
			}, func(a bed.Answer) string { return a.Text("status") })
			if pause(ctx, time.Duration(b.Random(60))*time.Millisecond) != nil {
				return
			}
		}
	})
	return nil
}

// contendTokens refreshes one login by three clients that share the newest token that any of them has got.
func contendTokens(ctx context.Context, b *bed.Bed, _ []*bed.Client, name string) error {
	var user *bed.Client
	trying, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	began := time.Now()
	err := bed.Until(trying, 50*time.Millisecond, func() (ok bool, err error) {
		user, err = b.Register(ctx, fmt.Sprintf("holder-%s-%d", name, time.Now().UnixNano()))
		return err == nil, nil
	})
	if err != nil {
		return err
	}
	object := "family-" + user.Session
	b.History.Did(history.Op{Client: user.Name, Op: check.Login, Args: history.On{Object: object}, Start: began, End: time.Now(), Outcome: history.OK, Result: user.Refresh})
	var mu sync.Mutex
	newest := user.Refresh
	anyone := *user
	anyone.Token = ""
	together3(func(n int) {
		for range 6 {
			mu.Lock()
			token := newest
			mu.Unlock()
			next := contending(b, fmt.Sprintf("holder-%d", n), check.Refresh, history.On{Object: object, Argument: token}, func() (bed.Answer, error) {
				return anyone.Call(ctx, b.Any(), http.MethodPost, "/api/auth/refresh", map[string]any{"refresh_token": token})
			}, func(a bed.Answer) string {
				if a.Status == http.StatusOK {
					return a.Text("refresh_token")
				}
				return accepted(0, http.StatusUnauthorized)(a)
			})
			if next == check.Refused {
				return
			}
			if next != "" {
				mu.Lock()
				if newest == token {
					newest = next
				}
				mu.Unlock()
			}
		}
	})
	return nil
}
