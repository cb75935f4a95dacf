package outcomes

import (
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/symphainy/symphainy/application/artifacts"
	"github.com/symphainy/symphainy/application/realms/say"
	"github.com/symphainy/symphainy/application/realms/steps"
	"github.com/symphainy/symphainy/domain/artifact"
	"github.com/symphainy/symphainy/domain/event"
	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/domain/realm"
	"github.com/symphainy/symphainy/domain/typeid"
	"github.com/symphainy/symphainy/ports"
)

// ErrNothing is a session in which nothing has been done that could be summed up.
var ErrNothing = fault.New(fault.Invalid, "nothing_to_synthesize", "The session holds nothing to synthesize yet; upload a file or create a workflow first.")

const synthesisSchema = `{"type":"object","additionalProperties":false,"properties":{
 "synthesis_options":{"type":"object","additionalProperties":false,"properties":{
  "title":` + titleSchema + `,
  "include":{"type":"array","minItems":1,"maxItems":3,"uniqueItems":true,"items":{"type":"string","enum":["content","insights","journey"]}}}}}}`

func synthesisSpec() realm.IntentSpec {
	return spec(realm.IntentSpec{
		Type: synthesizeOutcome, Title: "Synthesize the outcome",
		Summary: "Sums up what a session really holds: files, quality, analyses, processes, what was found and what should be done about it.",
		Schema:  []byte(synthesisSchema), ResultKeys: []string{"synthesis_summary", "solution", "synthesis"}, Events: []string{"outcome_synthesized"},
		Example: []byte(`{"synthesis_options":{"title":"Quarter one","include":["content","insights"]}}`),
	})
}

type synthesisParameters struct {
	Options struct {
		Title   string   `json:"title"`
		Include []string `json:"include"`
	} `json:"synthesis_options"`
}

func (p synthesisParameters) includes(pillar string) bool {
	return len(p.Options.Include) == 0 || slices.Contains(p.Options.Include, pillar)
}

func (r *Realm) synthesize(ctx context.Context, call ports.IntentCall) (ports.IntentResult, error) {
	in, err := steps.Parameters[synthesisParameters](call)
	if err != nil {
		return ports.IntentResult{}, err
	}
	done, err := steps.Run(ctx, call, "synthesize", func(ctx context.Context, _ string) (made, error) {
		h, err := hold(ctx, call)
		if err != nil {
			return made{}, err
		}
		s := newSynthesis(r.IDs.NewID(typeid.Artifact), in, h)
		if !s.anything() {
			return made{}, ErrNothing
		}
		return s.made(), nil
	})
	if err != nil {
		return ports.IntentResult{}, err
	}
	return ports.IntentResult{
		Artifacts: []ports.ResultArtifact{{Key: keySynthesis, Aliases: []string{"solution", "synthesis"}, Artifact: outcome(call, typeSynthesis, done)}},
		Values:    map[string]string{"synthesis_id": done.ID},
		Events:    []event.Draft{{Type: "outcome_synthesized", Data: done.Event}},
	}, nil
}

// The states of a part of the work.
const (
	none    = "none"
	started = "started"
	finish  = "done"
)

// synthesis is what a session has come to.
type synthesis struct {
	id       string
	in       synthesisParameters
	h        holdings
	findings []finding
	friction friction

	unsaved, unparsed      []string
	scores                 []score
	metrics, relationships int
	insights               int
	content, insight, trip string
}

// score is the quality of one document.
type score struct {
	ID, Name, Grade string
	Value           float64
}

func newSynthesis(id string, in synthesisParameters, h holdings) *synthesis {
	s := &synthesis{id: id, in: in, h: h, friction: h.friction()}
	for _, f := range h.findings() {
		if in.includes(f.Realm) {
			s.findings = append(s.findings, f)
		}
	}
	s.readContent()
	s.readInsights()
	s.readJourney()
	return s
}

func (s *synthesis) readContent() {
	parsed := s.h.parsedFiles()
	for _, f := range s.h.items[files] {
		switch {
		case parsed[f.ID]:
		case f.State == artifact.Pending:
			s.unsaved = append(s.unsaved, f.Name)
		default:
			s.unparsed = append(s.unparsed, f.Name)
		}
	}
	switch {
	case s.h.total[files] == 0 && s.h.total[documents] == 0:
		s.content = none
	case len(s.unsaved)+len(s.unparsed) > 0:
		s.content = started
	default:
		s.content = finish
	}
}

func (s *synthesis) readInsights() {
	seen := map[string]bool{}
	for _, k := range []kind{assessments, analyses, texts, interpretation, matchings, relations, extractions} {
		s.insights += s.h.total[k]
		for _, i := range s.h.items[k] {
			for _, p := range i.Parents {
				seen[p] = true
			}
		}
	}
	for _, a := range s.h.latest(assessments) {
		if v, ok := a.fields.number("overall_score"); ok {
			s.scores = append(s.scores, score{a.ID, a.Name, a.fields.text("grade"), v})
		}
		for _, v := range a.fields.object("scores") {
			if v != nil {
				s.metrics++
			}
		}
	}
	for _, a := range s.h.latest(analyses) {
		s.metrics += a.fields.length("numeric") + a.fields.length("categorical") + a.fields.object("patterns").length("correlations") + a.fields.object("trends").length("columns")
	}
	for _, r := range s.h.latest(relations) {
		s.relationships += r.fields.length("relationships")
	}
	for _, m := range s.h.latest(matchings) {
		s.relationships += m.fields.length("mapping_table")
	}
	s.insight = finish
	for _, d := range s.h.items[documents] {
		if !seen[d.ID] {
			s.insight = started
		}
	}
	if s.insights == 0 {
		s.insight = none
	}
}

func (s *synthesis) readJourney() {
	made := s.h.total[workflows] + s.h.total[procedures] + s.h.total[coexistences] + s.h.total[blueprints]
	switch {
	case made == 0:
		s.trip = none
	case s.h.total[blueprints] > 0:
		s.trip = finish
	default:
		s.trip = started
	}
}

func (s *synthesis) anything() bool {
	for pillar, status := range map[string]string{"content": s.content, "insights": s.insight, "journey": s.trip} {
		if s.in.includes(pillar) && status != none {
			return true
		}
	}
	return false
}

func (s *synthesis) quality() any {
	if len(s.scores) == 0 {
		return nil
	}
	sum, list := 0.0, []any{}
	worst := s.scores[0]
	for _, x := range s.scores {
		sum += x.Value
		if x.Value < worst.Value {
			worst = x
		}
		if len(list) < listMost {
			list = append(list, map[string]any{"quality_assessment_id": x.ID, "name": clip(x.Name, nameMost), "overall_score": x.Value, "grade": x.Grade})
		}
	}
	return map[string]any{
		"mean": rounded(sum/float64(len(s.scores)), 4), "lowest": worst.Value, "lowest_name": clip(worst.Name, nameMost), "assessments": list,
	}
}

// summaries are the figures of each pillar that was asked for.
func (s *synthesis) summaries() map[string]any {
	out := map[string]any{}
	if s.in.includes("content") {
		out["content"] = map[string]any{
			"status": s.content, "files_uploaded": s.h.total[files], "files_parsed": s.h.total[documents], "records": s.h.records,
			"embeddings_generated": s.h.total[fingerprints] + s.h.total[meanings], "failed": s.h.failedIn("content"),
		}
	}
	if s.in.includes("insights") {
		out["insights"] = map[string]any{
			"status": s.insight, "insights_generated": s.insights, "metrics_calculated": s.metrics, "relationships_mapped": s.relationships,
			"quality": s.quality(), "failed": s.h.failedIn("insights"),
		}
	}
	if s.in.includes("journey") {
		out["journey"] = map[string]any{
			"status": s.trip, "workflows_created": s.h.total[workflows], "sops_generated": s.h.total[procedures], "blueprints_created": s.h.total[blueprints],
			"friction": s.frictionFigures(), "failed": s.h.failedIn("journey"),
		}
	}
	return out
}

func (s *synthesis) frictionFigures() any {
	f := s.friction
	if f.Analyses == 0 {
		return nil
	}
	return map[string]any{
		"analyses": f.Analyses, "steps": f.Steps, "friction_points": f.Friction, "hybrid": f.Hybrid, "human_focus": f.Human, "conflicts": f.Conflicts,
		"friction_removal_potential": f.potential(), "before": f.Friction, "after": f.Friction - f.Addressed,
	}
}

// summary says it in sentences.
func (s *synthesis) summary() string {
	text := ""
	add := func(pillar, sentence string) {
		if s.in.includes(pillar) && sentence != "" {
			if text != "" {
				text += " "
			}
			text += sentence
		}
	}
	if s.content != none {
		add("content", fmt.Sprintf("%s uploaded and %s parsed, with %s.", say.Plural(s.h.total[files], "file was", "files were"),
			say.Plural(s.h.total[documents], "document", "documents"), say.Plural(s.h.records, "record", "records")))
	}
	if len(s.scores) > 0 {
		q, _ := s.quality().(map[string]any)
		add("insights", fmt.Sprintf("Quality is %s on average; the lowest is %s of %s.", say.Number(q["mean"].(float64)), say.Number(q["lowest"].(float64)), say.Quote(q["lowest_name"].(string)))) //nolint:forcetypeassert // made above
	} else if s.insight != none {
		add("insights", fmt.Sprintf("%s made.", say.Plural(s.insights, "analysis was", "analyses were")))
	}
	if f := s.friction; f.Analyses > 0 {
		add("journey", fmt.Sprintf("Of %s, friction can be removed from %d, and the human focus stays on %d.", say.Plural(f.Steps, "process step", "process steps"), f.Friction, f.Human))
	} else if s.trip != none {
		add("journey", fmt.Sprintf("%s and %s were made.", say.Plural(s.h.total[workflows], "workflow", "workflows"), say.Plural(s.h.total[procedures], "procedure", "procedures")))
	}
	if n := len(s.h.failed); n > 0 {
		text += fmt.Sprintf(" %s failed.", say.Plural(n, "execution", "executions"))
	}
	return text
}

func rounded(f float64, decimals int) float64 {
	p := math.Pow10(decimals)
	return math.Round(f*p)/p + 0
}

func (s *synthesis) made() made {
	title := firstOf(s.in.Options.Title, "What this session has reached")
	m := made{ID: s.id, Name: title}
	m.from(s.h.sources(files, documents, assessments, analyses, texts, interpretation, matchings, relations, extractions, workflows, procedures, coexistences, blueprints))
	recommendations, visuals := s.recommendations(), s.visuals()
	payload := map[string]any{
		"synthesis_id": s.id, "title": title, "summary": s.summary(), "key_findings": s.keyFindings(), "recommendations": recommendations,
		"realm_visuals": visuals, "failures": s.failures(), "finding_count": len(s.findings),
	}
	for pillar, figures := range s.summaries() {
		payload[pillar] = figures
	}
	m.settle(typeSynthesis, payload, nil, s.h.warnings())
	m.Renderings = artifacts.Encode(map[string]any{"markdown": s.markdown(title), "svg": string(s.picture(title)), "chart_data": visuals})
	m.Event = artifacts.Encode(map[string]any{"synthesis_id": s.id, "title": title, "summary": s.summary(), "finding_count": len(s.findings), "recommendation_count": len(recommendations)})
	return m
}

// warnings tells of what was not read.
func (h holdings) warnings() []any {
	var out []any
	for _, k := range h.partial {
		out = append(out, warning("truncated", fmt.Sprintf("Of the session's %s only the newest %d were looked at; all were counted.", k, heldMost)))
	}
	return out
}
