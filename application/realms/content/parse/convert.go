package parse

import (
	"fmt"
	"strings"

	"github.com/symphainy/symphainy/domain/document"
)

// column is a column while its rows are being converted.
type column struct {
	document.Column
	verdict verdict
	layouts layoutUses
}

func newColumn(name, label string, position int, e *evidence, order document.DateOrder) *column {
	v := e.decide(order)
	return &column{verdict: v, Column: document.Column{
		Name: name, Label: label, Position: position, Type: v.typ, Format: v.format, Nullable: true, NullCount: e.nulls,
	}}
}

// fromText converts a cell of a format in which everything is text. ok is false for a value that does not fit; it stays text.
func (c *column) fromText(raw string, nulls nullSet, row int) (v document.Value, ok bool) {
	s := strings.TrimSpace(raw)
	if nulls.has(s) {
		return document.Value{}, true
	}
	switch c.Type {
	case document.TypeInteger:
		v, ok = document.ParseInteger(s)
	case document.TypeFloat:
		v, ok = document.ParseFloat(s)
	case document.TypeBoolean:
		v, ok = document.ParseBoolean(s)
	case document.TypeDate, document.TypeDateTime:
		v, ok = c.date(s, row)
	case document.TypeString:
		return document.Text(raw), true
	case document.TypeArray, document.TypeObject:
	}
	if !ok {
		return document.Text(raw), false
	}
	return v, true
}

func (c *column) date(s string, row int) (document.Value, bool) {
	v, layout, ok := document.ParseDate(s, c.verdict.order)
	if !ok || (v.Kind() == document.KindDateTime) != (c.Type == document.TypeDateTime) {
		return document.Value{}, false
	}
	c.layouts.add(layout, row)
	return v, true
}

// fromValue converts a cell that came with a type of its own.
func (c *column) fromValue(v document.Value, nulls nullSet, row int) (document.Value, bool) {
	if v.IsNull() || (v.Kind() == document.KindString && nulls.has(strings.TrimSpace(v.Text()))) {
		return document.Value{}, true
	}
	switch c.Type {
	case document.TypeFloat:
		if f, ok := v.AsFloat(); ok {
			return f, true
		}
	case document.TypeDate, document.TypeDateTime:
		if v.Kind() == document.KindString {
			if d, ok := c.date(strings.TrimSpace(v.Text()), row); ok {
				return d, true
			}
		}
	case document.TypeString:
		return document.Text(textOf(v)), true
	case document.TypeInteger, document.TypeBoolean, document.TypeArray, document.TypeObject:
		if c.Fits(v) {
			return v, true
		}
	}
	return document.Text(textOf(v)), false
}

// textOf is the text of any value: scalars as they are written, arrays and objects as JSON.
func textOf(v document.Value) string {
	if v.Kind() == document.KindArray || v.Kind() == document.KindObject {
		return string(AppendValue(nil, v))
	}
	return v.Text()
}

// misfit describes a cell that stayed text.
func (c *column) misfit(table string, row int, v document.Value, offset int64) document.Finding {
	return document.Finding{
		Code: "type_mismatch", Table: table, Row: row, Column: c.Name, Offset: offset,
		Message: fmt.Sprintf("Row %d: %q in column %q is not %s.", row+1, clip(v.Text()), c.Name, article(c.Type)),
	}
}

// article names a type as a person would.
func article(t document.Type) string {
	switch t {
	case document.TypeInteger:
		return "a whole number"
	case document.TypeFloat:
		return "a number"
	case document.TypeBoolean:
		return "true or false"
	case document.TypeDate:
		return "a real date"
	case document.TypeDateTime:
		return "a real date and time"
	case document.TypeArray:
		return "a list"
	case document.TypeObject:
		return "an object"
	case document.TypeString:
		return "text"
	default:
		return "a value of its type"
	}
}

// uniqueNames gives every column a name: a blank header becomes Column_n, a repeated one gets _2, _3, ….
func uniqueNames(headers []string) []string {
	taken := make(map[string]struct{}, len(headers))
	names := make([]string, len(headers))
	for i, h := range headers {
		name := strings.TrimSpace(h)
		if name == "" {
			name = fmt.Sprintf("Column_%d", i+1)
		}
		names[i] = name
	}
	next := make(map[string]int)
	for i, base := range names {
		name := base
		for _, used := taken[name]; used; _, used = taken[name] {
			if next[base] == 0 {
				next[base] = 1
			}
			next[base]++
			name = fmt.Sprintf("%s_%d", base, next[base])
		}
		taken[name] = struct{}{}
		names[i] = name
	}
	return names
}
