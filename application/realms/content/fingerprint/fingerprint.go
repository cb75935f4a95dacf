// Package fingerprint computes the stable names of content: canonical JSON, text hashes, chunk ids and the fingerprint of a schema.
// Equal content has equal names on every machine and in every release.
package fingerprint

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf16"

	"github.com/symphainy/symphainy/domain/document"
)

// Canonical is canonical JSON: keys by code point, separators ", " and ": ", non-ASCII as \uXXXX, floats with at least one fraction
// digit and no other trailing zeros. Dates are strings.
func Canonical(v document.Value) string {
	var b bytes.Buffer
	write(&b, v)
	return b.String()
}

// Row is the canonical JSON of a row as an object of its columns. Null cells are members with null.
func Row(columns []document.Column, row document.Row) string {
	members := make([]document.Member, 0, len(row))
	for i, v := range row {
		members = append(members, document.Member{Name: columns[i].Name, Value: v})
	}
	return Canonical(document.Object(members))
}

func write(b *bytes.Buffer, v document.Value) {
	switch v.Kind() {
	case document.KindNull:
		b.WriteString("null")
	case document.KindInteger, document.KindBoolean:
		b.WriteString(v.Text())
	case document.KindFloat:
		b.WriteString(canonicalFloat(v.Text()))
	case document.KindDate, document.KindDateTime, document.KindString:
		writeString(b, v.Text())
	case document.KindArray:
		b.WriteByte('[')
		for i, m := range v.Members() {
			if i > 0 {
				b.WriteString(", ")
			}
			write(b, m.Value)
		}
		b.WriteByte(']')
	case document.KindObject:
		members := slices.Clone(v.Members())
		// Byte order of UTF-8 is the order of code points.
		slices.SortStableFunc(members, func(x, y document.Member) int { return strings.Compare(x.Name, y.Name) })
		b.WriteByte('{')
		for i, m := range members {
			if i > 0 {
				b.WriteString(", ")
			}
			writeString(b, m.Name)
			b.WriteString(": ")
			write(b, m.Value)
		}
		b.WriteByte('}')
	}
}

// canonicalFloat works on the text, so that no digit is lost: 1.50 → 1.5, 7 → 7.0, −0.0 → 0.0. An exponent is written out;
// one beyond any use (more than 400 places) stays as it is.
func canonicalFloat(s string) string {
	sign := ""
	if strings.HasPrefix(s, "-") {
		sign, s = "-", s[1:]
	}
	digits, point, ok := plainDigits(s)
	if !ok {
		return sign + s
	}
	for point > len(digits) {
		digits += "0"
	}
	for point < 1 {
		digits, point = "0"+digits, point+1
	}
	whole, fraction := strings.TrimLeft(digits[:point], "0"), strings.TrimRight(digits[point:], "0")
	if whole == "" {
		whole = "0"
	}
	if fraction == "" {
		fraction = "0"
	}
	if whole == "0" && fraction == "0" {
		sign = ""
	}
	return sign + whole + "." + fraction
}

// plainDigits gives all digits and the place of the decimal point among them.
func plainDigits(s string) (digits string, point int, ok bool) {
	mantissa, exponent := s, 0
	if i := strings.IndexAny(s, "eE"); i >= 0 {
		if _, err := fmt.Sscanf(s[i+1:], "%d", &exponent); err != nil || exponent > 400 || exponent < -400 {
			return "", 0, false
		}
		mantissa = s[:i]
	}
	whole, fraction, _ := strings.Cut(mantissa, ".")
	return whole + fraction, len(whole) + exponent, true
}

func writeString(b *bytes.Buffer, s string) {
	const hexDigits = "0123456789abcdef"
	unit := func(u uint16) {
		b.WriteString(`\u`)
		for shift := 12; shift >= 0; shift -= 4 {
			b.WriteByte(hexDigits[u>>shift&0xF])
		}
	}
	b.WriteByte('"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\r':
			b.WriteString(`\r`)
		case r == '\t':
			b.WriteString(`\t`)
		case r == '\b':
			b.WriteString(`\b`)
		case r == '\f':
			b.WriteString(`\f`)
		case r >= ' ' && r < 0x7F:
			b.WriteRune(r)
		case r > 0xFFFF:
			high, low := utf16.EncodeRune(r)
			unit(uint16(high))
			unit(uint16(low))
		default:
			unit(uint16(r))
		}
	}
	b.WriteByte('"')
}

// TextHash is the SHA-256, in hex, of the text with each run of white space as one blank and none around.
func TextHash(text string) string {
	sum := sha256.Sum256([]byte(strings.Join(strings.FieldsFunc(text, unicode.IsSpace), " ")))
	return hex.EncodeToString(sum[:])
}

// ChunkID names a chunk by its file, its path and its text: 16 hex digits.
func ChunkID(fileID, path, textHash string) string {
	sum := sha256.Sum256([]byte(fileID + ":" + path + ":" + textHash))
	return hex.EncodeToString(sum[:])[:16]
}

// Schema is the fingerprint of a table's columns. Two tables with the same names (whatever the case), types, positions, nullability
// and constraints have the same.
func Schema(columns []document.Column) string {
	list := make([]document.Value, len(columns))
	for i, c := range columns {
		rules := make([]string, len(c.Constraints))
		for k, x := range c.Constraints {
			rules[k] = x.String()
		}
		slices.Sort(rules)
		constraints := make([]document.Value, len(rules))
		for k, r := range rules {
			constraints[k] = document.Text(r)
		}
		list[i] = document.Object([]document.Member{
			{Name: "constraints", Value: document.Array(constraints)},
			{Name: "name", Value: document.Text(normal(c.Name))},
			{Name: "nullable", Value: document.Boolean(c.Nullable)},
			{Name: "position", Value: document.Integer(int64(i))},
			{Name: "type", Value: document.Text(string(c.Type))},
		})
	}
	sum := sha256.Sum256([]byte(Canonical(document.Array(list))))
	return hex.EncodeToString(sum[:])
}

func normal(name string) string { return strings.ToLower(strings.TrimSpace(name)) }

// Difference is what Compare has found.
type Difference struct {
	Same       bool
	Similarity float64
	// Missing are columns of the second table only, Added of the first only, Retyped are in both with another type.
	Missing, Added, Retyped []string
}

// Compare measures how alike two schemas are: 1 for equal fingerprints, else six tenths for common names and four for common types.
func Compare(have, want []document.Column) Difference {
	types := make(map[string]document.Type, len(want))
	for _, c := range want {
		types[normal(c.Name)] = c.Type
	}
	d := Difference{Same: Schema(have) == Schema(want)}
	seen := make(map[string]struct{}, len(have))
	common, same := 0, 0
	for _, c := range have {
		name := normal(c.Name)
		if _, again := seen[name]; again {
			continue
		}
		seen[name] = struct{}{}
		t, ok := types[name]
		switch {
		case !ok:
			d.Added = append(d.Added, c.Name)
		case t != c.Type:
			common++
			d.Retyped = append(d.Retyped, c.Name)
		default:
			common++
			same++
		}
	}
	for _, c := range want {
		if _, ok := seen[normal(c.Name)]; !ok {
			d.Missing = append(d.Missing, c.Name)
		}
	}
	union := len(seen) + len(d.Missing)
	switch {
	case d.Same:
		d.Similarity = 1
	case common > 0:
		d.Similarity = 0.6*float64(common)/float64(union) + 0.4*float64(same)/float64(common)
	}
	return d
}
