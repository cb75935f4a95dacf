// Package telemetry counts what the platform does, for Prometheus, and sends spans of it to a collector of OpenTelemetry. It looks at the ports from outside, by decorators and gauges, so that
// nothing inside knows that it is measured. Labels come from fixed sets only: route templates, intent types, states; never ids.
package telemetry
