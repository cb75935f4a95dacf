package copybook

import (
	"encoding/binary"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/text/encoding/charmap"
)

// Codepage is how the bytes of a file are characters.
type Codepage string

// The code pages.
const (
	CP037  Codepage = "cp037"
	CP1047 Codepage = "cp1047"
	ASCII  Codepage = "ascii"
)

// ParseCodepage reads the usual spellings of a code page's name.
func ParseCodepage(s string) (Codepage, bool) {
	switch strings.NewReplacer("ibm-", "", "ibm", "", "cp", "", "-", "", "_", "").Replace(strings.ToLower(strings.TrimSpace(s))) {
	case "037", "37", "ebcdic":
		return CP037, true
	case "1047":
		return CP1047, true
	case "ascii", "usascii":
		return ASCII, true
	}
	return "", false
}

func (c Codepage) charmap() *charmap.Charmap {
	switch c {
	case CP1047:
		return charmap.CodePage1047
	case ASCII:
		return charmap.Windows1252
	case CP037:
	}
	return charmap.CodePage037
}

// Decoder reads fields under one code page. It is for one goroutine.
type Decoder struct {
	page  Codepage
	runes [256]rune
	bytes map[rune]byte
	out   strings.Builder
}

// NewDecoder makes a decoder.
func NewDecoder(page Codepage) *Decoder {
	d := &Decoder{page: page, bytes: make(map[rune]byte, 256)}
	m := page.charmap()
	for i := range 256 {
		d.runes[i] = m.DecodeByte(byte(i))
		if _, taken := d.bytes[d.runes[i]]; !taken {
			d.bytes[d.runes[i]] = byte(i)
		}
	}
	return d
}

// Decode reads a field of a record. ok is false where its bytes are no number; of a field beyond the record's end a text is
// what there is, and a number none.
func (d *Decoder) Decode(f *Field, record []byte) (text string, ok bool) {
	if f.Kind == Text {
		return d.text(record[min(f.Offset, len(record)):min(f.Offset+f.Size, len(record))]), true
	}
	if f.Offset+f.Size > len(record) {
		return "", false
	}
	b := record[f.Offset : f.Offset+f.Size]
	switch f.usage {
	case packed:
		return f.packed(b)
	case binaryUsage:
		return f.binary(b)
	case display, usageUnset:
	}
	return d.zoned(f, b)
}

// text gives characters without the blanks and NULs at their end; in ASCII data also without EBCDIC blanks that a transfer has left.
func (d *Decoder) text(b []byte) string {
	space := d.bytes[' ']
	for len(b) > 0 {
		last := b[len(b)-1]
		if last != space && last != 0 && (d.page != ASCII || last != 0x40) {
			break
		}
		b = b[:len(b)-1]
	}
	d.out.Reset()
	for _, c := range b {
		d.out.WriteRune(d.runes[c])
	}
	return d.out.String()
}

// zoned reads one digit a byte; the sign is in the zone of the last or first digit, or a byte of its own.
func (d *Decoder) zoned(f *Field, b []byte) (string, bool) {
	negative := false
	signAt := len(b) - 1
	if f.leading {
		signAt = 0
	}
	if f.separate {
		switch d.runes[b[signAt]] {
		case '-':
			negative = true
		case '+':
		default:
			return "", false
		}
		b = slices.Delete(slices.Clone(b), signAt, signAt+1)
		signAt = -1
	}
	digits := make([]byte, len(b))
	for i, c := range b {
		digit, sign, ok := d.digit(c)
		if !ok || sign != 0 && i != signAt || sign < 0 && !f.Signed {
			return "", false
		}
		negative = negative || sign < 0
		digits[i] = digit
	}
	return f.number(negative, string(digits)), true
}

// digit reads a digit and the sign that its zone holds: 1, −1, or 0 for none.
func (d *Decoder) digit(c byte) (digit byte, sign int, ok bool) {
	if d.page == ASCII {
		switch {
		case c >= '0' && c <= '9':
			return c, 0, true
		case c == '{':
			return '0', 1, true
		case c >= 'A' && c <= 'I':
			return '1' + c - 'A', 1, true
		case c == '}':
			return '0', -1, true
		case c >= 'J' && c <= 'R':
			return '1' + c - 'J', -1, true
		}
		return 0, 0, false
	}
	if c&0x0F > 9 {
		return 0, 0, false
	}
	switch c >> 4 {
	case 0xF:
		return '0' + c&0x0F, 0, true
	case 0xC:
		return '0' + c&0x0F, 1, true
	case 0xD:
		return '0' + c&0x0F, -1, true
	}
	return 0, 0, false
}

// packed reads two digits a byte and the sign in the last half.
func (f *Field) packed(b []byte) (string, bool) {
	digits := make([]byte, 0, 2*len(b))
	negative := false
	for i, c := range b {
		high, low := c>>4, c&0x0F
		if high > 9 {
			return "", false
		}
		digits = append(digits, '0'+high)
		if i < len(b)-1 {
			if low > 9 {
				return "", false
			}
			digits = append(digits, '0'+low)
			continue
		}
		switch low {
		case 0xA, 0xC, 0xE, 0xF:
		case 0xB, 0xD:
			negative = true
		default:
			return "", false
		}
	}
	return f.number(negative, string(digits)), true
}

// binary reads a big-endian number, in two's complement if it is signed.
func (f *Field) binary(b []byte) (string, bool) {
	var u uint64
	switch len(b) {
	case 2:
		u = uint64(binary.BigEndian.Uint16(b))
	case 4:
		u = uint64(binary.BigEndian.Uint32(b))
	default:
		u = binary.BigEndian.Uint64(b)
	}
	if !f.Signed {
		return f.number(false, strconv.FormatUint(u, 10)), true
	}
	shift := 64 - 8*len(b)
	n := int64(u<<shift) >> shift // the sign is the top bit
	s := strconv.FormatInt(n, 10)
	return f.number(n < 0, strings.TrimPrefix(s, "-")), true
}

// Printable tells how many of the bytes of a record's text fields are characters of ASCII, and how many there are.
func (l *Layout) Printable(record []byte) (printable, all int) {
	for i := range l.Fields {
		f := &l.Fields[i]
		if f.Kind != Text || f.Offset+f.Size > len(record) {
			continue
		}
		for _, c := range record[f.Offset : f.Offset+f.Size] {
			if c >= 0x20 && c < 0x7F {
				printable++
			}
		}
		all += f.Size
	}
	return printable, all
}

// Matches reports whether a record is of this kind, by the field with a VALUE; a layout without one matches all. The record may be longer.
func (l *Layout) Matches(d *Decoder, record []byte) bool {
	if l.key == nil {
		return true
	}
	f := &l.key.field
	if f.Offset+f.Size > len(record) {
		return false
	}
	text, ok := d.Decode(f, record)
	if !ok {
		return false
	}
	for _, s := range l.key.values {
		if s.from.figurative == "LOW-VALUES" || s.from.figurative == "HIGH-VALUES" {
			continue
		}
		if f.canonical(s.from) == text {
			return true
		}
	}
	return false
}

// Selected reports whether the layout is told from others by a VALUE.
func (l *Layout) Selected() bool { return l.key != nil }

// Size gives the length of a record that begins with these bytes: shorter than Length if a number of items depends on a field.
func (l *Layout) Size(d *Decoder, head []byte) (int, bool) {
	if l.counter == nil {
		return l.Length, true
	}
	n, ok := l.count(d, head)
	return l.Shortest + (n-l.least)*l.element, ok
}

// Variable reports whether records of this kind differ in length.
func (l *Layout) Variable() bool { return l.counter != nil }

func (l *Layout) count(d *Decoder, record []byte) (int, bool) {
	text, ok := d.Decode(l.counter, record)
	if !ok {
		return 0, false
	}
	n, err := strconv.Atoi(text)
	return n, err == nil && n >= l.least && n <= l.most
}

// Cell is a decoded field.
type Cell struct {
	Text string
	// Null is a field that this record does not have, or whose bytes cannot be read.
	Null bool
	// Bad is a null that is an error: bytes that are no number in any valid view of them.
	Bad bool
}

// Record reads all fields of a record into cells, which must be as many as the fields.
func (l *Layout) Record(d *Decoder, record []byte, cells []Cell) {
	items := -1
	if l.counter != nil {
		if n, ok := l.count(d, record); ok {
			items = n
		}
	}
	broken := map[[2]int]bool{}
	for i := range l.Fields {
		f := &l.Fields[i]
		if f.nth > 0 && items >= 0 && f.nth > items {
			cells[i] = Cell{Null: true}
			continue
		}
		text, ok := d.Decode(f, record)
		cells[i] = Cell{Text: text, Null: !ok, Bad: !ok}
		if !ok {
			for _, v := range f.views {
				broken[v] = true
			}
		}
	}
	if len(broken) == 0 {
		return
	}
	valid := map[int]bool{}
	for i := range l.Fields {
		for _, v := range l.Fields[i].views {
			valid[v[0]] = valid[v[0]] || !broken[v]
		}
	}
	for i := range l.Fields {
		for _, v := range l.Fields[i].views {
			cells[i].Bad = cells[i].Bad && !valid[v[0]]
		}
	}
}

// Page is the code page of the decoder.
func (d *Decoder) Page() Codepage { return d.page }
