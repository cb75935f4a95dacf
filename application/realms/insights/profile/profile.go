// Package profile reads a table once and tells of each column what others compare: how full it is, its range, its different values.
package profile

import (
	"crypto/sha256"
	"strings"

	"github.com/symphainy/symphainy/application/realms/insights/naming"
	"github.com/symphainy/symphainy/domain/document"
)

// Bounds of what is kept.
const (
	// MaxDistinct is how many different values of a column are kept; a column with more has none.
	MaxDistinct = 200_000
	// MaxKept is how many different values of all columns that are read under one budget are kept together.
	MaxKept = 1_000_000
	// MaxSamples is how many different values are shown.
	MaxSamples = 10
	// MaxSample is how many characters of each are shown.
	MaxSample = 200
)

// Hash names a value by its content; different values never have the same by chance.
type Hash [16]byte

// Of is the hash of a cell. Numbers are the same whatever zeros they are written with: 1 and 1.0.
func Of(v document.Value) Hash {
	s := v.String()
	if v.Kind() == document.KindFloat && strings.Contains(s, ".") && !strings.ContainsAny(s, "eE") {
		s = strings.TrimSuffix(strings.TrimRight(s, "0"), ".")
	}
	sum := sha256.Sum256([]byte(s))
	return Hash(sum[:16])
}

// Column is what a column holds.
type Column struct {
	*document.Column
	Table string
	// Rows is how many rows the table has, Filled how many have a value, Misfits how many values do not fit the type.
	Rows, Filled, Misfits int
	// Distinct is how many different values there are, −1 if they are too many to keep; Values are they.
	Distinct int
	Values   map[Hash]struct{}
	// Min and Max are of the numbers; nil without any.
	Min, Max *float64
	// Samples are the first different values.
	Samples []string
}

// Unique tells that no value repeats.
func (c *Column) Unique() bool { return c.Filled > 0 && c.Distinct == c.Filled }

// Key tells that the column names its rows: a value in each, none twice, and a name that promises it.
func (c *Column) Key() bool {
	return c.Unique() && c.Filled == c.Rows && c.Misfits == 0 && naming.IDLike(c.Name)
}

// NullRatio is the share of rows without a value.
func (c *Column) NullRatio() float64 {
	if c.Rows == 0 {
		return 0
	}
	return float64(c.Rows-c.Filled) / float64(c.Rows)
}

// Budget bounds what the profiles of several tables keep together. Its zero value has kept nothing.
type Budget struct{ kept int }

// Read profiles a table under a budget of its own.
func Read(t *document.Table, rows func(visit func(row document.Row) error) error) ([]*Column, error) {
	return new(Budget).Read(t, rows)
}

// Read profiles a table. rows walks over its rows in order. The error is what rows returned.
func (b *Budget) Read(t *document.Table, rows func(visit func(row document.Row) error) error) ([]*Column, error) {
	out := make([]*Column, len(t.Columns))
	for i := range t.Columns {
		out[i] = &Column{Column: &t.Columns[i], Table: t.Name, Values: map[Hash]struct{}{}}
	}
	if t.RowCount == 0 {
		return out, nil
	}
	err := rows(func(row document.Row) error {
		for i, c := range out {
			c.Rows++
			if i < len(row) && !row[i].IsNull() {
				b.kept += c.add(row[i], b.kept < MaxKept)
			}
		}
		return nil
	})
	return out, err
}

// add takes a value in and tells how many more are kept.
func (c *Column) add(v document.Value, room bool) int {
	c.Filled++
	if !c.Fits(v) {
		c.Misfits++
	}
	if f, ok := v.Float(); ok {
		if c.Min == nil || f < *c.Min {
			c.Min = &f
		}
		if c.Max == nil || f > *c.Max {
			c.Max = &f
		}
	}
	if c.Values == nil {
		return 0
	}
	key := Of(v)
	if _, again := c.Values[key]; again {
		return 0
	}
	if !room || len(c.Values) >= MaxDistinct {
		freed := len(c.Values)
		c.Values, c.Distinct = nil, -1
		return -freed
	}
	c.Values[key] = struct{}{}
	c.Distinct++
	if len(c.Samples) < MaxSamples {
		c.Samples = append(c.Samples, clip(v.String()))
	}
	return 1
}

func clip(s string) string {
	r := []rune(s[:min(len(s), 4*MaxSample)])
	return strings.Clone(strings.ToValidUTF8(string(r[:min(len(r), MaxSample)]), "\uFFFD"))
}

// Inclusion is the share of the different values of a that b has too; 0 if either is not known or a has none.
func Inclusion(a, b *Column) float64 {
	if len(a.Values) == 0 || b.Values == nil {
		return 0
	}
	n := 0
	for v := range a.Values {
		if _, ok := b.Values[v]; ok {
			n++
		}
	}
	return float64(n) / float64(len(a.Values))
}
