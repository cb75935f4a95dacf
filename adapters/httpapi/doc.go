// Package httpapi serves the Experience plane over HTTP, as contract.md describes it. Every route stands in one table with the
// credential it needs; what is not in the table cannot be registered, and no handler runs before its credential is verified. The JSON
// routes and their OpenAPI document come from the same Go types.
package httpapi

//go:generate go test -run ^TestOpenAPIDocument$ -count=1 . -update
