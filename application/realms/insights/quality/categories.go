package quality

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/symphainy/symphainy/domain/document"
)

// categories counts the spellings of the values of a column while there are few of them.
type categories struct {
	over   bool
	filled int
	groups map[string]map[string]*spots // folded → spelling → where
}

func newCategories() *categories { return &categories{groups: map[string]map[string]*spots{}} }

func (c *categories) add(row int, text string) {
	if c.over {
		return
	}
	c.filled++
	key := fold(text)
	group, ok := c.groups[key]
	if !ok {
		if len(c.groups) == maxCategories {
			c.over, c.groups = true, nil
			return
		}
		group = map[string]*spots{}
		c.groups[strings.Clone(key)] = group
	}
	if group[text] == nil {
		if len(group) == maxCategories { // spellings without end are no categories
			c.over, c.groups = true, nil
			return
		}
		group[strings.Clone(text)] = &spots{}
	}
	group[text].add(row, text)
}

// variant is a spelling that differs from the usual one of its category.
type variant struct {
	spelling, usual string
	where           *spots
}

// variants are the unusual spellings, most frequent first. A column without repeats has no categories.
func (c *categories) variants() []variant {
	if c == nil || c.over || len(c.groups) >= c.filled {
		return nil
	}
	var out []variant
	for _, key := range slices.Sorted(maps.Keys(c.groups)) {
		group := c.groups[key]
		if len(group) < 2 {
			continue
		}
		usual := usualSpelling(group)
		for _, s := range slices.Sorted(maps.Keys(group)) {
			if s != usual {
				out = append(out, variant{s, usual, group[s]})
			}
		}
	}
	slices.SortStableFunc(out, func(a, b variant) int { return cmp.Compare(b.where.count, a.where.count) })
	return out
}

// usualSpelling is the most frequent one; of equals the one without surplus blanks, then the one that begins with a capital, then the first.
func usualSpelling(group map[string]*spots) string {
	best := ""
	for i, s := range slices.Sorted(maps.Keys(group)) {
		if i == 0 || moreUsual(s, best, group) {
			best = s
		}
	}
	return best
}

func moreUsual(a, b string, group map[string]*spots) bool {
	if x, y := group[a].count, group[b].count; x != y {
		return x > y
	}
	if x, y := tidy(a), tidy(b); x != y {
		return x
	}
	return false // sorted order puts capitals first
}

func tidy(s string) bool { return s == strings.Join(strings.Fields(s), " ") }

// keys finds repeats in a column of keys. It gives up when the column cannot be one any more.
type keys struct {
	seen    map[string]int // value → first row
	filled  int
	repeats []repeat
	count   int
	allowed int // repeats above this mean that the column is less than 90 % unique
	over    bool
}

type repeat struct {
	value      string
	first, row int
}

func newKeys(rowCount int) *keys {
	return &keys{seen: make(map[string]int, min(rowCount, 1<<20)), allowed: max(rowCount/10, 1)}
}

func (k *keys) add(row int, v document.Value) {
	if k.over {
		return
	}
	k.filled++
	text := strings.TrimSpace(v.Text())
	if v.Kind() == document.KindArray || v.Kind() == document.KindObject {
		text = v.String()
	}
	first, again := k.seen[text]
	if !again {
		k.seen[strings.Clone(text)] = row
		return
	}
	k.count++
	if len(k.repeats) < MaxRows {
		k.repeats = append(k.repeats, repeat{strings.Clone(text), first, row})
	}
	if k.count > k.allowed {
		k.over, k.seen = true, nil
	}
}

// duplicates says whether the column is a key (at least 90 % unique) with repeats.
func (k *keys) duplicates() bool {
	return k != nil && !k.over && k.count > 0 && len(k.seen)*10 >= k.filled*9
}

// rows are the rows of the repeats and of the values they repeat, ascending: nobody knows which of them is the wrong one.
func (k *keys) rows() []int {
	set := map[int]struct{}{}
	for _, r := range k.repeats {
		if len(set) >= MaxRows {
			break
		}
		set[r.row] = struct{}{}
		if len(set) < MaxRows {
			set[r.first] = struct{}{}
		}
	}
	return slices.Sorted(maps.Keys(set))
}
