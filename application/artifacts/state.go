package artifacts

import (
	"context"
	"slices"

	"github.com/symphainy/symphainy/domain/artifact"
	"github.com/symphainy/symphainy/domain/identity"
	"github.com/symphainy/symphainy/ports"
)

// MaxState is how many artifacts of each list a realm_state shows: the newest.
const MaxState = 100

// section is one list of the realm_state.
type section struct {
	realm, list string
	types       []string
	entry       func(doc map[string]any, s artifact.Snapshot) map[string]any
}

// sections are the lists of realm_state, filled or not: clients read them without asking whether they are there.
func sections() []section {
	return []section{
		{"content", "files", []string{TypeFile}, fileEntry},
		{"content", "parsedFiles", []string{TypeParsedContent}, parsedEntry},
		{"insights", "qualityAssessments", []string{TypeQualityAssessment}, plainEntry},
		{"insights", "interpretations", []string{"interpretation", "semantic_interpretation"}, plainEntry},
		{"insights", "analyses", []string{"structured_analysis", "unstructured_analysis"}, plainEntry},
		{"insights", "lineageVisualizations", []string{"lineage_visualization"}, plainEntry},
		{"journey", "workflows", []string{"workflow"}, plainEntry},
		{"journey", "sops", []string{"sop"}, plainEntry},
		{"journey", "optimizedProcesses", []string{"optimization", "optimized_process"}, plainEntry},
		{"journey", "coexistenceAnalyses", []string{"coexistence_analysis"}, plainEntry},
		{"journey", "blueprints", []string{"blueprint"}, plainEntry},
		{"outcomes", "syntheses", []string{"synthesis", "synthesis_summary"}, plainEntry},
		{"outcomes", "roadmaps", []string{"roadmap"}, plainEntry},
		{"outcomes", "pocProposals", []string{"poc", "poc_proposal"}, plainEntry},
		{"outcomes", "solutions", []string{"solution", "platform_solution"}, plainEntry},
		{"outcomes", "blueprints", []string{"blueprint"}, plainEntry},
	}
}

// visible are the states that a realm_state shows: an uploaded file is shown before it is saved.
func visible() []artifact.State {
	return []artifact.State{artifact.Pending, artifact.Ready, artifact.Draft, artifact.Accepted}
}

// RealmState projects a session's artifacts, the newest 100 of each kind, for Session.state.realm_state: realm → list → entries. The
// caller has checked the right to the session; the scope still decides what is seen.
func (s *Service) RealmState(ctx context.Context, scope identity.Scope, sessionID string) (map[string]any, error) {
	var few []artifact.Artifact
	err := s.uow.Look(ctx, func(ctx context.Context, tx ports.Tx) (err error) {
		few, err = readFew(ctx, tx, scope, sessionID)
		return err
	})
	if err != nil {
		return nil, err
	}
	if few != nil {
		return project(ctx, ports.Tx{}, scope, sessionID, few)
	}
	var state map[string]any
	err = s.uow.View(ctx, func(ctx context.Context, tx ports.Tx) (err error) {
		state, err = project(ctx, tx, scope, sessionID, nil)
		return err
	})
	return state, err
}

// project makes the realm state of few artifacts, or where few is nil of those that it reads.
func project(ctx context.Context, tx ports.Tx, scope identity.Scope, sessionID string, few []artifact.Artifact) (map[string]any, error) {
	state := map[string]any{}
	for _, sec := range sections() {
		entries, err := sec.read(ctx, tx, scope, sessionID, few)
		if err != nil {
			return nil, err
		}
		realm, _ := state[sec.realm].(map[string]any)
		if realm == nil {
			realm = map[string]any{}
			state[sec.realm] = realm
		}
		realm[sec.list] = entries
	}
	return state, nil
}

// readFew gives everything of a session that has so little that no list of it can be cut: one look in place of one for each list, because
// a session is read often. Nil means that there is more.
func readFew(ctx context.Context, tx ports.Tx, scope identity.Scope, sessionID string) ([]artifact.Artifact, error) {
	var types []string
	for _, sec := range sections() {
		types = append(types, sec.types...)
	}
	f := ports.ArtifactFilter{Types: types, States: visible(), SessionID: sessionID}
	found, total, err := tx.Artifacts.List(ctx, scope, f, ports.Window{Limit: MaxState})
	if err != nil || total > MaxState {
		return nil, err
	}
	return append([]artifact.Artifact{}, found...), nil
}

// find gives the section's artifacts, newest first, out of few where that is all there is.
func (sec section) find(ctx context.Context, tx ports.Tx, scope identity.Scope, sessionID string, few []artifact.Artifact) ([]artifact.Artifact, error) {
	if few == nil {
		f := ports.ArtifactFilter{Types: sec.types, States: visible(), SessionID: sessionID}
		found, _, err := tx.Artifacts.List(ctx, scope, f, ports.Window{Limit: MaxState})
		return found, err
	}
	var found []artifact.Artifact
	for _, a := range few {
		if slices.Contains(sec.types, a.Snapshot().Type) {
			found = append(found, a)
		}
	}
	return found, nil
}

func (sec section) read(ctx context.Context, tx ports.Tx, scope identity.Scope, sessionID string, few []artifact.Artifact) ([]any, error) {
	found, err := sec.find(ctx, tx, scope, sessionID, few)
	if err != nil {
		return nil, err
	}
	entries := make([]any, 0, len(found))
	for _, a := range found {
		snap := a.Snapshot()
		payload, err := object(snap.Payload)
		if err != nil {
			return nil, err
		}
		entries = append(entries, sec.entry(payload, snap))
	}
	return entries, nil
}

func plainEntry(_ map[string]any, s artifact.Snapshot) map[string]any {
	e := map[string]any{
		"artifact_id": s.ID, "artifact_type": s.Type, "name": s.Name, "lifecycle_state": string(s.State),
		"parent_artifacts": list(s.Parents), "created_at": Time(s.CreatedAt),
	}
	for _, name := range IDNames(s.Type) {
		e[name] = s.ID
	}
	return e
}

func fileEntry(payload map[string]any, s artifact.Snapshot) map[string]any {
	e := plainEntry(payload, s)
	e["ui_name"] = s.Name
	for _, k := range []string{"file_type", "ingestion_profile", "mime_type", "status", "file_size", "boundary_contract_id", "materialization_pending", "file_reference"} {
		if v, ok := payload[k]; ok {
			e[k] = v
		}
	}
	return e
}

func parsedEntry(payload map[string]any, s artifact.Snapshot) map[string]any {
	e := plainEntry(payload, s)
	e["parser_type"] = s.Format
	for _, k := range []string{"file_id", "record_count", "parsing_type", "parsing_status"} {
		if v, ok := payload[k]; ok {
			e[k] = v
		}
	}
	return e
}
