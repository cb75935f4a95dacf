// Package examplerealm is a realm to copy from: it counts what a text, or a parsed file, is made of. docs/realms.md shows it whole.
package examplerealm

import (
	"context"
	"strings"

	"github.com/symphainy/symphainy/application/artifacts"
	"github.com/symphainy/symphainy/application/realms/content/parsed"
	"github.com/symphainy/symphainy/application/realms/steps"
	"github.com/symphainy/symphainy/domain/artifact"
	"github.com/symphainy/symphainy/domain/event"
	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/domain/identity"
	"github.com/symphainy/symphainy/domain/realm"
	"github.com/symphainy/symphainy/domain/typeid"
	"github.com/symphainy/symphainy/ports"
)

// Realm counts words. It is safe for concurrent use.
type Realm struct {
	IDs       ports.IDs
	Documents parsed.Store
}

var _ ports.Realm = Realm{}

const schema = `{"type":"object","additionalProperties":false,"required":["parsed_file_id"],"properties":{
 "parsed_file_id":{"type":"string","minLength":1,"maxLength":200},
 "least":{"type":"integer","minimum":1,"maximum":50}}}`

// Declaration is what the realm says of itself.
func (r Realm) Declaration() realm.Declaration {
	return realm.Declaration{Name: "words", Title: "Words", Intents: []realm.IntentSpec{{
		Type: "count_words", Title: "Count words", Summary: "Counts the words and lines of a text.", Tier: 1, Anonymous: true,
		Schema: []byte(schema), Example: []byte(`{"parsed_file_id":"par_01jd8h0000exampe0000000000","least":4}`),
		Permission: identity.PermWrite, Retry: realm.RetryExternal,
		ResultKeys: []string{"word_count"}, Events: []string{"words_counted"},
	}}}
}

// Handlers gives the handlers of the declared intents.
func (r Realm) Handlers() map[string]ports.IntentHandler {
	return map[string]ports.IntentHandler{"count_words": r.count}
}

type parameters struct {
	ParsedFileID string `json:"parsed_file_id"`
	Least        int    `json:"least"`
}

// counted is the stored result of the step.
type counted struct {
	ID           string
	Words, Lines int
}

func (r Realm) count(ctx context.Context, call ports.IntentCall) (ports.IntentResult, error) {
	in, err := steps.Parameters[parameters](call)
	if err != nil {
		return ports.IntentResult{}, err
	}
	var source artifact.Snapshot
	err = call.Read(ctx, func(ctx context.Context, tx ports.Tx, scope identity.Scope) error {
		a, err := artifacts.Find(ctx, tx, scope, artifacts.TypeParsedContent, in.ParsedFileID)
		source = a.Snapshot()
		return err
	})
	if err != nil {
		return ports.IntentResult{}, err
	}
	done, err := steps.Run(ctx, call, "count", func(ctx context.Context, _ string) (counted, error) { return r.read(ctx, source, in.Least) })
	if err != nil {
		return ports.IntentResult{}, err
	}
	payload := artifacts.Encode(map[string]any{"words": done.Words, "lines": done.Lines, "parsed_file_id": source.ID})
	return ports.IntentResult{
		Artifacts: []ports.ResultArtifact{{Key: "word_count", Artifact: artifact.Snapshot{
			ID: done.ID, Type: "word_count", DataClass: artifact.Outcome, State: artifact.Draft, Name: source.Name, Payload: payload,
			Metadata: artifacts.Encode(map[string]any{"schema": "word_count_v1", "method": "deterministic", "assumptions": []string{}, "warnings": []string{}}),
			Parents:  []string{source.ID},
			Lineage:  artifact.Lineage{DerivedFrom: []string{source.ID}, DerivationIntent: "count_words", DerivationRunID: call.Execution().ID, Generation: source.Lineage.Generation + 1},
		}}},
		Values: map[string]string{"word_count_id": done.ID},
		Events: []event.Draft{{Type: "words_counted", Data: payload}},
	}, nil
}

// read counts the words that have at least so many letters.
func (r Realm) read(ctx context.Context, source artifact.Snapshot, least int) (counted, error) {
	doc, err := r.Documents.Open(ctx, source)
	if err != nil {
		return counted{}, err
	}
	if strings.TrimSpace(doc.Text) == "" {
		return counted{}, fault.New(fault.Invalid, "insufficient_data", "The document has no text.")
	}
	c := counted{ID: r.IDs.NewID(typeid.Artifact), Lines: strings.Count(doc.Text, "\n") + 1}
	for _, word := range strings.Fields(doc.Text) {
		if len([]rune(word)) >= least {
			c.Words++
		}
	}
	return c, nil
}
