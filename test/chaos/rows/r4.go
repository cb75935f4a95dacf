package rows

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/symphainy/symphainy/test/chaos/bed"
)

func r4() Row {
	row := Row{
		ID: "R4", Title: "COMMITs whose answers are cut", Short: true,
		Goal: "doubled 0, unsafe to retry 0",
	}
	row.Run = func(ctx context.Context, r *Run) Result {
		o := r.outcome(row)
		b, err := r.bed(ctx, func(o *bed.Options) { o.Proxies = true })
		if err != nil {
			o.wrong(err)
			return o.result(nil)
		}
		before := 0
		for _, part := range []struct {
			what  string
			n     int
			match string
			run   func(ctx context.Context, o *outcome, b *bed.Bed, victim *bed.Replica, n int) error
		}{
			{"submits", r.pick(500, 100), "INSERT INTO executions", cutSubmits},
			{"upgrades", r.pick(200, 40), "state = 'active', owner_user_id", cutUpgrades},
			{"refreshes", r.pick(200, 40), "UPDATE logins SET counter", cutRefreshes},
		} {
			var all sync.WaitGroup
			share := (part.n + len(b.Replicas) - 1) / len(b.Replicas)
			failed := make([]error, len(b.Replicas))
			for i, victim := range b.Replicas {
				victim.Store.CutCommits(share, func(statements []string) bool { return strings.Contains(strings.Join(statements, "\n"), part.match) })
				all.Go(func() { failed[i] = part.run(ctx, o, b, victim, share) })
			}
			all.Wait()
			o.wrong(errors.Join(failed...))
			sum := 0
			for _, victim := range b.Replicas {
				victim.Store.CutCommits(0, nil)
				sum += int(victim.Store.Cuts())
			}
			o.count("cut "+part.what, sum-before)
			o.want(sum-before == share*len(b.Replicas), "%d of %d %s were cut", sum-before, share*len(b.Replicas), part.what)
			before = sum
		}
		known, err := b.Keys(ctx)
		o.wrong(err)
		var ids []string
		doubled := 0
		for key, list := range known {
			ids = append(ids, list...)
			if len(list) > 1 {
				doubled++
				o.want(false, "%s made %d executions", key, len(list))
			}
		}
		o.figure("submits doubled %d", doubled)
		extra, err := b.Int(ctx, "SELECT count(*) FROM executions")
		o.wrong(err)
		o.want(extra == len(ids), "%d executions for %d keys", extra, len(ids))
		o.judge(ctx, b, ids, 1)
		return o.result(b)
	}
	return row
}

// cutSubmits submits through a replica whose store's answers are cut, and again under the same key until an answer comes.
func cutSubmits(ctx context.Context, _ *outcome, b *bed.Bed, victim *bed.Replica, n int) error {
	c, err := b.Anonymous(ctx, fmt.Sprintf("submitter-%d", victim.Index))
	if err != nil {
		return err
	}
	for i := range n {
		in := bed.Intent{Type: "chaos_run", Parameters: map[string]any{"steps": 1}, Key: fmt.Sprintf("r4-%d-%d", victim.Index, i)}
		first, _, _ := c.Submit(ctx, victim.URL(), in) // its outcome is unknown to the client, which is the point
		id, err := c.Insist(ctx, in)
		if err != nil {
			return err
		}
		if first != "" && first != id {
			return fmt.Errorf("%s: %s, then %s", in.Key, first, id)
		}
	}
	return nil
}

// retried sends a request whose answer is cut, and again at any replica until it is answered with the status.
func retried(ctx context.Context, c *bed.Client, b *bed.Bed, first string, want int, call func(base string) (bed.Answer, error)) (bed.Answer, error) {
	a, err := call(first)
	if err == nil && a.Status == want {
		return a, nil
	}
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	return a, bed.Until(ctx, 20*time.Millisecond, func() (bool, error) {
		again, err := call(b.Any())
		a = again
		if err == nil && a.Status < http.StatusInternalServerError && a.Status != want {
			return false, fmt.Errorf("%s: trying again is answered with %d: %s", c.Name, a.Status, a.Body)
		}
		return err == nil && a.Status == want, nil
	})
}

func cutUpgrades(ctx context.Context, o *outcome, b *bed.Bed, victim *bed.Replica, n int) error {
	owner, err := b.Register(ctx, fmt.Sprintf("owner-%d", victim.Index))
	if err != nil {
		return err
	}
	for i := range n {
		visitor, err := b.Anonymous(ctx, fmt.Sprintf("visitor-%d-%d", victim.Index, i))
		if err != nil {
			return err
		}
		both := *visitor
		both.Token = owner.Token
		_, err = retried(ctx, &both, b, victim.URL(), http.StatusOK, func(base string) (bed.Answer, error) {
			return both.Call(ctx, base, http.MethodPatch, "/api/session/"+visitor.Session+"/upgrade", map[string]any{})
		})
		if err != nil {
			return err
		}
		epoch, err := b.Int(ctx, "SELECT epoch FROM sessions WHERE state = 'active' AND id = '"+visitor.Session+"'")
		if err != nil {
			return err
		}
		o.want(epoch == 2, "session %s was upgraded to epoch %d", visitor.Session, epoch)
	}
	return nil
}

func cutRefreshes(ctx context.Context, o *outcome, b *bed.Bed, victim *bed.Replica, n int) error {
	user, err := b.Register(ctx, fmt.Sprintf("user-%d", victim.Index))
	if err != nil {
		return err
	}
	token := user.Refresh
	anyone := *user
	anyone.Token = ""
	for range n {
		a, err := retried(ctx, &anyone, b, victim.URL(), http.StatusOK, func(base string) (bed.Answer, error) {
			return anyone.Call(ctx, base, http.MethodPost, "/api/auth/refresh", map[string]any{"refresh_token": token})
		})
		if err != nil {
			return err
		}
		token = a.Text("refresh_token")
	}
	counter, err := b.Int(ctx, "SELECT counter FROM logins WHERE session_id = '"+user.Session+"'")
	if err != nil {
		return err
	}
	first, err := b.Int(ctx, "SELECT min(counter) FROM logins WHERE session_id <> '"+user.Session+"'")
	if err != nil {
		return err
	}
	o.want(counter-n <= 1 && counter >= n, "%d refreshes moved the counter to %d (others stand at %d)", n, counter, first)
	return nil
}
