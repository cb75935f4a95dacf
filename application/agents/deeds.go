package agents

import (
	"slices"
	"strings"

	"github.com/symphainy/symphainy/domain/agent"
	"github.com/symphainy/symphainy/ports"
)

// Deed is something that a person can have started by saying so.
type Deed struct {
	Pillar Pillar
	Intent string
	// Verbs and Nouns are the words by which it is asked for: one of each. Without nouns a verb is enough.
	Verbs []string
	Nouns []string
	// Say is what is done, as in "I would parse orders.csv", and Done what was, as in "I have parsed orders.csv".
	Say  string
	Done string
	// Plan gives the parameters, and the thing's name if it is about one; or what to tell the person instead.
	Plan func(f ports.SessionFacts, text string) (parameters map[string]any, name, instead string)
}

// Deeds gives what can be started in some pillars; of all without any.
func Deeds(pillars ...Pillar) []Deed {
	all := slices.Concat(contentDeeds(), insightsDeeds(), journeyDeeds(), outcomesDeeds())
	if len(pillars) == 0 {
		return all
	}
	return slices.DeleteFunc(all, func(d Deed) bool { return !slices.Contains(pillars, d.Pillar) })
}

// about plans a deed about one thing of the types.
func about(parameter, none string, types ...string) func(ports.SessionFacts, string) (map[string]any, string, string) {
	return func(f ports.SessionFacts, text string) (map[string]any, string, string) {
		one, instead := single(Things(f, types...), text, none)
		if instead != "" {
			return nil, "", instead
		}
		return map[string]any{parameter: one.ID}, one.Name, ""
	}
}

// single gives the one thing that is meant, or what to say where it is none or one of several.
func single(things []Thing, text, none string) (Thing, string) {
	switch found := Pick(things, text); len(found) {
	case 0:
		return Thing{}, none
	case 1:
		return found[0], ""
	default:
		return Thing{}, "Which one do you mean: " + thingNames(found) + "?"
	}
}

func contentDeeds() []Deed {
	save := func(f ports.SessionFacts, text string) (map[string]any, string, string) {
		o := Overlook(f)
		var waiting []Thing
		contracts := map[string]string{}
		for _, file := range o.matching(func(f File) bool { return !f.Saved && f.ContractID != "" }) {
			waiting = append(waiting, Thing{ID: file.ID, Name: file.Name})
			contracts[file.ID] = file.ContractID
		}
		one, instead := single(waiting, text, "There is no file that waits to be saved.")
		if instead != "" {
			return nil, "", instead
		}
		return map[string]any{"boundary_contract_id": contracts[one.ID], "file_id": one.ID}, one.Name, ""
	}
	parse := func(f ports.SessionFacts, text string) (map[string]any, string, string) {
		var saved []Thing
		for _, file := range Overlook(f).matching(func(f File) bool { return f.Saved }) {
			saved = append(saved, Thing{ID: file.ID, Name: file.Name})
		}
		one, instead := single(saved, text, "There is no saved file that I could parse. Upload one and save it first.")
		if instead != "" {
			return nil, "", instead
		}
		return map[string]any{"file_id": one.ID}, one.Name, ""
	}
	return []Deed{
		{Pillar: PillarContent, Intent: "save_materialization", Verbs: []string{"save", "keep", "materialize"}, Say: "save", Done: "saved", Plan: save},
		{Pillar: PillarContent, Intent: "parse_content", Verbs: []string{"parse", "read"}, Say: "parse", Done: "parsed", Plan: parse},
	}
}

const noParsed = "There is no parsed document yet. Upload a file, save it and parse it first."

func insightsDeeds() []Deed {
	analyse := func(table bool) func(ports.SessionFacts, string) (map[string]any, string, string) {
		return func(f ports.SessionFacts, text string) (map[string]any, string, string) {
			tables := map[string]bool{}
			for _, file := range Overlook(f).Files {
				tables[file.ParsedID] = len(file.Columns) > 0
			}
			fit := slices.DeleteFunc(Things(f, "parsed_content"), func(t Thing) bool { return tables[t.ID] != table })
			one, instead := single(fit, text, noParsed)
			if instead != "" {
				return nil, "", instead
			}
			return map[string]any{"parsed_file_id": one.ID}, one.Name, ""
		}
	}
	verbs := []string{"analyze", "analyse"}
	return []Deed{
		{Pillar: PillarInsights, Intent: "assess_data_quality", Verbs: []string{"assess", "check", "test", "validate"}, Say: "assess the quality of", Done: "assessed the quality of", Plan: about("parsed_file_id", noParsed, "parsed_content")},
		{Pillar: PillarInsights, Intent: "analyze_unstructured_data", Verbs: verbs, Nouns: []string{"text", "document", "letter", "prose"}, Say: "analyse the text of", Done: "analysed the text of", Plan: analyse(false)},
		{Pillar: PillarInsights, Intent: "interpret_data_self_discovery", Verbs: []string{"interpret", "discover"}, Say: "interpret", Done: "interpreted", Plan: about("parsed_file_id", noParsed, "parsed_content")},
		{Pillar: PillarInsights, Intent: "analyze_structured_data", Verbs: verbs, Say: "analyse", Done: "analysed", Plan: analyse(true)},
	}
}

const noWorkflow = "There is no workflow yet. Create one of a BPMN file or of a procedure first."

func journeyDeeds() []Deed {
	create := []string{"create", "make", "build", "draw", "generate", "write", "start"}
	workflow := func(f ports.SessionFacts, text string) (map[string]any, string, string) {
		var sources []Thing
		for _, file := range Overlook(f).matching(func(f File) bool { return f.Saved && len(f.Columns) == 0 }) {
			sources = append(sources, Thing{ID: file.ID, Type: "file", Name: file.Name})
		}
		processes := slices.DeleteFunc(slices.Clone(sources), func(t Thing) bool { return !strings.HasSuffix(strings.ToLower(t.Name), ".bpmn") })
		if len(processes) > 0 && len(Pick(sources, text)) != 1 {
			sources = processes
		}
		one, instead := single(sources, text, "There is no saved BPMN file or procedure that a workflow could be made of.")
		if instead != "" {
			return nil, "", instead
		}
		return map[string]any{"workflow_file_path": one.ID}, one.Name, ""
	}
	wizard := func(_ ports.SessionFacts, text string) (map[string]any, string, string) {
		if _, said, ok := strings.Cut(text, ":"); ok && strings.TrimSpace(said) != "" {
			return map[string]any{"initial_requirements": strings.TrimSpace(said)}, "", ""
		}
		return map[string]any{}, "", ""
	}
	return []Deed{
		{Pillar: PillarJourney, Intent: "generate_sop_from_chat", Verbs: append([]string{"tell", "begin"}, create...), Nouns: []string{"wizard", "together", "chat", "conversation"}, Say: "begin an SOP with you", Done: "begun an SOP with you", Plan: wizard},
		{Pillar: PillarJourney, Intent: "analyze_coexistence", Verbs: append([]string{"analyze", "analyse", "find", "show"}, create...), Nouns: []string{"coexistence", "friction"}, Say: "analyse the coexistence in", Done: "analysed the coexistence in", Plan: about("workflow_id", noWorkflow, "workflow")},
		{Pillar: PillarJourney, Intent: "create_blueprint", Verbs: create, Nouns: []string{"blueprint"}, Say: "create a blueprint of", Done: "created a blueprint of", Plan: about("workflow_id", noWorkflow, "workflow")},
		{Pillar: PillarJourney, Intent: "generate_sop", Verbs: create, Nouns: []string{"sop", "procedure"}, Say: "write the SOP of", Done: "written the SOP of", Plan: about("workflow_id", noWorkflow, "workflow")},
		{Pillar: PillarJourney, Intent: "optimize_process", Verbs: []string{"optimize", "optimise", "improve"}, Say: "look for what can be better in", Done: "looked for what can be better in", Plan: about("workflow_id", noWorkflow, "workflow")},
		{Pillar: PillarJourney, Intent: "create_workflow", Verbs: create, Nouns: []string{"workflow", "process"}, Say: "create a workflow of", Done: "created a workflow of", Plan: workflow},
	}
}

func outcomesDeeds() []Deed {
	create := []string{"create", "make", "build", "generate", "write", "plan", "draw"}
	roadmap := func(_ ports.SessionFacts, text string) (map[string]any, string, string) {
		goals := goalsIn(text)
		if len(goals) == 0 {
			return nil, "", "What are its goals? Say, for instance: make a roadmap to cut rework by 20 %, move the policies to the new system."
		}
		return map[string]any{"goals": goals}, "", ""
	}
	poc := func(_ ports.SessionFacts, text string) (map[string]any, string, string) {
		goals := goalsIn(text)
		if len(goals) == 0 {
			return nil, "", "What is it to show? Say, for instance: create a proof of concept to show that changes can be checked with assistance."
		}
		return map[string]any{"description": strings.Join(goals, ". ")}, "", ""
	}
	export := func(f ports.SessionFacts, text string) (map[string]any, string, string) {
		types := []string{"roadmap", "poc", "solution", "synthesis", "blueprint", "sop", "workflow", "coexistence_analysis"}
		words := Words(text)
		if named := slices.DeleteFunc(slices.Clone(types), func(t string) bool { return !slices.Contains(words, strings.Split(t, "_")[0]) }); len(named) > 0 {
			types = named
		}
		one, instead := single(Things(f, types...), text, "There is nothing to export yet.")
		if instead != "" {
			return nil, "", instead
		}
		in := map[string]any{"artifact_id": one.ID}
		for _, format := range []string{"json", "yaml", "docx", "md"} {
			if slices.Contains(words, format) {
				in["export_format"] = format
			}
		}
		return in, one.Name, ""
	}
	solution := func(f ports.SessionFacts, text string) (map[string]any, string, string) {
		one, instead := single(Things(f, "roadmap", "poc", "blueprint"), text, "A solution is made of a roadmap, a proof of concept or a blueprint; there is none yet.")
		if instead != "" {
			return nil, "", instead
		}
		return map[string]any{"solution_source": one.Type, "source_id": one.ID}, one.Name, ""
	}
	nothing := func(ports.SessionFacts, string) (map[string]any, string, string) { return map[string]any{}, "", "" }
	return []Deed{
		{Pillar: PillarOutcomes, Intent: "export_artifact", Verbs: []string{"export", "download"}, Say: "export", Done: "exported", Plan: export},
		{Pillar: PillarOutcomes, Intent: "generate_roadmap", Verbs: create, Nouns: []string{"roadmap"}, Say: "make a roadmap", Done: "made a roadmap", Plan: roadmap},
		{Pillar: PillarOutcomes, Intent: "create_poc", Verbs: create, Nouns: []string{"poc", "proof", "proposal"}, Say: "write a proof of concept", Done: "written a proof of concept", Plan: poc},
		{Pillar: PillarOutcomes, Intent: "create_solution", Verbs: create, Nouns: []string{"solution"}, Say: "create a solution of", Done: "created a solution of", Plan: solution},
		{Pillar: PillarOutcomes, Intent: "synthesize_outcome", Verbs: []string{"synthesize", "synthesise", "summarize", "summarise"}, Say: "put together what was found", Done: "put together what was found", Plan: nothing},
	}
}

// goalsIn reads goals out of a request: what follows "to", "for" or a colon, at commas and semicolons.
func goalsIn(text string) []string {
	_, rest, ok := strings.Cut(text, ":")
	for _, mark := range []string{" to ", " for "} {
		if !ok {
			_, rest, ok = strings.Cut(text, mark)
		}
	}
	if !ok {
		return nil
	}
	var goals []string
	for _, part := range strings.FieldsFunc(rest, func(r rune) bool { return r == ',' || r == ';' || r == '\n' }) {
		if goal := strings.Trim(part, " .\t"); goal != "" && len(goals) < maxGoals {
			goals = append(goals, strings.ToUpper(goal[:1])+goal[1:])
		}
	}
	return goals
}

// maxGoals bounds the goals of a roadmap.
const maxGoals = 20

// asksFor finds the deed that a text asks for. A question is not a request.
func asksFor(deeds []Deed, text string) (Deed, bool) {
	words := Words(text)
	if len(words) == 0 || slices.Contains([]string{"what", "how", "why", "which", "where", "who", "when", "is", "are", "did", "does"}, words[0]) {
		return Deed{}, false
	}
	has := func(list []string) bool {
		return slices.ContainsFunc(words, func(w string) bool { return slices.Contains(list, w) || matchesAny(w, list) })
	}
	// Who names what is meant is understood by that; a verb alone counts where nothing is named.
	for _, named := range []bool{true, false} {
		for _, d := range deeds {
			if has(d.Verbs) && named == (len(d.Nouns) > 0) && (!named || has(d.Nouns)) {
				return d, true
			}
		}
	}
	return Deed{}, false
}

// agrees reports whether a text is a plain yes.
func agrees(text string) bool {
	words := Words(text)
	return len(words) > 0 && len(words) <= 4 && slices.Contains([]string{"yes", "ok", "okay", "sure", "please", "go", "do", "yep"}, words[0])
}

// Act lets a builtin agent do what it is asked: it starts the deed, says what came of it, or asks what is meant. It reports false where the
// text asks for nothing that it could do.
func Act(t ports.Turn, deeds []Deed) (agent.Reply, bool) {
	if len(t.Results) > 0 {
		return report(t), true
	}
	if agrees(t.Text) {
		if steps := Overlook(t.Facts).Guide().Steps; len(steps) > 0 && steps[0].IntentType != "" && may(t, steps[0].IntentType) {
			return agent.Reply{Method: methodDeterministic, Calls: []agent.ToolCall{{Name: steps[0].IntentType, Arguments: steps[0].Parameters}}}, true
		}
	}
	d, ok := asksFor(deeds, t.Text)
	if !ok {
		return agent.Reply{}, false
	}
	parameters, _, instead := d.Plan(t.Facts, t.Text)
	switch {
	case instead != "":
		return agent.Reply{Method: methodDeterministic, Text: instead}, true
	case !may(t, d.Intent):
		return agent.Reply{Method: methodDeterministic, Text: "I would " + d.Say + ", but that is not possible on this server."}, true
	}
	return agent.Reply{Method: methodDeterministic, Calls: []agent.ToolCall{{Name: d.Intent, Arguments: Encode(parameters)}}}, true
}

func may(t ports.Turn, intent string) bool { return slices.Contains(t.Tools, intent) }

// report says what became of what was started, from its results.
func report(t ports.Turn) agent.Reply {
	var lines []string
	talking := false
	for _, r := range t.Results {
		lines = append(lines, Outcome(t.Facts, r)...)
		talking = talking || r.Code == "" && slices.Contains([]string{"generate_sop_from_chat", "sop_chat_message"}, r.Call.Name)
	}
	if talking { // what comes next is the person's answer
		return agent.Reply{Text: strings.Join(lines, "\n"), Method: methodDeterministic}
	}
	g := Overlook(t.Facts).Guide()
	return agent.Reply{
		Text: strings.Join(lines, "\n") + "\n\n" + next(g), Suggestions: g.Steps, Method: methodDeterministic,
		Data: Encode(map[string]any{"recommended_action": g.Action, "completed_pillars": g.Completed}),
	}
}

func sentence(s string) string {
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}
