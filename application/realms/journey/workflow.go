package journey

import (
	"context"
	"fmt"

	"github.com/symphainy/symphainy/application/artifacts"
	"github.com/symphainy/symphainy/application/realms/journey/bpmn"
	"github.com/symphainy/symphainy/application/realms/journey/diagram"
	"github.com/symphainy/symphainy/application/realms/journey/graph"
	"github.com/symphainy/symphainy/application/realms/journey/process"
	"github.com/symphainy/symphainy/application/realms/steps"
	"github.com/symphainy/symphainy/domain/artifact"
	"github.com/symphainy/symphainy/domain/document"
	"github.com/symphainy/symphainy/domain/event"
	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/domain/typeid"
	"github.com/symphainy/symphainy/ports"
)

const schemaWorkflow = "workflow_v1"

// The failures of making a process of something.
var (
	errNoStep = fault.New(fault.Invalid, "empty_content", "The source has no step: no task, no decision, no numbered item.")
	errNoText = fault.New(fault.Unsupported, "unsupported_format", "The document is data; a workflow is made of a BPMN file or a written procedure.")
)

type workflowParameters struct {
	ParsedFileID string        `json:"parsed_file_id"`
	FilePath     string        `json:"workflow_file_path"`
	BPMNFileID   string        `json:"bpmn_file_id"`
	SOPID        string        `json:"sop_id"`
	Type         string        `json:"workflow_type"`
	Spec         *process.Spec `json:"workflow_spec"`
	Options      struct {
		Name string `json:"name"`
	} `json:"workflow_options"`
}

// one says, as an error, that not exactly one source is named.
func (p workflowParameters) one() error {
	count := 0
	for _, given := range []bool{p.ParsedFileID != "", p.FilePath != "", p.BPMNFileID != "", p.SOPID != "", p.Spec != nil} {
		if given {
			count++
		}
	}
	switch count {
	case 1:
		return nil
	case 0:
		return wrong("parsed_file_id", "missing", "one of parsed_file_id, workflow_file_path, bpmn_file_id, sop_id and workflow_spec is needed.")
	}
	return wrong("parsed_file_id", "conflicting_source", "only one of parsed_file_id, workflow_file_path, bpmn_file_id, sop_id and workflow_spec may be given.")
}

// origin is a workflow with where it comes from.
type origin struct {
	flow     *document.Workflow
	name     string
	status   string
	source   string
	sources  []artifact.Snapshot
	parsed   []ports.ResultArtifact
	warnings []any
}

func (r *Realm) createWorkflow(ctx context.Context, call ports.IntentCall) (ports.IntentResult, error) {
	in, err := steps.Parameters[workflowParameters](call)
	if err == nil {
		err = in.one()
	}
	if err != nil {
		return ports.IntentResult{}, err
	}
	from, err := r.origin(ctx, call, in)
	if err != nil {
		return ports.IntentResult{}, err
	}
	done, err := steps.Run(ctx, call, "create", func(ctx context.Context, _ string) (made, error) { return r.makeWorkflow(ctx, call, from, in) })
	if err != nil {
		return ports.IntentResult{}, err
	}
	values := map[string]string{"workflow_id": done.ID}
	for _, p := range from.parsed {
		values["parsed_file_id"] = p.Artifact.ID
	}
	return ports.IntentResult{
		Artifacts: append([]ports.ResultArtifact{{Key: keyWorkflow, Artifact: outcome(call, keyWorkflow, schemaWorkflow, done, from.sources...)}}, from.parsed...),
		Values:    values,
		Events:    []event.Draft{{Type: eventWorkflow, Data: done.Event}},
	}, nil
}

// origin finds what the workflow is to be made of.
func (r *Realm) origin(ctx context.Context, call ports.IntentCall, in workflowParameters) (origin, error) {
	switch {
	case in.Spec != nil:
		w, err := in.Spec.Workflow()
		return origin{flow: w, status: "created", source: "specification"}, err
	case in.SOPID != "":
		sop, err := r.find(ctx, call, keySOP, in.SOPID)
		if err != nil {
			return origin{}, err
		}
		p, err := procedureOf(sop)
		if err != nil {
			return origin{}, err
		}
		return origin{flow: p.Workflow(), name: sop.Name, status: "created", source: "sop", sources: []artifact.Snapshot{sop}}, nil
	case in.ParsedFileID != "":
		doc, err := r.document(ctx, call, in.ParsedFileID)
		if err != nil {
			return origin{}, err
		}
		return doc.origin()
	}
	var o origin
	parsed, err := r.file(ctx, call, in.FilePath+in.BPMNFileID, func(w written) (err error) {
		o, err = w.origin()
		return err
	})
	o.parsed = parsed
	return o, err
}

// origin makes a workflow of a document: the one that is drawn in it, or the one that its numbered steps describe.
func (w written) origin() (origin, error) {
	o := origin{name: w.artifact.Name, sources: []artifact.Snapshot{w.artifact}}
	for _, f := range w.doc.Warnings.List {
		switch f.Code {
		case "no_start", "no_end", "unreachable_node": // the graph says so itself
		default:
			if len(o.warnings) < 100 {
				o.warnings = append(o.warnings, warning(f.Code, process.Clean(f.Message, process.NameMost)))
			}
		}
	}
	if w.doc.Workflow != nil {
		o.flow, o.status, o.source = w.doc.Workflow, "parsed", "bpmn"
		return o, bounds(o.flow)
	}
	p, lost, err := w.procedure()
	if err != nil {
		return origin{}, err
	}
	o.warnings = append(o.warnings, unknownSteps(lost)...)
	o.flow, o.status, o.source = p.Workflow(), "created", "procedure"
	return o, bounds(o.flow)
}

// procedure reads the procedure that a document describes.
func (w written) procedure() (*process.Procedure, []int, error) {
	p, lost, ok := process.FromDocument(w.doc)
	switch {
	case ok:
		return p, lost, nil
	case len(w.doc.Paragraphs) == 0 && len(w.doc.Tables) > 0 || w.doc.Schema != nil:
		return nil, nil, errNoText
	}
	return nil, nil, errNoStep
}

// makeWorkflow computes what is stored of a workflow.
func (r *Realm) makeWorkflow(ctx context.Context, call ports.IntentCall, from origin, in workflowParameters) (made, error) {
	w := from.flow
	if err := bounds(w); err != nil {
		return made{}, err
	}
	if in.Options.Name != "" {
		w.Name = in.Options.Name
	}
	if w.Name == "" {
		w.Name = from.name
	}
	clean(w)
	if w.Name == "" {
		w.Name = "Workflow"
	}
	g := graph.New(w)
	if len(g.Steps) == 0 {
		return made{}, errNoStep
	}
	id := r.IDs.NewID(typeid.Artifact)
	payload := from.fields(w, g)
	payload["workflow_id"], payload["workflow_type"] = id, nullable(process.Clean(in.Type, 64))
	layout := diagram.New(g)
	file := bpmn.Encode(w, layout)
	renderings := map[string]any{}
	warnings := put(renderings, "svg", layout.SVG(w.Name, nil), append(structure(g), from.warnings...))
	raw := artifacts.Encode(payload)
	if len(raw) > artifact.MaxPayload {
		return made{}, tooLarge("bytes of a workflow's description", artifact.MaxPayload, len(raw))
	}
	payload["bpmn_xml"] = string(file)
	if whole := artifacts.Encode(payload); len(whole) <= artifact.MaxPayload {
		raw = whole // otherwise the file is at content_url alone
	}
	stored, err := r.keep(ctx, call, id, bpmn.MediaType, file)
	return made{
		ID: id, Name: w.Name, Payload: raw, Metadata: described(schemaWorkflow, nil, warnings), Renderings: artifacts.Encode(renderings),
		Content: stored,
		Event: artifacts.Encode(map[string]any{
			"workflow_id": id, "workflow_name": w.Name, "total_tasks": payload["total_tasks"], "decision_points": payload["decision_points"],
		}),
	}, err
}

// fields is the graph with where it comes from.
func (o origin) fields(w *document.Workflow, g *graph.Graph) map[string]any {
	payload := fields(w, g)
	payload["workflow_status"], payload["source"] = o.status, o.source
	for _, s := range o.sources {
		switch s.Type {
		case artifacts.TypeParsedContent:
			payload["parsed_file_id"] = s.ID
			if len(s.Parents) > 0 {
				payload["file_id"] = s.Parents[0]
			}
		case keySOP:
			payload["sop_id"] = s.ID
		}
	}
	return payload
}

// bounds refuses a workflow with more than can be drawn and read.
func bounds(w *document.Workflow) error {
	switch {
	case len(w.Nodes) > process.NodesMost:
		return tooLarge("nodes", process.NodesMost, len(w.Nodes))
	case len(w.Flows) > process.FlowsMost:
		return tooLarge("flows", process.FlowsMost, len(w.Flows))
	}
	return nil
}

func tooLarge(what string, limit, actual int) error {
	return fault.Newf(fault.TooLarge, "limit_exceeded", "The limit is %d %s (limit: %d, actual: %d).", limit, what, limit, actual)
}

// structure warns of what makes a poor graph.
func structure(g *graph.Graph) []any {
	var warnings []any
	if len(g.Kinds("startEvent")) == 0 {
		warnings = append(warnings, warning("no_start", "The process has no start event."))
	}
	if len(g.Kinds("endEvent")) == 0 {
		warnings = append(warnings, warning("no_end", "The process has no end event."))
	}
	for i, at := range g.Unreachable() {
		if i == 50 {
			break
		}
		warnings = append(warnings, warning("unreachable_node", fmt.Sprintf("%q (%s) cannot be reached from the start.", diagram.Label(g.Nodes[at]), process.Clean(g.Nodes[at].ID, 100))))
	}
	return warnings
}

// renderingMost is how large a rendering may be, in bytes.
const renderingMost = 256 << 10

// put adds a rendering, or a warning if it is too large.
func put(renderings map[string]any, key string, content []byte, warnings []any) []any {
	if len(content) > renderingMost {
		return append(warnings, warning("rendering_too_large", fmt.Sprintf("The %s has %d bytes and was left out; the limit is %d.", key, len(content), renderingMost)))
	}
	renderings[key] = string(content)
	return warnings
}
