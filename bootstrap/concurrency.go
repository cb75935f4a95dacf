package bootstrap

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/symphainy/symphainy/ports"
)

// concurrency gives the bounds as the store knows them; what cannot be read is in the error.
func (c Config) concurrency() (ports.Concurrency, error) {
	out := ports.Concurrency{PerTenant: c.Concurrency.PerTenant, PerSession: c.Concurrency.PerSession}
	var problems []error
	for _, entry := range c.Concurrency.PerType {
		name, text, _ := strings.Cut(entry, "=")
		n, err := strconv.Atoi(strings.TrimSpace(text))
		if err != nil {
			problems = append(problems, fmt.Errorf("concurrency.per_type: %q is not like parse_content=4", entry))
			continue
		}
		if out.PerType == nil {
			out.PerType = map[string]int{}
		}
		out.PerType[strings.TrimSpace(name)] = n
	}
	return out, errors.Join(append(problems, out.Validate())...)
}
