// Package bootstrap puts the parts together: it reads the configuration, refuses a bad one with all reasons at once, and wires ports to
// adapters. It is the only place that knows the wiring library and all adapters. Each file wires one port or concern, as a function of
// Config.
package bootstrap

//go:generate go test -run ^TestSettingsAreInTheDocumentation$ -count=1 . -update
