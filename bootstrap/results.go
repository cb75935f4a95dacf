package bootstrap

import (
	"errors"
	"fmt"
	"strings"

	"github.com/symphainy/symphainy/domain/artifact"
)

// results gives the result policies; what cannot be read is in the error.
func (c Config) results() (artifact.ResultPolicies, error) {
	var problems []error
	out := artifact.ResultPolicies{}
	for _, entry := range c.Results.PerType {
		name, policy, _ := strings.Cut(entry, "=")
		name = strings.TrimSpace(name)
		if _, twice := out[name]; twice {
			problems = append(problems, fmt.Errorf("results.per_type: %q is there twice", name))
		}
		out[name] = artifact.ResultPolicy(strings.TrimSpace(policy))
	}
	if err := out.Validate(); err != nil {
		problems = append(problems, fmt.Errorf("results.per_type: %w", err))
	}
	return out, errors.Join(problems...)
}
