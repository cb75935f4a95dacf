package agents

import (
	"context"
	"fmt"
	"strings"

	"github.com/symphainy/symphainy/domain/agent"
	"github.com/symphainy/symphainy/ports"
)

// methodDeterministic marks answers that no model had a part in.
const methodDeterministic = "deterministic"

// GuideAgent is the builtin guide: it says where the session stands, what is next and why, and which liaison a request belongs to.
type GuideAgent struct{}

var _ ports.Agent = GuideAgent{}

// Definition says who the guide is.
func (GuideAgent) Definition() agent.Definition {
	return agent.Definition{
		ID: agent.Guide, Type: agent.TypeGuide, Role: "Guide",
		Mission: "Say where a session stands, what is next and why, and bring requests to the agent they belong to.",
	}
}

// Respond answers from the session's facts.
func (GuideAgent) Respond(_ context.Context, t ports.Turn, say func(string) error) (agent.Reply, error) {
	o := Overlook(t.Facts)
	a := Analyse(t.Text)
	g := o.Guide()
	if reply, ok := Act(t, Deeds()); ok {
		if reply.Data == nil && len(reply.Calls) == 0 {
			reply.Suggestions, reply.Data = g.Steps, guideData(a, g)
		}
		return reply, Stream(reply.Text, say)
	}
	said := ""
	switch {
	case Mentions(t.Text, "status", "progress", "compare"):
		said, _ = Answer(t.Facts, t.Text, "parsed_content", "workflow", "roadmap")
	case Mentions(t.Text, "wrong", "problem", "issue", "error"):
		said = Troubles(o, t.Text) + "\n\n" + next(g)
	}
	if said != "" {
		return agent.Reply{Text: said, Suggestions: g.Steps, Method: methodDeterministic, Data: guideData(a, g)}, Stream(said, say)
	}
	paragraphs := []string{opening(t, a), standing(o)}
	if a.Pillar != "" {
		paragraphs = append(paragraphs, handOver(a))
	}
	paragraphs = append(paragraphs, next(g))
	text := strings.Join(nonEmpty(paragraphs), "\n\n")
	if err := Stream(text, say); err != nil {
		return agent.Reply{}, err
	}
	return agent.Reply{Text: text, Suggestions: g.Steps, Method: methodDeterministic, Data: guideData(a, g)}, nil
}

func opening(t ports.Turn, a Analysis) string {
	surface := agent.ForSurface(t.Surface)
	switch {
	case surface != agent.Guide:
		return fmt.Sprintf("The agent of this pillar (%s) is not on this server yet, so I answer for it.", surface)
	case len(t.History) == 0 && t.Facts.UserName != "":
		return fmt.Sprintf("Hello %s, I am your guide.", t.Facts.UserName)
	case len(t.History) == 0:
		return "Hello, I am your guide."
	case a.Category == "general":
		return "I am not sure what you are after. I can tell you what this session holds, what is next and why, and which agent helps with files, analysis, processes or plans."
	}
	return ""
}

// standing is the state of the session in real numbers.
func standing(o Overview) string {
	if len(o.Files) == 0 {
		return "You have no files yet. Give me a CSV, JSON or text file, and I will tell you what is in it and what it is worth."
	}
	parts := make([]string, 0, len(o.Files))
	for _, f := range o.Files[max(0, len(o.Files)-3):] {
		parts = append(parts, f.Describe())
	}
	text := fmt.Sprintf("You have %s; %s.", Count(len(o.Files), "file"), strings.Join(parts, "; "))
	if made := o.made(); made != "" {
		text += " Made of that: " + made + "."
	}
	if n := len(o.Running); n > 0 {
		text += fmt.Sprintf(" %s still running.", isAre(n, "execution"))
	}
	if n := len(o.Failed); n > 0 {
		text += fmt.Sprintf(" The last failure was %s: %s", o.Failed[0].Intent.Type, o.Failed[0].ErrorMessage)
	}
	return text
}

// made names the newest result of each kind, in the order of the journey.
func (o Overview) made() string {
	var list []string
	for _, kind := range []string{"workflow", "sop", "coexistence_analysis", "blueprint", "synthesis", "roadmap", "poc", "solution"} {
		if t, ok := o.Newest[kind]; ok {
			list = append(list, fmt.Sprintf("%s %q", spoken(kind), t.Name))
		}
	}
	if len(list) < 2 {
		return strings.Join(list, "")
	}
	return strings.Join(list[:len(list)-1], ", ") + " and " + list[len(list)-1]
}

func isAre(n int, noun string) string {
	if n == 1 {
		return Count(n, noun) + " is"
	}
	return Count(n, noun) + " are"
}

func handOver(a Analysis) string {
	if a.NeedsClarification {
		names := []string{a.Pillar.Title()}
		for _, p := range a.Alternatives {
			names = append(names, p.Title())
		}
		return fmt.Sprintf("This could be for the %s. Which do you mean?", strings.Join(names, " or the "))
	}
	return fmt.Sprintf("This is for the %s; its agent knows the details.", a.Pillar.Title())
}

func next(g Guidance) string {
	if len(g.Steps) > 0 && g.Steps[0].IntentType != "" {
		return "Next: " + g.Reasoning + " " + g.Steps[0].Label + "?"
	}
	if g.Action == actionUpload {
		return "Next: upload a file; everything starts with one."
	}
	return "Next: " + g.Reasoning
}

func guideData(a Analysis, g Guidance) []byte {
	data := map[string]any{
		"intent_analysis": map[string]any{
			"intent_category": a.Category, "recommended_pillar": nullable(a.Pillar), "confidence": a.Confidence, "requirements": a.Requirements,
			"alternatives": pillars(a.Alternatives),
			"analysis":     map[string]any{"understood": a.Category != "general", "needs_clarification": a.NeedsClarification},
		},
		"journey": map[string]any{
			"recommended_pillar": g.Pillar, "recommended_action": g.Action, "reasoning": g.Reasoning, "completed_pillars": g.Completed,
		},
	}
	if a.Routable() {
		data["routing_info"] = map[string]any{
			"should_route": true, "pillar": a.Pillar, "liaison_agent": "liaison." + string(a.Pillar),
			"routing_message": fmt.Sprintf("This is for the %s.", a.Pillar.Title()),
		}
	}
	return Encode(data)
}

func nullable(p Pillar) any {
	if p == "" {
		return nil
	}
	return p
}

func pillars(list []Pillar) []Pillar {
	if list == nil {
		return []Pillar{}
	}
	return list
}

func nonEmpty(list []string) []string {
	var kept []string
	for _, s := range list {
		if s != "" {
			kept = append(kept, s)
		}
	}
	return kept
}

// Stream says a text word by word, so that clients see an answer grow whatever agent gives it.
func Stream(text string, say func(string) error) error {
	for _, word := range strings.SplitAfter(text, " ") {
		if err := say(word); err != nil {
			return err
		}
	}
	return nil
}
