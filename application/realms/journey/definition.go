package journey

import (
	"encoding/json"
	"slices"

	"github.com/symphainy/symphainy/application/realms/journey/graph"
	"github.com/symphainy/symphainy/application/realms/journey/process"
	"github.com/symphainy/symphainy/domain/artifact"
	"github.com/symphainy/symphainy/domain/document"
	"github.com/symphainy/symphainy/domain/fault"
)

// definition is a workflow as it is stored: tasks are its steps in order, with decisions; events and details are the rest; index is each
// node's place in the source.
type definition struct {
	ProcessID string       `json:"process_id"`
	Name      string       `json:"workflow_name"`
	Tasks     []nodeFields `json:"tasks"`
	Events    []nodeFields `json:"events"`
	Details   []nodeFields `json:"details"`
	Flows     []flowFields `json:"sequence_flows"`
}

type nodeFields struct {
	ID          string `json:"id"`
	Name        string `json:"name"`
	Type        string `json:"type"`
	Kind        string `json:"kind"`
	Description string `json:"description"`
	Actor       string `json:"actor"`
	Index       int    `json:"index"`
	Parent      string `json:"parent"`
	AttachedTo  string `json:"attached_to"`
	DefaultFlow string `json:"default_flow"`
}

type flowFields struct {
	ID        string `json:"id"`
	Source    string `json:"source"`
	Target    string `json:"target"`
	Condition string `json:"condition"`
}

// errUnreadable is a stored workflow or procedure that does not read: a fault of ours.
var errUnreadable = fault.New(fault.Internal, "artifact_unreadable", "a stored artifact does not hold what its type promises")

// workflowOf reads the workflow of an artifact.
func workflowOf(a artifact.Snapshot) (*document.Workflow, error) {
	var d definition
	if err := json.Unmarshal(a.Payload, &d); err != nil {
		return nil, errUnreadable.Because(err)
	}
	all := slices.Concat(d.Tasks, d.Events, d.Details)
	slices.SortStableFunc(all, func(a, b nodeFields) int { return a.Index - b.Index })
	w := &document.Workflow{ProcessID: d.ProcessID, Name: d.Name}
	known := map[string]bool{}
	for _, n := range all {
		known[n.ID] = true
		w.Nodes = append(w.Nodes, document.Node{
			ID: n.ID, Name: n.Name, Type: n.Type, Kind: n.Kind, Description: n.Description, Actor: n.Actor, Parent: n.Parent,
			AttachedTo: n.AttachedTo, DefaultFlow: n.DefaultFlow,
		})
	}
	for _, f := range d.Flows {
		if !known[f.Source] || !known[f.Target] {
			return nil, errUnreadable
		}
		w.Flows = append(w.Flows, document.Flow(f))
	}
	return w, nil
}

// clean bounds and cleans the texts of a workflow from outside.
func clean(w *document.Workflow) {
	w.Name = process.Clean(w.Name, process.NameMost)
	for i := range w.Nodes {
		n := &w.Nodes[i]
		n.Name, n.Actor = process.Clean(n.Name, process.NameMost), process.Clean(n.Actor, process.NameMost)
		n.Description = process.Clean(n.Description, process.DescriptionMost)
		if n.Actor == "" {
			n.Actor = document.Unassigned
		}
	}
	for i := range w.Flows {
		w.Flows[i].Condition = process.Clean(w.Flows[i].Condition, process.NameMost)
	}
}

// fields describes the graph for the payload.
func fields(w *document.Workflow, g *graph.Graph) map[string]any {
	index := make(map[string]int, len(w.Nodes))
	var events, details []any
	for i, n := range w.Nodes {
		index[n.ID] = i
		switch {
		case n.Parent != "":
			details = append(details, nodeOf(n, i, 0))
		case n.Type == document.NodeEvent:
			events = append(events, nodeOf(n, i, 0))
		}
	}
	tasks := make([]any, 0, len(g.Steps))
	decisions := 0
	for _, at := range g.Steps {
		n := g.Nodes[at]
		tasks = append(tasks, nodeOf(n, index[n.ID], g.Position(at)))
		if n.Type == document.NodeDecision {
			decisions++
		}
	}
	back := map[int]bool{}
	for _, e := range g.Rework() {
		back[e.Flow] = true
	}
	flows := make([]any, 0, len(w.Flows))
	for i, f := range w.Flows {
		flows = append(flows, map[string]any{
			"id": f.ID, "source": f.Source, "target": f.Target, "condition": nullable(f.Condition), "rework": back[i],
		})
	}
	return map[string]any{
		"process_id": w.ProcessID, "workflow_name": w.Name, "tasks": tasks, "events": orEmpty(events), "details": orEmpty(details),
		"sequence_flows": flows, "total_tasks": len(g.Steps) - decisions, "decision_points": decisions, "tasks_count": len(g.Steps),
		"actors": texts(g.Actors()), "rework_loops": len(g.Rework()),
	}
}

func orEmpty(list []any) []any {
	if list == nil {
		return []any{}
	}
	return list
}

func nodeOf(n document.Node, index, position int) map[string]any {
	out := map[string]any{
		"id": n.ID, "name": nullable(n.Name), "type": n.Type, "kind": n.Kind, "description": nullable(n.Description), "actor": n.Actor, "index": index,
	}
	if position > 0 {
		out["position"] = position
	}
	for key, value := range map[string]string{"parent": n.Parent, "attached_to": n.AttachedTo, "default_flow": n.DefaultFlow} {
		if value != "" {
			out[key] = value
		}
	}
	return out
}
