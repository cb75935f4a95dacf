package wsapi

// Ended gives the number of sockets whose end is decided and that are not gone yet.
func (h *Hub) Ended() (n int) {
	h.watch.mu.Lock()
	defer h.watch.mu.Unlock()
	for s := range h.watch.sockets {
		if s.conn.ctx.Err() != nil {
			n++
		}
	}
	return n
}
