package agents

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/symphainy/symphainy/domain/agent"
	"github.com/symphainy/symphainy/domain/audit"
	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/domain/identity"
	"github.com/symphainy/symphainy/domain/typeid"
	"github.com/symphainy/symphainy/ports"
)

// Errors of the administration of agents.
var (
	// ErrOverride is an override that is too large, or would allow more than the deployment does; its fields say where.
	ErrOverride = fault.New(fault.Invalid, "invalid_override", "An override can only narrow what the deployment allows.")
	// ErrToolGone is an approval of a tool as it is not any more.
	ErrToolGone = fault.New(fault.Conflict, "tool_changed", "The tool is not as it was when you looked at it; look again.")
)

// Admin lets the admins of a tenant see and narrow how the tenant's agents work. Every change is recorded in the audit.
type Admin struct {
	uow   ports.UnitOfWork
	realm *Realm
	clock ports.Clock
	ids   ports.IDs
}

// NewAdmin makes the service, for a realm that is equipped.
func NewAdmin(uow ports.UnitOfWork, r *Realm, clock ports.Clock, ids ports.IDs) *Admin {
	return &Admin{uow, r, clock, ids}
}

// AgentView is an agent as a tenant has it.
type AgentView struct {
	Definition agent.Definition
	Enabled    bool
	// Tools are the tools that are left, by name.
	Tools []string
	// Set are the parts that the tenant has set; all others are the platform's.
	Set      []string
	Override DefinitionOverride
	// Version is the override's, 0 without one.
	Version int
}

// PostureView is a tenant's posture.
type PostureView struct {
	Effective  agent.Posture
	Deployment agent.Posture
	Models     []string
	Set        []string
	Override   PostureOverride
	Version    int
}

// ToolView is a tool and its pin.
type ToolView struct {
	Tool Tool
	// Pin is empty for a tool that was never used or approved.
	Pin agent.Pin
}

// BudgetView is what was used up, and its bounds.
type BudgetView struct {
	Day   string
	Used  agent.Account
	Bound agent.Budget
}

func mayAdminister(p identity.Principal) error {
	if p.Anonymous() || !p.May(identity.PermAdmin) {
		return fault.ErrPermission
	}
	return nil
}

// look runs fn on what a tenant's admin may see.
func (a *Admin) look(ctx context.Context, p identity.Principal, fn func(ctx context.Context, tx ports.Tx) error) error {
	if err := mayAdminister(p); err != nil {
		return err
	}
	return a.uow.View(ctx, fn)
}

func setting(ctx context.Context, tx ports.Tx, tenantID, subject string) (agent.Setting, error) {
	list, err := tx.AgentSettings.Of(ctx, tenantID)
	for _, s := range list {
		if s.Subject == subject {
			return s, nil
		}
	}
	return agent.Setting{TenantID: tenantID, Subject: subject}, err
}

// Agents gives the agents of the caller's tenant, by id.
func (a *Admin) Agents(ctx context.Context, p identity.Principal) ([]AgentView, error) {
	var views []AgentView
	err := a.look(ctx, p, func(ctx context.Context, tx ports.Tx) error {
		views = nil
		for id := range a.realm.rules.definitions {
			v, err := a.agent(ctx, tx, p.TenantID, id)
			if err != nil {
				return err
			}
			views = append(views, v)
		}
		return nil
	})
	slices.SortFunc(views, func(a, b AgentView) int { return strings.Compare(string(a.Definition.ID), string(b.Definition.ID)) })
	return views, err
}

// Agent gives one of them.
func (a *Admin) Agent(ctx context.Context, p identity.Principal, id agent.ID) (view AgentView, err error) {
	err = a.look(ctx, p, func(ctx context.Context, tx ports.Tx) error {
		view, err = a.agent(ctx, tx, p.TenantID, id)
		return err
	})
	return view, err
}

func (a *Admin) agent(ctx context.Context, tx ports.Tx, tenantID string, id agent.ID) (AgentView, error) {
	d, ok := a.realm.rules.definitions[id]
	if !ok {
		return AgentView{}, fault.ErrNotFound
	}
	s, err := setting(ctx, tx, tenantID, agentSubject+string(id))
	if err != nil {
		return AgentView{}, err
	}
	view := AgentView{Enabled: true, Version: s.Version, Set: []string{}}
	if s.Version > 0 {
		if view.Override, err = decoded[DefinitionOverride](s.Body); err != nil {
			return AgentView{}, agent.ErrPolicy.Because(err)
		}
	}
	var m merge
	view.Definition, view.Tools, m = view.Override.apply(d, a.realm.gate.Tools.Grant(d))
	view.Set = append(view.Set, m.set...)
	view.Enabled = view.Override.Enabled == nil || *view.Override.Enabled
	return view, nil
}

// Posture gives the posture of the caller's tenant.
func (a *Admin) Posture(ctx context.Context, p identity.Principal) (view PostureView, err error) {
	err = a.look(ctx, p, func(ctx context.Context, tx ports.Tx) error {
		view, err = a.posture(ctx, tx, p.TenantID)
		return err
	})
	return view, err
}

func (a *Admin) posture(ctx context.Context, tx ports.Tx, tenantID string) (PostureView, error) {
	base, err := a.realm.rules.base(ctx, tx, tenantID)
	if err != nil {
		return PostureView{}, err
	}
	s, err := setting(ctx, tx, tenantID, postureSubject)
	if err != nil {
		return PostureView{}, err
	}
	view := PostureView{Deployment: base, Models: a.realm.rules.offered, Version: s.Version, Set: []string{}}
	if s.Version > 0 {
		if view.Override, err = decoded[PostureOverride](s.Body); err != nil {
			return PostureView{}, agent.ErrPolicy.Because(err)
		}
	}
	var m merge
	view.Effective, m = view.Override.apply(base, a.realm.rules.offered, a.realm.rules.known)
	view.Set = append(view.Set, m.set...)
	return view, nil
}

// SetPosture puts an override in place of the one of the given version, 0 for none.
func (a *Admin) SetPosture(ctx context.Context, p identity.Principal, o PostureOverride, version int) (view PostureView, err error) {
	err = a.change(ctx, p, func(ctx context.Context, tx ports.Tx) error {
		base, err := a.realm.rules.base(ctx, tx, p.TenantID)
		if err != nil {
			return err
		}
		if _, m := o.apply(base, a.realm.rules.offered, a.realm.rules.known); len(m.problems) > 0 {
			return ErrOverride.WithFields(m.problems...)
		}
		if err := a.put(ctx, tx, p, postureSubject, o, version); err != nil {
			return err
		}
		view, err = a.posture(ctx, tx, p.TenantID)
		return err
	})
	return view, err
}

// DropPosture removes the override of the given version.
func (a *Admin) DropPosture(ctx context.Context, p identity.Principal, version int) error {
	return a.drop(ctx, p, postureSubject, version)
}

// SetAgent puts an override in place of the one of the given version, 0 for none.
func (a *Admin) SetAgent(ctx context.Context, p identity.Principal, id agent.ID, o DefinitionOverride, version int) (view AgentView, err error) {
	d, ok := a.realm.rules.definitions[id]
	err = a.change(ctx, p, func(ctx context.Context, tx ports.Tx) error {
		if !ok {
			return fault.ErrNotFound
		}
		if _, _, m := o.apply(d, a.realm.gate.Tools.Grant(d)); len(m.problems) > 0 {
			return ErrOverride.WithFields(m.problems...)
		}
		if err := a.put(ctx, tx, p, agentSubject+string(id), o, version); err != nil {
			return err
		}
		view, err = a.agent(ctx, tx, p.TenantID, id)
		return err
	})
	return view, err
}

// DropAgent removes the override of the given version.
func (a *Admin) DropAgent(ctx context.Context, p identity.Principal, id agent.ID, version int) error {
	return a.drop(ctx, p, agentSubject+string(id), version)
}

// Tools gives all tools with their pins, by name.
func (a *Admin) Tools(ctx context.Context, p identity.Principal) ([]ToolView, error) {
	var views []ToolView
	err := a.look(ctx, p, func(ctx context.Context, tx ports.Tx) error {
		pins, err := tx.ToolPins.Of(ctx, p.TenantID)
		views = nil
		for _, name := range slices.Sorted(slices.Values(a.realm.gate.Tools.order)) {
			v := ToolView{Tool: a.realm.gate.Tools.byName[name]}
			for _, pin := range pins {
				if pin.Tool == name {
					v.Pin = pin
				}
			}
			views = append(views, v)
		}
		return err
	})
	return views, err
}

// Approve pins a tool as it is now, if that is how the caller saw it.
func (a *Admin) Approve(ctx context.Context, p identity.Principal, tool, fingerprint string) error {
	return a.change(ctx, p, func(ctx context.Context, tx ports.Tx) error {
		t, ok := a.realm.gate.Tools.Find(tool)
		switch {
		case !ok:
			return fault.ErrNotFound
		case t.Fingerprint() != fingerprint:
			return ErrToolGone
		}
		now := a.clock.Now()
		if err := tx.ToolPins.Approve(ctx, agent.Pin{TenantID: p.TenantID, Tool: tool, Fingerprint: fingerprint, PinnedBy: p.Actor(), PinnedAt: now}); err != nil {
			return err
		}
		return a.record(ctx, tx, p, "agents.tool_approved", tool, map[string]any{"fingerprint": fingerprint})
	})
}

// Budget gives what the caller's tenant has used up today.
func (a *Admin) Budget(ctx context.Context, p identity.Principal) (view BudgetView, err error) {
	err = a.look(ctx, p, func(ctx context.Context, tx ports.Tx) error {
		posture, err := a.posture(ctx, tx, p.TenantID)
		if err != nil {
			return err
		}
		now := a.clock.Now()
		view = BudgetView{Day: now.UTC().Format(time.DateOnly), Bound: posture.Effective.Day}
		view.Used, err = tx.Ledger.Of(ctx, p.TenantID, daySubject(now))
		return err
	})
	return view, err
}

// change runs fn for an admin of the tenant who has signed in lately.
func (a *Admin) change(ctx context.Context, p identity.Principal, fn func(ctx context.Context, tx ports.Tx) error) error {
	if err := mayAdminister(p); err != nil {
		return err
	}
	if err := p.Fresh(a.clock.Now()); err != nil {
		return err
	}
	return a.uow.Do(ctx, fn)
}

// put stores a setting over the one of the given version.
func (a *Admin) put(ctx context.Context, tx ports.Tx, p identity.Principal, subject string, override any, version int) error {
	body, err := json.Marshal(override)
	if err != nil {
		return fault.As(fmt.Errorf("override: %w", err))
	}
	if len(body) > maxOverride {
		return ErrOverride.WithMsg("An override has at most %d bytes.", maxOverride)
	}
	s := agent.Setting{TenantID: p.TenantID, Subject: subject, Body: body, Version: version, UpdatedBy: p.Actor(), UpdatedAt: a.clock.Now()}
	if version == 0 {
		s.Version = 1
		err = tx.AgentSettings.Insert(ctx, s)
	} else {
		err = tx.AgentSettings.Save(ctx, s)
	}
	switch {
	case errors.Is(err, fault.ErrDuplicate), errors.Is(err, fault.ErrNotFound):
		return fault.ErrStale
	case err != nil:
		return err
	}
	return a.record(ctx, tx, p, "agents.override_set", subject, map[string]any{"version": version + 1, "override": json.RawMessage(body)})
}

func (a *Admin) drop(ctx context.Context, p identity.Principal, subject string, version int) error {
	return a.change(ctx, p, func(ctx context.Context, tx ports.Tx) error {
		if err := tx.AgentSettings.Delete(ctx, p.TenantID, subject, version); err != nil {
			return err
		}
		return a.record(ctx, tx, p, "agents.override_removed", subject, map[string]any{"version": version})
	})
}

func (a *Admin) record(ctx context.Context, tx ports.Tx, p identity.Principal, action, target string, detail map[string]any) error {
	return tx.Audit.Append(ctx, audit.Record{
		ID: a.ids.NewID(typeid.AuditRecord), TenantID: p.TenantID, Actor: p.Actor(), Action: action, Target: target, Result: audit.Completed,
		At: a.clock.Now(), Detail: Encode(detail),
	})
}
