package parse

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/symphainy/symphainy/domain/document"
)

// CodecVersion is written into every stored document; a decoder refuses a version it does not know.
const CodecVersion = 1

// kindKey marks a cell whose kind cannot be told from its column and its JSON form.
const kindKey = "$kind"

var kindNames = [...]string{ //nolint:gochecknoglobals // a read-only table
	document.KindNull: "null", document.KindInteger: "integer", document.KindFloat: "float", document.KindBoolean: "boolean",
	document.KindDate: "date", document.KindDateTime: "datetime", document.KindString: "string", document.KindArray: "array", document.KindObject: "object",
}

// AppendValue appends a cell as plain JSON, for people and programs: numbers as numbers with their exact text, dates as strings.
func AppendValue(dst []byte, v document.Value) []byte { return appendCell(dst, v, "", false) }

// appendCell writes a cell; exact adds the kind where a reader that knows the column's type would guess another.
func appendCell(dst []byte, v document.Value, column document.Type, exact bool) []byte {
	if exact && guess(column, v) != v.Kind() {
		dst = append(dst, `{"`+kindKey+`":"`...)
		dst = append(dst, kindNames[v.Kind()]...)
		dst = append(dst, `","v":`...)
		dst = appendPlain(dst, v, exact)
		return append(dst, '}')
	}
	return appendPlain(dst, v, exact)
}

func appendPlain(dst []byte, v document.Value, exact bool) []byte {
	switch v.Kind() {
	case document.KindNull:
		return append(dst, "null"...)
	case document.KindInteger, document.KindFloat, document.KindBoolean:
		return append(dst, v.Text()...)
	case document.KindDate, document.KindDateTime, document.KindString:
		return appendString(dst, v.Text())
	case document.KindArray:
		dst = append(dst, '[')
		for i, m := range v.Members() {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = appendCell(dst, m.Value, "", exact)
		}
		return append(dst, ']')
	case document.KindObject:
		dst = append(dst, '{')
		for i, m := range v.Members() {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = append(appendString(dst, m.Name), ':')
			dst = appendCell(dst, m.Value, "", exact)
		}
		return append(dst, '}')
	default:
		return append(dst, "null"...)
	}
}

// appendString quotes a text; what is not UTF-8 becomes U+FFFD.
func appendString(dst []byte, s string) []byte {
	out, err := jsontext.AppendQuote(dst, s)
	if err != nil {
		out, _ = jsontext.AppendQuote(dst, strings.ToValidUTF8(s, "\uFFFD")) // valid UTF-8 is always quotable
	}
	return out
}

// guess is the kind that a decoder takes a plain cell for. Encoder and decoder agree on it by sharing it.
func guess(column document.Type, v document.Value) document.Kind {
	switch v.Kind() {
	case document.KindNull, document.KindBoolean, document.KindArray:
		return v.Kind()
	case document.KindInteger, document.KindFloat:
		return guessNumber(column, v.Text())
	case document.KindDate, document.KindDateTime, document.KindString:
		return guessString(column, v.Text())
	case document.KindObject:
		if m := v.Members(); len(m) > 0 && m[0].Name == kindKey {
			return document.KindNull // would be taken for a marked cell: mark it
		}
		return document.KindObject
	default:
		return document.KindNull
	}
}

func guessNumber(column document.Type, s string) document.Kind {
	if column == document.TypeFloat {
		return document.KindFloat
	}
	return document.ExactNumber(s).Kind()
}

func guessString(column document.Type, s string) document.Kind {
	if column == document.TypeDate || column == document.TypeDateTime {
		if v, _, ok := document.ParseDate(s, document.OrderUnknown); ok && v.Text() == s {
			return v.Kind()
		}
	}
	return document.KindString
}

// errRow is a stored row that does not belong to its table.
var errRow = errors.New("stored row does not match its table")

// RowWriter writes rows as lines of JSON arrays, exactly enough to be read back unchanged. It is a RowSink: the tables of a document follow one
// another, each opened by a line {"table":n}. Call Flush at the end.
type RowWriter struct {
	w       *bufio.Writer
	buf     []byte
	columns []document.Column
}

// NewRowWriter writes to w.
func NewRowWriter(w io.Writer) *RowWriter { return &RowWriter{w: bufio.NewWriterSize(w, readBuffer)} }

// BeginTable writes the line that opens a table.
func (r *RowWriter) BeginTable(index int, table *document.Table) error {
	r.columns = table.Columns
	_, err := fmt.Fprintf(r.w, "{\"table\":%d}\n", index)
	return err
}

// Row writes one row.
func (r *RowWriter) Row(row document.Row) error {
	if len(row) != len(r.columns) {
		return errRow
	}
	r.buf = appendRow(r.buf[:0], row, r.columns)
	r.buf = append(r.buf, '\n')
	_, err := r.w.Write(r.buf)
	return err
}

// Flush writes what is buffered.
func (r *RowWriter) Flush() error { return r.w.Flush() }

func appendRow(dst []byte, row document.Row, columns []document.Column) []byte {
	dst = append(dst, '[')
	for i, v := range row {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = appendCell(dst, v, columns[i].Type, true)
	}
	return append(dst, ']')
}

// ReadRows reads what a RowWriter has written: the rows of one table from offset on, at most limit of them (limit < 0: all). visit
// gets the row's number and a row it may keep.
func ReadRows(in io.Reader, doc *document.Document, table, offset, limit int, visit func(n int, row document.Row) error) error {
	if table < 0 || table >= len(doc.Tables) {
		return errRow
	}
	columns := doc.Tables[table].Columns
	r := bufio.NewReaderSize(in, readBuffer)
	current, n := -1, 0
	for limit != 0 {
		line, err := readLine(r)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if len(line) > 0 && line[0] == '{' {
			if current == table {
				return nil
			}
			if current, err = tableOf(line); err != nil {
				return err
			}
			continue
		}
		if current != table {
			continue
		}
		if n >= offset {
			row, err := decodeRow(line, columns)
			if err != nil {
				return err
			}
			if err := visit(n, row); err != nil {
				return err
			}
			limit--
		}
		n++
	}
	return nil
}

// readLine reads up to a line end; the slice is valid until the next call.
func readLine(r *bufio.Reader) ([]byte, error) {
	line, err := r.ReadSlice('\n')
	if err == nil {
		return line, nil
	}
	if errors.Is(err, io.EOF) && len(line) == 0 {
		return nil, io.EOF
	}
	if !errors.Is(err, bufio.ErrBufferFull) {
		return nil, fmt.Errorf("%w: the last line is not finished", errRow)
	}
	long := bytes.Clone(line)
	for errors.Is(err, bufio.ErrBufferFull) {
		line, err = r.ReadSlice('\n')
		long = append(long, line...)
	}
	return long, err
}

func tableOf(line []byte) (int, error) {
	var head struct {
		Table *int `json:"table"`
	}
	if err := json.Unmarshal(line, &head); err != nil || head.Table == nil {
		return 0, fmt.Errorf("%w: %w", errRow, errors.Join(err))
	}
	return *head.Table, nil
}

func decodeRow(line []byte, columns []document.Column) (document.Row, error) {
	d := cellDecoder{jsontext.NewDecoder(bytes.NewReader(line), jsontext.AllowDuplicateNames(true))}
	return d.row(columns)
}
