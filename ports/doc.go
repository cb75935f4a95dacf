// Package ports holds the interfaces that the core needs from the outside, and the one that realms implement.
//
// Rules that every adapter obeys, and that the conformance suites under test/ check:
//
//   - An object that does not exist, or is outside the given scope, is fault.ErrNotFound; lists of nothing are empty, not an error.
//   - The tenant (or the scope that holds it) is an explicit, non-empty argument of every look-up of a tenant's object; an invalid
//     scope is refused with an Internal fault, never read as "all".
//   - A second insert of a unique key is fault.ErrDuplicate; a save of an aggregate whose Version is no longer the stored one is
//     fault.ErrStale, and the stored version rises by one with every save.
//   - A dependency that does not answer is fault.ErrUnavailable. A driver's own error never leaves the adapter except as a cause.
//   - Times are UTC with microseconds; a zero time is stored as null and comes back as zero. Byte slices holding JSON come back
//     semantically equal, not necessarily byte for byte.
//   - Everything is safe for concurrent use, except a Tx, which belongs to its callback.
package ports
