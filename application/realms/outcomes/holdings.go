package outcomes

import (
	"context"
	"slices"

	"github.com/symphainy/symphainy/application/artifacts"
	"github.com/symphainy/symphainy/domain/artifact"
	"github.com/symphainy/symphainy/domain/execution"
	"github.com/symphainy/symphainy/domain/identity"
	"github.com/symphainy/symphainy/ports"
)

// kind is a group of artifact types that mean the same here.
type kind string

// The kinds of what a session holds.
const (
	files          kind = "files"
	documents      kind = "documents"
	fingerprints   kind = "fingerprints"
	meanings       kind = "meanings"
	assessments    kind = "assessments"
	analyses       kind = "analyses"
	texts          kind = "texts"
	interpretation kind = "interpretations"
	matchings      kind = "matchings"
	relations      kind = "relations"
	extractions    kind = "extractions"
	workflows      kind = "workflows"
	procedures     kind = "procedures"
	coexistences   kind = "coexistences"
	blueprints     kind = "blueprints"
	pocs           kind = "pocs"
)

// typesOf names the artifact types of each kind, in the order in which kinds are read.
func typesOf() []struct {
	kind  kind
	types []string
} {
	return []struct {
		kind  kind
		types []string
	}{
		{files, []string{artifacts.TypeFile}},
		{documents, []string{artifacts.TypeParsedContent}},
		{fingerprints, []string{"deterministic_embedding", "deterministic_embeddings"}},
		{meanings, []string{"semantic_embedding", "semantic_embeddings", "embeddings", "semantic_profile"}},
		{assessments, []string{artifacts.TypeQualityAssessment}},
		{analyses, []string{"structured_analysis"}},
		{texts, []string{"unstructured_analysis"}},
		{interpretation, []string{"interpretation", "semantic_interpretation", "discovery"}},
		{matchings, []string{"matching_result"}},
		{relations, []string{"relationships"}},
		{extractions, []string{"extraction"}},
		{workflows, []string{"workflow"}},
		{procedures, []string{"sop"}},
		{coexistences, []string{"coexistence_analysis"}},
		{blueprints, []string{"blueprint"}},
		{pocs, []string{typePOC}},
	}
}

// heldMost is how many artifacts of a kind are read with their contents: the newest. All are counted.
const heldMost = 200

// item is an artifact with its payload read.
type item struct {
	artifact.Snapshot
	fields fields
}

// holdings is what a session holds at one moment.
type holdings struct {
	items map[kind][]item
	total map[kind]int
	// records is the number of records in all parsed documents.
	records int
	failed  []execution.Snapshot
	// partial names the kinds of which there are more than heldMost.
	partial []string
}

// hold reads what the call's session holds, as far as the caller sees it.
func hold(ctx context.Context, call ports.IntentCall) (holdings, error) {
	var h holdings
	err := call.Read(ctx, func(ctx context.Context, tx ports.Tx, scope identity.Scope) error {
		h = holdings{items: map[kind][]item{}, total: map[kind]int{}}
		for _, k := range typesOf() {
			if err := h.read(ctx, tx, scope, call.Execution().SessionID, k.kind, k.types); err != nil {
				return err
			}
		}
		return h.failures(ctx, tx, scope, call.Execution().SessionID)
	})
	return h, err
}

func (h *holdings) read(ctx context.Context, tx ports.Tx, scope identity.Scope, session string, k kind, types []string) error {
	filter := ports.ArtifactFilter{
		Types: types, SessionID: session,
		States: []artifact.State{artifact.Pending, artifact.Ready, artifact.Archived, artifact.Draft, artifact.Accepted},
	}
	seen := 0
	for {
		page, total, err := tx.Artifacts.List(ctx, scope, filter, ports.Window{Limit: artifacts.MaxWindow, Offset: seen})
		if err != nil {
			return err
		}
		h.total[k] = int(total)
		if err := h.take(k, page); err != nil {
			return err
		}
		seen += len(page)
		more := len(page) > 0 && int64(seen) < total
		if more && seen >= heldMost && !slices.Contains(h.partial, string(k)) {
			h.partial = append(h.partial, string(k))
		}
		if !more || k != documents && seen >= heldMost {
			return nil
		}
	}
}

func (h *holdings) take(k kind, page []artifact.Artifact) error {
	for _, a := range page {
		s := a.Snapshot()
		f, err := decodeFields(s.Payload)
		if err != nil {
			return err
		}
		if k == documents {
			h.records += f.count("record_count")
		}
		if len(h.items[k]) < heldMost && s.Current {
			s.Payload, s.Renderings, s.Metadata = nil, nil, nil
			h.items[k] = append(h.items[k], item{s, f})
		}
	}
	return nil
}

// failedMost is how many failed executions are looked at: the newest.
const failedMost = 200

func (h *holdings) failures(ctx context.Context, tx ports.Tx, scope identity.Scope, session string) error {
	found, err := tx.Executions.List(ctx, scope, ports.ExecutionFilter{SessionID: session, Status: []execution.State{execution.Failed}}, ports.Page{Limit: failedMost})
	for _, e := range found {
		if s := e.Snapshot(); slices.Contains([]string{"content", "insights", "journey"}, s.Realm) {
			h.failed = append(h.failed, s)
		}
	}
	return err
}

// latest gives the newest of a kind for each thing that they are about.
func (h holdings) latest(k kind) []item {
	seen := map[string]bool{}
	var out []item
	for _, i := range h.items[k] {
		about := i.ID
		if len(i.Parents) > 0 {
			about = i.Parents[0]
		}
		if !seen[about] {
			seen[about] = true
			out = append(out, i)
		}
	}
	return out
}

// failedIn gives the failed executions of a realm.
func (h holdings) failedIn(realm string) int {
	n := 0
	for _, e := range h.failed {
		if e.Realm == realm {
			n++
		}
	}
	return n
}

// parsedFiles are the ids of the files that have a typed document.
func (h holdings) parsedFiles() map[string]bool {
	out := map[string]bool{}
	for _, d := range h.items[documents] {
		for _, p := range d.Parents {
			out[p] = true
		}
	}
	return out
}

// sources gives what findings and figures were taken from, oldest kinds first.
func (h holdings) sources(kinds ...kind) []artifact.Snapshot {
	var out []artifact.Snapshot
	for _, k := range kinds {
		for _, i := range h.latest(k) {
			out = append(out, i.Snapshot)
		}
	}
	return out
}
