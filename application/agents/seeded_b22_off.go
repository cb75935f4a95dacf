//go:build !bugB22

package agents

// asked is what a person decides about: this tool as it is now, with exactly these arguments, for this call.
func asked(s *speaker, p Pass, callID string) []byte {
	return Encode(map[string]any{"agent_id": s.definition.ID, "tool": p.Tool, "arguments": p.Arguments, "fingerprint": p.Fingerprint, "call_id": callID})
}
