// Package query filters, groups, adds up and sorts the rows of one table, in one pass and in bounded memory. A query is data, never text that
// is run: columns are looked up, values are compared.
package query
