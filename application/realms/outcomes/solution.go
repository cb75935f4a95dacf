package outcomes

import (
	"context"
	"encoding/json"
	"errors"
	"slices"

	"github.com/symphainy/symphainy/application/artifacts"
	"github.com/symphainy/symphainy/application/realms/steps"
	"github.com/symphainy/symphainy/domain/artifact"
	"github.com/symphainy/symphainy/domain/event"
	"github.com/symphainy/symphainy/domain/execution"
	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/domain/identity"
	"github.com/symphainy/symphainy/domain/realm"
	"github.com/symphainy/symphainy/domain/typeid"
	"github.com/symphainy/symphainy/ports"
)

const solutionSchema = `{"type":"object","additionalProperties":false,"required":["solution_source","source_id"],"properties":{
 "solution_source":{"type":"string","enum":["roadmap","poc","blueprint"]},
 "source_id":` + idSchema + `,
 "source_data":{"type":"object","maxProperties":100},
 "solution_options":{"type":"object","additionalProperties":false,"properties":{
  "name":` + titleSchema + `,"description":{"type":"string","maxLength":2000},
  "additional_goals":{"type":"array","maxItems":20,"items":{"type":"string","minLength":1,"maxLength":500}}}}}}`

func solutionSpec() realm.IntentSpec {
	return spec(realm.IntentSpec{
		Type: createSolution, Title: "Create a solution",
		Summary: "Registers a roadmap, a proof of concept or a blueprint as a solution, with its goals, constraints, risk and the intents that serve it.",
		Schema:  []byte(solutionSchema), ResultKeys: []string{"platform_solution", "solution"}, Events: []string{"solution_created"},
		Example: []byte(`{"solution_source":"roadmap","source_id":"art_01jd8h0000exampe0000000000","solution_options":{"name":"Beneficiary changes"}}`),
	})
}

type solutionParameters struct {
	Source     string          `json:"solution_source"`
	SourceID   string          `json:"source_id"`
	SourceData json.RawMessage `json:"source_data"`
	Options    struct {
		Name            string   `json:"name"`
		Description     string   `json:"description"`
		AdditionalGoals []string `json:"additional_goals"`
	} `json:"solution_options"`
}

// suppliedMost bounds what of the caller's own data a solution keeps, in bytes of JSON.
const suppliedMost = 64 << 10

// types are the artifact types that a source may have.
func (p solutionParameters) types() []string {
	if p.Source == typePOC {
		return []string{typePOC, "poc_proposal"}
	}
	return []string{p.Source}
}

// registered is a solution and what it takes the place of.
type registered struct {
	Made     made
	Version  int
	Previous string
}

func (r *Realm) solution(ctx context.Context, call ports.IntentCall) (ports.IntentResult, error) {
	in, err := steps.Parameters[solutionParameters](call)
	if err != nil {
		return ports.IntentResult{}, err
	}
	if len(in.SourceData) > suppliedMost {
		return ports.IntentResult{}, fault.Newf(fault.TooLarge, "limit_exceeded", "source_data: has %d bytes; the limit is %d.", len(in.SourceData), suppliedMost)
	}
	// The version that the new one replaces stops being the current one in the step's transaction.
	done, err := steps.Transact(ctx, call, "register", func(ctx context.Context, tx ports.Tx, now execution.Snapshot) (registered, error) {
		source, around, err := r.sourceOf(ctx, tx, now.Scope(), in)
		if err != nil {
			return registered{}, err
		}
		d := design{id: r.IDs.NewID(typeid.Artifact), in: in, source: source, around: around}
		out := registered{Made: d.made(), Version: 1}
		previous, err := artifacts.Supersede(ctx, tx, now.Scope(), ports.ArtifactFilter{Types: []string{typeSolution}, ParentID: source.ID}, r.Clock.Now())
		if err != nil || previous.ID == "" {
			return out, err
		}
		out.Version, out.Previous = previous.ContentVersion+1, previous.ID
		return out, nil
	})
	if err != nil {
		return ports.IntentResult{}, err
	}
	a := outcome(call, typeSolution, done.Made)
	a.Purpose = "delivery"
	a.ContentVersion, a.ParentVersionID, a.Current = done.Version, done.Previous, true
	return ports.IntentResult{
		Artifacts: []ports.ResultArtifact{{Key: "platform_solution", Aliases: []string{"solution"}, Artifact: a}},
		Values:    map[string]string{"solution_id": done.Made.ID, "source_id": artifacts.IDOf(in.SourceID)},
		Events:    []event.Draft{{Type: "solution_created", Data: done.Made.Event}},
	}, nil
}

// sourceOf finds the source and the analyses that it was made of. What is unknown, foreign or of another type is fault.ErrNotFound.
func (r *Realm) sourceOf(ctx context.Context, tx ports.Tx, scope identity.Scope, in solutionParameters) (source item, around []item, err error) {
	a, err := artifacts.Find(ctx, tx, scope, "", in.SourceID)
	if err != nil {
		return item{}, nil, err
	}
	s := a.Snapshot()
	if !slices.Contains(in.types(), s.Type) || s.State == artifact.Failed {
		return item{}, nil, fault.ErrNotFound
	}
	f, err := decodeFields(s.Payload)
	if err != nil {
		return item{}, nil, err
	}
	source = item{s, f}
	for _, id := range s.Parents[:min(len(s.Parents), sourceMost)] {
		parent, err := tx.Artifacts.ByID(ctx, scope, id)
		if errors.Is(err, fault.ErrNotFound) {
			continue // a relative that the caller does not see, or that is gone, adds nothing
		}
		if err != nil {
			return item{}, nil, err
		}
		p := parent.Snapshot()
		if p.Type != "coexistence_analysis" && p.Type != "blueprint" {
			continue
		}
		f, err := decodeFields(p.Payload)
		if err != nil {
			return item{}, nil, err
		}
		around = append(around, item{p, f})
	}
	return source, around, nil
}
