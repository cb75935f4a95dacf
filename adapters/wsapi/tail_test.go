package wsapi_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/symphainy/symphainy/adapters/wsapi"
	"github.com/symphainy/symphainy/domain/identity"
	"github.com/symphainy/symphainy/ports"
)

// Sockets of one session share what follows it. Each of them gets every event once and in order all the same: who reads too slowly for a
// while, who goes back in the log meanwhile, who comes while events come, and who goes.
func TestSocketsThatShareATailMissNothing(t *testing.T) {
	w := newWorld(t, func(_ *wsapi.Deps, c *wsapi.Config) { c.QueueFrames, c.MessagesPerMinute = 20, 10_000 })
	visit := w.Anonymous()
	id := visit.Session.ID()
	work := w.begin(guest(visit), id)
	hello := func(c *client) int64 {
		at := c.event("connection.established").data("position").([]any)
		require.Len(t, at, 1)
		return int64(at[0].(map[string]any)["seq"].(float64)) + 1
	}
	var group sync.WaitGroup
	follow := func(read func(c *client, from int64)) {
		c := w.open(agentPath(), secret(visit))
		from := hello(c)
		group.Go(func() { read(c, from) })
	}
	for range 2 {
		follow(func(c *client, from int64) { numbered(t, c.until("execution.completed"), work, from) })
		follow(func(c *client, from int64) { // back to the start, again and again
			for range 2 {
				c.send(map[string]any{"type": "stream.resume", "execution_id": work, "epoch": 1, "after_seq": 0})
				before := c.until("stream.resumed")
				numbered(t, before[:len(before)-1], work, from)
				for from = 1; from < 50; from++ {
					require.Equal(t, from, c.next().Seq)
				}
			}
			numbered(t, c.until("execution.completed"), work, from)
		})
	}
	for range 4 {
		w.emit(work, 100) // five times what a queue holds
		follow(func(c *client, from int64) { numbered(t, c.until("execution.completed"), work, from) })
		w.open(agentPath(), secret(visit)).event("connection.established")
	}
	w.end(guest(visit), work)
	group.Wait()
}

// However many sockets a session has, one reads its log.
func TestASessionIsFollowedOnce(t *testing.T) {
	feed := &counted{}
	w := newWorld(t, func(d *wsapi.Deps, _ *wsapi.Config) { feed.EventFeed = d.Feed; d.Feed = feed })
	visit, other := w.Anonymous(), w.Anonymous()
	for range 20 {
		w.agent(visit.Session.ID(), secret(visit))
	}
	w.agent(other.Session.ID(), secret(other))
	feed.mu.Lock()
	defer feed.mu.Unlock()
	require.Equal(t, map[string]int{visit.Session.ID(): 1, other.Session.ID(): 1}, feed.followed)
}

// counted counts who follows sessions.
type counted struct {
	ports.EventFeed
	mu       sync.Mutex
	followed map[string]int
}

func (c *counted) FollowSession(
	ctx context.Context, scope identity.Scope, sessionID string, known map[string]int64, since time.Time, deliver func([]ports.SessionEvent) error,
) error {
	c.mu.Lock()
	if c.followed == nil {
		c.followed = map[string]int{}
	}
	c.followed[sessionID]++
	c.mu.Unlock()
	return c.EventFeed.FollowSession(ctx, scope, sessionID, known, since, deliver)
}
