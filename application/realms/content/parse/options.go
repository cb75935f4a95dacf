package parse

import (
	"strings"
	"time"
	"unicode/utf8"

	"github.com/symphainy/symphainy/application/realms/content/parse/copybook"
	"github.com/symphainy/symphainy/domain/document"
)

// Limits bound what one file may cost. A value at the limit passes, one more is limit_exceeded. The zero value of a
// field is the default.
type Limits struct {
	Rows    int64
	Columns int64
	// CellBytes is the size of one cell in UTF-8.
	CellBytes int64
	// RecordBytes is how far a record may go on, line ends inside quotes included: it stops an open quote from swallowing the file.
	RecordBytes int64
	// Depth is the nesting of JSON arrays and objects.
	Depth int64
	// TextBytes is the size of a text document, or of the free text in another, in UTF-8.
	TextBytes int64
	Time      time.Duration
}

// DefaultLimits are the limits of the specification.
func DefaultLimits() Limits {
	return Limits{
		Rows: 10_000_000, Columns: 2_000, CellBytes: 64 << 10, RecordBytes: 16 << 20,
		Depth: 64, TextBytes: 50 << 20, Time: 60 * time.Second,
	}
}

func (l Limits) withDefaults() Limits {
	d := DefaultLimits()
	pick := func(v *int64, def int64) {
		if *v <= 0 {
			*v = def
		}
	}
	pick(&l.Rows, d.Rows)
	pick(&l.Columns, d.Columns)
	pick(&l.CellBytes, d.CellBytes)
	pick(&l.RecordBytes, d.RecordBytes)
	pick(&l.Depth, d.Depth)
	pick(&l.TextBytes, d.TextBytes)
	if l.Time <= 0 {
		l.Time = d.Time
	}
	return l
}

// Options are the parse_options of a caller. The zero value means: find out.
type Options struct {
	// Delimiter of CSV: one character, or "tab".
	Delimiter string
	// HasHeader says whether the first row is a header; nil: it is, unless it is all numbers.
	HasHeader *bool
	// Encoding: utf-8, utf-16, utf-16le, utf-16be, windows-1252 or iso-8859-1.
	Encoding string
	// DateOrder reads dates such as 03/04/2024: DMY or MDY; YMD leaves them alone.
	DateOrder document.DateOrder
	// NullTokens are texts that mean "no value", beside the built-in ones.
	NullTokens []string
	// MaxRows reads only so many rows of each table; 0 reads all. Types are then inferred from these rows.
	MaxRows int
	// Sheet reads only the sheet of this name of a workbook.
	Sheet string
	// Codepage of fixed-width records: cp037, cp1047 or ascii; empty finds it out.
	Codepage string
	// RecordFormat of fixed-width records: fixed, rdw (a descriptor word before each) or line; empty finds it out.
	RecordFormat string
	// RecordLength is the length of every record, MinRecordLength the shortest; 0 is what the copybook says.
	RecordLength, MinRecordLength int
	// TargetModel is what a data model is called by those who use it; it is copied.
	TargetModel string
}

const (
	maxNullTokens     = 100
	maxNullTokenBytes = 100
)

// Validate checks the options and names the wrong one.
func (o Options) Validate() error {
	if _, err := o.comma(); err != nil {
		return err
	}
	if o.Encoding != "" && encodingName(o.Encoding) == "" {
		return badOption("encoding", "use utf-8, utf-16, utf-16le, utf-16be, windows-1252 or iso-8859-1")
	}
	switch o.order() {
	case document.OrderUnknown, document.OrderDMY, document.OrderMDY, document.OrderYMD:
	default:
		return badOption("date_order", "use DMY, MDY or YMD")
	}
	if len(o.NullTokens) > maxNullTokens {
		return badOption("null_tokens", "at most 100 tokens")
	}
	for _, t := range o.NullTokens {
		if len(t) > maxNullTokenBytes {
			return badOption("null_tokens", "a token is at most 100 bytes")
		}
	}
	if err := o.validateRecords(); err != nil {
		return err
	}
	if o.MaxRows < 0 {
		return badOption("max_rows", "must not be negative")
	}
	return nil
}

func (o Options) validateRecords() error {
	if _, ok := copybook.ParseCodepage(o.Codepage); o.Codepage != "" && !ok {
		return badOption("codepage", "use cp037, cp1047 or ascii")
	}
	switch o.RecordFormat {
	case "", recordFixed, recordRDW, recordLine:
	default:
		return badOption("record_format", "use fixed, rdw or line")
	}
	const most = 1 << 16
	if o.RecordLength < 0 || o.RecordLength > most || o.MinRecordLength < 0 || o.MinRecordLength > most {
		return badOption("record_length", "must be between 1 and 65536")
	}
	if o.RecordLength > 0 && o.MinRecordLength > 0 {
		return badOption("min_record_length", "cannot be given beside record_length")
	}
	return nil
}

func (o Options) order() document.DateOrder {
	return document.DateOrder(strings.ToUpper(string(o.DateOrder)))
}

// comma is the delimiter that was asked for, 0 if none was.
func (o Options) comma() (rune, error) {
	switch strings.ToLower(o.Delimiter) {
	case "":
		return 0, nil
	case "tab", `\t`:
		return '\t', nil
	}
	r, size := utf8.DecodeRuneInString(o.Delimiter)
	if size != len(o.Delimiter) || r == '"' || r == '\r' || r == '\n' || r == 0 || r == utf8.RuneError {
		return 0, badOption("delimiter", "must be one character, and neither a quote nor a line end")
	}
	return r, nil
}

// nullSet answers whether a trimmed text means "no value".
type nullSet struct {
	tokens map[string]struct{}
	first  *[256]bool // bytes that a token begins with
}

func (o Options) nulls() nullSet {
	set := nullSet{map[string]struct{}{}, new([256]bool)}
	for _, t := range append([]string{"", "NULL", "null", `\N`, "N/A", "n/a"}, o.NullTokens...) {
		t = strings.TrimSpace(t)
		set.tokens[t] = struct{}{}
		if t != "" {
			set.first[t[0]] = true
		}
	}
	return set
}

func (n nullSet) has(s string) bool {
	if s == "" {
		return true
	}
	// Most values are longer than any token or start like none; the map is asked only for the rest.
	if len(s) > maxNullTokenBytes || !n.first[s[0]] {
		return false
	}
	_, ok := n.tokens[s]
	return ok
}
