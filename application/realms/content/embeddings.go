package content

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"unicode"

	"github.com/symphainy/symphainy/application/artifacts"
	"github.com/symphainy/symphainy/application/realms/content/chunks"
	"github.com/symphainy/symphainy/application/realms/content/parsed"
	"github.com/symphainy/symphainy/application/realms/steps"
	"github.com/symphainy/symphainy/application/realms/vector"
	"github.com/symphainy/symphainy/domain/artifact"
	"github.com/symphainy/symphainy/domain/event"
	"github.com/symphainy/symphainy/domain/execution"
	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/domain/typeid"
	"github.com/symphainy/symphainy/ports"
)

type embeddingParameters struct {
	ParsedFileID    string `json:"parsed_file_id"`
	DeterministicID string `json:"deterministic_embedding_id"`
}

// embeddingPlan is the derivation with the fingerprints that it belongs to; Made tells that these are new.
type embeddingPlan struct {
	derivation
	FingerprintID string
	Made          bool
	New           derivation
}

// extractEmbeddings makes vectors of the columns of a document: of name and type, of what the name means, and of samples.
func (r *Realm) extractEmbeddings(ctx context.Context, call ports.IntentCall) (ports.IntentResult, error) {
	in, err := steps.Parameters[embeddingParameters](call)
	if err != nil {
		return ports.IntentResult{}, err
	}
	p, err := steps.Transact(ctx, call, "plan", func(ctx context.Context, tx ports.Tx, now execution.Snapshot) (embeddingPlan, error) {
		return r.planEmbeddings(ctx, tx, now, in)
	})
	if err != nil {
		return ports.IntentResult{}, err
	}
	var events []event.Draft
	if p.Made {
		base, err := r.fingerprints(ctx, call, p.New)
		if err != nil {
			return ports.IntentResult{}, err
		}
		inserted, err := steps.Transact(ctx, call, "keep_fingerprint", func(ctx context.Context, tx ports.Tx, now execution.Snapshot) (string, error) {
			return r.insert(ctx, tx, now, base)
		})
		if err != nil {
			return ports.IntentResult{}, err
		}
		base.ID = inserted
		events = append(events, artifacts.Created(base))
	} else if err := r.promote(ctx, call, p.derivation, typeVectors); err != nil {
		return ports.IntentResult{}, err
	}
	done, err := steps.Run(ctx, call, "embed", func(ctx context.Context, _ string) (kept, error) { return r.embedColumns(ctx, call, p) })
	if err != nil {
		return ports.IntentResult{}, err
	}
	fields, err := done.fields()
	if err != nil {
		return ports.IntentResult{}, err
	}
	s := stored(p.artifact(call, typeVectors, artifact.RecordOfFact, fields, vector.Model), done.StoreID, done.Key, done.Size, done.SHA256)
	result := made(keyEmbeddings, s, "semantic_embedding_id", eventEmbeddings, map[string]any{
		"parsed_file_id": p.ParsedID, "deterministic_embedding_id": p.FingerprintID, "vector_count": fields["vector_count"], "embedding_model": vector.Model,
	})
	result.Values["deterministic_embedding_id"] = p.FingerprintID
	result.Events = append(events, result.Events...)
	return result, nil
}

func (r *Realm) planEmbeddings(ctx context.Context, tx ports.Tx, now execution.Snapshot, in embeddingParameters) (embeddingPlan, error) {
	p := embeddingPlan{FingerprintID: in.DeterministicID}
	if in.DeterministicID != "" {
		base, err := artifacts.Find(ctx, tx, now.Scope(), typeFingerprint, in.DeterministicID)
		if err != nil {
			return p, err
		}
		parents := base.Snapshot().Parents
		if len(parents) == 0 || in.ParsedFileID != "" && artifacts.IDOf(in.ParsedFileID) != parents[0] {
			return p, fault.ErrNotFound
		}
		in.ParsedFileID = first(in.ParsedFileID, parents[0])
	}
	var err error
	if p.derivation, err = r.derive(ctx, tx, now, in.ParsedFileID); err != nil {
		return p, err
	}
	if p.FingerprintID == "" {
		known, err := newestChild(ctx, tx, now, p.ParsedID, typeFingerprint)
		switch {
		case err == nil:
			p.FingerprintID = known.ID
		case errors.Is(err, fault.ErrNotFound):
			p.Made, p.New = true, p.derivation
			p.New.ID = r.IDs.NewID(typeid.Artifact)
			p.FingerprintID = p.New.ID
		default:
			return p, err
		}
	}
	return p, nil
}

// newestChild gives the newest artifact of a type that was made of a parent; none is fault.ErrNotFound.
func newestChild(ctx context.Context, tx ports.Tx, now execution.Snapshot, parentID, artifactType string) (artifact.Snapshot, error) {
	found, _, err := tx.Artifacts.List(ctx, now.Scope(), ports.ArtifactFilter{ParentID: parentID, Types: []string{artifactType}}, ports.Window{Limit: 1})
	if err != nil {
		return artifact.Snapshot{}, err
	}
	if len(found) == 0 {
		return artifact.Snapshot{}, fault.ErrNotFound
	}
	return found[0].Snapshot(), nil
}

// insert stores an artifact that an intent makes beside its result.
func (r *Realm) insert(ctx context.Context, tx ports.Tx, now execution.Snapshot, s artifact.Snapshot) (string, error) {
	s.TenantID, s.OwnerID, s.SessionID, s.SolutionID = now.TenantID, now.OwnerID, now.SessionID, now.Intent.SolutionID
	s.Realm, s.ProducedIntent, s.ExecutionID, s.Origin = now.Realm, now.Intent.Type, now.ID, origin(now)
	s.CreatedAt = r.Clock.Now()
	s.UpdatedAt = s.CreatedAt
	a, err := artifact.New(s)
	if err != nil {
		return "", err
	}
	return a.ID(), tx.Artifacts.Insert(ctx, a)
}

// columnVector is one stored vector of a column.
type columnVector struct {
	Table  string    `json:"table"`
	Column string    `json:"column"`
	Of     string    `json:"of"`
	Text   string    `json:"text"`
	Vector []float32 `json:"vector"`
}

func (r *Realm) embedColumns(ctx context.Context, call ports.IntentCall, p embeddingPlan) (kept, error) {
	doc, err := r.opened(ctx, call, p.derivation)
	if err != nil {
		return kept{}, err
	}
	if len(doc.Tables) == 0 {
		return kept{}, errNothing.WithMsg("The document has no table, so there are no columns to embed.")
	}
	count, left, described := 0, columnsBudget, []json.RawMessage{}
	columnCount := 0
	key := derivedKey(call, p.ID)
	info, err := r.writeLines(ctx, key, func(line func(v any) error) error {
		for i, t := range doc.Tables {
			signatures, err := signaturesOf(ctx, doc, i)
			if err != nil {
				return err
			}
			for k, c := range t.Columns {
				columnCount++
				meaning := meaningOf(c.Name)
				for _, x := range [][2]string{{"column", "Column: " + c.Name + ", Type: " + string(c.Type)}, {"meaning", meaning}, {"samples", strings.Join(signatures[k].Samples, ", ")}} {
					v, ok := vector.Of(x[1])
					if !ok {
						continue
					}
					count++
					if err := line(columnVector{t.Name, c.Name, x[0], x[1], v}); err != nil {
						return err
					}
				}
				raw := artifacts.Encode(map[string]any{"table": clip(t.Name, textBudget), "name": clip(c.Name, textBudget), "type": string(c.Type), "meaning": meaning})
				if left -= len(raw) + 1; left >= 0 {
					described = append(described, raw)
				}
			}
		}
		return nil
	})
	if err != nil {
		return kept{}, joinDelete(ctx, r.Blobs, key, err)
	}
	return kept{Key: key, Size: info.Size, SHA256: info.SHA256, StoreID: r.IDs.NewID(typeid.Materialization), Payload: artifacts.Encode(map[string]any{
		"deterministic_embedding_id": p.FingerprintID, "embedding_model": vector.Model, "dimensions": vector.Dimensions, "vector_count": count,
		"column_count": columnCount, "columns": described, "columns_truncated": len(described) < columnCount, "kind": "columns",
	})}, nil
}

// meaningOf reads a column's name as words: customerID, customer_id and CUSTOMER-ID are "customer id".
func meaningOf(name string) string {
	var b strings.Builder
	previous := ' '
	for _, r := range clip(name, textBudget) {
		switch {
		case !unicode.IsLetter(r) && !unicode.IsDigit(r):
			r = ' '
		case unicode.IsUpper(r) && unicode.IsLower(previous):
			b.WriteRune(' ')
		}
		b.WriteRune(unicode.ToLower(r))
		previous = r
	}
	return strings.Join(strings.Fields(b.String()), " ")
}

// joinDelete removes what a failed step has stored.
func joinDelete(ctx context.Context, blobs ports.BlobStore, key string, err error) error {
	return errors.Join(err, blobs.Delete(context.WithoutCancel(ctx), key))
}

type hydrateParameters struct {
	ParsedFileID string `json:"parsed_file_id"`
	Trigger      string `json:"trigger_type"`
	Profile      string `json:"semantic_profile"`
}

// hydration is a derivation, or the id of the profile that exists already.
type hydration struct {
	derivation
	KnownID string
}

// hydrateProfile makes a vector for each chunk of a document. The same profile of the same document is made once.
func (r *Realm) hydrateProfile(ctx context.Context, call ports.IntentCall) (ports.IntentResult, error) {
	in, err := steps.Parameters[hydrateParameters](call)
	if err != nil {
		return ports.IntentResult{}, err
	}
	profile := first(in.Profile, "default")
	h, err := steps.Transact(ctx, call, "plan", func(ctx context.Context, tx ports.Tx, now execution.Snapshot) (hydration, error) {
		d, err := r.derive(ctx, tx, now, in.ParsedFileID)
		if err != nil {
			return hydration{}, err
		}
		f := ports.ArtifactFilter{ParentID: d.ParsedID, Types: []string{typeVectors}, Profile: profile}
		known, _, err := tx.Artifacts.List(ctx, now.Scope(), f, ports.Window{Limit: 1})
		if err != nil || len(known) == 0 {
			return hydration{derivation: d}, err
		}
		return hydration{derivation: d, KnownID: known[0].ID()}, nil
	})
	if err != nil {
		return ports.IntentResult{}, err
	}
	if h.KnownID != "" {
		known, err := r.find(ctx, call, typeVectors, h.KnownID)
		if err != nil {
			return ports.IntentResult{}, err
		}
		return ports.IntentResult{Artifacts: []ports.ResultArtifact{view(keyProfile, known)}, Values: map[string]string{"semantic_embedding_id": known.ID}}, nil
	}
	done, err := steps.Run(ctx, call, "embed", func(ctx context.Context, _ string) (kept, error) {
		doc, err := r.opened(ctx, call, h.derivation)
		if err != nil {
			return kept{}, err
		}
		return r.embedChunks(ctx, call, h.derivation, doc, profile, in.Trigger)
	})
	if err != nil {
		return ports.IntentResult{}, err
	}
	if err := r.promote(ctx, call, h.derivation, typeVectors); err != nil {
		return ports.IntentResult{}, err
	}
	fields, err := done.fields()
	if err != nil {
		return ports.IntentResult{}, err
	}
	data := map[string]any{"parsed_file_id": h.ParsedID, "semantic_profile": profile, "embedded_count": fields["embedded_count"], "failed_count": fields["failed_count"]}
	s := stored(h.artifact(call, typeVectors, artifact.RecordOfFact, fields, vector.Model), done.StoreID, done.Key, done.Size, done.SHA256)
	s.Profile = profile
	return made(keyProfile, s, "semantic_embedding_id", eventHydrated, data), nil
}

// chunkVector is one stored vector of a chunk.
type chunkVector struct {
	ChunkID string    `json:"chunk_id"`
	Path    string    `json:"path"`
	Hash    string    `json:"text_hash"`
	Vector  []float32 `json:"vector"`
}

func (r *Realm) embedChunks(ctx context.Context, call ports.IntentCall, d derivation, doc parsed.Document, profile, trigger string) (kept, error) {
	embedded, failed, failures := 0, 0, []any{}
	key := derivedKey(call, d.ID)
	info, err := r.writeLines(ctx, key, func(line func(v any) error) error {
		return chunks.Cut(doc.Document, d.FileID, rowsOf(ctx, doc), func(c chunks.Chunk) error {
			v, ok := vector.Of(c.Text)
			if !ok {
				if failed++; failed <= maxListed {
					failures = append(failures, map[string]any{"chunk_id": c.ID, "path": clip(c.Path, textBudget), "error": "no_text"})
				}
				return nil
			}
			embedded++
			return line(chunkVector{c.ID, c.Path, c.Hash, v})
		})
	})
	if err == nil && embedded == 0 {
		err = errNothing.WithMsg("The document has no text to embed.")
	}
	if err != nil {
		return kept{}, joinDelete(ctx, r.Blobs, key, err)
	}
	return kept{Key: key, Size: info.Size, SHA256: info.SHA256, StoreID: r.IDs.NewID(typeid.Materialization), Payload: artifacts.Encode(map[string]any{
		"semantic_profile": profile, "trigger_type": trigger, "embedding_model": vector.Model, "dimensions": vector.Dimensions, "kind": "chunks",
		"embedded_count": embedded, "failed_count": failed, "failed_chunks": failures, "chunk_count": embedded + failed,
	})}, nil
}
