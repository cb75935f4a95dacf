package bootstrap

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/symphainy/symphainy/application/artifacts"
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
		if name != "" && !slices.Contains(artifacts.Types(), name) {
			problems = append(problems, fmt.Errorf("results.per_type: there is no artifact type %q; there are %s", name, strings.Join(artifacts.Types(), ", ")))
		}
		out[name] = artifact.ResultPolicy(strings.TrimSpace(policy))
	}
	if err := out.Validate(); err != nil {
		problems = append(problems, fmt.Errorf("results.per_type: %w", err))
	}
	return out, errors.Join(problems...)
}
