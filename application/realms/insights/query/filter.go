package query

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"math/big"
	"strings"

	"github.com/symphainy/symphainy/domain/document"
)

// Operand is a text, a number, a boolean or null, as JSON has it. Numbers keep their text.
type Operand struct {
	text   string
	number bool
	null   bool
}

// UnmarshalJSON reads a scalar.
func (o *Operand) UnmarshalJSON(raw []byte) error {
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		return err
	}
	switch x := v.(type) {
	case string:
		o.text = x
	case json.Number:
		o.text, o.number = x.String(), true
	case bool:
		o.text = fmt.Sprint(x)
	default:
		o.null = true
	}
	return nil
}

// TextOf makes an operand of a text, as a JSON string would.
func TextOf(s string) Operand { return Operand{text: s} }

type test func(v document.Value) bool

// filter is a conjunction of alternatives.
type filter [][]check

type check struct {
	column int
	test   test
}

func (f filter) match(row document.Row) bool {
	for _, alternatives := range f {
		ok := false
		for _, c := range alternatives {
			if c.test(at(row, c.column)) {
				ok = true
				break
			}
		}
		if !ok {
			return false
		}
	}
	return true
}

func compile(t *document.Table, where []Condition) (filter, error) {
	var out filter
	for i, c := range where {
		place := fmt.Sprintf("where.%d", i)
		if len(c.Any) == 0 {
			one, err := compileOne(t, place, ConditionPlain{c.Column, c.Op, c.Value, c.Values})
			if err != nil {
				return nil, err
			}
			out = append(out, []check{one})
			continue
		}
		if c.Column != "" || c.Op != "" || c.Value != nil || c.Values != nil {
			return nil, wrong(place, "has either any or a column with an op.")
		}
		var alternatives []check
		for k, x := range c.Any {
			one, err := compileOne(t, fmt.Sprintf("%s.any.%d", place, k), x)
			if err != nil {
				return nil, err
			}
			alternatives = append(alternatives, one)
		}
		out = append(out, alternatives)
	}
	return out, nil
}

func compileOne(t *document.Table, place string, c ConditionPlain) (check, error) {
	index, err := column(t, place+".column", c.Column)
	if err != nil {
		return check{}, err
	}
	one := check{column: index}
	switch c.Op {
	case "is_null", "not_null":
		if c.Value != nil || len(c.Values) > 0 {
			return one, wrong(place, "%s takes no value.", c.Op)
		}
		want := c.Op == "is_null"
		one.test = func(v document.Value) bool { return v.IsNull() == want }
		return one, nil
	case "in", "not_in":
		if len(c.Values) == 0 || c.Value != nil {
			return one, wrong(place, "%s takes values.", c.Op)
		}
		return one, compileIn(&one, t.Columns[index], place, c)
	}
	if c.Value == nil || c.Value.null || len(c.Values) > 0 {
		return one, wrong(place, "%s takes one value that is not null; is_null and not_null ask for empty cells.", c.Op)
	}
	if one.test = textTest(c.Op, c.Value.text); one.test != nil {
		return one, nil
	}
	operand, err := valueFor(t.Columns[index], place, *c.Value)
	if err != nil {
		return one, err
	}
	one.test, err = orderTest(place, c.Op, operand)
	return one, err
}

func compileIn(one *check, col document.Column, place string, c ConditionPlain) error {
	var list []document.Value
	for _, o := range c.Values {
		v, err := valueFor(col, place, o)
		if err != nil {
			return err
		}
		list = append(list, v)
	}
	want := c.Op == "in"
	one.test = func(v document.Value) bool {
		if v.IsNull() {
			return false
		}
		for _, x := range list {
			if alike(v, x) && compare(v, x) == 0 {
				return want
			}
		}
		return !want
	}
	return nil
}

// textTest gives the tests that look at a cell as a text, without regard to case; nil for other operators.
func textTest(op, value string) test {
	low := strings.ToLower(value)
	of := func(holds func(s, sub string) bool) test {
		return func(v document.Value) bool { return !v.IsNull() && holds(strings.ToLower(v.String()), low) }
	}
	switch op {
	case "contains":
		return of(strings.Contains)
	case "starts_with":
		return of(strings.HasPrefix)
	case "ends_with":
		return of(strings.HasSuffix)
	}
	return nil
}

func orderTest(place, op string, want document.Value) (test, error) {
	var holds func(c int) bool
	switch op {
	case "eq":
		holds = func(c int) bool { return c == 0 }
	case "ne":
		return func(v document.Value) bool { return !v.IsNull() && (!alike(v, want) || compare(v, want) != 0) }, nil
	case "lt":
		holds = func(c int) bool { return c < 0 }
	case "le":
		holds = func(c int) bool { return c <= 0 }
	case "gt":
		holds = func(c int) bool { return c > 0 }
	case "ge":
		holds = func(c int) bool { return c >= 0 }
	default:
		return nil, wrong(place+".op", "unknown operator.")
	}
	return func(v document.Value) bool { return alike(v, want) && holds(compare(v, want)) }, nil
}

// valueFor reads an operand as a value of the column's type.
func valueFor(c document.Column, place string, o Operand) (document.Value, error) {
	s := strings.TrimSpace(o.text)
	ok := false
	v := document.Text(o.text)
	switch c.Type {
	case document.TypeInteger, document.TypeFloat:
		v, ok = numberOf(s)
	case document.TypeBoolean:
		low := strings.ToLower(s)
		ok = low == "true" || low == "false"
		v = document.Boolean(low == "true")
	case document.TypeDate, document.TypeDateTime:
		v, _, ok = document.ParseDate(s, document.OrderUnknown)
	case document.TypeString, document.TypeArray, document.TypeObject:
		ok = true
	}
	if o.null || !ok {
		return v, wrong(place+".value", "is no value of a column of type %s.", c.Type)
	}
	return v, nil
}

func numberOf(s string) (document.Value, bool) {
	if v, ok := document.ParseInteger(s); ok {
		return v, true
	}
	if v, ok := document.ParseFloat(s); ok {
		return v, true
	}
	if r, ok := new(big.Rat).SetString(s); ok && len(s) < 40 { // 1e5, as JSON writes large numbers
		return document.ParseFloat(r.FloatString(10))
	}
	return document.Value{}, false
}

func numeric(v document.Value) bool {
	return v.Kind() == document.KindInteger || v.Kind() == document.KindFloat
}

func dated(v document.Value) bool {
	return v.Kind() == document.KindDate || v.Kind() == document.KindDateTime
}

// alike says whether two cells are of one sort. A cell that does not fit its column is compared with nothing but texts.
func alike(a, b document.Value) bool {
	switch {
	case a.IsNull() || b.IsNull():
		return false
	case numeric(a) && numeric(b), dated(a) && dated(b):
		return true
	}
	return a.Kind() == b.Kind()
}

// compare orders two cells that are there: numbers by value, exactly; all others by their text. Cells of different sorts are ordered by
// sort, so that the order is one.
func compare(a, b document.Value) int {
	switch {
	case numeric(a) && numeric(b):
		return compareNumbers(a, b)
	case alike(a, b):
		return strings.Compare(a.String(), b.String())
	}
	return cmp.Compare(rank(a), rank(b))
}

func rank(v document.Value) int {
	switch {
	case numeric(v):
		return 0
	case dated(v):
		return 1
	}
	return 2 + int(v.Kind())
}

func compareNumbers(a, b document.Value) int {
	if x, ok := a.Int(); ok {
		if y, ok := b.Int(); ok {
			return cmp.Compare(x, y)
		}
	}
	x, _ := a.Float()
	y, _ := b.Float()
	if c := cmp.Compare(x, y); c != 0 || len(a.Text()) > 60 || len(b.Text()) > 60 {
		return c
	}
	// Equal as floats: their decimals decide.
	p, ok := new(big.Rat).SetString(a.Text())
	q, also := new(big.Rat).SetString(b.Text())
	if !ok || !also {
		return 0
	}
	return p.Cmp(q)
}
