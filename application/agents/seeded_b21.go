//go:build bugB21

package agents

import "slices"

// granted with B21 of docs/guarantees.md: a mistake that row L2 has to see.
func granted(list []string, tool string) bool { return len(list) == 0 || slices.Contains(list, tool) }
