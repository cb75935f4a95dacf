package journey

import (
	"encoding/json"
	"fmt"
	"slices"

	"github.com/symphainy/symphainy/application/artifacts"
	"github.com/symphainy/symphainy/application/realms/journey/process"
	"github.com/symphainy/symphainy/domain/artifact"
)

const (
	schemaSOP = "sop_v1"
	// sopVersion is the version that a new procedure has.
	sopVersion = "1.0"
	endWord    = "end"
)

// sopFields describes a procedure for the payload. What the source does not say is null.
func sopFields(p *process.Procedure) map[string]any {
	steps := make([]any, 0, len(p.Steps))
	for i := range p.Steps {
		steps = append(steps, stepOf(p, i+1))
	}
	roles := []any{}
	for _, r := range p.AllRoles() {
		roles = append(roles, map[string]any{"role": r.Name, "responsibility": nullable(r.Responsibility), "steps": append([]int{}, p.StepsOf(r.Name)...)})
	}
	var prerequisites any
	if len(p.Prerequisites) > 0 {
		prerequisites = texts(p.Prerequisites)
	}
	return map[string]any{
		"sop_title": nullable(p.Title), "purpose": nullable(p.Purpose), "scope": nullable(p.Scope), "prerequisites": prerequisites,
		"roles": roles, "steps": steps, "total_steps": len(p.Steps), "version": sopVersion,
		"checklists": map[string]any{"before": texts(p.Before), "during": texts(p.During), "after": texts(p.After)},
	}
}

func stepOf(p *process.Procedure, number int) map[string]any {
	s := p.Steps[number-1]
	branches, next := []any{}, []any{}
	for _, b := range s.Branches {
		branches = append(branches, map[string]any{"condition": nullable(b.Condition), "next_step": target(b.To), "text": branchText(b)})
	}
	if to := p.Follow(number); !slices.Equal(to, []int{number + 1}) {
		for _, n := range to {
			next = append(next, target(n))
		}
	}
	kind := "task"
	if s.Decision {
		kind = "decision"
	}
	return map[string]any{
		"step_number": number, "step_id": nullable(s.ID), "step_name": s.Name, "description": nullable(s.Description), "actor": nullable(s.Actor),
		"type": kind, "kind": nullable(s.Kind), "branches": branches, "next_steps": next, "details": texts(s.Details),
	}
}

func target(number int) any {
	if number == process.End {
		return endWord
	}
	return number
}

// branchText is a branch for people: "If Yes → step 3".
func branchText(b process.Branch) string {
	to := endWord
	if b.To != process.End {
		to = fmt.Sprintf("step %d", b.To)
	}
	switch b.Condition {
	case "":
		return "Then → " + to
	case process.Otherwise:
		return "Otherwise → " + to
	}
	return "If " + b.Condition + " → " + to
}

// storedSOP is a procedure as it is stored.
type storedSOP struct {
	Title         string   `json:"sop_title"`
	Purpose       string   `json:"purpose"`
	Scope         string   `json:"scope"`
	Prerequisites []string `json:"prerequisites"`
	Roles         []struct {
		Role           string `json:"role"`
		Responsibility string `json:"responsibility"`
	} `json:"roles"`
	Checklists struct {
		Before []string `json:"before"`
		During []string `json:"during"`
		After  []string `json:"after"`
	} `json:"checklists"`
	Steps []struct {
		ID          string `json:"step_id"`
		Name        string `json:"step_name"`
		Description string `json:"description"`
		Actor       string `json:"actor"`
		Type        string `json:"type"`
		Kind        string `json:"kind"`
		Branches    []struct {
			Condition string          `json:"condition"`
			Next      json.RawMessage `json:"next_step"`
		} `json:"branches"`
		Next    []json.RawMessage `json:"next_steps"`
		Details []string          `json:"details"`
	} `json:"steps"`
}

// procedureOf reads the procedure of an artifact.
func procedureOf(a artifact.Snapshot) (*process.Procedure, error) { return readProcedure(a.Payload) }

func readProcedure(raw []byte) (*process.Procedure, error) {
	var d storedSOP
	if err := json.Unmarshal(raw, &d); err != nil {
		return nil, errUnreadable.Because(err)
	}
	p := &process.Procedure{
		Title: d.Title, Purpose: d.Purpose, Scope: d.Scope, Prerequisites: d.Prerequisites,
		Before: d.Checklists.Before, During: d.Checklists.During, After: d.Checklists.After,
	}
	for _, r := range d.Roles {
		p.Roles = append(p.Roles, process.Role{Name: r.Role, Responsibility: r.Responsibility})
	}
	for _, s := range d.Steps {
		step := process.Step{
			ID: s.ID, Name: s.Name, Kind: s.Kind, Description: s.Description, Actor: s.Actor, Decision: s.Type == "decision", Details: s.Details,
		}
		for _, b := range s.Branches {
			to, err := number(b.Next, len(d.Steps))
			if err != nil {
				return nil, err
			}
			step.Branches = append(step.Branches, process.Branch{Condition: b.Condition, To: to})
		}
		for _, n := range s.Next {
			to, err := number(n, len(d.Steps))
			if err != nil {
				return nil, err
			}
			step.Next = append(step.Next, to)
		}
		p.Steps = append(p.Steps, step)
	}
	return p, nil
}

func number(raw json.RawMessage, steps int) (int, error) {
	var n int
	if string(raw) == `"`+endWord+`"` {
		return process.End, nil
	}
	if err := json.Unmarshal(raw, &n); err != nil || n < 1 || n > steps {
		return 0, errUnreadable.Because(err)
	}
	return n, nil
}

// sopPayload is the procedure with its ids, within the bounds of a payload.
func sopPayload(id string, p *process.Procedure, more map[string]any) ([]byte, error) {
	payload := sopFields(p)
	payload["sop_id"] = id
	// The envelope has a purpose, a scope and a version of its own, which win where the fields are flat.
	payload["sop_purpose"], payload["sop_scope"], payload["sop_version"] = payload["purpose"], payload["scope"], payload["version"]
	for k, v := range more {
		payload[k] = v
	}
	raw := artifacts.Encode(payload)
	if len(raw) > artifact.MaxPayload {
		return nil, tooLarge("bytes of a procedure", artifact.MaxPayload, len(raw))
	}
	return raw, nil
}
