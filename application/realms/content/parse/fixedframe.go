package parse

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/symphainy/symphainy/application/realms/content/parse/copybook"
	"github.com/symphainy/symphainy/domain/document"
)

// frame is where records begin and end.
type frame struct {
	src     *source
	layouts []copybook.Layout
	decoder *copybook.Decoder
	format  string
	// length is that of every record, 0 for that of its layout; least is the shortest that a record may be.
	length, least int
}

// trailingBytes is what is left at the end of a file, too little for a record.
type trailingBytes struct {
	offset int64
	count  int
}

func (t *trailingBytes) Error() string {
	return fmt.Sprintf("%d bytes at offset %d", t.count, t.offset)
}

// sampled is how many records are looked at to tell ASCII from EBCDIC.
const sampled = 100

// findFrame decides code page, format and length of the records.
func findFrame(job *Job, doc *document.Document, layouts []copybook.Layout) (frame, error) {
	f := frame{src: job.src, layouts: layouts, format: job.Options.RecordFormat, length: job.Options.RecordLength, least: job.Options.MinRecordLength}
	page, known := copybook.ParseCodepage(job.Options.Codepage)
	if !known {
		page = f.guessPage()
	}
	f.decoder = copybook.NewDecoder(page)
	if f.format == "" {
		f.format = recordFixed
		if f.length == 0 && f.least == 0 && f.looksLikeLines() {
			f.format = recordLine
			doc.Warn("record_format_inferred", "Each record ends with a line end; the file was read line by line.")
		}
	}
	for i := range layouts {
		if f.length > 0 && layouts[i].Shortest > f.length {
			return f, ErrCopybookMismatch.WithMsg("The record %q has %d bytes, more than record_length (%d).", layouts[i].Name, layouts[i].Length, f.length)
		}
	}
	if f.format != recordFixed || f.length > 0 || f.least > 0 || !f.selected() && !f.variable() {
		return f, nil
	}
	return f.align(doc)
}

func (f *frame) selected() bool { return f.layouts[0].Selected() && len(f.layouts) > 1 }

func (f *frame) variable() bool {
	for i := range f.layouts {
		if f.layouts[i].Variable() {
			return true
		}
	}
	return false
}

// span gives the lengths of the shortest and the longest record.
func (f *frame) span() (shortest, longest int) {
	shortest = f.layouts[0].Shortest
	for i := range f.layouts {
		shortest, longest = min(shortest, f.layouts[i].Shortest), max(longest, f.layouts[i].Length)
	}
	return shortest, longest
}

// align looks for the one minimum length with which all records are where they should be.
func (f *frame) align(doc *document.Document) (frame, error) {
	place, err := f.walk()
	if err != nil || place < 0 {
		return *f, err
	}
	shortest, longest := f.span()
	var fits []int
	for least := shortest; least <= longest && len(fits) < 2; least++ {
		try := *f
		try.least = least
		at, err := try.walk()
		if err != nil {
			return *f, err
		}
		if at < 0 {
			fits = append(fits, least)
		}
	}
	if len(fits) != 1 {
		return *f, ErrCopybookMismatch.WithMsg("The records do not follow each other as the copybook says: at offset %d is none of them. Give record_length, min_record_length or record_format.", place)
	}
	f.least = fits[0]
	doc.Warn("record_length_inferred", fmt.Sprintf("The records are padded to at least %d bytes; this was found out from the file.", f.least))
	return *f, nil
}

// walk reads all records and gives the offset at which there is none, −1 if they fit. Too little at the end does not fit.
func (f *frame) walk() (int64, error) {
	r, err := f.open()
	if err != nil {
		return 0, err
	}
	for {
		_, _, offset, err := r.next()
		left := (*trailingBytes)(nil)
		switch {
		case errors.Is(err, io.EOF):
			return -1, nil
		case errors.As(err, &left), errors.Is(err, ErrCopybookMismatch):
			return offset, nil
		case err != nil:
			return 0, err
		}
	}
}

// guessPage applies the rule: ASCII if more than four fifths of the bytes in text fields are printable. Where kinds of records are told by a
// value, the code page must make one of it.
func (f *frame) guessPage() copybook.Codepage {
	if f.selected() {
		ascii, ebcdic := f.first(copybook.ASCII), f.first(copybook.CP037)
		if (ascii < 0) != (ebcdic < 0) {
			if ascii >= 0 {
				return copybook.ASCII
			}
			return copybook.CP037
		}
	}
	printable, all := 0, 0
	step := max(f.layouts[0].Length, f.length, f.least)
	for n, rest := 0, f.src.sample; n < sampled && len(rest) >= f.layouts[0].Shortest; n++ {
		p, a := f.layouts[0].Printable(rest[:min(step, len(rest))])
		printable, all = printable+p, all+a
		rest = rest[min(step, len(rest)):]
	}
	if printable*5 > all*4 {
		return copybook.ASCII
	}
	return copybook.CP037
}

// first gives the kind of the first record under a code page, −1 for none.
func (f *frame) first(page copybook.Codepage) int {
	d := copybook.NewDecoder(page)
	for i := range f.layouts {
		if f.layouts[i].Matches(d, f.src.sample) {
			return i
		}
	}
	return -1
}

// looksLikeLines says that the first records end with line ends which the layouts do not have.
func (f *frame) looksLikeLines() bool {
	if f.decoder.Page() != copybook.ASCII || len(f.layouts) == 1 && f.src.size%int64(f.layouts[0].Length) == 0 {
		return false
	}
	rest := f.src.sample
	for n := 0; n < 3; n++ {
		line, after, ended := bytes.Cut(rest, []byte("\n"))
		line = bytes.TrimSuffix(line, []byte("\r"))
		kind := -1
		for i := range f.layouts {
			if f.layouts[i].Matches(f.decoder, line) && len(line) <= f.layouts[i].Length {
				kind = i
				break
			}
		}
		if kind < 0 || n == 0 && !ended {
			return false
		}
		if rest = after; len(rest) == 0 {
			return true
		}
	}
	return true
}

// recordReader gives one record after the other; its slices are valid until the next call.
type recordReader struct {
	f      *frame
	in     *bufio.Reader
	offset int64
	window int
}

func (f *frame) open() (*recordReader, error) {
	in, err := f.src.raw()
	if err != nil {
		return nil, err
	}
	_, longest := f.span()
	window := max(longest, f.length, f.least)
	return &recordReader{f: f, in: bufio.NewReaderSize(in, max(readBuffer, window)), window: window}, nil
}

// next gives the kind, bytes and offset of the next record. The end is io.EOF, too little for a record a *trailingBytes, and what is no record
// ErrCopybookMismatch; offset is then where it is.
func (r *recordReader) next() (kind int, record []byte, offset int64, err error) {
	offset = r.offset
	switch r.f.format {
	case recordRDW:
		record, err = r.described()
	case recordLine:
		record, err = r.line()
	default:
		return r.fixed()
	}
	if err != nil {
		return 0, nil, offset, err
	}
	if kind = r.kind(record); kind < 0 {
		return 0, nil, offset, r.mismatch(offset)
	}
	return kind, record, offset, nil
}

func (r *recordReader) mismatch(offset int64) error {
	return ErrCopybookMismatch.WithMsg("At offset %d is no record of the copybook.", offset)
}

func (r *recordReader) kind(record []byte) int {
	for i := range r.f.layouts {
		if len(r.f.layouts) == 1 || r.f.layouts[i].Matches(r.f.decoder, record) {
			return i
		}
	}
	return -1
}

func (r *recordReader) fixed() (kind int, record []byte, offset int64, err error) {
	offset = r.offset
	head, err := r.in.Peek(r.window)
	if err != nil && !errors.Is(err, io.EOF) {
		return 0, nil, offset, err
	}
	if len(head) == 0 {
		return 0, nil, offset, io.EOF
	}
	shortest, _ := r.f.span()
	short := len(head) < max(shortest, r.f.least, r.f.length)
	if kind = r.kind(head); kind < 0 && !short {
		return 0, nil, offset, r.mismatch(offset)
	}
	size := len(head) + 1
	if !short {
		n, ok := r.f.layouts[kind].Size(r.f.decoder, head)
		if !ok {
			return 0, nil, offset, r.mismatch(offset)
		}
		if size = max(n, r.f.least); r.f.length > 0 {
			size = r.f.length
		}
	}
	if size > len(head) {
		return 0, nil, offset, &trailingBytes{offset, len(head)}
	}
	if _, err := r.in.Discard(size); err != nil {
		return 0, nil, offset, err
	}
	r.offset += int64(size)
	return kind, head[:size], offset, nil
}

// described reads a record behind a descriptor word: its length with the word's four bytes, and two zeros.
func (r *recordReader) described() ([]byte, error) {
	const word = 4
	head, err := r.in.Peek(word)
	if len(head) == 0 && errors.Is(err, io.EOF) {
		return nil, io.EOF
	}
	if len(head) < word {
		if errors.Is(err, io.EOF) {
			return nil, &trailingBytes{r.offset, len(head)}
		}
		return nil, err
	}
	size := int(binary.BigEndian.Uint16(head))
	if size <= word || head[2] != 0 || head[3] != 0 {
		return nil, ErrCopybookMismatch.WithMsg("At offset %d is no record descriptor word.", r.offset)
	}
	whole, err := r.in.Peek(size)
	if err != nil {
		if errors.Is(err, io.EOF) {
			return nil, &trailingBytes{r.offset, len(whole)}
		}
		return nil, err
	}
	if _, err := r.in.Discard(size); err != nil {
		return nil, err
	}
	r.offset += int64(size)
	return whole[word:], nil
}

// line reads up to a line end of the code page; blank lines are passed over.
func (r *recordReader) line() ([]byte, error) {
	end := byte('\n')
	if r.f.decoder.Page() != copybook.ASCII {
		end = 0x15
	}
	for {
		line, err := r.in.ReadSlice(end)
		r.offset += int64(len(line))
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
			return nil, ErrCopybookMismatch.WithMsg("The line before offset %d is longer than a record.", r.offset)
		case err != nil && !errors.Is(err, io.EOF):
			return nil, err
		case len(line) == 0:
			return nil, io.EOF
		}
		line = bytes.TrimSuffix(bytes.TrimSuffix(line, []byte{end}), []byte("\r"))
		if strings.TrimSpace(string(line)) != "" {
			return line, nil
		}
	}
}
