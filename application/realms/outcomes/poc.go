package outcomes

import (
	"context"
	"strings"
	"time"
	"unicode"

	"github.com/symphainy/symphainy/application/realms/steps"
	"github.com/symphainy/symphainy/domain/event"
	"github.com/symphainy/symphainy/domain/realm"
	"github.com/symphainy/symphainy/domain/typeid"
	"github.com/symphainy/symphainy/ports"
)

const pocSchema = `{"type":"object","additionalProperties":false,"required":["description"],"properties":{
 "description":{"type":"string","minLength":1,"maxLength":5000,"pattern":"\\S"},
 "poc_options":{"type":"object","additionalProperties":false,"properties":{
  "title":` + titleSchema + `,"timeline":` + spanSchema + `,"start_date":` + dateSchema + `,
  "financials":{"type":"object","additionalProperties":false,"properties":{
   "budget":{"type":"number","minimum":0,"maximum":1000000000000},"currency":{"type":"string","minLength":1,"maxLength":10},
   "expected_benefit":{"type":"number","minimum":0,"maximum":1000000000000},"notes":{"type":"string","maxLength":2000},
   "cost_items":{"type":"array","maxItems":50,"items":{"type":"object","additionalProperties":false,"required":["name","amount"],"properties":{
    "name":{"type":"string","minLength":1,"maxLength":200},"amount":{"type":"number","minimum":0,"maximum":1000000000000}}}}}}}}}}`

func pocSpec() realm.IntentSpec {
	return spec(realm.IntentSpec{
		Type: createPOC, Title: "Create a proof of concept",
		Summary: "Turns a description into a proposal: objectives, scope, success criteria with today's baseline, risks and team.",
		Schema:  []byte(pocSchema), ResultKeys: []string{"poc", "poc_proposal"}, Events: []string{"poc_proposal_created"},
		Example: []byte(`{"description":"Show that beneficiary changes can be checked with AI assistance. Use policies.xlsx.","poc_options":{"timeline":"6 weeks"}}`),
	})
}

type costItem struct {
	Name   string  `json:"name"`
	Amount float64 `json:"amount"`
}

type financials struct {
	Budget          *float64   `json:"budget"`
	Currency        string     `json:"currency"`
	ExpectedBenefit *float64   `json:"expected_benefit"`
	Notes           string     `json:"notes"`
	CostItems       []costItem `json:"cost_items"`
}

type pocParameters struct {
	Description string `json:"description"`
	Options     struct {
		Title      string      `json:"title"`
		Timeline   string      `json:"timeline"`
		StartDate  string      `json:"start_date"`
		Financials *financials `json:"financials"`
	} `json:"poc_options"`
}

func (r *Realm) poc(ctx context.Context, call ports.IntentCall) (ports.IntentResult, error) {
	in, err := steps.Parameters[pocParameters](call)
	if err != nil {
		return ports.IntentResult{}, err
	}
	done, err := steps.Run(ctx, call, "propose", func(ctx context.Context, _ string) (made, error) {
		h, err := hold(ctx, call)
		if err != nil {
			return made{}, err
		}
		p := newProposal(r.IDs.NewID(typeid.Artifact), in, h)
		if err := p.schedule(call.Execution().CreatedAt); err != nil {
			return made{}, err
		}
		return p.made(), nil
	})
	if err != nil {
		return ports.IntentResult{}, err
	}
	return ports.IntentResult{
		Artifacts: []ports.ResultArtifact{{Key: typePOC, Aliases: []string{"poc_proposal"}, Artifact: outcome(call, typePOC, done)}},
		Values:    map[string]string{"poc_id": done.ID, "proposal_id": done.ID},
		Events:    []event.Draft{{Type: "poc_proposal_created", Data: done.Event}},
	}, nil
}

// proposal is a proof of concept while it is made.
type proposal struct {
	id         string
	in         pocParameters
	h          holdings
	objectives []string
	// inScope are the files and processes that the proposal is about; named tells that the description names them.
	inScope     []item
	named       bool
	findings    []finding
	start, end  time.Time
	assumptions []string
}

func newProposal(id string, in pocParameters, h holdings) *proposal {
	p := &proposal{id: id, in: in, h: h, objectives: phrases(in.Description)}
	var all []item
	for _, k := range []kind{files, workflows} {
		all = append(all, h.latest(k)...)
	}
	for _, i := range all {
		if names(in.Description, processName(i)) || names(in.Description, i.Name) {
			p.inScope = append(p.inScope, i)
		}
	}
	if p.named = len(p.inScope) > 0; !p.named {
		p.inScope = all
		if len(all) > 0 {
			p.assumptions = append(p.assumptions, "The description names no file or workflow of the session, so all of them are in scope.")
		}
	}
	for _, f := range h.findings() {
		if !p.named || p.covers(f.Source) {
			p.findings = append(p.findings, f)
		}
	}
	return p
}

// covers reports whether a result is about something in scope: made of it, or of what was made of it.
func (p *proposal) covers(source string) bool {
	var parents []string
	for _, list := range p.h.items {
		for _, i := range list {
			if i.ID == source {
				parents = i.Parents
			}
		}
	}
	for depth := 0; depth < 3; depth++ {
		var next []string
		for _, id := range parents {
			for _, i := range p.inScope {
				if i.ID == id {
					return true
				}
			}
			for _, k := range []kind{documents, workflows, procedures} {
				for _, i := range p.h.items[k] {
					if i.ID == id {
						next = append(next, i.Parents...)
					}
				}
			}
		}
		parents = next
	}
	return false
}

// phrases are the sentences of a text, one line each, without repeats.
func phrases(text string) []string {
	var out []string
	seen := map[string]bool{}
	add := func(s string) {
		s = strings.Trim(strings.Join(strings.Fields(s), " "), "-*• ")
		if key := strings.ToLower(s); s != "" && !seen[key] {
			seen[key] = true
			out = append(out, s)
		}
	}
	runes, from := []rune(text), 0
	for i, r := range runes {
		next := i+1 == len(runes) || unicode.IsSpace(runes[i+1])
		if r == '\n' || (r == '.' || r == '!' || r == '?') && next && !abbreviated(runes[from:i]) {
			add(string(runes[from : i+1]))
			from = i + 1
		}
	}
	add(string(runes[from:]))
	return out
}

// abbreviated reports whether a text ends in a short form such as "e.g", behind which a full stop ends no sentence.
func abbreviated(text []rune) bool {
	words := strings.Fields(string(text))
	if len(words) == 0 {
		return true
	}
	last := strings.ToLower(strings.Trim(words[len(words)-1], "()"))
	switch last {
	case "e.g", "i.e", "etc", "approx", "no", "nr", "vs", "mr", "mrs", "dr", "inc", "ltd":
		return len(words) > 1
	}
	return false
}

// names reports whether a text names something: its name, with or without the ending, as whole words.
func names(text, name string) bool {
	text, name = strings.ToLower(text), strings.ToLower(strings.TrimSpace(name))
	if dot := strings.LastIndexByte(name, '.'); dot > 2 && contains(text, name[:dot]) {
		return true
	}
	return contains(text, name)
}

func contains(text, name string) bool {
	if len(name) < 3 {
		return false
	}
	for at := 0; ; {
		i := strings.Index(text[at:], name)
		if i < 0 {
			return false
		}
		before, after := at+i, at+i+len(name)
		if !wordAt(text, before-1) && !wordAt(text, after) {
			return true
		}
		at += i + 1
	}
}

func wordAt(s string, i int) bool {
	return i >= 0 && i < len(s) && (s[i] >= 0x80 || unicode.IsLetter(rune(s[i])) || unicode.IsDigit(rune(s[i])))
}

func (p *proposal) schedule(created time.Time) error {
	s, ok := readSpan(p.in.Options.Timeline)
	start, assumed, err := startDay(p.in.Options.StartDate, created)
	if err != nil {
		return err
	}
	switch {
	case ok:
		p.start, p.end = start, s.after(start).AddDate(0, 0, -1)
		if assumed {
			p.assumptions = append(p.assumptions, "The proof of concept starts on the day on which it was asked for.")
		}
	case !assumed:
		p.start = start
	}
	return nil
}
