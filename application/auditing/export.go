package auditing

import (
	"bufio"
	"context"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"time"

	"github.com/symphainy/symphainy/domain/audit"
)

// line is one exported record. Detail is a text, not an object, because the hash is of exactly these bytes.
type line struct {
	Position      int64  `json:"position,omitempty"`
	Previous      string `json:"previous,omitempty"`
	Hash          string `json:"hash,omitempty"`
	ID            string `json:"id"`
	TenantID      string `json:"tenant_id"`
	Actor         string `json:"actor"`
	OnBehalfOf    string `json:"on_behalf_of"`
	Action        string `json:"action"`
	Target        string `json:"target"`
	IntentType    string `json:"intent_type"`
	ArgumentsHash string `json:"arguments_hash"`
	PolicyVersion string `json:"policy_version"`
	Result        string `json:"result"`
	Detail        string `json:"detail"`
	TraceID       string `json:"trace_id"`
	At            string `json:"at"`
}

// Export writes the tenant's records as JSON lines: first the chain in order of position, broken or not, with position, previous hash
// and hash; then, without these, the records that are not sealed yet. It reads in pages, so its memory does not grow with the log. A
// tenant without any record gives no line.
func (s *Service) Export(ctx context.Context, tenant string, w io.Writer) error {
	out := bufio.NewWriter(w)
	lines := json.NewEncoder(out)
	lines.SetEscapeHTML(false)
	var head audit.Head
	for one, err := range s.chain(ctx, tenant, &head) {
		if err != nil {
			return err
		}
		l := lineOf(one.Record)
		l.Position, l.Previous, l.Hash = one.Link.Position, hex.EncodeToString(one.Link.Previous), hex.EncodeToString(one.Link.Hash)
		if err := lines.Encode(l); err != nil {
			return fmt.Errorf("write the export: %w", err)
		}
	}
	for r, err := range s.unsealed(ctx, tenant) {
		if err != nil {
			return err
		}
		if err := lines.Encode(lineOf(r)); err != nil {
			return fmt.Errorf("write the export: %w", err)
		}
	}
	if err := out.Flush(); err != nil {
		return fmt.Errorf("write the export: %w", err)
	}
	return nil
}

func lineOf(r audit.Record) line {
	return line{
		ID: r.ID, TenantID: r.TenantID, Actor: r.Actor, OnBehalfOf: r.OnBehalfOf, Action: r.Action, Target: r.Target,
		IntentType: r.IntentType, ArgumentsHash: r.ArgumentsHash, PolicyVersion: r.PolicyVersion, Result: string(r.Result),
		Detail: string(r.Detail), TraceID: r.TraceID, At: r.At.UTC().Format(time.RFC3339Nano),
	}
}
