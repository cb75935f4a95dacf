package parse

import (
	"fmt"
	"slices"
	"strings"

	"github.com/symphainy/symphainy/domain/document"
)

// grid is a table of texts while it is read twice: look at every row, then begin, then write every row. The first row with content is
// the header unless the caller says there is none; blank rows count for nothing, short ones are filled up, long ones widen the table.
type grid struct {
	name     string
	opts     Options
	limits   Limits
	nulls    nullSet
	labels   []string
	evidence []evidence
	rows     int
	more     bool
	begun    bool // the first row was seen
	skipped  bool // the header was left out in the second pass
	blank    int
	out      *tableWriter
}

func newGrid(name string, job *Job) *grid {
	return &grid{name: name, opts: job.Options, limits: job.Limits, nulls: job.Options.nulls()}
}

func (g *grid) header() bool { return g.opts.HasHeader == nil || *g.opts.HasHeader }

func blankRow(record []string) bool {
	return !slices.ContainsFunc(record, func(s string) bool { return strings.TrimSpace(s) != "" })
}

// look is the first pass over a row. It answers errEnough when no more rows are wanted.
func (g *grid) look(record []string) error {
	if blankRow(record) {
		g.blank++
		return nil
	}
	if n := int64(len(record)); n > g.limits.Columns {
		for n > 0 && strings.TrimSpace(record[n-1]) == "" {
			n--
		}
		if record = record[:n]; n > g.limits.Columns {
			return exceeded("columns", g.limits.Columns, n, fmt.Sprintf(", in %q", clip(g.name)))
		}
	}
	for i, c := range record {
		if int64(len(c)) > g.limits.CellBytes {
			return exceeded("cell_bytes", g.limits.CellBytes, int64(len(c)), fmt.Sprintf(", in %q, row %d, column %d", clip(g.name), g.rows, i+1))
		}
	}
	if !g.begun {
		g.begun = true
		if g.header() {
			g.widen(len(record))
			for i, c := range record {
				g.labels[i] = strings.Clone(squeeze(c))
			}
			return nil
		}
	}
	if g.opts.MaxRows > 0 && g.rows == g.opts.MaxRows {
		g.more = true
		return errEnough
	}
	g.widen(len(record))
	if g.rows++; int64(g.rows) > g.limits.Rows {
		return exceeded("rows", g.limits.Rows, int64(g.rows), "")
	}
	for i := range g.evidence {
		cell := ""
		if i < len(record) {
			cell = record[i]
		}
		g.evidence[i].addText(cell, g.nulls)
	}
	return nil
}

// widen makes room for so many columns; the new ones were null so far.
func (g *grid) widen(n int) {
	for len(g.labels) < n {
		g.labels = append(g.labels, "")
		g.evidence = append(g.evidence, evidence{rows: g.rows, nulls: g.rows})
	}
}

// trim takes away columns at the end that have neither a header nor a value.
func (g *grid) trim() {
	n := len(g.labels)
	for n > 1 && g.labels[n-1] == "" && g.evidence[n-1].values() == 0 {
		n--
	}
	g.labels, g.evidence = g.labels[:n], g.evidence[:n]
}

// begin ends the first pass.
func (g *grid) begin(sink RowSink, index int, table *document.Table) error {
	g.trim()
	names := uniqueNames(g.labels)
	columns := make([]*column, len(names))
	for i, name := range names {
		columns[i] = newColumn(name, g.labels[i], i, &g.evidence[i], g.opts.order())
	}
	table.Name, table.Truncated = g.name, g.more
	out, err := beginTable(sink, index, table, columns)
	g.out = out
	return err
}

// write is the second pass over a row.
func (g *grid) write(doc *document.Document, record []string) error {
	if blankRow(record) {
		return nil
	}
	if g.header() && !g.skipped {
		g.skipped = true
		return nil
	}
	row := g.out.table.RowCount
	if row == g.rows {
		return errEnough
	}
	for i, c := range g.out.columns {
		cell := ""
		if i < len(record) {
			cell = record[i]
		}
		v, ok := c.fromText(cell, g.nulls, row)
		g.out.row[i] = v
		if !ok {
			doc.CellErrors.Add(c.misfit(g.name, row, v, -1))
		}
	}
	return g.out.flush()
}

func (g *grid) end(doc *document.Document) {
	g.out.end()
	warn := func(code, message string) {
		doc.Warnings.Add(document.Finding{Code: code, Table: g.name, Row: -1, Offset: -1, Message: message})
	}
	if g.rows == 0 {
		warn("no_rows", fmt.Sprintf("The table %q has a header and no rows.", clip(g.name)))
	}
	if g.more {
		warn("truncated", fmt.Sprintf("Only the first %d rows of %q were read, as asked.", g.rows, clip(g.name)))
	}
}

// addGrid adds a small table, all of whose rows are at hand, to the document. A table without content is left out.
func addGrid(job *Job, doc *document.Document, name, source string, rows [][]string) error {
	g := newGrid(name, job)
	for _, r := range rows {
		if err := g.look(r); err != nil && err != errEnough { //nolint:errorlint // never wrapped
			return err
		}
	}
	if !g.begun {
		return nil
	}
	table := document.Table{Source: source}
	if err := g.begin(job.sink, len(doc.Tables), &table); err != nil {
		return err
	}
	for _, r := range rows {
		if err := g.write(doc, r); err != nil && err != errEnough { //nolint:errorlint // never wrapped
			return err
		}
	}
	g.end(doc)
	doc.Tables = append(doc.Tables, table)
	return nil
}
