package rows

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/symphainy/symphainy/test/chaos/bed"
	"github.com/symphainy/symphainy/test/chaos/history"
)

func w16() Row {
	row := Row{
		ID: "W16", Title: "sockets cut at random bytes, resumed elsewhere, and positions that do not exist", Short: true,
		Goal: "gaps 0, repeats 0, recovered:false with a reason for every bad position",
	}
	row.Run = func(ctx context.Context, r *Run) Result {
		o := r.outcome(row)
		b, err := r.bed(ctx, func(o *bed.Options) { o.Proxies = true })
		if err != nil {
			o.wrong(err)
			return o.result(nil)
		}
		o.cutSockets(ctx, b, "PostgreSQL", r.pick(500, 100))
		lite, err := r.Suite.New(ctx, bed.Options{SQLite: true, Proxies: true, Vars: r.times(), Seed: r.Seed})
		if err != nil {
			o.wrong(err)
			return o.result(b)
		}
		o.cutSockets(ctx, lite, "SQLite", r.pick(500, 100)/4)
		o.wrong(lite.Close())
		return o.result(b)
	}
	return row
}

// cutSockets lets watchers read long logs over connections that break after a random number of bytes.
func (o *outcome) cutSockets(ctx context.Context, b *bed.Bed, store string, cuts int) {
	const watchers, events = 4, 4000
	c, err := b.Anonymous(ctx, "owner")
	if err != nil {
		o.wrong(err)
		return
	}
	id, err := c.Insist(ctx, bed.Intent{Type: "chaos_run", Parameters: map[string]any{"steps": 1, "at": 1, "fault": "emit", "count": events}, Key: "long"})
	o.wrong(err)
	var mu sync.Mutex
	done := 0
	var all sync.WaitGroup
	for w := range watchers {
		all.Go(func() {
			n, err := cutting(ctx, b, c, fmt.Sprintf("%s-%d", store, w), id, cuts/watchers)
			mu.Lock()
			defer mu.Unlock()
			done += n
			o.wrong(err)
		})
	}
	all.Wait()
	for _, replica := range b.Replicas {
		replica.Front.CutAfter(-1)
	}
	bad := 0
	for name, from := range map[string][2]int64{"future": {0, 1 << 40}, "negative": {0, -5}, "other epoch": {7, 3}} {
		w := history.Watch{Watcher: store + " " + name, Connection: 1, Execution: id, After: from[1], Recovered: true}
		_, err := c.ReadSocket(ctx, b.Any(), &w, from[0])
		o.wrong(err)
		b.History.Saw(w)
		o.want(!w.Recovered && w.Reason != "", "%s: position %s is answered with recovered %v, reason %q", store, name, w.Recovered, w.Reason)
		bad++
	}
	o.count("cuts on "+store, done)
	o.count("bad positions on "+store, bad)
	o.judge(ctx, b, []string{id}, 1)
}

// cutting reads a log again and again until its connections have been cut often enough; each reading is a watcher of its own.
func cutting(ctx context.Context, b *bed.Bed, c *bed.Client, name, id string, cuts int) (done int, err error) {
	for reading := 0; done < cuts; reading++ {
		var after int64
		for connection := 1; ; connection++ {
			replica := b.Replicas[b.Random(len(b.Replicas))]
			replica.Front.CutAfter(int64(500 + b.Random(60_000)))
			w := history.Watch{Watcher: fmt.Sprintf("%s-%d", name, reading), Connection: connection, Execution: id, After: after, Recovered: true}
			code, err := c.ReadSocket(ctx, replica.URL(), &w, 0)
			if err != nil && !errors.Is(err, bed.ErrHandshake) {
				return done, err
			}
			if n := len(w.Events); n > 0 {
				after = w.Events[n-1].Seq
			}
			b.History.Saw(w)
			if w.Ended {
				break
			}
			if code == 0 || code == 1006 {
				done++
			}
			if ctx.Err() != nil {
				return done, ctx.Err()
			}
		}
	}
	return done, nil
}
