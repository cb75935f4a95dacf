package outcomes

import "strings"

// friction is what the analyses of processes found, all together.
type friction struct {
	Analyses, Steps, Friction, Hybrid, Human, Conflicts int
	// Addressed are friction steps that a blueprint takes up.
	Addressed int
	// points are the names of the friction steps, with the process they belong to.
	points []point
	human  []point
}

type point struct{ Step, Process, Source string }

func (h holdings) friction() friction {
	var f friction
	for _, c := range h.latest(coexistences) {
		f.Analyses++
		f.Steps += c.fields.length("steps")
		f.Hybrid += c.fields.length("hybrid")
		f.Human += c.fields.length("human_focus_areas")
		f.Conflicts += c.fields.length("conflicts")
		process := processName(c)
		for _, name := range c.fields.texts("friction_points", "step_name", "name", "step", "step_id", "integration_point") {
			f.points = append(f.points, point{name, process, c.ID})
		}
		for _, name := range c.fields.texts("human_focus_areas", "step_name", "name", "step", "step_id") {
			f.human = append(f.human, point{name, process, c.ID})
		}
	}
	f.Friction = len(f.points)
	addressed := map[string]bool{}
	for _, b := range h.latest(blueprints) {
		for _, p := range blueprintPhases(b.fields) {
			for _, name := range p.texts("friction_addressed", "step_name", "name", "step", "step_id") {
				addressed[strings.ToLower(name)] = true
			}
		}
	}
	for _, p := range f.points {
		if addressed[strings.ToLower(p.Step)] {
			f.Addressed++
		}
	}
	return f
}

// potential is the share of steps from which friction can be removed; nil without steps.
func (f friction) potential() any {
	if f.Steps == 0 {
		return nil
	}
	return rounded(float64(f.Friction)/float64(f.Steps), 4)
}

// blueprintPhases gives the phases of a blueprint's transition roadmap.
func blueprintPhases(b fields) []fields {
	for _, name := range []string{"roadmap", "transition_roadmap"} {
		if list := b.objects(name); list != nil {
			return list
		}
		if list := b.object(name).objects("phases"); list != nil {
			return list
		}
	}
	return b.objects("phases")
}
