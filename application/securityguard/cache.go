package securityguard

import (
	"sync"
	"time"

	"github.com/symphainy/symphainy/domain/identity"
	"github.com/symphainy/symphainy/domain/session"
)

const (
	// cacheLife is how old an answer may be. The promise is one second; half of it is left for what happens after the check.
	cacheLife = 500 * time.Millisecond
	// cacheSize bounds the cache; over it, what is old goes first, and if nothing is, everything.
	cacheSize = 10_000
)

// standing is a session and the roles of its owner; no roles if there is no owner, or one without rights.
type standing struct {
	session session.Session
	roles   []identity.Role
}

// goodFor reports whether the credential behind the principal still counts.
func (st standing) goodFor(p identity.Principal, now time.Time) bool {
	if st.session.Epoch() != p.SessionEpoch {
		return false
	}
	switch p.Kind {
	case identity.KindAnonymous:
		return p.TenantID == st.session.ID() && anonymous(st.session, now)
	case identity.KindUser:
		return st.session.OwnedBy(p.TenantID, p.UserID) && st.session.Status(now) == session.Active && len(st.roles) > 0
	}
	return false
}

// cached is an answer, or with no readAt the mark of a forget.
type cached struct {
	standing
	readAt time.Time
	// forgotten is the generation of the newest forget; answers that were asked for before it do not count.
	forgotten uint64
}

// cache remembers standings for cacheLife.
type cache struct {
	mu      sync.Mutex
	entries map[string]cached
	// generation rises with every forget, so that an answer read before it is not remembered after it. floor is the one at which marks of
	// forgets were last dropped.
	generation, floor uint64
}

func newCache() *cache { return &cache{entries: make(map[string]cached)} }

func (c *cache) get(sessionID string, now time.Time) (_ standing, generation uint64, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	e, ok := c.entries[sessionID]
	return e.standing, c.generation, ok && e.fresh(now)
}

// now gives the generation that an answer which is asked for now belongs to.
func (c *cache) now() uint64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.generation
}

func (c *cache) put(sessionID string, st standing, readAt time.Time, generation uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if generation < c.floor || generation < c.entries[sessionID].forgotten {
		return
	}
	if len(c.entries) >= cacheSize {
		c.shrink(readAt)
	}
	c.entries[sessionID] = cached{standing: st, readAt: readAt}
}

func (c *cache) forget(sessionID string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.generation++
	if len(c.entries) >= cacheSize {
		c.shrink(time.Time{})
	}
	c.entries[sessionID] = cached{forgotten: c.generation}
}

func (c *cache) shrink(now time.Time) {
	c.floor = c.generation
	for id, e := range c.entries {
		if !e.fresh(now) {
			delete(c.entries, id)
		}
	}
	if len(c.entries) >= cacheSize {
		clear(c.entries)
	}
}

// fresh is false also when the clock was set back.
func (e cached) fresh(now time.Time) bool {
	age := now.Sub(e.readAt)
	return age >= 0 && age < cacheLife
}
