package journey

import (
	"context"
	"fmt"

	"github.com/symphainy/symphainy/application/artifacts"
	"github.com/symphainy/symphainy/application/realms/docx"
	"github.com/symphainy/symphainy/application/realms/journey/graph"
	"github.com/symphainy/symphainy/application/realms/journey/process"
	"github.com/symphainy/symphainy/application/realms/journey/wizard"
	"github.com/symphainy/symphainy/application/realms/steps"
	"github.com/symphainy/symphainy/domain/artifact"
	"github.com/symphainy/symphainy/domain/document"
	"github.com/symphainy/symphainy/domain/event"
	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/domain/realm"
	"github.com/symphainy/symphainy/domain/typeid"
	"github.com/symphainy/symphainy/ports"
)

const sopSchema = `{"type":"object","additionalProperties":false,
"properties":{
 "workflow_id":` + idSchema + `,"parsed_file_id":` + idSchema + `,"chat_mode":{"type":"boolean"},
 "sop_options":{"type":"object","additionalProperties":false,"properties":{"title":` + nameSchema + `,"purpose":` + proseSchema + `,"scope":` + proseSchema + `}}}}`

func generateSOPSpec() realm.IntentSpec {
	return realm.IntentSpec{
		Type: generateSOP, Title: "Write an SOP", Tier: 1,
		Summary: "Writes a workflow or a parsed procedure down as a standard operating procedure: steps in order with their branches, roles and " +
			"checklists, as Markdown and as a document for a word processor.",
		Schema:           []byte(sopSchema),
		ParameterAliases: map[string]string{"parsed_result_id": "parsed_file_id"},
		Retry:            realm.RetryPure,
		ResultKeys:       []string{keySOP, keyChatSession}, OptionalKeys: []string{keySOP, keyChatSession},
		Events:  []string{eventSOP, eventChatStarted},
		Example: []byte(`{"workflow_id":"art_01jd8h0000exampe0000000000","sop_options":{"title":"Beneficiary change"}}`),
	}
}

type sopParameters struct {
	WorkflowID   string `json:"workflow_id"`
	ParsedFileID string `json:"parsed_file_id"`
	ChatMode     bool   `json:"chat_mode"`
	Options      struct {
		Title   string `json:"title"`
		Purpose string `json:"purpose"`
		Scope   string `json:"scope"`
	} `json:"sop_options"`
}

func (r *Realm) generateSOP(ctx context.Context, call ports.IntentCall) (ports.IntentResult, error) {
	in, err := steps.Parameters[sopParameters](call)
	if err != nil {
		return ports.IntentResult{}, err
	}
	p, source, warnings, err := r.procedureFor(ctx, call, in)
	if err != nil {
		return ports.IntentResult{}, err
	}
	in.apply(p)
	if in.ChatMode {
		return r.startChat(ctx, call, wizard.Resume(p))
	}
	done, err := steps.Run(ctx, call, "write", func(ctx context.Context, _ string) (made, error) {
		return r.writeSOP(ctx, call, p, source, warnings)
	})
	if err != nil {
		return ports.IntentResult{}, err
	}
	return ports.IntentResult{
		Artifacts: []ports.ResultArtifact{{Key: keySOP, Artifact: outcome(call, keySOP, schemaSOP, done, source)}},
		Values:    map[string]string{"sop_id": done.ID},
		Events:    []event.Draft{{Type: eventSOP, Data: done.Event}},
	}, nil
}

// procedureFor reads the one source that is named.
func (r *Realm) procedureFor(ctx context.Context, call ports.IntentCall, in sopParameters) (*process.Procedure, artifact.Snapshot, []any, error) {
	switch {
	case in.WorkflowID != "" && in.ParsedFileID != "":
		return nil, artifact.Snapshot{}, nil, wrong("parsed_file_id", "conflicting_source", "only one of workflow_id and parsed_file_id may be given.")
	case in.WorkflowID != "":
		a, w, err := r.workflow(ctx, call, "workflow_id", in.WorkflowID)
		if err != nil {
			return nil, artifact.Snapshot{}, nil, err
		}
		g := graph.New(w)
		return process.FromGraph(w, g), a, structure(g), nil
	case in.ParsedFileID != "":
		doc, err := r.document(ctx, call, in.ParsedFileID)
		if err != nil {
			return nil, artifact.Snapshot{}, nil, err
		}
		p, warnings, err := doc.asProcedure()
		return p, doc.artifact, warnings, err
	}
	if in.ChatMode {
		return &process.Procedure{}, artifact.Snapshot{}, nil, nil
	}
	return nil, artifact.Snapshot{}, nil, wrong("workflow_id", "missing", "workflow_id or parsed_file_id is needed.")
}

// asProcedure reads a document as a procedure; one that draws a workflow is written down.
func (w written) asProcedure() (*process.Procedure, []any, error) {
	if w.doc.Workflow != nil {
		if err := bounds(w.doc.Workflow); err != nil {
			return nil, nil, err
		}
		clean(w.doc.Workflow)
		if w.doc.Workflow.Name == "" {
			w.doc.Workflow.Name = process.Clean(w.artifact.Name, process.NameMost)
		}
		g := graph.New(w.doc.Workflow)
		return process.FromGraph(w.doc.Workflow, g), structure(g), nil
	}
	p, lost, err := w.procedure()
	if err != nil {
		return nil, nil, err
	}
	if p.Title == "" {
		p.Title = process.Clean(w.artifact.Name, process.NameMost)
	}
	return p, unknownSteps(lost), nil
}

func unknownSteps(lost []int) []any {
	var warnings []any
	for _, n := range lost {
		warnings = append(warnings, warning("unknown_step", fmt.Sprintf("A condition leads to step %d, which does not exist; it was left out.", n)))
	}
	return warnings
}

// workflow finds a workflow and reads it.
func (r *Realm) workflow(ctx context.Context, call ports.IntentCall, parameter, id string) (artifact.Snapshot, *document.Workflow, error) {
	a, err := r.find(ctx, call, keyWorkflow, id)
	if err != nil {
		return artifact.Snapshot{}, nil, named(parameter, err)
	}
	w, err := workflowOf(a)
	return a, w, err
}

// named says of a not-found error which parameter it is about; what is foreign and what is unknown still answer alike.
func named(parameter string, err error) error {
	if f := fault.As(err); f.Kind == fault.NotFound {
		return f.WithFields(fault.Field{Pointer: "/parameters/" + parameter, Code: f.Code, Message: f.Msg})
	}
	return err
}

// apply puts what the caller wants said over what the source says.
func (in sopParameters) apply(p *process.Procedure) {
	for _, x := range []struct {
		given string
		into  *string
		most  int
	}{{in.Options.Title, &p.Title, process.NameMost}, {in.Options.Purpose, &p.Purpose, process.DescriptionMost}, {in.Options.Scope, &p.Scope, process.DescriptionMost}} {
		if s := process.Clean(x.given, x.most); s != "" {
			*x.into = s
		}
	}
}

// writeSOP computes what is stored of a procedure.
func (r *Realm) writeSOP(ctx context.Context, call ports.IntentCall, p *process.Procedure, source artifact.Snapshot, warnings []any) (made, error) {
	if len(p.Steps) > process.NodesMost {
		return made{}, tooLarge("steps", process.NodesMost, len(p.Steps))
	}
	id := r.IDs.NewID(typeid.Artifact)
	more := map[string]any{}
	switch source.Type {
	case keyWorkflow:
		more["workflow_id"] = source.ID
	case artifacts.TypeParsedContent:
		more["parsed_file_id"] = source.ID
	}
	payload, err := sopPayload(id, p, more)
	if err != nil {
		return made{}, err
	}
	file, err := docxOf(p)
	if err != nil {
		return made{}, err
	}
	stored, err := r.keep(ctx, call, id, docx.MediaType, file)
	if err != nil {
		return made{}, err
	}
	renderings := map[string]any{}
	warnings = put(renderings, "markdown", []byte(markdownOf(p)), warnings)
	return made{
		ID: id, Name: p.Title, Payload: payload, Metadata: described(schemaSOP, nil, warnings), Renderings: artifacts.Encode(renderings), Content: stored,
		Event: artifacts.Encode(map[string]any{"sop_id": id, "sop_title": nullable(p.Title), "total_steps": len(p.Steps), "source_artifact_id": nullable(source.ID)}),
	}, nil
}
