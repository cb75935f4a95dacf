package outcomes

import (
	"fmt"

	"github.com/symphainy/symphainy/application/realms/say"
)

// goodQuality is the overall score below which data need remediation.
const goodQuality = 0.7

// keyFindings are the worst findings, and what the processes hold.
func (s *synthesis) keyFindings() []any {
	out := cites(s.findings, 20)
	if f := s.friction; f.Friction > 0 && s.in.includes("journey") {
		names := make([]string, 0, 5)
		for _, p := range few(f.points, 5) {
			names = append(names, say.Quote(p.Step))
		}
		out = append(out, map[string]any{
			"finding": clip(fmt.Sprintf("Friction can be removed from %s: %s.", say.Plural(f.Friction, "step", "steps"), say.Join(names, f.Friction)), textMost),
			"kind":    "friction", "realm": "journey", "severity": low, "about": clip(f.points[0].Process, nameMost), "source_artifact_id": f.points[0].Source,
		})
	}
	return out
}

// recommendations are rules over the figures, each with what it rests on.
func (s *synthesis) recommendations() []any {
	out := []any{}
	add := func(pillar, text, reason, intent, priority string, sources ...string) {
		if s.in.includes(pillar) && len(out) < 50 {
			out = append(out, map[string]any{
				"recommendation": clip(text, textMost), "reason": clip(reason, textMost), "intent_type": orNull(intent), "priority": priority, "source_ids": few(sources, 50),
			})
		}
	}
	for _, x := range s.scores {
		if x.Value < goodQuality {
			add("insights", "Remediate the data of "+say.Quote(x.Name)+" and assess them again.",
				fmt.Sprintf("Its overall quality is %s (grade %s), below %s.", say.Number(x.Value), x.Grade, say.Number(goodQuality)), "assess_data_quality", high, x.ID)
		}
	}
	if sources, n := sourcesOf(s.findings, unmapped); n > 0 {
		add("insights", "Complete the mapping.", say.Plural(n, "column has", "columns have")+" no counterpart.", "match_source_to_target", medium, sources...)
	}
	if f := s.friction; f.Friction > 0 {
		var sources []string
		for _, p := range f.points {
			if len(sources) == 0 || sources[len(sources)-1] != p.Source {
				sources = append(sources, p.Source)
			}
		}
		intent := "create_blueprint"
		if s.h.total[blueprints] > 0 {
			intent = "generate_roadmap"
		}
		add("journey", "Review the friction with the people who do the work, and agree where AI assistance helps them.",
			fmt.Sprintf("Friction can be removed from %d of %s.", f.Friction, say.Plural(f.Steps, "step", "steps")), intent, medium, sources...)
	}
	if n := len(s.unsaved); n > 0 {
		add("content", "Save "+named(s.unsaved)+", so that it is kept and can be parsed.", say.Plural(n, "file is", "files are")+" uploaded but not saved.", "save_materialization", medium)
	}
	if n := len(s.unparsed); n > 0 {
		add("content", "Parse "+named(s.unparsed)+".", say.Plural(n, "file has", "files have")+" no parsed document.", "parse_content", medium)
	}
	if n := len(s.h.failed); n > 0 {
		last := s.h.failed[0]
		add(last.Realm, "Look at what failed and try it again.", fmt.Sprintf("%s failed, the last one %s with %s.",
			say.Plural(n, "execution", "executions"), last.Intent.Type, last.ErrorCode), last.Intent.Type, medium, last.ID)
	}
	return out
}

// named lists names for a sentence.
func named(names []string) string {
	quoted := make([]string, 0, 3)
	for _, n := range few(names, 3) {
		quoted = append(quoted, say.Quote(n))
	}
	return say.Join(quoted, len(names))
}

// sourcesOf gives where findings of a kind come from, and how many there are.
func sourcesOf(list []finding, kinds ...string) (ids []string, count int) {
	seen := map[string]bool{}
	for _, f := range list {
		for _, k := range kinds {
			if f.Kind == k {
				count++
				if !seen[f.Source] {
					seen[f.Source] = true
					ids = append(ids, f.Source)
				}
			}
		}
	}
	return ids, count
}

// failures are the newest executions that failed, with their codes.
func (s *synthesis) failures() []any {
	out := []any{}
	for _, e := range s.h.failed {
		if s.in.includes(e.Realm) && len(out) < 20 {
			out = append(out, map[string]any{
				"execution_id": e.ID, "intent_type": e.Intent.Type, "realm": e.Realm, "error_code": e.ErrorCode, "error": clip(e.ErrorMessage, textMost),
			})
		}
	}
	return out
}
