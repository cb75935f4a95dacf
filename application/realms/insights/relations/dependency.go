package relations

import (
	"github.com/symphainy/symphainy/application/realms/insights/profile"
	"github.com/symphainy/symphainy/domain/document"
)

// codes is a column as numbers: equal values have equal numbers, −1 is none.
type codes struct {
	column *profile.Column
	of     map[profile.Hash]int32
	list   []int32
}

// Dependencies finds which column decides which: in all rows that have both, and these are MinRows or more, equal values of one go with equal
// values of the other. A column without repeats decides everything, and a constant is decided by everything: these say nothing and are left
// out. The confidence is 1 − 1/m, where m is how many rows repeat a value of the deciding column: so many times the dependency
// could have failed. cut tells that columns or rows were left out.
func Dependencies(t Table, rows func(visit func(row document.Row) error) error) (found []Relationship, cut bool, err error) {
	columns := t.Columns[:min(len(t.Columns), MaxDependent)]
	cut = len(columns) < len(t.Columns)
	coded := make([]*codes, len(columns))
	values := 0
	for i, c := range columns {
		switch {
		case c.Distinct < 0 || values+c.Distinct > MaxDependencyValues:
			cut = true
		case c.Distinct > 1 && !c.Unique():
			values += c.Distinct
			coded[i] = &codes{column: c, of: map[profile.Hash]int32{}}
		}
	}
	n := 0
	err = rows(func(row document.Row) error {
		if n++; n > MaxDependencyRows {
			cut = true
			return nil
		}
		for i, c := range coded {
			if c != nil {
				c.add(row, i)
			}
		}
		return nil
	})
	if err != nil {
		return nil, cut, err
	}
	for i, a := range coded {
		for k, b := range coded {
			if i == k || a == nil || b == nil {
				continue
			}
			if r, ok := determines(t, a, b); ok {
				found = append(found, r)
			}
		}
	}
	return found, cut, nil
}

func (c *codes) add(row document.Row, i int) {
	if i >= len(row) || row[i].IsNull() {
		c.list = append(c.list, -1)
		return
	}
	key := profile.Of(row[i])
	n, ok := c.of[key]
	if !ok {
		n = int32(len(c.of)) // at most MaxDependencyRows
		c.of[key] = n
	}
	c.list = append(c.list, n)
}

func determines(t Table, a, b *codes) (Relationship, bool) {
	with := make([]int32, len(a.of))
	for i := range with {
		with[i] = -1
	}
	rows, repeats := 0, 0
	different := int32(-1)
	varies := false
	for i, x := range a.list {
		y := b.list[i]
		if x < 0 || y < 0 {
			continue
		}
		rows++
		if different >= 0 && y != different {
			varies = true
		}
		different = y
		if with[x] < 0 {
			with[x] = y
			continue
		}
		if repeats++; with[x] != y {
			return Relationship{}, false
		}
	}
	if rows < MinRows || repeats == 0 || !varies {
		return Relationship{}, false
	}
	return Relationship{
		Kind: Determines, From: t.place(a.column), To: t.place(b.column), Rows: rows, Confidence: round(1 - 1/float64(repeats+1)),
	}, true
}
