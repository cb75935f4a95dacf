package parse

import (
	"encoding/csv"
	"fmt"
	"strings"

	"github.com/symphainy/symphainy/domain/document"
)

// convert is the second pass: typed rows to the sink, cells that do not fit into the document.
func (f *csvFile) convert(job *Job) (*document.Document, error) {
	doc := job.newDocument("csv")
	if f.comma == '\t' {
		doc.Format = "tsv"
	}
	header := f.header
	doc.Metadata.Delimiter, doc.Metadata.HasHeader = string(f.comma), &header
	names := uniqueNames(f.labels)
	columns := make([]*column, len(names))
	for i, name := range names {
		columns[i] = newColumn(name, f.labels[i], i, &f.evidence[i], f.opts.order())
	}
	doc.Tables = []document.Table{{Name: tableName(job.Input.Filename), Truncated: f.more}}
	w, err := beginTable(job.sink, 0, &doc.Tables[0], columns)
	if err != nil {
		return nil, err
	}
	err = f.each(func(n int, record []string, r *csv.Reader) error {
		if n == 0 && f.header {
			return nil
		}
		if w.table.RowCount == f.rows {
			return errEnough
		}
		f.fill(doc, w, record, r)
		return w.flush()
	})
	if err != nil {
		return nil, err
	}
	w.end()
	f.finish(doc)
	return doc, nil
}

// fill converts one record into the writer's row.
func (f *csvFile) fill(doc *document.Document, w *tableWriter, record []string, r *csv.Reader) {
	row := w.table.RowCount
	for i, c := range w.columns {
		if i >= len(record) {
			w.row[i] = document.Value{}
			continue
		}
		v, ok := c.fromText(record[i], f.nulls, row)
		w.row[i] = v
		if !ok {
			doc.CellErrors.Add(c.misfit(w.table.Name, row, v, r.InputOffset()))
		}
	}
	if extra := len(record) - len(w.columns); extra > 0 {
		doc.CellErrors.Add(document.Finding{
			Code: "extra_cells", Table: w.table.Name, Row: row, Offset: r.InputOffset(),
			Message: fmt.Sprintf("Row %d has %d cells, the table has %d columns; left out: %q.",
				row+1, len(record), len(w.columns), clip(strings.Join(record[len(w.columns):], string(f.comma)))),
		})
	}
}

func (f *csvFile) finish(doc *document.Document) {
	doc.Metadata.RecordCount = f.rows
	if !f.ragged {
		doc.Metadata.Counts[document.CountFirstLine] = 1
		if f.header {
			doc.Metadata.Counts[document.CountFirstLine] = 2
		}
	}
	if f.short.count > 0 {
		doc.Metadata.Counts["short_rows"] = f.short.count
		doc.Warnings.Add(document.Finding{Code: "short_rows", Table: doc.Tables[0].Name, Row: f.short.first, Offset: -1,
			Message: fmt.Sprintf("%d row(s) have fewer cells than the table has columns and were filled up with empty cells, first row %d.",
				f.short.count, f.short.first+1)})
	}
	if f.rows == 0 {
		doc.Warn("no_rows", "The file has a header and no rows.")
	}
	if f.lazy {
		doc.Warn("stray_quotes", "Quotes stand in the middle of plain cells; they were read as text.")
	}
	if f.more {
		doc.Warn("truncated", fmt.Sprintf("Only the first %d rows were read, as asked.", f.rows))
	}
}

// tableName is the file's name without folders and extension; "table" if nothing is left.
func tableName(filename string) string {
	name := filename[strings.LastIndexAny(filename, `/\`)+1:]
	if i := strings.LastIndexByte(name, '.'); i > 0 {
		name = name[:i]
	}
	if name = strings.TrimSpace(name); name == "" {
		return "table"
	}
	return strings.ToValidUTF8(name, "\uFFFD")
}

const sniffRecords = 50

// sniffed is a guess at the delimiter, with the figures behind it.
type sniffed struct {
	comma                   rune
	fields, steady, records int
}

// sniffDelimiter takes the delimiter with the steadiest number of fields over the first 50 records; of equals the one with more
// fields, then the first of comma, semicolon, tab, bar.
func sniffDelimiter(head string) sniffed {
	best := sniffed{comma: ','}
	for _, comma := range [...]rune{',', ';', '\t', '|'} {
		s := tryDelimiter(head, comma)
		if s.fields < 2 {
			continue
		}
		// steady/records compared as fractions
		a, b := s.steady*max(best.records, 1), best.steady*s.records
		if best.fields < 2 || a > b || (a == b && s.fields > best.fields) {
			best = s
		}
	}
	if best.records == 0 {
		best.records = tryDelimiter(head, ',').records
	}
	return best
}

func tryDelimiter(head string, comma rune) sniffed {
	r := csv.NewReader(strings.NewReader(head))
	r.Comma, r.FieldsPerRecord, r.ReuseRecord, r.LazyQuotes = comma, -1, true, true
	var counts []int
	for len(counts) < sniffRecords {
		record, err := r.Read()
		if err != nil {
			break
		}
		counts = append(counts, len(record))
	}
	if len(counts) > 1 && len(counts) < sniffRecords && len(head) >= sampleBytes {
		counts = counts[:len(counts)-1] // the sample ends inside this record
	}
	s := sniffed{comma: comma, records: len(counts)}
	use := make(map[int]int)
	for _, c := range counts {
		use[c]++
	}
	for c, k := range use {
		if k > s.steady || (k == s.steady && c > s.fields) {
			s.fields, s.steady = c, k
		}
	}
	return s
}
