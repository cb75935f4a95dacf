package journey

import (
	"context"
	"time"

	"github.com/symphainy/symphainy/application/artifacts"
	"github.com/symphainy/symphainy/application/realms/journey/blueprint"
	"github.com/symphainy/symphainy/application/realms/journey/diagram"
	"github.com/symphainy/symphainy/application/realms/journey/graph"
	"github.com/symphainy/symphainy/application/realms/steps"
	"github.com/symphainy/symphainy/domain/artifact"
	"github.com/symphainy/symphainy/domain/document"
	"github.com/symphainy/symphainy/domain/event"
	"github.com/symphainy/symphainy/domain/identity"
	"github.com/symphainy/symphainy/domain/realm"
	"github.com/symphainy/symphainy/domain/typeid"
	"github.com/symphainy/symphainy/ports"
)

const schemaBlueprint = "blueprint_v1"

const weeksSchema = `{"type":"integer","minimum":1,"maximum":104}`

const blueprintSchema = `{"type":"object","additionalProperties":false,"required":["workflow_id"],
"properties":{"workflow_id":` + idSchema + `,"current_state_workflow_id":` + idSchema + `,
 "blueprint_data":{"type":"object","additionalProperties":false,"properties":{
  "title":` + nameSchema + `,"description":` + proseSchema + `,
  "external_systems":{"type":"array","maxItems":500,"items":{"type":"object","additionalProperties":false,"required":["step","systems"],"properties":{
   "step":{"type":"string","minLength":1,"maxLength":300},
   "systems":{"type":"array","minItems":1,"maxItems":20,"items":{"type":"string","minLength":1,"maxLength":300}}}}}}},
 "options":{"type":"object","additionalProperties":false,"properties":{
  "start_date":{"type":"string","maxLength":10,"format":"date"},
  "foundation_weeks":` + weeksSchema + `,"weeks_per_phase":` + weeksSchema + `,"handover_weeks":` + weeksSchema + `}}}}`

func blueprintSpec() realm.IntentSpec {
	return realm.IntentSpec{
		Type: createBlueprint, Title: "Create a blueprint", Tier: 1,
		Summary: "Plans how people and AI assistance work together on a process: the current state, the coexistence state, a roadmap with dates, a " +
			"responsibility matrix, and what has to be integrated.",
		Schema: []byte(blueprintSchema), Retry: realm.RetryPure,
		ResultKeys: []string{keyBlueprint, keyCoexistence}, OptionalKeys: []string{keyCoexistence},
		Events:  []string{eventBlueprint, eventCoexistence},
		Example: []byte(`{"workflow_id":"art_01jd8h0000exampe0000000000","options":{"start_date":"2026-01-05","weeks_per_phase":3}}`),
	}
}

type blueprintParameters struct {
	WorkflowID string `json:"workflow_id"`
	CurrentID  string `json:"current_state_workflow_id"`
	Data       struct {
		Title       string `json:"title"`
		Description string `json:"description"`
		Systems     []struct {
			Step    string   `json:"step"`
			Systems []string `json:"systems"`
		} `json:"external_systems"`
	} `json:"blueprint_data"`
	Options struct {
		Start      string `json:"start_date"`
		Foundation *int   `json:"foundation_weeks"`
		Phase      *int   `json:"weeks_per_phase"`
		Handover   *int   `json:"handover_weeks"`
	} `json:"options"`
}

// plan gives the settings of the roadmap and what was assumed for those that nobody gave.
func (p blueprintParameters) plan(now time.Time) (blueprint.Plan, []string) {
	plan := blueprint.DefaultPlan(now)
	var assumed []string
	for _, x := range []struct {
		given *int
		into  *int
		text  string
	}{
		{p.Options.Foundation, &plan.FoundationWeeks, "The foundation takes 2 weeks (foundation_weeks)."},
		{p.Options.Phase, &plan.PhaseWeeks, "A phase takes 4 weeks (weeks_per_phase)."},
		{p.Options.Handover, &plan.HandoverWeeks, "The handover takes 2 weeks (handover_weeks)."},
	} {
		if x.given != nil {
			*x.into = *x.given
			continue
		}
		assumed = append(assumed, x.text)
	}
	// The schema has checked the date.
	if start, err := time.Parse(time.DateOnly, p.Options.Start); err == nil {
		plan.Start = start
	} else {
		assumed = append(assumed, "The roadmap starts 7 days after the blueprint was made (start_date).")
	}
	return plan, assumed
}

// stages is what a blueprint is made of.
type stages struct {
	target, current         artifact.Snapshot
	targetFlow, currentFlow *document.Workflow
	analysis                artifact.Snapshot
	analysed                []ports.ResultArtifact
	analysedEvents          []event.Draft
}

func (r *Realm) createBlueprint(ctx context.Context, call ports.IntentCall) (ports.IntentResult, error) {
	in, err := steps.Parameters[blueprintParameters](call)
	if err != nil {
		return ports.IntentResult{}, err
	}
	s, err := r.stages(ctx, call, in)
	if err != nil {
		return ports.IntentResult{}, err
	}
	done, err := steps.Run(ctx, call, "plan", func(context.Context, string) (made, error) { return r.blueprint(s, in) })
	if err != nil {
		return ports.IntentResult{}, err
	}
	sources := []artifact.Snapshot{s.target, s.analysis}
	if s.current.ID != s.target.ID {
		sources = append(sources, s.current)
	}
	return ports.IntentResult{
		Artifacts: append([]ports.ResultArtifact{{Key: keyBlueprint, Artifact: outcome(call, keyBlueprint, schemaBlueprint, done, sources...)}}, s.analysed...),
		Values:    map[string]string{"blueprint_id": done.ID, "analysis_id": s.analysis.ID},
		Events:    append(s.analysedEvents, event.Draft{Type: eventBlueprint, Data: done.Event}),
	}, nil
}

// stages finds the workflows, and the newest coexistence analysis of the one that is planned for, or makes one.
func (r *Realm) stages(ctx context.Context, call ports.IntentCall, in blueprintParameters) (stages, error) {
	var s stages
	var err error
	if s.target, s.targetFlow, err = r.workflow(ctx, call, "workflow_id", in.WorkflowID); err != nil {
		return s, err
	}
	s.current, s.currentFlow = s.target, s.targetFlow
	if in.CurrentID != "" {
		if s.current, s.currentFlow, err = r.workflow(ctx, call, "current_state_workflow_id", in.CurrentID); err != nil {
			return s, err
		}
	}
	if blueprint.Points(graph.New(s.targetFlow)) == 0 {
		return s, blueprint.ErrNoPoint
	}
	if s.analysis, err = r.newestAnalysis(ctx, call, s.target.ID); err != nil || s.analysis.ID != "" {
		return s, err
	}
	done, err := steps.Run(ctx, call, "classify", func(context.Context, string) (made, error) { return r.coexistence(s.target, s.targetFlow) })
	if err != nil {
		return s, err
	}
	s.analysis = outcome(call, keyCoexistence, schemaCoexistence, done, s.target)
	s.analysed = []ports.ResultArtifact{{Key: keyCoexistence, Artifact: s.analysis}}
	s.analysedEvents = []event.Draft{{Type: eventCoexistence, Data: done.Event}}
	return s, nil
}

// newestAnalysis finds the newest coexistence analysis of a workflow; without one the snapshot is empty. The look is a step: which one was the
// newest is settled once.
func (r *Realm) newestAnalysis(ctx context.Context, call ports.IntentCall, workflowID string) (artifact.Snapshot, error) {
	id, err := steps.Run(ctx, call, "analysis", func(ctx context.Context, _ string) (string, error) {
		found := ""
		err := call.Read(ctx, func(ctx context.Context, tx ports.Tx, scope identity.Scope) error {
			filter := ports.ArtifactFilter{Types: []string{keyCoexistence}, ParentID: workflowID}
			list, _, err := tx.Artifacts.List(ctx, scope, filter, ports.Window{Limit: 1})
			if err == nil && len(list) > 0 {
				found = list[0].ID()
			}
			return err
		})
		return found, err
	})
	if err != nil || id == "" {
		return artifact.Snapshot{}, err
	}
	return r.find(ctx, call, keyCoexistence, id)
}

// blueprint computes what is stored of a blueprint.
func (r *Realm) blueprint(s stages, in blueprintParameters) (made, error) {
	plan, assumed := in.plan(r.Clock.Now())
	systems := map[string][]string{}
	for _, x := range in.Data.Systems {
		systems[x.Step] = append(systems[x.Step], x.Systems...)
	}
	b, err := blueprint.New(s.currentFlow, s.targetFlow, plan, blueprint.Details{Title: in.Data.Title, Description: in.Data.Description, Systems: systems})
	if err != nil {
		return made{}, err
	}
	id := r.IDs.NewID(typeid.Artifact)
	current := diagram.New(b.CurrentGraph).SVG(b.Current.Name, nil)
	future := diagram.New(b.FutureGraph).SVG(b.Future.Name, futureShade(b), futureLegend()...)
	payload := blueprintFields(b)
	payload["blueprint_id"], payload["workflow_id"], payload["current_state_workflow_id"], payload["analysis_id"] = id, s.target.ID, s.current.ID, s.analysis.ID
	before := map[string]any{"description": b.CurrentText, "workflow_definition": fields(b.Current, b.CurrentGraph), "workflow_chart": string(current)}
	after := map[string]any{"description": b.FutureText, "workflow_definition": fields(b.Future, b.FutureGraph), "workflow_chart": string(future)}
	payload["current_state"], payload["coexistence_state"] = before, after
	raw := artifacts.Encode(payload)
	if len(raw) > artifact.MaxPayload {
		before["workflow_chart"], after["workflow_chart"] = nil, nil // they are among the renderings too
		raw = artifacts.Encode(payload)
	}
	renderings := map[string]any{}
	warnings := structure(b.FutureGraph)
	if len(raw) > artifact.MaxPayload {
		document := artifacts.Encode(map[string]any{"current_state": before, "coexistence_state": after})
		before["workflow_definition"], after["workflow_definition"] = nil, nil
		raw = artifacts.Encode(payload)
		warnings = append(put(renderings, "document", document, warnings), warning("definitions_in_document", "The workflows are too large for the payload; they are in renderings.document."))
	}
	if len(raw) > artifact.MaxPayload {
		return made{}, tooLarge("bytes of a blueprint", artifact.MaxPayload, len(raw))
	}
	warnings = put(renderings, "svg", future, warnings)
	warnings = put(renderings, "current_state_svg", current, warnings)
	warnings = put(renderings, "markdown", []byte(b.Markdown()), warnings)
	return made{
		ID: id, Name: b.Title, Payload: raw, Renderings: artifacts.Encode(renderings), Metadata: described(schemaBlueprint, append(assumed, b.Assumptions...), warnings),
		Event: artifacts.Encode(map[string]any{
			"blueprint_id": id, "workflow_id": s.target.ID, "phases": len(b.Phases), "start": day(b.Phases[0].Start), "end": day(b.Phases[len(b.Phases)-1].End),
		}),
	}, nil
}

func day(t time.Time) string { return t.Format(time.DateOnly) }

func blueprintFields(b *blueprint.Blueprint) map[string]any {
	phases, rows, sections := []any{}, []any{}, []any{}
	for i, p := range b.Phases {
		phases = append(phases, map[string]any{
			"phase_number": i + 1, "name": p.Name, "objective": p.Objective, "friction_addressed": texts(p.Addressed), "deliverables": texts(p.Deliverables),
			"success_criteria": texts(p.Criteria), "human_value": p.HumanValue, "ai_augmentation": p.Augmentation, "duration_weeks": p.Weeks,
			"start": day(p.Start), "end": day(p.End),
		})
	}
	for _, x := range b.Matrix {
		rows = append(rows, map[string]any{
			"step_id": x.StepID, "step": x.Step, "human": texts(x.Human), "ai_symphainy": texts(x.AI), "external_systems": texts(x.Systems),
		})
	}
	for _, x := range b.Sections() {
		sections = append(sections, map[string]any{"title": x.Title, "content": x.Content})
	}
	return map[string]any{
		"title": b.Title, "description": nullable(b.Description), "roadmap": map[string]any{
			"phases": phases, "total_phases": len(phases), "start": day(b.Phases[0].Start), "end": day(b.Phases[len(b.Phases)-1].End),
		},
		"responsibility_matrix": rows, "sections": sections, "opportunities_count": len(b.Points),
	}
}

// futureShade colours what AI assistance does, and what people do with it.
func futureShade(b *blueprint.Blueprint) func(id string) diagram.Shade {
	roles := map[string]blueprint.Part{}
	for _, p := range b.Parts {
		roles[p.ID] = p
	}
	return func(id string) diagram.Shade { return partShade(roles[id].Kind) }
}

func partShade(kind blueprint.Kind) diagram.Shade {
	switch kind {
	case blueprint.Assisted:
		return diagram.Shade{Fill: "#dff3e4", Stroke: "#2b7a3f"}
	case blueprint.Oversight:
		return diagram.Shade{Fill: "#fdeedd", Stroke: "#b4690e"}
	case blueprint.Unchanged:
	}
	return diagram.Plain()
}

func futureLegend() []diagram.Entry {
	return []diagram.Entry{
		{Shade: partShade(blueprint.Assisted), Text: "AI assistance (Symphainy)"}, {Shade: partShade(blueprint.Oversight), Text: "a person oversees or acts on it"},
		{Shade: partShade(blueprint.Unchanged), Text: "as it is today"},
	}
}
