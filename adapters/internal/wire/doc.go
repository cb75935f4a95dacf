// Package wire is what the driving adapters share at the edge: strict JSON in, problem+json out, the shapes of contract.md, and the
// reading of credentials, origins, addresses, cookies and trace contexts from a request. It knows no use case and no router.
package wire
