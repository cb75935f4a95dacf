package securityguard

// Remembered gives how many sessions the guard holds in memory.
func (g *Guard) Remembered() int {
	g.cache.mu.Lock()
	defer g.cache.mu.Unlock()
	return len(g.cache.entries)
}
