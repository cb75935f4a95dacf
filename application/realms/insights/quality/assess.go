package quality

import (
	"crypto/sha256"
	"encoding/binary"
	"math"
	"strings"
	"time"

	"github.com/symphainy/symphainy/domain/document"
)

// Assess judges all tables of a document, or its text if there are no rows. rows is asked for each table with rows once. The result depends on
// nothing but the arguments; errors are ErrInsufficient, ErrOptions, or what rows returned.
func Assess(doc *document.Document, rows RowReader, opts Options) (*Assessment, error) {
	if err := opts.validate(); err != nil {
		return nil, err
	}
	a := &assessor{doc: doc, opts: opts, firstLine: doc.Metadata.Counts[document.CountFirstLine]}
	for i := range doc.Tables {
		if doc.Tables[i].RowCount == 0 {
			continue
		}
		if err := a.table(i, rows); err != nil {
			return nil, err
		}
	}
	if a.total.rows == 0 && !a.text() {
		return nil, ErrInsufficient
	}
	a.file()
	return a.result(), nil
}

// assessor collects issues and sums over the tables of one document.
type assessor struct {
	doc       *document.Document
	opts      Options
	firstLine int

	issues  []Issue
	columns []ColumnQuality
	total   sums

	newest     string // ISO date over all date columns
	hasDates   bool
	hasFuture  bool
	paragraphs int // looked at where there are no tables
	damaged    int // paragraphs
}

// sums are the cells behind the scores.
type sums struct {
	rows, cells, filled, inaccurate, inconsistent, duplicates int
}

// tableState is one table while its rows pass by.
type tableState struct {
	*document.Table
	columns []*columnState
	rows    int
	seen    map[[16]byte]int
	repeats spotsOfRows
	buf     []byte
}

// spotsOfRows are rows that repeat an earlier one.
type spotsOfRows struct {
	count int
	first []repeat
}

func (a *assessor) table(index int, rows RowReader) error {
	t := &tableState{Table: &a.doc.Tables[index], seen: make(map[[16]byte]int, min(a.doc.Tables[index].RowCount, 1<<20))}
	asOf := ""
	if a.opts.AsOf != nil {
		asOf = a.opts.AsOf.UTC().Format(time.DateOnly)
	}
	for i := range t.Columns {
		t.columns = append(t.columns, newColumnState(&t.Columns[i], t.RowCount, asOf))
	}
	if err := rows(index, t.add); err != nil {
		return err
	}
	a.total.rows += t.rows
	a.total.duplicates += t.repeats.count
	a.rowIssues(t)
	for _, c := range t.columns {
		a.column(t, c)
	}
	return nil
}

func (t *tableState) add(row document.Row) error {
	n := t.rows
	t.rows++
	for i, c := range t.columns {
		if i < len(row) {
			c.add(n, row[i])
		} else {
			c.add(n, document.Value{})
		}
	}
	key := t.hash(row)
	first, again := t.seen[key]
	if !again {
		t.seen[key] = n
		return nil
	}
	t.repeats.count++
	if len(t.repeats.first) < MaxRows {
		t.repeats.first = append(t.repeats.first, repeat{first: first, row: n})
	}
	return nil
}

// hash names a row by its content. 128 bits of SHA-256 are never equal by chance.
func (t *tableState) hash(row document.Row) [16]byte {
	t.buf = t.buf[:0]
	for _, v := range row {
		t.buf = appendValue(t.buf, v)
	}
	sum := sha256.Sum256(t.buf)
	return [16]byte(sum[:16])
}

func appendValue(b []byte, v document.Value) []byte {
	b = append(b, byte(v.Kind()))
	b = binary.AppendUvarint(b, uint64(len(v.Text())))
	b = append(b, v.Text()...)
	b = binary.AppendUvarint(b, uint64(len(v.Members())))
	for _, m := range v.Members() {
		b = binary.AppendUvarint(b, uint64(len(m.Name)))
		b = append(b, m.Name...)
		b = appendValue(b, m.Value)
	}
	return b
}

// column turns what was seen of a column into issues and sums.
func (a *assessor) column(t *tableState, c *columnState) {
	start := len(a.issues)
	a.missing(t, c)
	a.misfits(t, c)
	odd := a.format(t, c)
	a.rules(t, c)
	a.repeatedKeys(t, c)
	a.outliers(t, c)
	inconsistent := a.inconsistent(t, c) + a.damage(t, c)

	inaccurate := c.inaccurate + odd
	a.total.cells += c.rows
	a.total.filled += c.filled
	a.total.inaccurate += inaccurate
	a.total.inconsistent += inconsistent
	if c.newest != "" || c.future {
		a.hasDates = true
		a.hasFuture = a.hasFuture || c.future
		a.newest = max(a.newest, c.newest)
	}
	q := ColumnQuality{
		Table: t.Name, Column: c.Name, Type: c.Type, Format: c.Format, NullCount: c.nulls.count,
		Completeness: part(c.filled, c.rows), Accuracy: part(c.filled-inaccurate, c.filled), Consistency: part(c.rows-inconsistent, c.rows),
	}
	q.Overall = round6((q.Completeness + q.Accuracy + q.Consistency) / 3)
	for _, i := range a.issues[start:] {
		q.Issues = append(q.Issues, i.Code)
	}
	a.columns = append(a.columns, q)
}

// text judges a document without rows by its paragraphs; false if there are none.
func (a *assessor) text() bool {
	var found spots
	for i, p := range a.doc.Paragraphs {
		a.paragraphs++
		if damaged(p.Text) {
			found.add(i, p.Text)
		}
	}
	if a.paragraphs == 0 && strings.TrimSpace(a.doc.Text) != "" {
		a.paragraphs = 1
		if damaged(a.doc.Text) {
			found.add(0, a.doc.Text)
		}
	}
	a.damaged = found.count
	if found.count > 0 {
		a.paragraphDamage(found)
	}
	return a.paragraphs > 0
}

// part is a share as a score; nothing out of nothing is a full score.
func part(good, all int) float64 {
	if all == 0 {
		return 1
	}
	return round6(float64(good) / float64(all))
}

func round6(f float64) float64 { return math.Round(f*1e6) / 1e6 }

// share has four decimals, and is never 0 for something nor 1 for less than all.
func share(count, all int) float64 {
	if all == 0 || count == 0 {
		return 0
	}
	s := math.Round(float64(count)/float64(all)*1e4) / 1e4
	if count < all {
		s = min(s, 0.9999)
	}
	return max(s, 0.0001)
}
