package agents

import (
	"fmt"
	"slices"

	"github.com/symphainy/symphainy/domain/agent"
)

// Guidance is the next step of a session's journey, and why (realms.md §5.2).
type Guidance struct {
	Pillar    Pillar
	Action    string
	Reasoning string
	Completed []Pillar
	// Steps are what a person can do now, the recommended one first.
	Steps []agent.Suggestion
}

// Guide decides by the first gap in the journey.
func (o Overview) Guide() Guidance {
	g := Guidance{Completed: o.CompletedPillars()}
	unsaved := o.matching(func(f File) bool { return !f.Saved })
	unparsed := o.matching(func(f File) bool { return f.Saved && f.ParsedID == "" })
	unassessed := o.matching(func(f File) bool { return f.ParsedID != "" && !f.Assessed && !f.Process() })
	switch done := func(p Pillar) bool { return slices.Contains(g.Completed, p) }; {
	case !done(PillarContent) && len(unparsed) > 0:
		g.set(PillarContent, "parse_content", fmt.Sprintf("%s saved and not parsed yet.", areNames(unparsed)))
	case !done(PillarContent) && len(unsaved) > 0:
		g.set(PillarContent, "save_materialization", fmt.Sprintf("%s uploaded and not saved yet; only saved files can be parsed.", areNames(unsaved)))
	case !done(PillarContent):
		g.set(PillarContent, actionUpload, "There are no files yet; everything starts with one.")
	case !done(PillarInsights):
		g.set(PillarInsights, "assess_data_quality", fmt.Sprintf("%s parsed; an assessment shows what its data is worth.", areNames(unassessed)))
	case !done(PillarJourney):
		g.set(PillarJourney, "create_workflow", "The data is assessed; the next pillar works on your processes.")
	case !done(PillarOutcomes):
		g.set(PillarOutcomes, "synthesize_outcome", "Data and processes are there; the next pillar makes plans of them.")
	default:
		g.set(PillarOutcomes, "create_solution", o.after())
	}
	g.Steps = o.steps(g.Action)
	return g
}

// after says what comes when all pillars hold results.
func (o Overview) after() string {
	if o.Made["solution"] > 0 {
		return "All pillars hold results, and a solution joins them."
	}
	return "All pillars hold results; a solution joins them."
}

func (g *Guidance) set(p Pillar, action, reasoning string) {
	g.Pillar, g.Action, g.Reasoning = p, action, reasoning
}

// actionUpload is the recommended action of a session without files. It is a request and no intent: the bytes are the person's to send.
const actionUpload = "upload_files"

// maxSteps bounds the suggestions of one answer.
const maxSteps = 3

// steps gives what can be done now, first what is recommended: ready intents, and messages where a person has something to say first.
func (o Overview) steps(action string) []agent.Suggestion {
	byAction := map[string][]agent.Suggestion{
		"parse_content": o.parses(), "save_materialization": o.saves(), "assess_data_quality": o.assessments(), "create_workflow": o.workflows(),
		"synthesize_outcome": {{Label: "Put together what was found", IntentType: "synthesize_outcome", Parameters: []byte("{}")}}, "create_solution": o.solutions(),
	}
	list := slices.Concat(byAction[action], byAction["assess_data_quality"], byAction["parse_content"], byAction["save_materialization"])
	if action != "create_workflow" && len(o.Newest["workflow"].ID) > 0 {
		list = append(list, o.improvements()...)
	}
	if len(o.CompletedPillars()) > 2 && o.Made["roadmap"] == 0 {
		list = append(list, agent.Suggestion{Label: "Make a roadmap", Message: "make a roadmap"})
	}
	if len(list) == 0 {
		list = append(list, agent.Suggestion{Label: "Upload a file", Message: "How do I upload a file?"})
	}
	return list[:min(len(list), maxSteps)]
}

func (o Overview) saves() (list []agent.Suggestion) {
	for _, f := range o.matching(func(f File) bool { return !f.Saved && f.ContractID != "" }) {
		list = append(list, ready("Save "+f.Name, "save_materialization", "boundary_contract_id", f.ContractID, "file_id", f.ID))
	}
	return list
}

// parses leaves out a process of which there is a workflow: it was read for that.
func (o Overview) parses() (list []agent.Suggestion) {
	for _, f := range o.matching(func(f File) bool { return f.Saved && f.ParsedID == "" }) {
		if !f.Process() || len(o.CompletedPillars()) == 0 {
			list = append(list, ready("Parse "+f.Name, "parse_content", "file_id", f.ID))
		}
	}
	return list
}

func (o Overview) assessments() (list []agent.Suggestion) {
	for _, f := range o.matching(func(f File) bool { return f.ParsedID != "" && !f.Assessed && !f.Process() }) {
		list = append(list, ready("Check the quality of "+f.Name, "assess_data_quality", "parsed_file_id", f.ParsedID))
	}
	return list
}

// workflows are the processes that can be drawn; without any, the ways to one.
func (o Overview) workflows() (list []agent.Suggestion) {
	for _, f := range o.matching(func(f File) bool { return f.Saved && f.Process() && !o.drawn[f.ID] && !o.drawn[f.ParsedID] }) {
		list = append(list, ready("Create a workflow of "+f.Name, "create_workflow", "workflow_file_path", f.ID))
	}
	if len(list) == 0 && len(o.matching(File.Process)) == 0 {
		list = append(list, agent.Suggestion{Label: "Write an SOP together", Message: "write an SOP together"})
	}
	return list
}

// improvements are what can be made of the newest workflow.
func (o Overview) improvements() (list []agent.Suggestion) {
	workflow := o.Newest["workflow"]
	for _, one := range []struct{ made, label, intent string }{
		{"coexistence_analysis", "Analyse the coexistence in ", "analyze_coexistence"}, {"blueprint", "Create a blueprint of ", "create_blueprint"}, {"sop", "Write the SOP of ", "generate_sop"},
	} {
		if o.Made[one.made] == 0 {
			list = append(list, ready(one.label+workflow.Name, one.intent, "workflow_id", workflow.ID))
		}
	}
	return list
}

// solutions are the plans that a solution can be made of, and their exports.
func (o Overview) solutions() (list []agent.Suggestion) {
	for _, source := range []string{"roadmap", "poc", "blueprint"} {
		if t := o.Newest[source]; t.ID != "" && o.Made["solution"] == 0 {
			list = append(list, ready("Create a solution of "+t.Name, "create_solution", "solution_source", source, "source_id", t.ID))
			break
		}
	}
	if t := o.Newest["roadmap"]; t.ID != "" && o.Made["export"] == 0 {
		list = append(list, ready("Export "+t.Name, "export_artifact", "artifact_id", t.ID, "export_format", "docx"))
	}
	return list
}

func ready(label, intent string, pairs ...string) agent.Suggestion {
	return agent.Suggestion{Label: label, IntentType: intent, Parameters: parameters(pairs...)}
}
