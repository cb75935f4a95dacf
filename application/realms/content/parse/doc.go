// Package parse turns the bytes of a file into a typed document. It is pure: a reader in, a document out, rows streamed
// to a sink; it knows no store, and its only clock is the deadline of the context.
//
// A parser is one file of this package and one line in NewRegistry. Text formats are read twice: the first pass looks at
// every value to find types, the second converts, so memory does not grow with the number of rows.
package parse
