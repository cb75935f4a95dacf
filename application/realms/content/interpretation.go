package content

import (
	"context"
	"errors"

	"github.com/symphainy/symphainy/application/artifacts"
	"github.com/symphainy/symphainy/application/realms/steps"
	"github.com/symphainy/symphainy/domain/artifact"
	"github.com/symphainy/symphainy/domain/event"
	"github.com/symphainy/symphainy/domain/execution"
	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/domain/identity"
	"github.com/symphainy/symphainy/ports"
)

// knowledge is what there is about a document.
type knowledge struct {
	document, fingerprints, vectors, profile, interpretation artifact.Snapshot
	family                                                   map[string]int
}

// interpretation puts together what is known of a document: how it was read, what its columns mean, and what it hangs together with. A layer that
// nobody has made yet says so.
func (r *Realm) interpretation(ctx context.Context, call ports.IntentCall) (ports.IntentResult, error) {
	in, err := steps.Parameters[derivedParameters](call)
	if err != nil {
		return ports.IntentResult{}, err
	}
	payload, err := steps.Transact(ctx, call, "look", func(ctx context.Context, tx ports.Tx, now execution.Snapshot) (map[string]any, error) {
		k, err := knowledgeOf(ctx, tx, now, in.ParsedFileID)
		if err != nil {
			return nil, err
		}
		return k.layers()
	})
	if err != nil {
		return ports.IntentResult{}, err
	}
	s := shown("semantic_interpretation", payload)
	s.Parents = []string{artifacts.IDOf(in.ParsedFileID)}
	return ports.IntentResult{
		Artifacts: []ports.ResultArtifact{view(keyInterpretation, s, keyInterpreted)},
		Events: []event.Draft{{Type: eventInterpreted, Data: artifacts.Encode(map[string]any{
			"parsed_file_id": artifacts.IDOf(in.ParsedFileID), "available": payload["available"],
		})}},
	}, nil
}

func knowledgeOf(ctx context.Context, tx ports.Tx, now execution.Snapshot, id string) (knowledge, error) {
	doc, err := artifacts.Find(ctx, tx, now.Scope(), artifacts.TypeParsedContent, id)
	if err != nil {
		return knowledge{}, err
	}
	k := knowledge{document: doc.Snapshot(), family: map[string]int{}}
	for _, want := range []struct {
		kind    string
		profile bool
		into    *artifact.Snapshot
	}{{typeFingerprint, false, &k.fingerprints}, {typeVectors, false, &k.vectors}, {typeVectors, true, &k.profile}, {"interpretation", false, &k.interpretation}} {
		if *want.into, err = newestWith(ctx, tx, now.Scope(), k.document.ID, want.kind, want.profile); err != nil {
			return knowledge{}, err
		}
	}
	children, err := artifacts.Children(ctx, tx, now.Scope(), k.document.ID)
	for _, c := range children {
		k.family[c.Snapshot().Type]++
	}
	return k, err
}

// newestWith gives the newest child of a type, of those with or without a profile; the zero artifact if there is none.
func newestWith(ctx context.Context, tx ports.Tx, scope identity.Scope, parentID, kind string, profiled bool) (artifact.Snapshot, error) {
	found, _, err := tx.Artifacts.List(ctx, scope, ports.ArtifactFilter{ParentID: parentID, Types: []string{kind}}, ports.Window{Limit: artifacts.MaxWindow})
	if errors.Is(err, fault.ErrNotFound) {
		return artifact.Snapshot{}, nil
	}
	for _, a := range found {
		if (a.Snapshot().Profile != "") == profiled || kind != typeVectors {
			return a.Snapshot(), nil
		}
	}
	return artifact.Snapshot{}, err
}

func (k knowledge) layers() (map[string]any, error) {
	doc, err := payloadOf(k.document)
	if err != nil {
		return nil, err
	}
	metadata := map[string]any{"available": true}
	for _, name := range []string{"format", "parsing_type", "record_count", "encoding", "source_sha256"} {
		metadata[name] = doc[name]
	}
	base, err := payloadOf(k.fingerprints)
	if err != nil {
		return nil, err
	}
	if k.fingerprints.ID != "" {
		metadata["deterministic_embedding_id"], metadata["schema_fingerprint"] = k.fingerprints.ID, base["schema_fingerprint"]
	}
	meaning, err := k.meaning()
	if err != nil {
		return nil, err
	}
	surroundings := map[string]any{"available": len(k.family) > 0, "derived": k.family, "root_artifact_id": orNull(k.document.Lineage.RootArtifactID)}
	if k.profile.ID != "" {
		profile, err := payloadOf(k.profile)
		if err != nil {
			return nil, err
		}
		surroundings["semantic_embedding_id"], surroundings["semantic_profile"] = k.profile.ID, profile["semantic_profile"]
		surroundings["embedded_count"], surroundings["embedding_model"] = profile["embedded_count"], profile["embedding_model"]
	}
	return map[string]any{
		"parsed_file_id": k.document.ID, "available": meaning["available"], "layer1_metadata": metadata, "layer2_meaning": meaning, "layer3_context": surroundings,
	}, nil
}

// meaning is what an interpretation says, or the words in the names of the columns.
func (k knowledge) meaning() (map[string]any, error) {
	out := map[string]any{"available": false}
	if k.vectors.ID != "" {
		found, err := payloadOf(k.vectors)
		if err != nil {
			return nil, err
		}
		out["available"], out["semantic_embedding_id"], out["columns"] = true, k.vectors.ID, found["columns"]
		out["method"] = "words_of_names"
	}
	if k.interpretation.ID != "" {
		out["available"], out["interpretation_id"] = true, k.interpretation.ID
	}
	return out, nil
}
