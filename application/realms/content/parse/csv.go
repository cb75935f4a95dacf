package parse

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/symphainy/symphainy/domain/document"
)

// csvParser reads CSV and TSV.
type csvParser struct{}

func newCSV() Parser { return csvParser{} }

func (csvParser) Format() string       { return "csv" }
func (csvParser) Extensions() []string { return []string{"csv", "tsv", "tab"} }
func (csvParser) Profile() string      { return ProfileStructured }

// Probe likes a head whose records steadily have the same number of fields.
func (csvParser) Probe(s *source) bool {
	d := sniffDelimiter(s.head)
	return d.fields >= 2 && d.records >= 2 && d.steady*10 >= d.records*8
}

// csvFile is one CSV file while it is read.
type csvFile struct {
	src      *source
	opts     Options
	limits   Limits
	comma    rune
	lazy     bool
	nulls    nullSet
	header   bool
	labels   []string
	evidence []evidence
	rows     int
	more     bool // there are rows beyond MaxRows
	short    shortRows
	content  bool // a cell that is not blank was seen
	ragged   bool // a record does not stand on the line of its number: blank lines, or line ends inside quotes
}

// shortRows counts rows with fewer cells than the header.
type shortRows struct{ count, first int }

func (csvParser) Parse(job *Job) (*document.Document, error) {
	f := &csvFile{src: job.src, opts: job.Options, limits: job.Limits, nulls: job.Options.nulls()}
	comma, err := job.Options.comma()
	if err != nil {
		return nil, err
	}
	if comma == 0 {
		comma = sniffDelimiter(job.src.head).comma
	}
	f.comma = comma
	err = f.survey()
	if errors.Is(err, csv.ErrBareQuote) || errors.Is(err, csv.ErrQuote) {
		// A quote in the middle of a plain cell (5" pipe) is common and harmless; a second survey reads it as text.
		first := err
		f.lazy = true
		if err = f.survey(); err == nil && f.openQuote() {
			err = first
		}
	}
	if err != nil {
		return nil, f.failure(err)
	}
	if !f.content {
		return nil, ErrEmpty.WithMsg("The file has no rows with content.")
	}
	doc, err := f.convert(job)
	if err != nil {
		return nil, f.failure(err)
	}
	return doc, nil
}

// openQuote says whether reading leniently was wrong: the last record swallowed line ends because a quote was never closed.
func (f *csvFile) openQuote() bool {
	last := false
	err := f.each(func(_ int, record []string, _ *csv.Reader) error {
		last = strings.ContainsRune(record[len(record)-1], '\n') && strings.Count(record[len(record)-1], "\n") > 1
		return nil
	})
	return err == nil && last
}

func (f *csvFile) failure(err error) error {
	var p *csv.ParseError
	if errors.As(err, &p) {
		return malformed("Line %d, column %d: %v. A quote is not closed, or stands where none is allowed.", p.Line, p.Column, p.Err).Because(err)
	}
	return err
}

// errEnough ends a walk early.
var errEnough = errors.New("enough rows")

// each walks over the records. The record is only valid during the call.
func (f *csvFile) each(visit func(n int, record []string, r *csv.Reader) error) error {
	in, err := f.src.open()
	if err != nil {
		return err
	}
	guard := &recordGuard{r: in, limit: f.limits.RecordBytes + readBuffer}
	r := csv.NewReader(guard)
	r.Comma, r.FieldsPerRecord, r.ReuseRecord, r.LazyQuotes = f.comma, -1, true, f.lazy
	for n := 0; ; n++ {
		record, err := r.Read()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		guard.mark()
		if err := visit(n, record, r); err != nil {
			if errors.Is(err, errEnough) {
				return nil
			}
			return err
		}
	}
}

// recordGuard refuses a record that does not end: encoding/csv would hold all of it in memory.
type recordGuard struct {
	r           io.Reader
	read, start int64
	limit       int64
}

func (g *recordGuard) mark() { g.start = g.read }

func (g *recordGuard) Read(p []byte) (int, error) {
	if g.read-g.start > g.limit {
		return 0, exceeded("record_bytes", g.limit-readBuffer, g.read-g.start, fmt.Sprintf(", in the record that begins near byte %d", g.start))
	}
	n, err := g.r.Read(p)
	g.read += int64(n)
	return n, err
}

// survey is the first pass: header, counts, limits, and the evidence for the types.
func (f *csvFile) survey() error {
	f.evidence, f.labels, f.rows, f.more, f.content, f.ragged, f.short = nil, nil, 0, false, false, false, shortRows{}
	return f.each(func(n int, record []string, r *csv.Reader) error {
		if line, _ := r.FieldPos(0); line != n+1 {
			f.ragged = true
		}
		if n == 0 {
			return f.first(record)
		}
		return f.look(record)
	})
}

// first decides whether the first record is a header and sets the columns up.
func (f *csvFile) first(record []string) error {
	if int64(len(record)) > f.limits.Columns {
		return exceeded("columns", f.limits.Columns, int64(len(record)), "")
	}
	f.header = headerLike(record, f.nulls)
	if f.opts.HasHeader != nil {
		f.header = *f.opts.HasHeader
	}
	f.evidence = make([]evidence, len(record))
	f.labels = make([]string, len(record))
	if !f.header {
		return f.look(record)
	}
	for i, c := range record {
		if err := f.checkCell(c, i); err != nil {
			return err
		}
		f.labels[i] = strings.Clone(strings.TrimSpace(c))
		f.content = f.content || f.labels[i] != ""
	}
	return nil
}

// headerLike says that a first record is a header: unless all that is in it are numbers.
func headerLike(record []string, nulls nullSet) bool {
	numbers := 0
	for _, c := range record {
		c = strings.TrimSpace(c)
		if nulls.has(c) {
			continue
		}
		switch document.ShapeOfNumber(c) {
		case document.NotANumber:
			return true
		case document.PlainInteger, document.PaddedInteger, document.HugeInteger, document.Decimal:
			numbers++
		}
	}
	return numbers == 0
}

func (f *csvFile) look(record []string) error {
	if f.opts.MaxRows > 0 && f.rows == f.opts.MaxRows {
		f.more = true
		return errEnough
	}
	f.rows++
	if int64(f.rows) > f.limits.Rows {
		return exceeded("rows", f.limits.Rows, int64(f.rows), "")
	}
	if int64(len(record)) > f.limits.Columns {
		return exceeded("columns", f.limits.Columns, int64(len(record)), fmt.Sprintf(", in row %d", f.rows))
	}
	for i, c := range record {
		if int64(len(c)) > f.limits.CellBytes {
			return f.checkCell(c, i)
		}
		if i < len(f.evidence) {
			f.evidence[i].addText(c, f.nulls)
		}
		f.content = f.content || strings.TrimSpace(c) != ""
	}
	if len(record) < len(f.evidence) {
		if f.short.count == 0 {
			f.short.first = f.rows - 1
		}
		f.short.count++
		for i := len(record); i < len(f.evidence); i++ {
			f.evidence[i].rows++
			f.evidence[i].nulls++
		}
	}
	return nil
}

func (f *csvFile) checkCell(c string, i int) error {
	if int64(len(c)) <= f.limits.CellBytes {
		return nil
	}
	return exceeded("cell_bytes", f.limits.CellBytes, int64(len(c)), fmt.Sprintf(", in row %d, column %d", f.rows, i+1))
}
