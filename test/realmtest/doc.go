// Package realmtest holds realms to their contract: Conformance checks what any realm declares, and World runs handlers against an
// in-memory store the way the Runtime does, with their steps interrupted and replayed.
package realmtest
