package process

import (
	"fmt"
	"strings"

	"github.com/symphainy/symphainy/domain/document"
	"github.com/symphainy/symphainy/domain/fault"
)

// SpecStep is a step of a specification.
type SpecStep struct {
	ID          string `json:"id"`
	Name        string `json:"name"`
	Type        string `json:"type"`
	Kind        string `json:"kind"`
	Description string `json:"description"`
	Actor       string `json:"actor"`
}

// Transition leads from one step to another; both are named by id, or by a name that only one step has.
type Transition struct {
	From      string `json:"from"`
	To        string `json:"to"`
	Condition string `json:"condition"`
}

// Spec is a workflow as a caller writes it down. Without transitions the steps follow one another.
type Spec struct {
	Name        string       `json:"name"`
	Steps       []SpecStep   `json:"steps"`
	Transitions []Transition `json:"transitions"`
}

// Workflow makes the graph of a specification: with a start before the steps that nothing leads to, and an end after those that lead nowhere.
// An id that is used twice or a transition to nowhere is an error of the parameters.
func (s Spec) Workflow() (*document.Workflow, error) {
	w := &document.Workflow{ProcessID: "process", Name: Clean(s.Name, NameMost)}
	ids, err := s.ids()
	if err != nil {
		return nil, err
	}
	w.Nodes = append(w.Nodes, document.Node{ID: free("start", ids), Type: document.NodeEvent, Kind: "startEvent", Actor: document.Unassigned})
	for i, x := range s.Steps {
		step := Step{
			Name: Clean(x.Name, NameMost), Kind: x.Kind, Description: Clean(x.Description, DescriptionMost), Actor: Clean(x.Actor, NameMost),
			Decision: x.Type == document.NodeDecision,
		}
		if x.Kind != "" && strings.HasSuffix(x.Kind, "Gateway") != step.Decision {
			return nil, wrong(fmt.Sprintf("steps/%d/kind", i), "conflicting", "a decision is a gateway, and a task is none.")
		}
		if step.Name == "" {
			return nil, wrong(fmt.Sprintf("steps/%d/name", i), "missing", "a step needs a name.")
		}
		w.Nodes = append(w.Nodes, step.node(ids[i]))
	}
	end := document.Node{ID: free("end", ids), Type: document.NodeEvent, Kind: "endEvent", Actor: document.Unassigned}
	w.Nodes = append(w.Nodes, end)
	entered, left := map[string]bool{}, map[string]bool{}
	flow := func(from, to, condition string) {
		entered[to], left[from] = true, true
		w.Flows = append(w.Flows, document.Flow{
			ID: fmt.Sprintf("flow_%d", len(w.Flows)+1), Source: from, Target: to, Condition: Clean(condition, NameMost),
		})
	}
	if len(s.Transitions) == 0 {
		for i := 1; i < len(ids); i++ {
			flow(ids[i-1], ids[i], "")
		}
	}
	for i, t := range s.Transitions {
		from, err := s.find(ids, t.From, fmt.Sprintf("transitions/%d/from", i))
		if err != nil {
			return nil, err
		}
		to, err := s.find(ids, t.To, fmt.Sprintf("transitions/%d/to", i))
		if err != nil {
			return nil, err
		}
		flow(from, to, t.Condition)
	}
	s.close(w, ids, entered, left, flow)
	return w, nil
}

// close leads the start to what nothing leads to, and what leads nowhere to the end. A process that is one circle starts with its first step.
func (s Spec) close(w *document.Workflow, ids []string, entered, left map[string]bool, flow func(from, to, condition string)) {
	start, end := w.Nodes[0].ID, w.Nodes[len(w.Nodes)-1].ID
	var first, last []string
	for _, id := range ids {
		if !entered[id] {
			first = append(first, id)
		}
		if !left[id] {
			last = append(last, id)
		}
	}
	if len(first) == 0 {
		first = ids[:1]
	}
	for _, id := range first {
		flow(start, id, "")
	}
	for _, id := range last {
		flow(id, end, "")
	}
}

func (s Spec) ids() ([]string, error) {
	taken := map[string]bool{}
	for i, x := range s.Steps {
		if x.ID != "" && taken[x.ID] {
			return nil, wrong(fmt.Sprintf("steps/%d/id", i), "duplicate", "the id is used twice.")
		}
		taken[x.ID] = true
	}
	ids := make([]string, len(s.Steps))
	for i, x := range s.Steps {
		ids[i] = x.ID
		for n := i + 1; ids[i] == ""; n++ {
			if id := fmt.Sprintf("step_%d", n); !taken[id] {
				ids[i], taken[id] = id, true
			}
		}
	}
	return ids, nil
}

func (s Spec) find(ids []string, name, place string) (string, error) {
	found := ""
	for i, id := range ids {
		if id == name {
			return id, nil
		}
		if s.Steps[i].Name == name {
			if found != "" {
				return "", wrong(place, "ambiguous", "several steps have this name; use an id.")
			}
			found = id
		}
	}
	if found == "" {
		return "", wrong(place, "unknown_step", "there is no step with this id or name.")
	}
	return found, nil
}

func free(id string, taken []string) string {
	for _, t := range taken {
		if t == id {
			return free(id+"_", taken)
		}
	}
	return id
}

func wrong(place, code, message string) error {
	return fault.New(fault.Invalid, "invalid_parameters", "workflow_spec/"+place+": "+message).
		WithFields(fault.Field{Pointer: "/parameters/workflow_spec/" + place, Code: code, Message: message})
}
