// Package content is the realm that turns files into typed documents: upload in two phases under a boundary contract, parsing, and the
// lists and look-ups of what a caller has.
//
// The bytes of a file are read only while its contract is active. They lie in the blob store under keys that the server made; nothing that
// leaves the realm holds such a key.
package content
