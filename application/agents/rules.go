package agents

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/symphainy/symphainy/domain/agent"
	"github.com/symphainy/symphainy/ports"
)

// Subjects of settings.
const (
	postureSubject = "posture"
	agentSubject   = "agent:"
)

// Rules are what holds for a tenant's agents now: the deployment's posture and the platform's definitions, narrowed by what the tenant has
// set.
type Rules struct {
	Posture agent.Posture
	// agents are the definitions with what the tenant has made of them.
	agents map[agent.ID]ruled
}

// ruled is one agent under the rules of a tenant.
type ruled struct {
	definition agent.Definition
	grant      []string
	off        bool
}

// rulebook reads the rules of tenants.
type rulebook struct {
	tools       *Tools
	definitions map[agent.ID]agent.Definition
	// base gives the deployment's posture.
	base    func(ctx context.Context, tx ports.Tx, tenantID string) (agent.Posture, error)
	offered []string
}

// of gives a tenant's rules. What cannot be read, and what contradicts itself, is agent.ErrPolicy: nothing is allowed then.
func (b *rulebook) of(ctx context.Context, tx ports.Tx, tenantID string) (Rules, error) {
	rules := Rules{agents: map[agent.ID]ruled{}}
	var err error
	if rules.Posture, err = b.base(ctx, tx, tenantID); err != nil {
		return Rules{}, err
	}
	for id, d := range b.definitions {
		rules.agents[id] = ruled{definition: d, grant: b.tools.Grant(d)}
	}
	rules.agents[outsideID] = ruled{definition: outside(), grant: b.tools.Grant(outside())}
	settings, err := tx.AgentSettings.Of(ctx, tenantID)
	if err != nil {
		return Rules{}, err
	}
	for _, s := range settings {
		if err := b.add(&rules, s); err != nil {
			return Rules{}, agent.ErrPolicy.Because(fmt.Errorf("setting %s: %w", s.Subject, err))
		}
	}
	return rules, rules.Posture.Check()
}

// add applies one setting. What it may not do any more has no effect.
func (b *rulebook) add(rules *Rules, s agent.Setting) error {
	if s.Subject == postureSubject {
		o, err := decoded[PostureOverride](s.Body)
		rules.Posture, _ = o.apply(rules.Posture, b.offered, b.known)
		return err
	}
	id := agent.ID(strings.TrimPrefix(s.Subject, agentSubject))
	r, ok := rules.agents[id]
	if !ok {
		return nil // of an agent that is not on this server
	}
	o, err := decoded[DefinitionOverride](s.Body)
	r.definition, r.grant, _ = o.apply(r.definition, r.grant)
	r.off = o.Enabled != nil && !*o.Enabled
	rules.agents[id] = r
	return err
}

func (b *rulebook) known(tool string) bool {
	_, ok := b.tools.Find(tool)
	return ok
}

// decoded reads an override strictly: a field that does not exist may be a rule that nobody would keep.
func decoded[T any](raw []byte) (T, error) {
	var v T
	d := json.NewDecoder(bytes.NewReader(raw))
	d.DisallowUnknownFields()
	err := d.Decode(&v)
	return v, err
}

// grant gives the tools that an agent may use now.
func (r Rules) grant(id agent.ID) []string {
	a, ok := r.agents[id]
	if !ok || a.off {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(a.grant), func(tool string) bool { return slices.Contains(r.Posture.Deny, tool) })
}
