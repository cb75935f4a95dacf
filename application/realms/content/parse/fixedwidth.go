package parse

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/symphainy/symphainy/application/realms/content/parse/copybook"
	"github.com/symphainy/symphainy/domain/document"
)

// The ways in which fixed-width records follow one another.
const (
	recordFixed = "fixed"
	recordRDW   = "rdw"
	recordLine  = "line"
)

// fixedParser reads files of fixed-width records by their copybook: a table for each kind of record.
type fixedParser struct{}

func newFixed() Parser { return fixedParser{} }

func (fixedParser) Format() string       { return "fixed_width" }
func (fixedParser) Extensions() []string { return []string{"bin", "dat"} }
func (fixedParser) Profile() string      { return ProfileStructured }
func (fixedParser) binary() bool         { return true }
func (fixedParser) Probe(*source) bool   { return false }

// fixedFile is a file of records while it is read.
type fixedFile struct {
	job     *Job
	doc     *document.Document
	layouts []copybook.Layout
	frame   frame
	nulls   nullSet
	tables  []*recordTable
	bad     int // records with a bad number
	records int
}

// recordTable is the table of one kind of record.
type recordTable struct {
	layout   *copybook.Layout
	evidence []evidence
	rows     int
	more     bool
	cells    []copybook.Cell
}

func (fixedParser) Parse(job *Job) (*document.Document, error) {
	if job.Input.Copybook == "" {
		return nil, ErrCopybookRequired
	}
	layouts, err := copybook.Parse(job.Input.Copybook)
	if err != nil {
		return nil, copybookFault(err)
	}
	f := &fixedFile{job: job, doc: job.newDocument("fixed_width"), layouts: layouts, nulls: job.Options.nulls()}
	if f.frame, err = findFrame(job, f.doc, layouts); err != nil {
		return nil, err
	}
	if err := f.look(); err != nil {
		return nil, err
	}
	for i := range f.tables {
		if err := f.write(i); err != nil {
			return nil, err
		}
	}
	f.describe()
	return f.doc, nil
}

func copybookFault(err error) error {
	var c *copybook.Error
	if !errors.As(err, &c) {
		return err
	}
	if c.Unsupported {
		return ErrFeature.WithMsg("The copybook: %s.", c.Error()).Because(err)
	}
	return ErrCopybookInvalid.WithMsg("The copybook: %s.", c.Error()).Because(err)
}

// look is the first pass: how many records of each kind, what their texts look like, and how many numbers are none.
func (f *fixedFile) look() error {
	for i := range f.layouts {
		l := &f.layouts[i]
		f.tables = append(f.tables, &recordTable{layout: l, evidence: make([]evidence, len(l.Fields)), cells: make([]copybook.Cell, len(l.Fields))})
	}
	r, err := f.frame.open()
	if err != nil {
		return err
	}
	firstBad := int64(-1)
	for {
		kind, record, offset, err := r.next()
		if errors.Is(err, io.EOF) {
			break
		}
		if left := (*trailingBytes)(nil); errors.As(err, &left) {
			f.doc.Warnings.Add(document.Finding{
				Code: "trailing_bytes", Row: -1, Offset: left.offset, Message: fmt.Sprintf("The last %d bytes of the file are no whole record; they were left out.", left.count),
			})
			break
		}
		if err != nil {
			return err
		}
		if f.tables[kind].look(f, record) {
			f.bad++
			if firstBad < 0 {
				firstBad = offset
			}
		}
		if f.records++; int64(f.records) > f.job.Limits.Rows {
			return exceeded("rows", f.job.Limits.Rows, int64(f.records), "")
		}
	}
	switch {
	case f.records == 0:
		return ErrNoRecords.WithMsg("The file of %d bytes is shorter than a record of %d.", f.job.src.size, f.layouts[0].Length)
	case f.bad*2 > f.records:
		return ErrCopybookMismatch.WithMsg("%d of %d records have a number that is none, the first at offset %d: the copybook does not belong to this file.", f.bad, f.records, firstBad)
	}
	return nil
}

// look takes a record in and reports whether it has a bad number.
func (t *recordTable) look(f *fixedFile, record []byte) bool {
	t.layout.Record(f.frame.decoder, record, t.cells)
	if t.rows == f.job.Options.MaxRows && t.rows > 0 {
		t.more = true
		return false
	}
	t.rows++
	bad := false
	for i, c := range t.cells {
		e := &t.evidence[i]
		switch {
		case c.Null:
			e.rows++
			e.nulls++
			bad = bad || c.Bad
		case t.layout.Fields[i].Kind == copybook.Text:
			e.addText(c.Text, f.nulls)
		default:
			e.rows++
		}
	}
	return bad
}

// columns gives the columns of the table: types by the copybook, dates by what the texts are.
func (t *recordTable) columns(f *fixedFile) []*column {
	out := make([]*column, len(t.layout.Fields))
	for i, field := range t.layout.Fields {
		c := newColumn(field.Name, field.Base, i, &t.evidence[i], f.job.Options.order())
		switch field.Kind {
		case copybook.Integer:
			c.Type, c.Format = document.TypeInteger, document.FormatNone
		case copybook.Decimal:
			c.Type, c.Format = document.TypeFloat, document.FormatNone
		case copybook.Text:
			if c.Type != document.TypeDate && c.Type != document.TypeDateTime {
				c.Type, c.Format = document.TypeString, t.evidence[i].format(t.evidence[i].values())
			}
		}
		c.Constraints = t.constraints(field.Base)
		out[i] = c
	}
	return out
}

// constraints gives the values that the 88-levels of a field allow, if they name all of them.
func (t *recordTable) constraints(field string) []document.Constraint {
	var values []string
	for _, c := range t.layout.Conditions {
		if c.Field != field {
			continue
		}
		if !c.Closed {
			return nil
		}
		values = append(values, c.Values...)
	}
	if len(values) == 0 {
		return nil
	}
	return []document.Constraint{{Kind: document.ConstraintEnum, Values: values}}
}

// write is the second pass, over the records of one kind.
func (f *fixedFile) write(kind int) error {
	t := f.tables[kind]
	table := document.Table{Name: t.layout.Name, Source: t.layout.Name, Truncated: t.more}
	out, err := beginTable(f.job.sink, len(f.doc.Tables), &table, t.columns(f))
	if err != nil {
		return err
	}
	r, err := f.frame.open()
	if err != nil {
		return err
	}
	for table.RowCount < t.rows {
		k, record, offset, err := r.next()
		if err != nil {
			return err // the first pass has come further
		}
		if k != kind {
			continue
		}
		t.layout.Record(f.frame.decoder, record, t.cells)
		f.fill(out, t, offset)
		if err := out.flush(); err != nil {
			return err
		}
	}
	out.end()
	if t.rows == 0 {
		f.doc.Warnings.Add(document.Finding{Code: "no_rows", Table: table.Name, Row: -1, Offset: -1, Message: fmt.Sprintf("The file has no record of the kind %q.", table.Name)})
	}
	if t.more {
		f.doc.Warnings.Add(document.Finding{Code: "truncated", Table: table.Name, Row: -1, Offset: -1, Message: fmt.Sprintf("Only the first %d records of %q were read, as asked.", t.rows, table.Name)})
	}
	f.doc.Tables = append(f.doc.Tables, table)
	return nil
}

// fill makes the row of the cells.
func (f *fixedFile) fill(out *tableWriter, t *recordTable, offset int64) {
	row := out.table.RowCount
	for i, c := range out.columns {
		field, cell := &t.layout.Fields[i], t.cells[i]
		at := offset + int64(field.Offset)
		v, ok := document.Value{}, true
		switch {
		case cell.Bad:
			f.doc.CellErrors.Add(document.Finding{
				Code: "bad_number", Table: out.table.Name, Row: row, Column: c.Name, Offset: at,
				Message: fmt.Sprintf("Row %d: the bytes of %q at offset %d are no number.", row+1, c.Name, at),
			})
		case cell.Null:
		case field.Kind == copybook.Integer:
			if v, ok = document.ParseInteger(cell.Text); !ok {
				v = document.Text(cell.Text)
			}
		case field.Kind == copybook.Decimal:
			if v, ok = document.ParseFloat(cell.Text); !ok {
				v = document.Text(cell.Text)
			}
		default:
			v, ok = c.fromText(cell.Text, f.nulls, row)
		}
		if !ok {
			f.doc.CellErrors.Add(c.misfit(out.table.Name, row, v, at))
		}
		out.row[i] = v
	}
}

// describe notes how the file was read, and the rules of the copybook.
func (f *fixedFile) describe() {
	m := &f.doc.Metadata
	m.RecordCount, m.Codepage = f.records, string(f.frame.decoder.Page())
	if main := f.doc.MainTable(); main >= 0 {
		m.RecordCount = f.doc.Tables[main].RowCount
	}
	m.Counts["records"] = f.records
	m.Counts["bad_records"] = f.bad
	switch {
	case f.frame.length > 0:
		m.RecordLength = f.frame.length
	case len(f.layouts) == 1 && !f.layouts[0].Variable():
		m.RecordLength = max(f.layouts[0].Length, f.frame.least)
	case f.frame.least > 0:
		m.RecordLength = f.frame.least
	}
	for i := range f.layouts {
		for _, c := range f.layouts[i].Conditions {
			f.doc.Rules = append(f.doc.Rules, document.Rule{Field: c.Field, Condition: c.Name, Values: c.Values})
		}
		f.doc.Structure = append(f.doc.Structure, document.Element{Kind: "record", Name: f.layouts[i].Name, Level: 1, Items: placesOf(&f.layouts[i])})
	}
}

// placesOf says where the fields of a record are.
func placesOf(l *copybook.Layout) []string {
	out := make([]string, len(l.Fields))
	for i, f := range l.Fields {
		out[i] = strings.Join([]string{f.Name, fmt.Sprintf("%d+%d", f.Offset, f.Size)}, " ")
	}
	return out
}
