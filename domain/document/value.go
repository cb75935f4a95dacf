package document

import (
	"strconv"
	"strings"
)

// Kind is what a cell holds.
type Kind uint8

// The kinds of cells. A cell of KindString in a column of another type is one that does not fit.
const (
	KindNull Kind = iota
	KindInteger
	KindFloat
	KindBoolean
	KindDate
	KindDateTime
	KindString
	KindArray
	KindObject
)

// Value is one immutable cell. The zero Value is null. Numbers and dates exist only in their exact, normalised text:
// a Value of KindInteger always fits int64, a date is always a real one.
type Value struct {
	text   string
	nested *[]Member
	kind   Kind
}

// Member is an element of an object, or of an array (where Name is empty).
type Member struct {
	Name  string
	Value Value
}

// Text makes a string cell; the text is kept as it is.
func Text(s string) Value { return Value{kind: KindString, text: s} }

// Integer makes an integer cell.
func Integer(n int64) Value { return Value{kind: KindInteger, text: strconv.FormatInt(n, 10)} }

// Boolean makes a boolean cell.
func Boolean(b bool) Value {
	if b {
		return Value{kind: KindBoolean, text: "true"}
	}
	return Value{kind: KindBoolean, text: "false"}
}

// Array makes an array cell of the values, in order.
func Array(values []Value) Value {
	m := make([]Member, len(values))
	for i, v := range values {
		m[i] = Member{Value: v}
	}
	return Value{kind: KindArray, nested: &m}
}

// Object makes an object cell; the members keep their order. The caller hands the slice over.
func Object(members []Member) Value { return Value{kind: KindObject, nested: &members} }

// Kind says what the cell holds.
func (v Value) Kind() Kind { return v.kind }

// IsNull says whether the cell is empty.
func (v Value) IsNull() bool { return v.kind == KindNull }

// Text is the exact text of a scalar: digits, ISO date, true or false, the string itself. It is empty for null, arrays and objects.
func (v Value) Text() string { return v.text }

// Int gives the number of an integer cell.
func (v Value) Int() (int64, bool) {
	if v.kind != KindInteger {
		return 0, false
	}
	n, err := strconv.ParseInt(v.text, 10, 64)
	return n, err == nil
}

// Float gives the nearest float64 of an integer or float cell. Use Text where exactness matters.
func (v Value) Float() (float64, bool) {
	if v.kind != KindInteger && v.kind != KindFloat {
		return 0, false
	}
	f, err := strconv.ParseFloat(v.text, 64)
	return f, err == nil
}

// Bool gives the value of a boolean cell.
func (v Value) Bool() (value, ok bool) { return v.text == "true", v.kind == KindBoolean }

// Members gives the elements of an array or the members of an object; they must not be changed.
func (v Value) Members() []Member {
	if v.nested == nil {
		return nil
	}
	return *v.nested
}

// Equal says whether both cells hold the same kind and exactly the same content.
func (v Value) Equal(o Value) bool {
	if v.kind != o.kind || v.text != o.text {
		return false
	}
	a, b := v.Members(), o.Members()
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i].Name != b[i].Name || !a[i].Value.Equal(b[i].Value) {
			return false
		}
	}
	return true
}

// Clone copies the texts, so that the cell no longer holds on to the buffer it was cut from.
func (v Value) Clone() Value {
	v.text = strings.Clone(v.text)
	if v.nested != nil {
		m := make([]Member, len(*v.nested))
		for i, x := range *v.nested {
			m[i] = Member{Name: strings.Clone(x.Name), Value: x.Value.Clone()}
		}
		v.nested = &m
	}
	return v
}

// String shows a cell to people; it is not a storage form.
func (v Value) String() string {
	switch v.kind {
	case KindArray, KindObject:
		parts := make([]string, 0, len(v.Members()))
		for _, m := range v.Members() {
			if v.kind == KindObject {
				parts = append(parts, m.Name+": "+m.Value.String())
			} else {
				parts = append(parts, m.Value.String())
			}
		}
		if v.kind == KindObject {
			return "{" + strings.Join(parts, ", ") + "}"
		}
		return "[" + strings.Join(parts, ", ") + "]"
	case KindNull:
		return "null"
	case KindInteger, KindFloat, KindBoolean, KindDate, KindDateTime, KindString:
		return v.text
	default:
		return v.text
	}
}
