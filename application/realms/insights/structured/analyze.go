package structured

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"

	"github.com/symphainy/symphainy/application/realms/insights/naming"
	"github.com/symphainy/symphainy/domain/document"
	"github.com/symphainy/symphainy/domain/fault"
)

// Analyze describes a table. It depends on nothing but its arguments. Errors are ErrInsufficient, limit_exceeded above MaxRows, or what
// in.Rows returned.
func Analyze(in Input, opts Options) (*Analysis, error) {
	if in.Table.RowCount == 0 || len(in.Table.Columns) == 0 {
		return nil, ErrInsufficient
	}
	if in.Table.RowCount > MaxRows {
		return nil, fault.Newf(fault.TooLarge, "limit_exceeded", "The table has %d rows; the limit of an analysis is %d.", in.Table.RowCount, MaxRows)
	}
	a := newAnalyzer(in, opts)
	if err := a.survey(); err != nil {
		return nil, err
	}
	if err := a.deepen(); err != nil {
		return nil, err
	}
	return a.result(), nil
}

// column is one column while the table is read.
type column struct {
	*document.Column
	index      int
	filled     int
	numeric    bool
	strange    int // values of a numeric column that are no numbers
	categories *categories
	first      document.Value
	varies     bool
	earliest   string
	latest     string
	values     []float64 // by row, NaN where there is none; only while its group is read
	figures    Numeric
	described  bool
	anomaly    *Anomaly
	trend      *Trend
	months     map[int]*figures
}

type analyzer struct {
	in       Input
	opts     Options
	columns  []*column
	numbers  []*column
	compared []*column // the first of numbers
	date     *column
	instants []int64 // by row, noDate where there is none
	order    []int32 // the rows that have a date, in order of dates; nil for the order of rows
	undated  int
	textHeld int
	pairs    []pair
	groups   []*grouping
	rows     int
	repeats  Repeats
	seen     map[[16]byte]int32
	buf      []byte
}

// grouping is a column of categories with the figures of each compared column.
type grouping struct {
	by     *column
	values map[string][]figures
}

const noDate = math.MinInt64

func newAnalyzer(in Input, opts Options) *analyzer {
	a := &analyzer{in: in, opts: opts}
	for i := range in.Table.Columns {
		c := &column{Column: &in.Table.Columns[i], index: i}
		switch c.Type {
		case document.TypeInteger, document.TypeFloat:
			c.numeric = true
			a.numbers = append(a.numbers, c)
		case document.TypeString, document.TypeBoolean:
			c.categories = &categories{}
		case document.TypeDate, document.TypeDateTime:
			if a.date == nil && opts.Trends {
				a.date = c
			}
		case document.TypeArray, document.TypeObject:
		}
		a.columns = append(a.columns, c)
	}
	a.compared = a.numbers[:min(len(a.numbers), MaxCompared)]
	if opts.Patterns {
		a.pairs = make([]pair, len(a.compared)*len(a.compared))
	}
	if a.date != nil {
		a.instants = make([]int64, 0, in.Table.RowCount)
	}
	return a
}

func cell(row document.Row, c *column) document.Value {
	if c.index < len(row) {
		return row[c.index]
	}
	return document.Value{}
}

// number gives a finite number of a cell, NaN otherwise.
func number(v document.Value) float64 {
	if f, ok := v.Float(); ok && !math.IsInf(f, 0) {
		return f
	}
	return math.NaN()
}

// survey reads the table once: what each column holds, how columns go together, which row has which date.
func (a *analyzer) survey() error {
	x := make([]float64, len(a.compared))
	err := a.in.Rows(func(row document.Row) error {
		a.rows++
		for _, c := range a.columns {
			a.look(c, cell(row, c))
		}
		if a.date != nil {
			at, ok := instant(cell(row, a.date))
			if !ok {
				at = noDate
				a.undated++
			}
			a.instants = append(a.instants, at)
		}
		if a.pairs != nil {
			a.correlate(row, x)
		}
		return nil
	})
	if err != nil {
		return err
	}
	if a.rows == 0 {
		return ErrInsufficient
	}
	if a.date != nil {
		a.order = chronological(a.instants)
		a.instants = nil
		if len(a.order) == 0 {
			a.date = nil // the column holds no date that could be read
		}
	}
	a.prepareGroups()
	return nil
}

func (a *analyzer) look(c *column, v document.Value) {
	if v.IsNull() {
		c.varies = true
		return
	}
	if c.filled == 0 {
		c.first = v.Clone()
	} else if !c.varies && !c.first.Equal(v) {
		c.varies = true
	}
	c.filled++
	switch {
	case c.numeric:
		if math.IsNaN(number(v)) {
			c.strange++
		}
	case c.categories != nil:
		c.categories.add(v.Text(), &a.textHeld)
	case v.Kind() == document.KindDate || v.Kind() == document.KindDateTime:
		text := v.Text()
		if c.earliest == "" || text < c.earliest {
			c.earliest = v.Clone().Text()
		}
		if text > c.latest {
			c.latest = v.Clone().Text()
		}
	}
}

func (a *analyzer) correlate(row document.Row, x []float64) {
	for i, c := range a.compared {
		x[i] = number(cell(row, c))
	}
	for i := range x {
		if math.IsNaN(x[i]) {
			continue
		}
		for j := i + 1; j < len(x); j++ {
			if !math.IsNaN(x[j]) {
				a.pairs[i*len(x)+j].add(x[i], x[j])
			}
		}
	}
}

// finish turns the held numbers of a column into figures and lets go of them.
func (a *analyzer) finish(c *column) {
	values := sorted(c.values)
	if len(values) > 0 {
		c.figures = describe(c.Name, values)
		c.figures.NonNumeric = c.strange
		c.figures.Identifier = naming.IDLike(c.Name)
		c.described = true
		if q := c.figures.Quartiles; q != nil && a.opts.Anomalies {
			if found, ok := outliers(c.Name, c.values, len(values), *q); ok {
				c.anomaly = &found
			}
		}
		if a.opts.Trends {
			c.trend = a.trend(c)
		}
	}
	c.values = nil
}

func (a *analyzer) result() *Analysis {
	out := &Analysis{Table: a.in.Table.Name, Rows: a.rows, Columns: len(a.columns), Kinds: map[document.Type]int{}}
	for _, c := range a.columns {
		out.Kinds[c.Type]++
	}
	if a.opts.Statistical {
		a.statistics(out)
	}
	if a.opts.Patterns {
		a.patterns(out)
	}
	for _, c := range a.numbers {
		if c.anomaly != nil {
			out.Anomalies = append(out.Anomalies, *c.anomaly)
		}
	}
	if a.opts.Trends {
		out.Trends = a.trends()
	}
	a.limits(out)
	out.Insights = a.insights(out)
	return out
}

func (a *analyzer) statistics(out *Analysis) {
	for _, c := range a.columns {
		switch {
		case c.described:
			out.Numeric = append(out.Numeric, c.figures)
		case c.categories != nil && c.filled > 0:
			out.Categorical = append(out.Categorical, c.categories.describe(c.Name))
		case c.earliest != "":
			out.Dates = append(out.Dates, DateRange{Column: c.Name, Count: c.filled, Earliest: c.earliest, Latest: c.latest})
		}
	}
	for _, g := range a.groups {
		for i, c := range a.compared {
			if c.figures.Identifier {
				continue
			}
			found := Grouping{By: g.by.Name, Column: c.Name}
			for _, v := range slices.Sorted(maps.Keys(g.values)) {
				if f := &g.values[v][i]; f.count > 0 {
					found.Groups = append(found.Groups, Group{Value: v, Count: f.count, Sum: f.total.value(), Mean: f.mean(), Min: f.min, Max: f.max})
				}
			}
			if len(found.Groups) > 0 {
				out.Groups = append(out.Groups, found)
			}
		}
	}
}

func (a *analyzer) patterns(out *Analysis) {
	for _, c := range a.columns {
		switch {
		case c.filled == 0:
			out.Empty = append(out.Empty, c.Name)
		case !c.varies && a.rows > 1:
			out.Constant = append(out.Constant, Constant{c.Name, c.first.String()})
		}
	}
	out.Repeats = a.repeats
	out.Repeats.Share = share(a.repeats.Count, a.rows)
	n := len(a.compared)
	for i := range n {
		for j := i + 1; j < n; j++ {
			p := &a.pairs[i*n+j]
			if r, ok := p.r(); ok {
				out.Correlations = append(out.Correlations, Correlation{A: a.compared[i].Name, B: a.compared[j].Name, R: r, Pairs: p.n})
			}
		}
	}
	slices.SortStableFunc(out.Correlations, func(x, y Correlation) int { return cmp.Compare(math.Abs(y.R), math.Abs(x.R)) })
}

func (a *analyzer) limits(out *Analysis) {
	if len(a.numbers) > len(a.compared) {
		out.Limits = append(out.Limits, fmt.Sprintf("Only the first %d of %d numeric columns were compared with each other, with groups and with months.", len(a.compared), len(a.numbers)))
	}
	if len(a.groups) == MaxGrouped {
		out.Limits = append(out.Limits, fmt.Sprintf("Rows were grouped by the first %d suitable columns.", MaxGrouped))
	}
	for _, c := range a.columns {
		if c.categories != nil && c.categories.over {
			out.Limits = append(out.Limits, fmt.Sprintf("The different values of column %d were too many to be counted.", c.index+1))
		}
	}
}
