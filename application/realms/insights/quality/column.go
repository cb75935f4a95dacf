package quality

import (
	"math"
	"slices"
	"strings"

	"github.com/symphainy/symphainy/application/realms/insights/naming"
	"github.com/symphainy/symphainy/application/realms/say"
	"github.com/symphainy/symphainy/domain/document"
)

// maxCategories is how many different values a column of categories has at most.
const maxCategories = 50

// spot is a cell worth naming.
type spot struct {
	row  int
	text string
}

// spots counts cells and keeps the first ones.
type spots struct {
	count int
	first []spot
}

func (s *spots) add(row int, text string) {
	s.count++
	if len(s.first) < MaxRows {
		s.first = append(s.first, spot{row, strings.Clone(text)})
	}
}

func (s *spots) rows() []int {
	rows := make([]int, len(s.first))
	for i, x := range s.first {
		rows[i] = x.row
	}
	return rows
}

// columnState gathers what one pass shows about a column.
type columnState struct {
	*document.Column

	rows, filled int
	nulls        spots
	misfits      spots
	required     spots
	enum         spots
	allowed      map[string]struct{}
	isRequired   bool
	damaged      spots
	formats      map[document.Format]int
	oddFormats   map[document.Format]*spots // cells that do not have this format
	inaccurate   int                        // cells counted by misfits, enum or, at the end, format
	numbers      []float64                  // by row; NaN where there is none
	categories   *categories
	keys         *keys
	newest       string // ISO date
	asOf         string // ISO date; later dates do not count as newest
	future       bool
}

func newColumnState(c *document.Column, rowCount int, asOf string) *columnState {
	s := &columnState{Column: c, asOf: asOf}
	for _, x := range c.Constraints {
		switch x.Kind {
		case document.ConstraintRequired:
			s.isRequired = true
		case document.ConstraintEnum:
			s.allowed = make(map[string]struct{}, len(x.Values))
			for _, v := range x.Values {
				s.allowed[v] = struct{}{}
			}
		}
	}
	if c.Type == document.TypeString {
		s.formats = make(map[document.Format]int)
		s.oddFormats = make(map[document.Format]*spots)
		for _, f := range formats {
			s.oddFormats[f] = &spots{}
		}
		s.categories = newCategories()
	}
	if c.Type == document.TypeInteger || c.Type == document.TypeFloat {
		s.numbers = make([]float64, 0, min(rowCount, 1<<20))
	}
	if naming.IDLike(c.Name) {
		s.keys = newKeys(rowCount)
	}
	return s
}

// formats are the formats that a value may miss.
var formats = [...]document.Format{ //nolint:gochecknoglobals // a read-only table
	document.FormatEmail, document.FormatPhone, document.FormatUUID, document.FormatURL, document.FormatAmbiguousDate,
}

// add looks at one cell.
func (s *columnState) add(row int, v document.Value) {
	s.rows++
	number := math.NaN()
	if v.IsNull() {
		s.nulls.add(row, "")
		if s.isRequired {
			s.required.add(row, "")
		}
	} else {
		s.filled++
		number = s.addFilled(row, v)
	}
	if s.numbers != nil {
		s.numbers = append(s.numbers, number)
	}
}

func (s *columnState) addFilled(row int, v document.Value) float64 {
	if s.keys != nil {
		s.keys.add(row, v)
	}
	bad := false
	if !s.Fits(v) {
		s.misfits.add(row, v.String())
		bad = true
	}
	if s.allowed != nil {
		if _, ok := s.allowed[v.Text()]; !ok {
			s.enum.add(row, v.String())
			bad = true
		}
	}
	if bad {
		s.inaccurate++
	}
	if v.Kind() == document.KindString {
		s.addText(row, v.Text(), bad)
	}
	if v.Kind() == document.KindDate || v.Kind() == document.KindDateTime {
		s.addDate(v.Text())
	}
	if f, ok := v.Float(); ok {
		return f
	}
	return math.NaN()
}

func (s *columnState) addText(row int, text string, bad bool) {
	broken := damaged(text)
	if broken {
		s.damaged.add(row, text)
	}
	if s.categories == nil {
		return
	}
	if !broken { // so that no cell counts twice against consistency
		s.categories.add(row, text)
	}
	got := document.FormatOf(strings.TrimSpace(text))
	_, dateLike := document.ShapeOfDate(strings.TrimSpace(text))
	if got != document.FormatNone {
		s.formats[got]++
	}
	for _, f := range formats {
		if got == f || (f == document.FormatAmbiguousDate && dateLike) || bad {
			continue
		}
		s.oddFormats[f].add(row, text)
	}
}

func (s *columnState) addDate(iso string) {
	day := iso[:len("2006-01-02")]
	if s.asOf != "" && day > s.asOf {
		s.future = true
		return
	}
	if day > s.newest {
		s.newest = day
	}
}

// format is the format that at least half of the values have, with the cells that miss it.
func (s *columnState) format() (document.Format, *spots) {
	for _, f := range formats {
		if n := s.formats[f]; n > 0 && n*2 >= s.filled {
			return f, s.oddFormats[f]
		}
	}
	return document.FormatNone, &spots{}
}

// quartiles are the exclusive quartiles of at least two numbers, and the bounds of what is no outlier.
func quartiles(values []float64) (q1, q2, q3, low, high float64) {
	x := slices.Sorted(slices.Values(values))
	n := len(x)
	at := func(i int) float64 {
		p := i * (n + 1)
		j := min(max(p/4, 1), n-1)
		d := float64(p - 4*j)
		return ((4-d)*x[j-1] + d*x[j]) / 4
	}
	q1, q2, q3 = at(1), at(2), at(3)
	iqr := q3 - q1
	return q1, q2, q3, q1 - 1.5*iqr, q3 + 1.5*iqr
}

// outliers finds the numbers outside the bounds; there are none among four or fewer.
func (s *columnState) outliers() (found spots, low, high float64) {
	values := make([]float64, 0, len(s.numbers))
	for _, f := range s.numbers {
		if !math.IsNaN(f) && !math.IsInf(f, 0) {
			values = append(values, f)
		}
	}
	if len(values) <= 4 {
		return spots{}, 0, 0
	}
	_, _, _, low, high = quartiles(values)
	for row, f := range s.numbers {
		if f < low || f > high {
			found.add(row, say.Number(f))
		}
	}
	return found, low, high
}
