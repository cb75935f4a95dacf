package parse

import (
	"fmt"
	"strings"

	"github.com/symphainy/symphainy/domain/document"
)

// surveyArray is the first pass over an array: its columns and the evidence for their types.
func (f *jsonFile) surveyArray(path string) error {
	t := &jsonTable{path: path, index: map[string]int{}}
	err := f.elements(t, func(v document.Value) error { return f.survey(t, v) })
	if err != nil {
		return err
	}
	if path == "" {
		f.members += t.rows
	}
	// An array of plain values inside an object is a label; as the whole file it is a table of one column.
	t.skip = t.objects == 0 && (path != "" || t.rows == 0)
	if !t.skip && t.mixed > 0 {
		t.column(scalarColumn)
	}
	for i := range t.evidence {
		t.evidence[i].nulls += t.rows - t.evidence[i].rows
		t.evidence[i].rows = t.rows
	}
	f.tables = append(f.tables, t)
	return nil
}

// elements reads an array and gives its elements to visit, at most as many as were asked for.
func (f *jsonFile) elements(t *jsonTable, visit func(v document.Value) error) error {
	if err := f.enter(); err != nil {
		return err
	}
	for n := 0; f.dec.PeekKind() != ']'; n++ {
		if f.opts.MaxRows > 0 && n >= f.opts.MaxRows {
			t.more = true
			if err := f.dec.SkipValue(); err != nil {
				return err
			}
			continue
		}
		v, err := f.value()
		if err != nil {
			return err
		}
		if err := visit(v); err != nil {
			return err
		}
	}
	_, err := f.dec.ReadToken()
	return err
}

func (f *jsonFile) survey(t *jsonTable, v document.Value) error {
	t.rows++
	if int64(t.rows) > f.limits.Rows {
		return exceeded("rows", f.limits.Rows, int64(t.rows), "")
	}
	if v.Kind() != document.KindObject {
		t.mixed++
		t.evidence[t.column(scalarColumn)].addValue(v, f.nulls)
		return nil
	}
	t.objects++
	for _, m := range v.Members() {
		i := t.column(m.Name)
		if int64(len(t.names)) > f.limits.Columns {
			return exceeded("columns", f.limits.Columns, int64(len(t.names)), fmt.Sprintf(", in element %d", t.rows))
		}
		t.evidence[i].addValue(m.Value, f.nulls)
	}
	return nil
}

// column is the position of the column with this name, which is made if it is new.
func (t *jsonTable) column(name string) int {
	i, ok := t.index[name]
	if !ok {
		i = len(t.names)
		t.index[name] = i
		t.names = append(t.names, name)
		t.evidence = append(t.evidence, evidence{})
	}
	return i
}

// jsonWriter is the second pass: typed rows to the sink, the rest into labels.
type jsonWriter struct {
	f     *jsonFile
	job   *Job
	table int
}

func (w *jsonWriter) array(path string) error {
	f := w.f
	t := f.tables[f.next]
	f.next++
	if t.skip {
		return w.plain(t, path)
	}
	table := &f.doc.Tables[w.table]
	*table = document.Table{Name: path, Source: path, Truncated: t.more}
	if path == "" {
		table.Name = tableName(w.job.Input.Filename)
	} else {
		f.doc.Structure = f.outline(f.doc.Structure, "array", path)
	}
	names := uniqueNames(t.names)
	columns := make([]*column, len(names))
	for i, name := range names {
		columns[i] = newColumn(name, t.names[i], i, &t.evidence[i], f.opts.order())
	}
	out, err := beginTable(w.job.sink, w.table, table, columns)
	if err != nil {
		return err
	}
	w.table++
	err = f.elements(t, func(v document.Value) error { return w.write(t, out, v) })
	out.end()
	return err
}

func (w *jsonWriter) write(t *jsonTable, out *tableWriter, v document.Value) error {
	clear(out.row)
	put := func(name string, cell document.Value) {
		i := t.index[name]
		row := out.table.RowCount
		fitted, ok := out.columns[i].fromValue(cell, w.f.nulls, row)
		out.row[i] = fitted
		if !ok {
			w.f.doc.CellErrors.Add(out.columns[i].misfit(out.table.Name, row, fitted, w.f.dec.InputOffset()))
		}
	}
	if v.Kind() == document.KindObject {
		for _, m := range v.Members() {
			put(m.Name, m.Value)
		}
	} else {
		put(scalarColumn, v)
	}
	return out.flush()
}

// plain turns an array without objects into a label.
func (w *jsonWriter) plain(t *jsonTable, path string) error {
	var values []document.Value
	var size int64
	err := w.f.elements(t, func(v document.Value) error {
		size += int64(len(textOf(v)))
		if size > w.f.limits.TextBytes {
			return exceeded("text_bytes", w.f.limits.TextBytes, size, "")
		}
		values = append(values, v)
		return nil
	})
	if err != nil {
		return err
	}
	return w.f.label(path, document.Array(values))
}

// label notes a value outside of tables. Labels together are bounded like free text.
func (f *jsonFile) label(path string, v document.Value) error {
	text := textOf(v)
	f.labelBytes += int64(len(path) + len(text) + 1)
	if f.labelBytes > f.limits.TextBytes {
		return exceeded("text_bytes", f.limits.TextBytes, f.labelBytes, "")
	}
	f.doc.Labels = append(f.doc.Labels, document.Label{Label: path, Value: text})
	return nil
}

// finish writes the labels out as text, so that a file without tables can be read and searched too.
func (f *jsonFile) finish() {
	doc := f.doc
	if f.duplicates > 0 {
		doc.Warn("duplicate_member", fmt.Sprintf("%d member(s) have a name that occurs before in the same object, the first %q; the last one counts.",
			f.duplicates, clip(f.duplicate)))
	}
	for _, t := range f.tables {
		if t.objects > 0 && t.mixed > 0 {
			doc.Warn("mixed_array", fmt.Sprintf("%d element(s) of %q are not objects; they are in the column %q.", t.mixed, t.path, scalarColumn))
		}
		if t.more {
			doc.Warn("truncated", fmt.Sprintf("Only the first %d rows were read, as asked.", f.opts.MaxRows))
		}
	}
	var text strings.Builder
	for i, l := range doc.Labels {
		line := l.Value
		if l.Label != "" {
			line = l.Label + ": " + l.Value
		}
		text.WriteString(line)
		text.WriteByte('\n')
		if len(doc.Tables) == 0 {
			doc.Paragraphs = append(doc.Paragraphs, document.Paragraph{Index: i, Text: line, Style: document.StyleBody})
		}
	}
	doc.Text = text.String()
	doc.Metadata.RecordCount = len(doc.Paragraphs)
	if i := doc.MainTable(); i >= 0 {
		doc.Metadata.RecordCount = doc.Tables[i].RowCount
	}
}
