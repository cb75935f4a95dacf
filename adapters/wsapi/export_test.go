package wsapi

// Lasting gives the number of open sockets whose end is not decided.
func (h *Hub) Lasting() (n int) {
	h.watch.mu.Lock()
	defer h.watch.mu.Unlock()
	for s := range h.watch.sockets {
		if s.conn.ctx.Err() == nil {
			n++
		}
	}
	return n
}
