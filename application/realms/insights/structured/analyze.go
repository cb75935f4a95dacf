package structured

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
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

func (a *analyzer) prepareGroups() {
	if !a.opts.Statistical || len(a.compared) == 0 {
		return
	}
	for _, c := range a.columns {
		if c.Type != document.TypeString || !c.categories.grouping() || len(a.groups) == MaxGrouped {
			continue
		}
		g := &grouping{by: c, values: make(map[string][]figures, len(c.categories.counts))}
		for _, v := range slices.Sorted(maps.Keys(c.categories.counts)) {
			g.values[v] = make([]figures, len(a.compared))
		}
		a.groups = append(a.groups, g)
	}
}

// deepen reads the table as often as its numbers and the names of its rows need.
func (a *analyzer) deepen() error {
	perPass, heldRows := max(1, cmp.Or(a.in.HeldNumbers, HeldNumbers)/a.rows), cmp.Or(a.in.HeldRows, HeldRows)
	numeric := a.numbers
	if !a.opts.Statistical && !a.opts.Anomalies && !a.opts.Trends {
		numeric = nil
	}
	passes := (len(numeric) + perPass - 1) / perPass
	parts := 0
	if a.opts.Patterns {
		parts = min((a.rows+heldRows-1)/heldRows, math.MaxUint8)
	}
	for pass := range max(passes, parts) {
		held := numeric[min(pass*perPass, len(numeric)):min((pass+1)*perPass, len(numeric))]
		if err := a.read(pass, parts, held); err != nil {
			return err
		}
		for _, c := range held {
			a.finish(c)
		}
	}
	return nil
}

func (a *analyzer) read(pass, parts int, held []*column) error {
	for _, c := range held {
		c.values = make([]float64, 0, a.rows)
	}
	if pass < parts {
		a.seen = make(map[[16]byte]int32, a.rows/parts)
	}
	n := 0
	err := a.in.Rows(func(row document.Row) error {
		for _, c := range held {
			c.values = append(c.values, number(cell(row, c)))
		}
		if pass == 0 {
			a.group(row)
		}
		if pass < parts {
			a.repeat(row, n, pass, parts)
		}
		n++
		return nil
	})
	a.seen = nil
	if err == nil && n != a.rows {
		return fault.Newf(fault.Internal, "rows_changed", "the table had %d rows and then %d", a.rows, n)
	}
	return err
}

// group adds a row to its groups and its month.
func (a *analyzer) group(row document.Row) {
	month, dated := 0, false
	if a.date != nil {
		month, dated = monthOf(cell(row, a.date))
	}
	for i, c := range a.compared {
		x := number(cell(row, c))
		if math.IsNaN(x) {
			continue
		}
		for _, g := range a.groups {
			if v := cell(row, g.by); !v.IsNull() {
				g.values[v.Text()][i].add(x)
			}
		}
		if !dated {
			continue
		}
		if c.months == nil {
			c.months = map[int]*figures{}
		}
		if c.months[month] == nil {
			c.months[month] = &figures{}
		}
		c.months[month].add(x)
	}
}

// repeat looks for an equal row among those whose name falls into this reading's part.
func (a *analyzer) repeat(row document.Row, n, part, parts int) {
	a.buf = a.buf[:0]
	for _, c := range a.columns {
		a.buf = appendValue(a.buf, cell(row, c))
	}
	digest := sha256.Sum256(a.buf)
	if int(digest[31])%parts != part {
		return
	}
	name := [16]byte(digest[:16]) // 128 bits of SHA-256 are never equal by chance
	first, again := a.seen[name]
	if !again {
		a.seen[name] = int32(n) // at most MaxRows
		return
	}
	a.repeats.Count++
	a.keepRepeat(n, int(first))
}

// keepRepeat keeps the first repeats in the order of rows, whatever part they were found in.
func (a *analyzer) keepRepeat(row, of int) {
	r := &a.repeats
	at, _ := slices.BinarySearch(r.Rows, row)
	if at >= listed {
		return
	}
	r.Rows, r.Of = slices.Insert(r.Rows, at, row), slices.Insert(r.Of, at, of)
	r.Rows, r.Of = r.Rows[:min(len(r.Rows), listed)], r.Of[:min(len(r.Of), listed)]
}

func appendValue(b []byte, v document.Value) []byte {
	b = append(b, byte(v.Kind()))
	b = binary.AppendUvarint(b, uint64(len(v.Text())))
	b = append(b, v.Text()...)
	b = binary.AppendUvarint(b, uint64(len(v.Members())))
	for _, m := range v.Members() {
		b = binary.AppendUvarint(b, uint64(len(m.Name)))
		b = append(b, m.Name...)
		b = appendValue(b, m.Value)
	}
	return b
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
