// Package outcomes is the realm that says what has been reached and what comes next: syntheses, roadmaps, proofs of concept, solutions, and
// exports of all that. Everything it says is computed from what the session really holds.
package outcomes
