package document

// Workflow is a process as its source draws it: nodes in the order of the source, the flows between them, and who does what.
type Workflow struct {
	ProcessID string
	Name      string
	Nodes     []Node
	Flows     []Flow
	Lanes     []Lane
}

// Node types. A decision is any gateway.
const (
	NodeTask     = "task"
	NodeDecision = "decision"
	NodeEvent    = "event"
)

// Unassigned is the actor of a node that neither a lane nor an assignment names.
const Unassigned = "unassigned"

// Node is a task, a decision or an event. IDs are unique within the workflow.
type Node struct {
	ID   string
	Name string
	// Type is one of the node types, Kind the word of the source: userTask, exclusiveGateway, startEvent, ….
	Type        string
	Kind        string
	Description string
	// Actor is the lane's name, else the assignee, else Unassigned.
	Actor string
	// Parent is the sub-process that the node stands in, empty for the process itself. A sub-process is one step; its children are detail.
	Parent string
	// AttachedTo is the task whose boundary an event stands on.
	AttachedTo string
	// DefaultFlow is the flow that is taken if no condition holds.
	DefaultFlow string
}

// IsStep says whether the node is a task or a decision of the process itself.
func (n Node) IsStep() bool { return n.Parent == "" && (n.Type == NodeTask || n.Type == NodeDecision) }

// Flow leads from one node to another; both exist. Condition is what stands on it, empty if nothing does.
type Flow struct {
	ID        string
	Source    string
	Target    string
	Condition string
}

// Lane is an actor with the ids of the nodes in its lane.
type Lane struct {
	ID    string
	Name  string
	Nodes []string
}

// Steps counts the tasks and the decisions of the process itself.
func (w *Workflow) Steps() (tasks, decisions int) {
	for _, n := range w.Nodes {
		switch {
		case !n.IsStep():
		case n.Type == NodeDecision:
			decisions++
		default:
			tasks++
		}
	}
	return tasks, decisions
}
