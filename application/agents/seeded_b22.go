//go:build bugB22

package agents

// asked with B22 of docs/guarantees.md: a mistake that row L6 has to see.
func asked(s *speaker, p Pass, _ string) []byte {
	return Encode(map[string]any{"agent_id": s.definition.ID, "tool": p.Tool})
}
