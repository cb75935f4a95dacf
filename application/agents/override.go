package agents

import (
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/symphainy/symphainy/domain/agent"
	"github.com/symphainy/symphainy/domain/fault"
)

// PostureOverride is what a tenant has set about all its agents. What is nil is the deployment's. It can only narrow what the deployment
// allows: what would widen it is refused when it is set, and has no effect if the deployment became narrower later.
type PostureOverride struct {
	Model         *string         `json:"model,omitempty" doc:"One of those that the deployment offers"`
	Temperature   *float64        `json:"temperature,omitempty" doc:"0 to 2"`
	MaxTokens     *int64          `json:"max_tokens,omitempty" doc:"Tokens of one answer"`
	Tone          *string         `json:"tone,omitempty"`
	Strict        *bool           `json:"strict,omitempty" doc:"Ask a person before everything that changes something"`
	FourEyes      *bool           `json:"four_eyes,omitempty" doc:"Who is asked must be another one than who the agent works for"`
	AtLimit       *string         `json:"at_limit,omitempty" doc:"end, or ask for as much again"`
	Deny          []string        `json:"deny,omitempty" doc:"Tools that no agent may use"`
	DecideSeconds *int64          `json:"decide_seconds,omitempty" doc:"How long a person may take"`
	Turn          *LimitsOverride `json:"turn,omitempty"`
	Session       *BudgetOverride `json:"session,omitempty"`
	Day           *BudgetOverride `json:"day,omitempty"`
}

// LimitsOverride bounds one turn; 0 allows none.
type LimitsOverride struct {
	ModelCalls *int64 `json:"model_calls,omitempty"`
	ToolCalls  *int64 `json:"tool_calls,omitempty"`
	Depth      *int64 `json:"depth,omitempty"`
	Tokens     *int64 `json:"tokens,omitempty"`
	Cost       *int64 `json:"cost,omitempty" doc:"In millionths; more than 0"`
	Seconds    *int64 `json:"seconds,omitempty" doc:"More than 0"`
}

// BudgetOverride bounds a session or a day. A bound is more than 0; what is left out is the deployment's.
type BudgetOverride struct {
	Tokens  *int64 `json:"tokens,omitempty"`
	Cost    *int64 `json:"cost,omitempty" doc:"In millionths"`
	Steps   *int64 `json:"steps,omitempty" doc:"Calls of the model and by it"`
	Seconds *int64 `json:"seconds,omitempty" doc:"How long the model works"`
}

// DefinitionOverride is what a tenant has set about one agent: other words, more rules, fewer tools.
type DefinitionOverride struct {
	Enabled *bool     `json:"enabled,omitempty" doc:"false takes the agent away"`
	Role    *string   `json:"role,omitempty"`
	Mission *string   `json:"mission,omitempty"`
	Must    []string  `json:"must,omitempty" doc:"What it must do besides"`
	MustNot []string  `json:"must_not,omitempty" doc:"What it must not do besides"`
	Tools   *[]string `json:"tools,omitempty" doc:"Those of its tools that are left; an empty list leaves none"`
}

// Bounds of overrides.
const (
	maxOverride   = 16 << 10
	maxRole       = 100
	maxMission    = 1000
	maxTone       = 200
	maxRules      = 20
	maxRule       = 300
	maxNamedTools = 200
)

// merge is an override on its way onto what it overrides.
type merge struct {
	problems []fault.Field
	// set are the names of what the tenant has set.
	set []string
}

func (m *merge) refuse(pointer, format string, args ...any) {
	m.problems = append(m.problems, fault.Field{Pointer: "/" + pointer, Code: "not_allowed", Message: fmt.Sprintf(format, args...)})
}

// take notes that a value counts.
func (m *merge) take(pointer string) { m.set = append(m.set, strings.ReplaceAll(pointer, "/", ".")) }

// lower takes a number that is no more than what it replaces. Where zero means no bound, it has to be a bound.
func (m *merge) lower(pointer string, v *int64, into *int64, zeroIsNone bool) {
	switch {
	case v == nil:
	case *v < 0 || zeroIsNone && *v == 0:
		m.refuse(pointer, "has to be a bound")
	case *v > *into && (!zeroIsNone || *into > 0):
		m.refuse(pointer, "is more than the deployment allows, %d", *into)
	default:
		*into = *v
		m.take(pointer)
	}
}

// seconds is lower for a duration.
func (m *merge) seconds(pointer string, v *int64, into *time.Duration) {
	const most = int64(366 * 24 * 60 * 60)
	if v != nil && *v > most {
		m.refuse(pointer, "is more than a year")
		return
	}
	whole := int64((*into + time.Second - 1) / time.Second)
	before := whole
	m.lower(pointer, v, &whole, true)
	if whole != before {
		*into = time.Duration(whole) * time.Second
	}
}

// raise takes a switch that may only be turned on.
func (m *merge) raise(pointer string, v *bool, into *bool) {
	switch {
	case v == nil:
	case *into && !*v:
		m.refuse(pointer, "is on in the whole deployment")
	default:
		*into = *v
		m.take(pointer)
	}
}

// words takes a text that is to stand in a prompt: one line, nothing that hides or looks like a mark.
func (m *merge) words(pointer string, v *string, into *string, most int) {
	if v != nil && m.plain(pointer, *v, most) {
		*into = *v
		m.take(pointer)
	}
}

func (m *merge) plain(pointer, text string, most int) bool {
	switch {
	case strings.TrimSpace(text) == "" || utf8.RuneCountInString(text) > most:
		m.refuse(pointer, "has to have 1 to %d characters", most)
	case text != quoted(text) || strings.ContainsAny(text, "\n\t"):
		m.refuse(pointer, "has to be one line without < and > and without invisible characters")
	default:
		return true
	}
	return false
}

// rules appends lines to a list of rules.
func (m *merge) rules(pointer string, lines []string, into *[]string) {
	if len(lines) == 0 {
		return
	}
	if len(lines) > maxRules {
		m.refuse(pointer, "has to have at most %d lines", maxRules)
		return
	}
	for i, line := range lines {
		if !m.plain(fmt.Sprintf("%s/%d", pointer, i), line, maxRule) {
			return
		}
	}
	*into = append(slices.Clone(*into), lines...)
	m.take(pointer)
}

// apply narrows a posture. offered are the models that a tenant may choose; known reports whether there is a tool.
func (o PostureOverride) apply(p agent.Posture, offered []string, known func(tool string) bool) (agent.Posture, merge) {
	m := merge{}
	if o.Model != nil {
		if slices.Contains(offered, *o.Model) {
			p.Model = *o.Model
			m.take("model")
		} else {
			m.refuse("model", "is not offered here")
		}
	}
	if o.Temperature != nil {
		if t := *o.Temperature; t >= 0 && t <= 2 {
			p.Temperature = &t
			m.take("temperature")
		} else {
			m.refuse("temperature", "has to be from 0 to 2")
		}
	}
	most := int64(p.MaxTokens)
	m.lower("max_tokens", o.MaxTokens, &most, true)
	p.MaxTokens = int(most)
	m.words("tone", o.Tone, &p.Tone, maxTone)
	m.raise("strict", o.Strict, &p.Strict)
	m.raise("four_eyes", o.FourEyes, &p.FourEyes)
	o.atLimit(&m, &p)
	o.deny(&m, &p, known)
	m.seconds("decide_seconds", o.DecideSeconds, &p.Decide)
	o.Turn.apply(&m, &p.Limits)
	o.Session.apply(&m, "session", &p.Session)
	o.Day.apply(&m, "day", &p.Day)
	return p, m
}

func (o PostureOverride) atLimit(m *merge, p *agent.Posture) {
	if o.AtLimit == nil {
		return
	}
	switch to := agent.AtLimit(*o.AtLimit); {
	case to != agent.AtLimitEnd && to != agent.AtLimitAsk:
		m.refuse("at_limit", "has to be end or ask")
	case to == agent.AtLimitAsk && p.AtLimit != agent.AtLimitAsk:
		m.refuse("at_limit", "turns end at their limit in the whole deployment")
	default:
		p.AtLimit = to
		m.take("at_limit")
	}
}

func (o PostureOverride) deny(m *merge, p *agent.Posture, known func(string) bool) {
	if len(o.Deny) == 0 {
		return
	}
	if len(o.Deny) > maxNamedTools {
		m.refuse("deny", "has to have at most %d tools", maxNamedTools)
		return
	}
	for i, tool := range o.Deny {
		if !known(tool) {
			m.refuse(fmt.Sprintf("deny/%d", i), "is no tool")
		}
	}
	p.Deny = append(slices.Clone(p.Deny), o.Deny...)
	m.take("deny")
}

func (o *LimitsOverride) apply(m *merge, l *agent.Limits) {
	if o == nil {
		return
	}
	m.lower("turn/model_calls", o.ModelCalls, &l.ModelCalls, false)
	m.lower("turn/tool_calls", o.ToolCalls, &l.ToolCalls, false)
	depth := int64(l.Depth)
	m.lower("turn/depth", o.Depth, &depth, false)
	l.Depth = int(depth)
	m.lower("turn/tokens", o.Tokens, &l.Tokens, false)
	m.lower("turn/cost", o.Cost, &l.Cost, true)
	m.seconds("turn/seconds", o.Seconds, &l.Time)
}

func (o *BudgetOverride) apply(m *merge, name string, b *agent.Budget) {
	if o == nil {
		return
	}
	m.lower(name+"/tokens", o.Tokens, &b.Tokens, true)
	m.lower(name+"/cost", o.Cost, &b.Cost, true)
	m.lower(name+"/steps", o.Steps, &b.Steps, true)
	m.seconds(name+"/seconds", o.Seconds, &b.Time)
}

// apply makes a tenant's definition of the platform's. grant are the tools that the definition stands for; the tools that are left come as
// a list of names.
func (o DefinitionOverride) apply(d agent.Definition, grant []string) (agent.Definition, []string, merge) {
	m := merge{}
	if o.Enabled != nil {
		m.take("enabled")
	}
	m.words("role", o.Role, &d.Role, maxRole)
	m.words("mission", o.Mission, &d.Mission, maxMission)
	m.rules("must", o.Must, &d.Must)
	m.rules("must_not", o.MustNot, &d.MustNot)
	if o.Tools == nil {
		return d, grant, m
	}
	if len(*o.Tools) > maxNamedTools {
		m.refuse("tools", "has to have at most %d tools", maxNamedTools)
		return d, nil, m
	}
	for i, tool := range *o.Tools {
		if !slices.Contains(grant, tool) {
			m.refuse(fmt.Sprintf("tools/%d", i), "is no tool of this agent")
		}
	}
	m.take("tools")
	return d, Within(grant, *o.Tools), m
}
