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
	unassessed := o.matching(func(f File) bool { return f.ParsedID != "" && !f.Assessed })
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
		g.set(PillarOutcomes, "create_solution", "All pillars hold results; a solution joins them.")
	}
	g.Steps = steps(unsaved, unparsed, unassessed)
	return g
}

func (g *Guidance) set(p Pillar, action, reasoning string) {
	g.Pillar, g.Action, g.Reasoning = p, action, reasoning
}

// actionUpload is the recommended action of a session without files. It is a request and no intent: the bytes are the person's to send.
const actionUpload = "upload_files"

// maxSteps bounds the suggestions of one answer.
const maxSteps = 3

// steps gives ready intents for what can be done now; without any, the way to begin.
func steps(unsaved, unparsed, unassessed []File) []agent.Suggestion {
	var list []agent.Suggestion
	for _, f := range unassessed {
		list = append(list, agent.Suggestion{
			Label: "Check the quality of " + f.Name, IntentType: "assess_data_quality", Parameters: parameters("parsed_file_id", f.ParsedID),
		})
	}
	for _, f := range unparsed {
		list = append(list, agent.Suggestion{Label: "Parse " + f.Name, IntentType: "parse_content", Parameters: parameters("file_id", f.ID)})
	}
	for _, f := range unsaved {
		if f.ContractID != "" {
			list = append(list, agent.Suggestion{
				Label: "Save " + f.Name, IntentType: "save_materialization", Parameters: parameters("boundary_contract_id", f.ContractID, "file_id", f.ID),
			})
		}
	}
	if len(list) == 0 {
		list = append(list, agent.Suggestion{Label: "Upload a file", Message: "How do I upload a file?"})
	}
	return list[:min(len(list), maxSteps)]
}
