package insights

import (
	"context"
	"encoding/json"

	"github.com/symphainy/symphainy/application/artifacts"
	"github.com/symphainy/symphainy/application/realms/insights/text"
	"github.com/symphainy/symphainy/application/realms/steps"
	"github.com/symphainy/symphainy/domain/artifact"
	"github.com/symphainy/symphainy/domain/event"
	"github.com/symphainy/symphainy/domain/identity"
	"github.com/symphainy/symphainy/domain/realm"
	"github.com/symphainy/symphainy/domain/typeid"
	"github.com/symphainy/symphainy/ports"
)

const (
	analyzeUnstructured     = "analyze_unstructured_data"
	keyUnstructuredAnalysis = "unstructured_analysis"
	eventUnstructuredData   = "unstructured_data_analyzed"
	schemaUnstructured      = "unstructured_analysis_v1"
	entitiesBudget          = 96 << 10
	phrasesBudget           = 24 << 10
)

const unstructuredSchema = `{"type":"object","additionalProperties":false,"required":["parsed_file_id"],
"properties":{
 "parsed_file_id":` + idSchema + `,
 "analysis_options":{"type":"object","additionalProperties":false,"properties":{
  "semantic":{"type":"boolean"},"sentiment":{"type":"boolean"},"topics":{"type":"boolean"},"extraction":{"type":"boolean"}}},
 "deep_dive":{"type":"boolean"}}}`

func unstructuredSpec() realm.IntentSpec {
	return realm.IntentSpec{
		Type: analyzeUnstructured, Title: "Analyze a text", Tier: 1, Anonymous: true,
		Summary:          "Finds the words, key phrases, topics, sentiment, named things and most typical sentences of a text; deep_dive opens a conversation about it.",
		Schema:           []byte(unstructuredSchema),
		ParameterAliases: map[string]string{"parsed_result_id": "parsed_file_id"},
		Permission:       identity.PermWrite, Retry: realm.RetryPure,
		ResultKeys: []string{keyUnstructuredAnalysis, keyAnalysis}, Events: []string{eventUnstructuredData},
		Example: []byte(`{"parsed_file_id":"par_01jd8h0000exampe0000000000","analysis_options":{"sentiment":false}}`),
	}
}

type unstructuredParameters struct {
	ParsedFileID string `json:"parsed_file_id"`
	DeepDive     bool   `json:"deep_dive"`
	Options      struct {
		Semantic   *bool `json:"semantic"`
		Sentiment  *bool `json:"sentiment"`
		Topics     *bool `json:"topics"`
		Extraction *bool `json:"extraction"`
	} `json:"analysis_options"`
}

func (p unstructuredParameters) options() (text.Options, error) {
	on := func(b *bool) bool { return b == nil || *b }
	o := text.Options{Semantic: on(p.Options.Semantic), Sentiment: on(p.Options.Sentiment), Topics: on(p.Options.Topics), Extraction: on(p.Options.Extraction)}
	if o == (text.Options{}) {
		return o, wrong("analysis_options", "nothing_asked", "at least one kind of analysis must be left on.")
	}
	return o, nil
}

func (r *Realm) analyzeUnstructured(ctx context.Context, call ports.IntentCall) (ports.IntentResult, error) {
	in, err := steps.Parameters[unstructuredParameters](call)
	if err != nil {
		return ports.IntentResult{}, err
	}
	opts, err := in.options()
	if err != nil {
		return ports.IntentResult{}, err
	}
	source, err := r.document(ctx, call, in.ParsedFileID)
	if err != nil {
		return ports.IntentResult{}, err
	}
	done, err := steps.Run(ctx, call, "analyze", func(ctx context.Context, _ string) (dive, error) { return r.computeUnstructured(ctx, source, in, opts) })
	if err != nil {
		return ports.IntentResult{}, err
	}
	values := map[string]string{"analysis_id": done.ID, "parsed_file_id": source.ID}
	if done.ConversationID != "" {
		if err := r.open(ctx, call, done); err != nil {
			return ports.IntentResult{}, err
		}
		values["conversation_id"] = done.ConversationID
	}
	return ports.IntentResult{
		Artifacts: []ports.ResultArtifact{{
			Key: keyUnstructuredAnalysis, Aliases: []string{keyAnalysis}, Artifact: outcome(call, keyUnstructuredAnalysis, schemaUnstructured, done.made, source),
		}},
		Values: values,
		Events: []event.Draft{{Type: eventUnstructuredData, Data: done.Event}},
	}, nil
}

func (r *Realm) computeUnstructured(ctx context.Context, source artifact.Snapshot, in unstructuredParameters, opts text.Options) (dive, error) {
	doc, err := r.documents.Open(ctx, source)
	if err != nil {
		return dive{}, err
	}
	result, err := text.Analyze(doc.Document, opts)
	if err != nil {
		return dive{}, err
	}
	d := dive{made: made{ID: r.IDs.NewID(typeid.Artifact)}}
	if in.DeepDive {
		d.ConversationID = r.IDs.NewID(typeid.Conversation)
		d.Opening = opening(source, result)
	}
	assumptions := []string{"Stop words, sentiment and names are read with word lists of English."}
	var warnings []any
	if result.Truncated {
		warnings = append(warnings, warning("truncated", "Only the first 4 MiB of the text were analyzed."))
	}
	d.Payload, d.Metadata = unstructuredPayload(d, source, result, opts), described(schemaUnstructured, assumptions, warnings)
	d.Event = artifacts.Encode(map[string]any{
		"analysis_id": d.ID, "parsed_file_id": source.ID, "name": source.Name, "word_count": result.Words, "paragraph_count": result.Paragraphs,
		"entity_counts": result.EntityCounts, "summary": sentences(result.Summary, smallBudget),
	})
	return d, nil
}

// unstructuredPayload is the analysis as it is stored; what was not asked for is not in it.
func unstructuredPayload(d dive, source artifact.Snapshot, r *text.Analysis, opts text.Options) json.RawMessage {
	fields := map[string]any{
		"analysis_id": d.ID, "unstructured_analysis_id": d.ID, "parsed_file_id": source.ID, "file_id": fileOf(source), "name": source.Name,
		"conversation_id": nullable(d.ConversationID),
		"word_count":      r.Words, "sentence_count": r.Sentences, "paragraph_count": r.Paragraphs, "character_count": r.Characters,
		"analysis_options": map[string]any{"semantic": opts.Semantic, "sentiment": opts.Sentiment, "topics": opts.Topics, "extraction": opts.Extraction},
	}
	if opts.Semantic {
		fields["words"], _ = bounded(r.Frequent, smallBudget, func(w text.Word) map[string]any {
			return map[string]any{"word": clip(w.Word, valueMost), "count": w.Count}
		})
		fields["key_phrases"], _ = bounded(r.Phrases, phrasesBudget, func(p text.Phrase) map[string]any {
			return map[string]any{"phrase": clip(p.Phrase, nameMost), "score": figure(p.Score), "count": p.Count}
		})
		fields["summary"] = sentences(r.Summary, smallBudget)
	}
	if opts.Topics {
		fields["topics"], _ = bounded(r.Topics, smallBudget, topicOf)
	}
	if opts.Sentiment {
		fields["sentiment"] = sentimentOf(r.Feeling)
	}
	if opts.Extraction {
		list, cut := bounded(r.Entities, entitiesBudget, entityOf)
		total := 0
		for _, n := range r.EntityCounts {
			total += n
		}
		fields["entities"], fields["entity_counts"], fields["entity_count"] = list, r.EntityCounts, total
		fields["entities_truncated"] = cut || total > len(r.Entities)
	}
	return artifacts.Encode(fields)
}

func topicOf(t text.Topic) map[string]any {
	related := []string{}
	for _, w := range t.Related {
		related = append(related, clip(w, valueMost))
	}
	return map[string]any{"topic": clip(t.Topic, valueMost), "paragraphs": t.Paragraphs, "share": t.Share, "related": related}
}

func sentimentOf(s *text.Sentiment) map[string]any {
	hits := []any{}
	for _, h := range s.Hits {
		hits = append(hits, map[string]any{"word": h.Word, "paragraph": h.Paragraph, "negated": h.Negated, "positive": h.Positive})
	}
	return map[string]any{"label": s.Label, "score": s.Score, "positive": s.Positive, "negative": s.Negative, "hits": hits}
}

// entityOf gives offsets in characters of the document's text, null where there is none.
func entityOf(e text.Entity) map[string]any {
	out := map[string]any{"type": e.Type, "value": clip(e.Value, 500), "start": nil, "end": nil}
	if e.Type == "label" {
		out["label"] = clip(e.Label, nameMost)
	}
	if e.Start >= 0 {
		out["start"], out["end"] = e.Start, e.End
	}
	return out
}
