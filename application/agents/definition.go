package agents

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"io/fs"

	"gopkg.in/yaml.v3"

	"github.com/symphainy/symphainy/domain/agent"
	"github.com/symphainy/symphainy/domain/identity"
)

//go:embed definitions/*.yaml
var files embed.FS

// definitionDoc is the written form of a definition.
type definitionDoc struct {
	ID           string              `yaml:"id"`
	Version      int                 `yaml:"version"`
	Type         string              `yaml:"type"`
	Role         string              `yaml:"role"`
	Mission      string              `yaml:"mission"`
	Must         []string            `yaml:"must"`
	MustNot      []string            `yaml:"must_not"`
	Capabilities []string            `yaml:"capabilities"`
	Realm        string              `yaml:"realm"`
	Tools        []string            `yaml:"tools"`
	Permission   identity.Permission `yaml:"permission"`
}

// Definitions gives the platform's agents. What the files hold is checked: a field that does not exist, a missing part or two agents of
// one id are refused, with all reasons at once.
func Definitions() (map[agent.ID]agent.Definition, error) { return definitionsOf(files) }

func definitionsOf(from fs.FS) (map[agent.ID]agent.Definition, error) {
	names, err := fs.Glob(from, "definitions/*.yaml")
	if err != nil {
		return nil, err
	}
	all := map[agent.ID]agent.Definition{}
	var problems []error
	for _, name := range names {
		raw, err := fs.ReadFile(from, name)
		if err != nil {
			return nil, err
		}
		d, err := definition(raw)
		if _, taken := all[d.ID]; taken {
			err = errors.Join(err, fmt.Errorf("a second agent %q", d.ID))
		}
		if err != nil {
			problems = append(problems, fmt.Errorf("%s: %w", name, err))
		}
		all[d.ID] = d
	}
	return all, errors.Join(problems...)
}

func definition(raw []byte) (agent.Definition, error) {
	var doc definitionDoc
	d := yaml.NewDecoder(bytes.NewReader(raw))
	d.KnownFields(true)
	if err := d.Decode(&doc); err != nil {
		return agent.Definition{}, err
	}
	var problems []error
	for what, missing := range map[string]bool{
		"id": doc.ID == "", "version": doc.Version < 1, "type": doc.Type != agent.TypeGuide && doc.Type != agent.TypeLiaison, "role": doc.Role == "",
		"mission": doc.Mission == "", "must": len(doc.Must) == 0, "must_not": len(doc.MustNot) == 0, "capabilities": len(doc.Capabilities) == 0,
		"permission": !known(doc.Permission),
	} {
		if missing {
			problems = append(problems, fmt.Errorf("%s is missing or wrong", what))
		}
	}
	return agent.Definition{
		ID: agent.ID(doc.ID), Version: doc.Version, Type: doc.Type, Role: doc.Role, Mission: doc.Mission, Must: doc.Must, MustNot: doc.MustNot,
		Capabilities: doc.Capabilities, Realm: doc.Realm, Tools: doc.Tools, Permission: doc.Permission,
	}, errors.Join(problems...)
}

func known(p identity.Permission) bool {
	owner := identity.Principal{Roles: []identity.Role{identity.RoleOwner, identity.RoleOperator}}
	return owner.May(p)
}
