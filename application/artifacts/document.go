package artifacts

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/url"
	"time"

	"github.com/symphainy/symphainy/domain/artifact"
	"github.com/symphainy/symphainy/domain/event"
	"github.com/symphainy/symphainy/domain/fault"
)

// Document gives the wire form of an artifact (realms.md §1.2): the envelope, the payload's fields repeated flat beside it (the envelope
// wins), and the payload as semantic_payload. A view has no id and leaves out what it does not have. tenant_id is not among the
// fields: the edge adds it, because it reads null while the session is anonymous. Numbers keep the text they were stored with.
func Document(s artifact.Snapshot) (map[string]any, error) {
	payload, err := object(s.Payload)
	if err != nil {
		return nil, err
	}
	renderings, err := shown(s)
	if err != nil {
		return nil, err
	}
	metadata, err := object(s.Metadata)
	if err != nil {
		return nil, err
	}
	descriptor, err := object(s.Descriptor)
	if err != nil {
		return nil, err
	}
	doc := make(map[string]any, len(payload)+32)
	for k, v := range payload {
		doc[k] = v
	}
	// A payload never speaks for the tenant.
	delete(doc, "tenant_id")
	for k, v := range envelope(s) {
		doc[k] = v
	}
	doc["semantic_payload"] = payload
	doc["renderings"] = renderings
	doc["metadata"] = metadata
	doc["semantic_descriptor"] = descriptor
	if s.ID != "" {
		for _, name := range IDNames(s.Type) {
			doc[name] = s.ID
		}
	}
	return doc, nil
}

// MaxRendering is the largest rendering in bytes that stands inside an artifact; of a larger one there is its content_url.
const MaxRendering = 256 << 10

// shown gives the renderings as the wire form has them. Those of a view stay: it is not stored, so nothing could be fetched later.
func shown(s artifact.Snapshot) (map[string]any, error) {
	if s.ID == "" || len(s.Renderings) <= MaxRendering {
		return object(s.Renderings)
	}
	all := map[string]json.RawMessage{}
	if err := json.Unmarshal(s.Renderings, &all); err != nil {
		return nil, unreadable(err)
	}
	out := make(map[string]any, len(all))
	for name, raw := range all {
		if len(raw) > MaxRendering {
			out[name] = map[string]any{"content_url": ContentURL(s) + "?rendering=" + url.QueryEscape(name), "size": len(raw)}
			continue
		}
		one, err := object(fmt.Appendf(nil, `{"v":%s}`, raw))
		if err != nil {
			return nil, err
		}
		out[name] = one["v"]
	}
	return out, nil
}

func unreadable(err error) error {
	return fault.New(fault.Internal, "artifact_unreadable", "a stored artifact holds JSON that is no object").Because(err)
}

// envelope gives the fields that every artifact has.
func envelope(s artifact.Snapshot) map[string]any {
	e := map[string]any{
		"artifact_type": s.Type, "result_type": s.Type,
		"lifecycle_transitions": transitions(s.Transitions),
		"owner":                 "client",
		"purpose":               or(s.Purpose, "delivery"),
		"parent_artifacts":      list(s.Parents),
		"lineage":               lineage(s.Lineage),
		"produced_by":           map[string]any{"intent": s.ProducedIntent, "execution_id": s.ExecutionID},
		"materializations":      materializations(s.Materializations),
	}
	text := map[string]string{
		"lifecycle_state": string(s.State), "data_class": string(s.DataClass), "realm": s.Realm, "session_id": s.SessionID,
		"solution_id": s.SolutionID, "scope": string(s.Sharing),
	}
	for name, value := range text {
		if value != "" {
			e[name] = value
		}
	}
	times := map[string]time.Time{
		"created_at": s.CreatedAt, "updated_at": s.UpdatedAt, "expires_at": s.ExpiresAt, "source_expired_at": s.SourceExpiredAt,
	}
	for name, at := range times {
		if !at.IsZero() {
			e[name] = Time(at)
		}
	}
	if s.ID == "" {
		return e
	}
	e["artifact_id"] = s.ID
	e["version"], e["is_current_version"], e["parent_version_id"] = s.ContentVersion, s.Current, nullable(s.ParentVersionID)
	if s.BlobKey != "" {
		e["content_url"] = ContentURL(s)
	}
	return e
}

// Time gives the wire form of an instant: RFC 3339, UTC, with Z.
func Time(at time.Time) string { return at.UTC().Format(time.RFC3339Nano) }

// ContentURL gives the path under which the content of an artifact is served; files have one of their own.
func ContentURL(s artifact.Snapshot) string {
	if s.Type == TypeFile {
		return "/api/files/" + s.ID + "/content"
	}
	return "/api/artifacts/" + s.ID + "/content"
}

// Artifact types that more than one part knows.
const (
	TypeFile              = "file"
	TypeParsedContent     = "parsed_content"
	TypeQualityAssessment = "quality_assessment"
	TypeExport            = "export"
)

// Types are the artifact types that the realms of this server make, sorted.
func Types() []string {
	return []string{
		"analysis_report", "blueprint", "chunks", "coexistence_analysis", "deterministic_embedding", TypeExport, "extraction", "extraction_config",
		TypeFile, "guide", "interpretation", "lineage_visualization", "matching_result", "optimization", TypeParsedContent, "poc",
		TypeQualityAssessment, "relationships", "roadmap", "semantic_embedding", "solution", "sop", "structured_analysis", "synthesis",
		"unstructured_analysis", "workflow",
	}
}

// IDNames gives the other names under which the id of an artifact of the type is known (realms.md §1.2). In the envelope solution_id names
// the solution that an artifact belongs to; a solution belongs to itself.
func IDNames(artifactType string) []string {
	switch artifactType {
	case TypeFile:
		return []string{"file_id"}
	case TypeParsedContent:
		return []string{"parsed_file_id"}
	case TypeQualityAssessment:
		return []string{"quality_assessment_id", "analysis_id"}
	case "deterministic_embedding":
		return []string{"deterministic_embedding_id"}
	case "semantic_embedding":
		return []string{"semantic_embedding_id"}
	case "structured_analysis", "unstructured_analysis", "coexistence_analysis":
		return []string{"analysis_id"}
	case "analysis_report":
		return []string{"analysis_report_id"}
	case "poc", "poc_proposal":
		return []string{"poc_id", "proposal_id"}
	case "workflow", "sop", "blueprint", "optimization", "roadmap", "synthesis", "solution", TypeExport:
		return []string{artifactType + "_id"}
	}
	return nil
}

// EligibleFor gives the artifact types that an intent can work on; ok is false for an intent that takes no artifact.
func EligibleFor(intentType string) (types []string, ok bool) {
	switch intentType {
	case "parse_content", "save_materialization", "retrieve_file", "retrieve_file_metadata", "get_file_by_id":
		return []string{TypeFile}, true
	case "get_parsed_file", "assess_data_quality", "analyze_structured_data", "analyze_unstructured_data", "query_data", "map_relationships",
		"interpret_data_self_discovery", "interpret_data_guided", "extract_structured_data", "discover_extraction_pattern",
		"create_deterministic_embeddings", "extract_embeddings", "extract_deterministic_structure":
		return []string{TypeParsedContent}, true
	case "match_source_to_target", "hydrate_semantic_profile":
		return []string{TypeParsedContent}, true
	case "create_workflow":
		return []string{TypeFile, TypeParsedContent, "sop"}, true
	case "generate_sop":
		return []string{"workflow", TypeParsedContent}, true
	case "analyze_coexistence":
		return []string{"workflow", "sop"}, true
	case "optimize_process", "create_blueprint":
		return []string{"workflow"}, true
	case "create_solution":
		return []string{"roadmap", "poc", "blueprint"}, true
	}
	return nil, false
}

// Created is the event that announces a new artifact.
func Created(s artifact.Snapshot) event.Draft { return announce(event.ArtifactCreated, s) }

// Updated is the event that announces a changed artifact.
func Updated(s artifact.Snapshot) event.Draft { return announce(event.ArtifactUpdated, s) }

func announce(eventType string, s artifact.Snapshot) event.Draft {
	data := map[string]any{"artifact_id": s.ID, "artifact_type": s.Type, "lifecycle_state": string(s.State)}
	if s.Name != "" {
		data["name"] = s.Name
	}
	for _, name := range IDNames(s.Type) {
		data[name] = s.ID
	}
	return event.Draft{Type: eventType, Data: Encode(data)}
}

// Encode writes maps and lists of strings, numbers, booleans and decoded or valid raw JSON, without escaping < > &. Such values cannot
// fail to encode; a raw fragment that is no JSON is a bug and reads as {}.
func Encode(v any) []byte {
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return []byte("{}")
	}
	return Storable(bytes.TrimRight(out.Bytes(), "\n"))
}

// Storable gives valid JSON with each escaped NUL replaced by U+FFFD, in place: PostgreSQL refuses to keep \u0000 in JSON.
func Storable(raw []byte) []byte {
	for i := 0; i < len(raw); i++ {
		if raw[i] != '\\' {
			continue
		}
		if i+5 < len(raw) && string(raw[i+1:i+6]) == "u0000" {
			copy(raw[i+2:], "fffd")
		}
		i++ // what follows a backslash is not a backslash of its own
	}
	return raw
}

func object(raw []byte) (map[string]any, error) {
	out := map[string]any{}
	if len(raw) == 0 {
		return out, nil
	}
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	if err := d.Decode(&out); err != nil {
		return nil, unreadable(err)
	}
	if out == nil {
		out = map[string]any{}
	}
	return out, nil
}

func transitions(ts []artifact.Transition) []any {
	out := make([]any, 0, len(ts))
	for _, t := range ts {
		out = append(out, map[string]any{
			"from_state": string(t.From), "to_state": string(t.To), "transitioned_at": Time(t.At), "transitioned_by": t.By, "reason": t.Reason,
		})
	}
	return out
}

func lineage(l artifact.Lineage) map[string]any {
	return map[string]any{
		"derived_from": list(l.DerivedFrom), "derivation_intent": nullable(l.DerivationIntent), "derivation_run_id": nullable(l.DerivationRunID),
		"generation": l.Generation, "root_artifact_id": nullable(l.RootArtifactID),
	}
}

func materializations(ms []artifact.Materialization) []any {
	out := make([]any, 0, len(ms))
	for _, m := range ms {
		out = append(out, map[string]any{"id": m.ID, "storage_type": m.StorageType, "format": m.Format})
	}
	return out
}

func list(ids []string) []any {
	out := make([]any, 0, len(ids))
	for _, id := range ids {
		out = append(out, id)
	}
	return out
}

func nullable(s string) any {
	if s == "" {
		return nil
	}
	return s
}

func or(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}
