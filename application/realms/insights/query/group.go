package query

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/symphainy/symphainy/domain/document"
	"github.com/symphainy/symphainy/domain/fault"
)

// group are the figures of the rows with the same values in the columns of group_by.
type group struct {
	key []document.Value
	acc []accumulator
	n   int // in order of appearance
}

// accumulator is one figure while it grows.
type accumulator struct {
	count    int
	sum, c   float64 // Neumaier's summation: the small part is not lost
	min, max document.Value
	distinct map[string]struct{}
}

func (a *accumulator) add(v document.Value) {
	f, _ := v.Float()
	t := a.sum + f
	if math.Abs(a.sum) >= math.Abs(f) {
		a.c += (a.sum - t) + f
	} else {
		a.c += (f - t) + a.sum
	}
	a.sum = t
}

type aggregate struct {
	Aggregate
	column int
	typ    document.Type
}

// aggregates looks the columns up and names the figures.
func aggregates(t *document.Table, q Query) ([]aggregate, error) {
	var out []aggregate
	names := map[string]bool{}
	for _, g := range q.GroupBy {
		names[g] = true
	}
	for i, a := range q.Aggregates {
		place := fmt.Sprintf("aggregates.%d", i)
		one := aggregate{Aggregate: a, column: -1, typ: document.TypeInteger}
		if a.Column != "" {
			c, err := column(t, place+".column", a.Column)
			if err != nil {
				return nil, err
			}
			one.column, one.Column = c, t.Columns[c].Name
		}
		numeric := one.column >= 0 && (t.Columns[one.column].Type == document.TypeInteger || t.Columns[one.column].Type == document.TypeFloat)
		switch a.Function {
		case "count":
		case "count_distinct", "min", "max":
			if one.column < 0 {
				return nil, wrong(place, "%s needs a column.", a.Function)
			}
			if a.Function != "count_distinct" {
				one.typ = t.Columns[one.column].Type
			}
		case "sum", "avg":
			if !numeric {
				return nil, wrong(place, "%s needs a column of numbers.", a.Function)
			}
			one.typ = document.TypeFloat
		default:
			return nil, wrong(place+".function", "unknown function.")
		}
		if one.As == "" {
			one.As = strings.TrimSuffix(a.Function+"_"+one.Column, "_")
		}
		if names[one.As] {
			return nil, wrong(place+".as", "two columns of the answer would have this name.")
		}
		names[one.As] = true
		out = append(out, one)
	}
	return out, nil
}

// grouped answers a query with group_by or aggregates.
func grouped(t *document.Table, rows Rows, q Query, filter filter) (*Answer, error) {
	if len(q.Select) > 0 {
		return nil, wrong("select", "a query with group_by or aggregates gives the columns of group_by and the aggregates; leave select out.")
	}
	var by []int
	a := &Answer{}
	for i, name := range q.GroupBy {
		c, err := column(t, fmt.Sprintf("group_by.%d", i), name)
		if err != nil {
			return nil, err
		}
		if slices.Contains(by, c) {
			return nil, wrong(fmt.Sprintf("group_by.%d", i), "names a column twice.")
		}
		by = append(by, c)
		a.Columns = append(a.Columns, Column{t.Columns[c].Name, t.Columns[c].Type})
	}
	figures, err := aggregates(t, q)
	if err != nil {
		return nil, err
	}
	for _, f := range figures {
		a.Columns = append(a.Columns, Column{f.As, f.typ})
	}
	keys, err := outputKeys(a.Columns, q.OrderBy)
	if err != nil {
		return nil, err
	}
	g := grouper{by: by, figures: figures, groups: map[string]*group{}}
	if len(by) == 0 {
		g.group("", nil) // figures of all rows exist even if no row passes
	}
	err = rows(func(row document.Row) error {
		a.Scanned++
		if !filter.match(row) {
			return nil
		}
		a.Matched++
		return g.add(row)
	})
	if err != nil {
		return nil, err
	}
	a.Total = len(g.groups)
	a.Rows = g.rows(keys, q.Limit)
	return a, nil
}

func outputKeys(columns []Column, orders []Order) ([]sortKey, error) {
	var keys []sortKey
	for i, o := range orders {
		at := slices.IndexFunc(columns, func(c Column) bool { return strings.EqualFold(c.Name, o.Column) })
		if at < 0 {
			return nil, wrong(fmt.Sprintf("order_by.%d.column", i), "the answer has no such column.")
		}
		keys = append(keys, sortKey{at, o.Direction == "desc"})
	}
	return keys, nil
}

type grouper struct {
	by       []int
	figures  []aggregate
	groups   map[string]*group
	distinct int
	buf      []byte
}

func (g *grouper) group(key string, values []document.Value) *group {
	made := &group{key: values, acc: make([]accumulator, len(g.figures)), n: len(g.groups)}
	g.groups[key] = made
	return made
}

func (g *grouper) add(row document.Row) error {
	g.buf = g.buf[:0]
	for _, c := range g.by {
		g.buf = append(append(append(g.buf, byte(at(row, c).Kind())), at(row, c).String()...), 0)
	}
	found, ok := g.groups[string(g.buf)]
	if !ok {
		if len(g.groups) >= MaxGroups {
			return fault.Newf(fault.TooLarge, "limit_exceeded", "query.group_by: more than %d groups.", MaxGroups)
		}
		values := make([]document.Value, len(g.by))
		for i, c := range g.by {
			values[i] = at(row, c).Clone()
		}
		found = g.group(string(g.buf), values)
	}
	for i, f := range g.figures {
		if err := g.count(&found.acc[i], f, row); err != nil {
			return err
		}
	}
	return nil
}

func (g *grouper) count(a *accumulator, f aggregate, row document.Row) error {
	if f.column < 0 {
		a.count++
		return nil
	}
	v := at(row, f.column)
	if v.IsNull() {
		return nil
	}
	switch f.Function {
	case "sum", "avg":
		if !numeric(v) {
			return nil
		}
		a.add(v)
	case "min":
		if a.min.IsNull() || compare(v, a.min) < 0 {
			a.min = v.Clone()
		}
	case "max":
		if a.max.IsNull() || compare(v, a.max) > 0 {
			a.max = v.Clone()
		}
	case "count_distinct":
		if a.distinct == nil {
			a.distinct = map[string]struct{}{}
		}
		key := string(rune(v.Kind())) + v.String()
		if _, again := a.distinct[key]; !again {
			if g.distinct++; g.distinct > MaxDistinct {
				return fault.Newf(fault.TooLarge, "limit_exceeded", "query.aggregates: count_distinct has more than %d values to keep.", MaxDistinct)
			}
			a.distinct[strings.Clone(key)] = struct{}{}
		}
	}
	a.count++
	return nil
}

// value is the figure; null where there is nothing to make it of.
func (a *accumulator) value(f aggregate) document.Value {
	switch f.Function {
	case "count":
		return document.Integer(int64(a.count))
	case "count_distinct":
		return document.Integer(int64(len(a.distinct)))
	case "min":
		return a.min
	case "max":
		return a.max
	}
	if a.count == 0 {
		return document.Value{}
	}
	sum := a.sum + a.c
	if f.Function == "avg" {
		sum /= float64(a.count)
	}
	if math.IsInf(sum, 0) || math.IsNaN(sum) {
		return document.Value{} // beyond what a number of JSON holds
	}
	return decimal(sum)
}

// decimal writes a computed number with six decimals, as few as it needs.
func decimal(f float64) document.Value {
	if math.Abs(f) < 1e15 {
		f = math.Round(f*1e6) / 1e6
	}
	s := fmt.Sprintf("%.6f", f)
	if math.Abs(f) >= 1e15 {
		s = fmt.Sprintf("%.0f", f)
	}
	if strings.Contains(s, ".") {
		s = strings.TrimSuffix(strings.TrimRight(s, "0"), ".")
	}
	if s == "-0" {
		s = "0"
	}
	if v, ok := document.ParseInteger(s); ok {
		return v
	}
	if v, ok := document.ParseFloat(s); ok {
		return v
	}
	return document.Text(s)
}

// rows are the groups in order; without an order, by their values.
func (g *grouper) rows(keys []sortKey, limit int) [][]any {
	list := make([]document.Row, 0, len(g.groups))
	for _, x := range g.groups {
		row := slices.Clone(x.key)
		for i, f := range g.figures {
			row = append(row, x.acc[i].value(f))
		}
		list = append(list, row)
	}
	for i := range g.by { // equal in the order asked for: by value
		keys = append(keys, sortKey{column: i})
	}
	slices.SortFunc(list, func(a, b document.Row) int {
		for _, k := range keys {
			if c := ordered(a[k.column], b[k.column], k.desc); c != 0 {
				return c
			}
		}
		return 0
	})
	out := make([][]any, 0, min(len(list), limit))
	for _, row := range list[:min(len(list), limit)] {
		cells := make([]any, len(row))
		for i, v := range row {
			cells[i] = Cell(v)
		}
		out = append(out, cells)
	}
	return out
}
