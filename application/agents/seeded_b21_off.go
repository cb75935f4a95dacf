//go:build !bugB21

package agents

import "slices"

// granted reports whether a tool is among those that are granted: an empty list is none.
func granted(list []string, tool string) bool { return slices.Contains(list, tool) }
