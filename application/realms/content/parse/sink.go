package parse

import "github.com/symphainy/symphainy/domain/document"

// RowSink takes the typed rows of a file as they are read. An error stops the parser, which returns it unchanged (wrapped at most).
//
// Tables come one after the other: BeginTable, Row for each row, and the next BeginTable or the end. The table given to BeginTable
// has its columns with their types, but neither rows nor a preview. The row given to Row is only valid during the call; the texts in it may
// share one buffer per record (clone what is kept for long).
type RowSink interface {
	BeginTable(index int, table *document.Table) error
	Row(row document.Row) error
}

// discard is the sink of a caller who wants the document only.
type discard struct{}

func (discard) BeginTable(int, *document.Table) error { return nil }
func (discard) Row(document.Row) error                { return nil }

// Memory is a sink that keeps all rows, for small files.
type Memory struct {
	// Tables are the rows of each table, in the order of the document's tables.
	Tables [][]document.Row
}

// BeginTable starts the next table.
func (m *Memory) BeginTable(int, *document.Table) error {
	m.Tables = append(m.Tables, nil)
	return nil
}

// Row keeps a copy of the row.
func (m *Memory) Row(row document.Row) error {
	t := &m.Tables[len(m.Tables)-1]
	*t = append(*t, append(document.Row(nil), row...))
	return nil
}

// tableWriter feeds one table to a sink and keeps what the document itself remembers of it.
type tableWriter struct {
	sink    RowSink
	table   *document.Table
	columns []*column
	row     document.Row
}

func beginTable(sink RowSink, index int, table *document.Table, columns []*column) (*tableWriter, error) {
	table.Columns = make([]document.Column, len(columns))
	for i, c := range columns {
		table.Columns[i] = c.Column
	}
	if err := sink.BeginTable(index, table); err != nil {
		return nil, err
	}
	return &tableWriter{sink: sink, table: table, columns: columns, row: make(document.Row, len(columns))}, nil
}

// flush hands on the row that was filled in.
func (w *tableWriter) flush() error {
	if w.table.RowCount < document.PreviewRows {
		kept := make(document.Row, len(w.row))
		for i, v := range w.row {
			kept[i] = v.Clone()
		}
		w.table.Preview = append(w.table.Preview, kept)
	}
	w.table.RowCount++
	return w.sink.Row(w.row)
}

func (w *tableWriter) end() {
	for i, c := range w.columns {
		w.table.Columns[i].Layouts = c.layouts.sorted()
	}
}
