// Package chaos makes a process fail on purpose, for test/chaos: it wraps the ports of a running platform with places at which the process
// can be made to exit, panic, wait or report an error, and writes down who claimed what. All but this file is compiled with -tags chaos
// only; a release holds none of it.
package chaos
