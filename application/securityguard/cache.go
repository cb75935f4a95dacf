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
	cacheSize = 20_000
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
	// asked is the generation in which it was asked for, or forgotten: an answer to an earlier question does not replace it.
	asked uint64
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

// asking gives the generation of a question that is asked now.
func (c *cache) asking() uint64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.generation
}

func (c *cache) put(sessionID string, st standing, readAt time.Time, generation uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if generation < c.floor || generation < c.entries[sessionID].asked {
		return
	}
	c.keep(sessionID, cached{standing: st, readAt: readAt, asked: generation}, readAt)
}

func (c *cache) forget(sessionID string, now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.generation++
	c.keep(sessionID, cached{asked: c.generation}, now)
}

func (c *cache) keep(sessionID string, e cached, now time.Time) {
	if _, known := c.entries[sessionID]; !known && len(c.entries) >= cacheSize {
		c.shrink(now)
	}
	c.entries[sessionID] = e
}

// shrink drops what is old, marks too: whatever was asked for before counts no more.
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
