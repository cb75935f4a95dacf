package query

import (
	"fmt"
	"slices"
	"strings"

	"github.com/symphainy/symphainy/application/realms/say"
	"github.com/symphainy/symphainy/domain/document"
	"github.com/symphainy/symphainy/domain/fault"
)

// Bounds of a query.
const (
	// DefaultLimit is how many rows an answer has unless the query says otherwise.
	DefaultLimit = 100
	// MaxLimit is how many rows an answer has at most.
	MaxLimit = 1000
	// MaxGroups is how many groups are kept while the table is read.
	MaxGroups = 100_000
	// MaxDistinct is how many different values a count_distinct keeps of all groups together.
	MaxDistinct = 1_000_000
)

// Condition compares a column with a value, or, with Any, holds if one of its conditions does.
type Condition struct {
	Column string           `json:"column"`
	Op     string           `json:"op"`
	Value  *Operand         `json:"value"`
	Values []Operand        `json:"values"`
	Any    []ConditionPlain `json:"any"`
}

// ConditionPlain is a condition without alternatives.
type ConditionPlain struct {
	Column string    `json:"column"`
	Op     string    `json:"op"`
	Value  *Operand  `json:"value"`
	Values []Operand `json:"values"`
}

// Aggregate is a figure of a group, or of all rows.
type Aggregate struct {
	Function string `json:"function"`
	Column   string `json:"column"`
	As       string `json:"as"`
}

// Order sorts by an output column.
type Order struct {
	Column    string `json:"column"`
	Direction string `json:"direction"`
}

// Query is what is asked. Without Select, GroupBy and Aggregates it gives all columns.
type Query struct {
	Select     []string    `json:"select"`
	Where      []Condition `json:"where"`
	GroupBy    []string    `json:"group_by"`
	Aggregates []Aggregate `json:"aggregates"`
	OrderBy    []Order     `json:"order_by"`
	Limit      int         `json:"limit"`
}

// Rows walks over the table's rows in order.
type Rows func(visit func(row document.Row) error) error

// Column is a column of the answer.
type Column struct {
	Name string
	Type document.Type
}

// Answer is the result. A cell of a row is nil, a string, a bool, an int64, a float64 or a Number.
type Answer struct {
	Columns []Column
	Rows    [][]any
	// Scanned rows were looked at, Matched of them passed the conditions, Total is how many rows the answer has without its limit.
	Scanned, Matched, Total int
}

// Number is the exact text of a decimal number.
type Number string

func wrong(place, message string, args ...any) *fault.Error {
	text := fmt.Sprintf(message, args...)
	return fault.New(fault.Invalid, "invalid_parameters", "query."+place+": "+text).
		WithFields(fault.Field{Pointer: "/parameters/query/" + strings.ReplaceAll(place, ".", "/"), Code: "invalid_query", Message: text})
}

// ErrInsufficient is a table without rows: an answer about nothing would look like an answer.
var ErrInsufficient = fault.New(fault.Invalid, "insufficient_data", "The table has no rows to query.")

// Run answers the query on a table. A query that does not fit the table is invalid_parameters and names the place; more groups than MaxGroups
// are limit_exceeded.
func Run(t *document.Table, rows Rows, q Query) (*Answer, error) {
	if t.RowCount == 0 || len(t.Columns) == 0 {
		return nil, ErrInsufficient
	}
	if q.Limit == 0 {
		q.Limit = DefaultLimit
	}
	if q.Limit < 1 || q.Limit > MaxLimit {
		return nil, wrong("limit", "must be from 1 to %d.", MaxLimit)
	}
	filter, err := compile(t, q.Where)
	if err != nil {
		return nil, err
	}
	if len(q.GroupBy) > 0 || len(q.Aggregates) > 0 {
		return grouped(t, rows, q, filter)
	}
	return plain(t, rows, q, filter)
}

// column finds a column by its name; the name as it stands, or else the only one that differs in case and blanks around.
func column(t *document.Table, place, name string) (int, error) {
	found := -1
	for i := range t.Columns {
		if t.Columns[i].Name == name {
			return i, nil
		}
		if strings.EqualFold(strings.TrimSpace(t.Columns[i].Name), strings.TrimSpace(name)) {
			if found >= 0 {
				return 0, wrong(place, "the table has several columns of this name in different spellings.")
			}
			found = i
		}
	}
	if found < 0 {
		const most = 20
		var names []string
		for _, c := range t.Columns[:min(len(t.Columns), most)] {
			names = append(names, say.Quote(c.Name))
		}
		return 0, wrong(place, "the table has no such column. It has %s.", say.Join(names, len(t.Columns)))
	}
	return found, nil
}

// plain selects columns of rows.
func plain(t *document.Table, rows Rows, q Query, filter filter) (*Answer, error) {
	a := &Answer{}
	var picked []int
	if len(q.Select) == 0 {
		for i := range t.Columns {
			picked = append(picked, i)
		}
	}
	for i, name := range q.Select {
		c, err := column(t, fmt.Sprintf("select.%d", i), name)
		if err != nil {
			return nil, err
		}
		picked = append(picked, c)
	}
	for _, c := range picked {
		a.Columns = append(a.Columns, Column{t.Columns[c].Name, t.Columns[c].Type})
	}
	var keys []sortKey
	for i, o := range q.OrderBy {
		c, err := column(t, fmt.Sprintf("order_by.%d.column", i), o.Column)
		if err != nil {
			return nil, err
		}
		keys = append(keys, sortKey{c, o.Direction == "desc"})
	}
	top := newTop(q.Limit, keys)
	err := rows(func(row document.Row) error {
		a.Scanned++
		if filter.match(row) {
			a.Matched++
			top.add(row, a.Matched)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	a.Total = a.Matched
	for _, row := range top.result() {
		out := make([]any, len(picked))
		for i, c := range picked {
			out[i] = Cell(at(row, c))
		}
		a.Rows = append(a.Rows, out)
	}
	return a, nil
}

func at(row document.Row, i int) document.Value {
	if i < len(row) {
		return row[i]
	}
	return document.Value{}
}

// Cell is a cell as it is put into JSON.
func Cell(v document.Value) any {
	switch v.Kind() {
	case document.KindNull:
		return nil
	case document.KindInteger:
		if n, ok := v.Int(); ok {
			return n
		}
	case document.KindFloat:
		return Number(v.Text())
	case document.KindBoolean:
		b, _ := v.Bool()
		return b
	case document.KindDate, document.KindDateTime, document.KindString, document.KindArray, document.KindObject:
	}
	return v.String()
}

type sortKey struct {
	column int
	desc   bool
}

// top keeps the first rows of an order. Without keys it keeps the first that come.
type top struct {
	limit int
	keys  []sortKey
	list  []kept
}

type kept struct {
	row document.Row
	n   int
}

func newTop(limit int, keys []sortKey) *top { return &top{limit: limit, keys: keys} }

func (t *top) add(row document.Row, n int) {
	if len(t.keys) == 0 && len(t.list) >= t.limit {
		return
	}
	t.list = append(t.list, kept{row, n})
	if len(t.list) >= 2*t.limit+1000 {
		t.sort()
		t.list = t.list[:t.limit]
	}
}

func (t *top) sort() {
	slices.SortFunc(t.list, func(a, b kept) int {
		for _, k := range t.keys {
			if c := ordered(at(a.row, k.column), at(b.row, k.column), k.desc); c != 0 {
				return c
			}
		}
		return a.n - b.n
	})
}

func (t *top) result() []document.Row {
	t.sort()
	t.list = t.list[:min(len(t.list), t.limit)]
	out := make([]document.Row, len(t.list))
	for i, k := range t.list {
		out[i] = k.row
	}
	return out
}

// ordered compares for sorting: in either direction cells that do not fit their column come after those that do, and empty ones last.
func ordered(a, b document.Value, desc bool) int {
	switch {
	case a.IsNull() && b.IsNull():
		return 0
	case a.IsNull():
		return 1
	case b.IsNull():
		return -1
	}
	c := compare(a, b)
	if desc && alike(a, b) {
		return -c
	}
	return c
}
