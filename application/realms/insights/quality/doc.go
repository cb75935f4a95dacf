// Package quality assesses how far the data of a parsed file can be trusted. Every figure is computed from the document: no
// constants, no model, no clock but the date that the caller names. It reads each table once, in one pass over its rows.
package quality
