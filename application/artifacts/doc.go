// Package artifacts gives what executions made to people and programs: the one wire form, look-ups, lineage, content, and the
// projection of a session's artifacts that its realm_state shows. It reads only; artifacts change through intents.
package artifacts
