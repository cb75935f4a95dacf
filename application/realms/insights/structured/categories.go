package structured

import (
	"cmp"
	"maps"
	"slices"
	"strings"
)

// categories counts the values of a column as long as they fit into memory.
type categories struct {
	counts map[string]int
	filled int
	bytes  int
	over   bool
}

// entryBytes is about what a map entry costs beside its text.
const entryBytes = 48

func (c *categories) add(text string, held *int) {
	c.filled++
	if c.over {
		return
	}
	if _, ok := c.counts[text]; ok {
		c.counts[text]++
		return
	}
	size := len(text) + entryBytes
	if c.bytes+size > textHeld || *held+size > tableTextHeld {
		*held -= c.bytes
		c.over, c.counts = true, nil
		return
	}
	if c.counts == nil {
		c.counts = map[string]int{}
	}
	c.bytes += size
	*held += size
	c.counts[strings.Clone(text)] = 1
}

// grouping tells whether rows can be grouped by the column: 2 to MaxCategories values, and one of them repeats.
func (c *categories) grouping() bool {
	n := len(c.counts)
	return !c.over && n >= 2 && n <= MaxCategories && n < c.filled
}

func (c *categories) describe(name string) Categorical {
	out := Categorical{Column: name, Count: c.filled, Unique: len(c.counts)}
	if c.over {
		out.Unique = -1
		return out
	}
	values := slices.Collect(maps.Keys(c.counts))
	slices.SortFunc(values, func(a, b string) int {
		return cmp.Or(cmp.Compare(c.counts[b], c.counts[a]), strings.Compare(a, b))
	})
	shares := make([]Share, 0, min(len(values), MaxCategories))
	for _, v := range values[:min(len(values), MaxCategories)] {
		shares = append(shares, Share{Value: v, Count: c.counts[v], Share: share(c.counts[v], c.filled)})
	}
	out.MostCommon = shares[:min(len(shares), listed)]
	if len(values) <= MaxCategories {
		out.Distribution = shares
	}
	return out
}

// figures are those of a group or a month while rows pass by.
type figures struct {
	count    int
	total    sum
	min, max float64
}

func (f *figures) add(x float64) {
	if f.count == 0 || x < f.min {
		f.min = x
	}
	if f.count == 0 || x > f.max {
		f.max = x
	}
	f.count++
	f.total.add(x)
}

func (f *figures) mean() float64 { return f.total.value() / float64(f.count) }
