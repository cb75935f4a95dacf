package insights

import (
	"context"
	"encoding/json"
	"slices"
	"time"

	"github.com/symphainy/symphainy/application/artifacts"
	"github.com/symphainy/symphainy/application/realms/content/parsed"
	"github.com/symphainy/symphainy/application/realms/insights/quality"
	"github.com/symphainy/symphainy/application/realms/steps"
	"github.com/symphainy/symphainy/domain/artifact"
	"github.com/symphainy/symphainy/domain/document"
	"github.com/symphainy/symphainy/domain/event"
	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/domain/identity"
	"github.com/symphainy/symphainy/domain/typeid"
	"github.com/symphainy/symphainy/ports"
)

type assessParameters struct {
	ParsedFileID string `json:"parsed_file_id"`
	SourceFileID string `json:"source_file_id"`
	ParserType   string `json:"parser_type"`
	EmbeddingID  string `json:"deterministic_embedding_id"`
	AsOf         string `json:"as_of"`
	MaxAgeDays   *int   `json:"max_age_days"`
}

func (p assessParameters) options() (quality.Options, error) {
	opts := quality.Options{MaxAgeDays: p.MaxAgeDays}
	if p.AsOf == "" {
		return opts, nil
	}
	for _, layout := range []string{time.DateOnly, time.RFC3339} {
		if at, err := time.Parse(layout, p.AsOf); err == nil {
			opts.AsOf = &at
			return opts, nil
		}
	}
	return opts, wrong("as_of", "invalid_format", "must be a date (YYYY-MM-DD) or an RFC 3339 time.")
}

func wrong(parameter, code, message string) *fault.Error {
	return fault.New(fault.Invalid, "invalid_parameters", parameter+": "+message).
		WithFields(fault.Field{Pointer: "/parameters/" + parameter, Code: code, Message: message})
}

// assessed is the result of the one step: small, because a step's result is stored.
type assessed struct {
	ID       string
	Payload  json.RawMessage
	Metadata json.RawMessage
	Event    json.RawMessage
}

func (r *Realm) assess(ctx context.Context, call ports.IntentCall) (ports.IntentResult, error) {
	in, err := steps.Parameters[assessParameters](call)
	if err != nil {
		return ports.IntentResult{}, err
	}
	opts, err := in.options()
	if err != nil {
		return ports.IntentResult{}, err
	}
	source, err := r.source(ctx, call, in)
	if err != nil {
		return ports.IntentResult{}, err
	}
	parents := []string{source.ID}
	var embedding artifact.Snapshot
	if in.EmbeddingID != "" {
		if embedding, err = r.embedding(ctx, call, in.EmbeddingID); err != nil {
			return ports.IntentResult{}, err
		}
		parents = append(parents, embedding.ID)
	}
	done, err := steps.Run(ctx, call, "assess", func(ctx context.Context, _ string) (assessed, error) {
		return r.run(ctx, source, embedding, in, opts)
	})
	if err != nil {
		return ports.IntentResult{}, err
	}
	return ports.IntentResult{
		Artifacts: []ports.ResultArtifact{{Key: keyQualityAssessment, Artifact: artifact.Snapshot{
			ID: done.ID, Type: artifacts.TypeQualityAssessment, DataClass: artifact.Outcome, Purpose: "decision_support",
			State: artifact.Draft, Sharing: artifact.Workspace, Name: source.Name, Format: source.Format,
			Payload: done.Payload, Metadata: done.Metadata,
			Descriptor: artifacts.Encode(map[string]any{"schema": "quality_assessment_v1", "parser_type": source.Format}),
			Parents:    parents,
			Lineage: artifact.Lineage{
				DerivedFrom: parents, DerivationIntent: assessDataQuality, DerivationRunID: call.Execution().ID,
				Generation: source.Lineage.Generation + 1, RootArtifactID: root(source),
			},
		}}},
		Values: map[string]string{"quality_assessment_id": done.ID, "parsed_file_id": source.ID},
		Events: []event.Draft{{Type: eventQualityAssessed, Data: done.Event}},
	}, nil
}

func root(s artifact.Snapshot) string {
	if s.Lineage.RootArtifactID != "" {
		return s.Lineage.RootArtifactID
	}
	return s.ID
}

// source finds the parsed document and checks what else the parameters name. Every foreign or unknown id is fault.ErrNotFound.
func (r *Realm) source(ctx context.Context, call ports.IntentCall, in assessParameters) (artifact.Snapshot, error) {
	var found artifact.Snapshot
	err := call.Read(ctx, func(ctx context.Context, tx ports.Tx, scope identity.Scope) error {
		a, err := artifacts.Find(ctx, tx, scope, artifacts.TypeParsedContent, in.ParsedFileID)
		if err != nil {
			return err
		}
		found = a.Snapshot()
		if in.SourceFileID != "" {
			file, err := artifacts.Find(ctx, tx, scope, artifacts.TypeFile, in.SourceFileID)
			if err != nil {
				return err
			}
			if !slices.Contains(found.Parents, file.ID()) {
				return wrong("source_file_id", "not_the_source", "the parsed document was not made of this file.")
			}
		}
		return nil
	})
	switch {
	case err != nil:
		return artifact.Snapshot{}, err
	case in.ParserType != "" && in.ParserType != found.Format && in.ParserType != found.Profile:
		return artifact.Snapshot{}, wrong("parser_type", "conflict", "the document was read as "+found.Format+" ("+found.Profile+").")
	case !found.ExpiresAt.IsZero() && !r.Clock.Now().Before(found.ExpiresAt):
		return artifact.Snapshot{}, artifact.ErrExpired
	}
	return found, nil
}

func (r *Realm) run(ctx context.Context, source, embedding artifact.Snapshot, in assessParameters, opts quality.Options) (assessed, error) {
	doc, err := r.documents.Open(ctx, source)
	if err != nil {
		return assessed{}, err
	}
	if embedding.ID != "" {
		if opts.Embedding, err = compared(doc.Document, embedding); err != nil {
			return assessed{}, err
		}
	}
	result, err := quality.Assess(doc.Document, rowsOf(ctx, doc), opts)
	if err != nil {
		return assessed{}, err
	}
	id := r.IDs.NewID(typeid.Artifact)
	s := shape{id: id, source: source, doc: doc.Document, result: result, in: in}
	return assessed{ID: id, Payload: s.payload(), Metadata: s.metadata(), Event: s.event()}, nil
}

// rowsOf reads the tables' rows from the store, once each.
func rowsOf(ctx context.Context, doc parsed.Document) quality.RowReader {
	return func(table int, visit func(row document.Row) error) error {
		return doc.Rows(ctx, table, 0, -1, func(_ int, row document.Row) error { return visit(row) })
	}
}
