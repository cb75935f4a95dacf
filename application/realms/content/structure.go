package content

import (
	"context"
	"encoding/json"
	"strings"

	"github.com/symphainy/symphainy/application/artifacts"
	"github.com/symphainy/symphainy/application/realms/content/chunks"
	"github.com/symphainy/symphainy/application/realms/content/fingerprint"
	"github.com/symphainy/symphainy/application/realms/content/parsed"
	"github.com/symphainy/symphainy/application/realms/steps"
	"github.com/symphainy/symphainy/domain/artifact"
	"github.com/symphainy/symphainy/domain/document"
	"github.com/symphainy/symphainy/domain/execution"
	"github.com/symphainy/symphainy/domain/typeid"
	"github.com/symphainy/symphainy/ports"
)

// Bounds of what a payload repeats, in bytes of JSON.
const (
	chunksBudget     = 128 << 10
	schemaBudget     = 96 << 10
	signatureBudget  = 96 << 10
	chunkTextPreview = 500
)

type derivedParameters struct {
	ParsedFileID string `json:"parsed_file_id"`
}

// kept is what a step has stored and counted.
type kept struct {
	Key     string
	Size    int64
	SHA256  string
	StoreID string
	Payload json.RawMessage
}

// fields gives the payload of a step's result.
func (k kept) fields() (map[string]any, error) {
	return payloadOf(artifact.Snapshot{Payload: k.Payload})
}

func (r *Realm) planDerivation(ctx context.Context, call ports.IntentCall) (derivation, error) {
	in, err := steps.Parameters[derivedParameters](call)
	if err != nil {
		return derivation{}, err
	}
	return steps.Transact(ctx, call, "plan", func(ctx context.Context, tx ports.Tx, now execution.Snapshot) (derivation, error) {
		return r.derive(ctx, tx, now, in.ParsedFileID)
	})
}

// extractStructure cuts a document into chunks with stable names.
func (r *Realm) extractStructure(ctx context.Context, call ports.IntentCall) (ports.IntentResult, error) {
	d, err := r.planDerivation(ctx, call)
	if err != nil {
		return ports.IntentResult{}, err
	}
	done, err := steps.Run(ctx, call, "cut", func(ctx context.Context, _ string) (kept, error) { return r.cut(ctx, call, d) })
	if err != nil {
		return ports.IntentResult{}, err
	}
	fields, err := done.fields()
	if err != nil {
		return ports.IntentResult{}, err
	}
	data := map[string]any{"parsed_file_id": d.ParsedID, "chunk_count": fields["chunk_count"]}
	s := stored(d.artifact(call, typeChunks, artifact.WorkingMaterial, fields, ""), done.StoreID, done.Key, done.Size, done.SHA256)
	return made(keyChunks, s, "chunks_id", eventStructure, data), nil
}

func (r *Realm) cut(ctx context.Context, call ports.IntentCall, d derivation) (kept, error) {
	doc, err := r.opened(ctx, call, d)
	if err != nil {
		return kept{}, err
	}
	count, kinds, shownChunks, left := 0, map[string]int{}, []json.RawMessage{}, chunksBudget
	key := derivedKey(call, d.ID)
	info, err := r.writeLines(ctx, key, func(line func(v any) error) error {
		return chunks.Cut(doc.Document, d.FileID, rowsOf(ctx, doc), func(c chunks.Chunk) error {
			count++
			kinds[kindOf(c.Path)]++
			raw := artifacts.Encode(map[string]any{"chunk_id": c.ID, "path": clip(c.Path, textBudget), "text_hash": c.Hash, "text": clip(c.Text, chunkTextPreview)})
			if left -= len(raw) + 1; left >= 0 {
				shownChunks = append(shownChunks, raw)
			}
			return line(map[string]any{"chunk_id": c.ID, "path": c.Path, "text_hash": c.Hash, "text": c.Text})
		})
	})
	if err == nil && count == 0 {
		err = errNothing.WithMsg("The document has no rows, paragraphs, steps or model to cut.")
	}
	if err != nil {
		return kept{}, joinDelete(ctx, r.Blobs, key, err)
	}
	fields := map[string]any{
		"chunk_count": count, "chunk_kinds": kinds, "chunks": shownChunks, "chunks_truncated": len(shownChunks) < count, "format": doc.Format,
	}
	if main := doc.MainTable(); main >= 0 {
		fields["schema_fingerprint"] = fingerprint.Schema(doc.Tables[main].Columns)
	}
	return kept{Key: key, Size: info.Size, SHA256: info.SHA256, StoreID: r.IDs.NewID(typeid.Materialization), Payload: artifacts.Encode(fields)}, nil
}

// kindOf is the word before the number in the last part of a path.
func kindOf(path string) string {
	last := path[strings.LastIndexByte(path, '/')+1:]
	if i := strings.LastIndexByte(last, '_'); i > 0 {
		return last[:i]
	}
	return last
}

// createFingerprints stores the schema of a document's tables, its fingerprint, and what the values look like: a fact that outlives the
// document.
func (r *Realm) createFingerprints(ctx context.Context, call ports.IntentCall) (ports.IntentResult, error) {
	d, err := r.planDerivation(ctx, call)
	if err != nil {
		return ports.IntentResult{}, err
	}
	s, err := r.fingerprints(ctx, call, d)
	if err != nil {
		return ports.IntentResult{}, err
	}
	fields, err := payloadOf(s)
	if err != nil {
		return ports.IntentResult{}, err
	}
	return made(keyFingerprints, s, "deterministic_embedding_id", eventFingerprints, map[string]any{
		"parsed_file_id": d.ParsedID, "schema_fingerprint": fields["schema_fingerprint"], "table_count": fields["table_count"],
	}), nil
}

// fingerprints computes the fact and promotes it.
func (r *Realm) fingerprints(ctx context.Context, call ports.IntentCall, d derivation) (artifact.Snapshot, error) {
	payload, err := steps.Run(ctx, call, "fingerprint", func(ctx context.Context, _ string) (json.RawMessage, error) {
		doc, err := r.opened(ctx, call, d)
		if err != nil {
			return nil, err
		}
		return fingerprintsOf(ctx, doc)
	})
	if err != nil {
		return artifact.Snapshot{}, err
	}
	if err := r.promote(ctx, call, d, typeFingerprint); err != nil {
		return artifact.Snapshot{}, err
	}
	fields, err := kept{Payload: payload}.fields()
	if err != nil {
		return artifact.Snapshot{}, err
	}
	return d.artifact(call, typeFingerprint, artifact.RecordOfFact, fields, ""), nil
}

func fingerprintsOf(ctx context.Context, doc parsed.Document) (json.RawMessage, error) {
	main := doc.MainTable()
	if main < 0 {
		return nil, errNothing.WithMsg("The document has no table, so there is no schema to fingerprint.")
	}
	tables := []json.RawMessage{}
	schemaLeft, signatureLeft := schemaBudget, signatureBudget
	fields := map[string]any{"table_count": len(doc.Tables), "truncated": false}
	for i, t := range doc.Tables {
		signatures, err := signaturesOf(ctx, doc, i)
		if err != nil {
			return nil, err
		}
		schema, whole := within(&schemaLeft, len(t.Columns), func(k int) any { return columnOf(t.Columns[k]) })
		pattern, all := map[string]json.RawMessage{}, true
		for k, s := range signatures {
			raw := artifacts.Encode(s.Document())
			if signatureLeft -= len(raw) + len(t.Columns[k].Name) + 4; signatureLeft < 0 {
				all = false
				break
			}
			pattern[clip(t.Columns[k].Name, textBudget)] = raw
		}
		if !whole || !all {
			fields["truncated"] = true
		}
		table := map[string]any{
			"name": clip(t.Name, textBudget), "row_count": t.RowCount, "schema": schema, "schema_fingerprint": fingerprint.Schema(t.Columns),
			"pattern_signature": pattern,
		}
		if t.RowCount == 0 {
			table["pattern_signature"] = map[string]any{"empty": true}
		}
		if i == main {
			for _, name := range []string{"schema", "schema_fingerprint", "row_count"} {
				fields[name] = table[name]
			}
			fields["main_table"], fields["pattern_signature"] = table["name"], table["pattern_signature"]
		} else {
			tables = append(tables, artifacts.Encode(table))
		}
	}
	fields["other_tables"] = tables
	return artifacts.Encode(fields), nil
}

func columnOf(c document.Column) map[string]any {
	rules := make([]string, len(c.Constraints))
	for i, x := range c.Constraints {
		rules[i] = clip(x.String(), textBudget)
	}
	return map[string]any{
		"name": clip(c.Name, textBudget), "type": string(c.Type), "format": orNull(string(c.Format)), "position": c.Position, "nullable": c.Nullable, "constraints": rules,
	}
}

// within encodes entries until the budget is used up, and tells whether all had room.
func within(left *int, n int, entry func(i int) any) (list []json.RawMessage, whole bool) {
	list = []json.RawMessage{}
	for i := range n {
		raw := artifacts.Encode(entry(i))
		if *left -= len(raw) + 1; *left < 0 {
			return list, false
		}
		list = append(list, raw)
	}
	return list, true
}

func signaturesOf(ctx context.Context, doc parsed.Document, table int) ([]*fingerprint.Signature, error) {
	t := &doc.Tables[table]
	out := make([]*fingerprint.Signature, len(t.Columns))
	for i, c := range t.Columns {
		out[i] = fingerprint.NewSignature(c)
	}
	if t.RowCount > 0 {
		err := doc.Rows(ctx, table, 0, -1, func(_ int, row document.Row) error {
			for i, v := range row {
				out[i].Add(v)
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	for _, s := range out {
		s.End()
	}
	return out, nil
}
