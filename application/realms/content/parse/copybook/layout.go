package copybook

import (
	"strconv"
)

// Kind is what a field holds.
type Kind uint8

// The kinds.
const (
	Text Kind = iota
	Integer
	Decimal
)

// Field is one elementary item at its place in the record.
type Field struct {
	// Name is the item's, with -1, -2, … for each OCCURS around it; Base is without them.
	Name, Base string
	Offset     int
	Size       int
	Kind       Kind
	Digits     int
	Scale      int
	Signed     bool
	usage      usage
	leading    bool
	separate   bool
	hidden     bool // FILLER
	// views are the redefinitions around the field: which one, and which view of it.
	views [][2]int
	// nth is which item of a table it is whose number of items depends on another field; 0 for none.
	nth int
}

// Condition is an 88-level: the values under which its name is true.
type Condition struct {
	Field  string
	Name   string
	Values []string
	// Closed tells that Values are all of them: no range is too wide to be written out.
	Closed bool
}

// Layout is one record.
type Layout struct {
	Name string
	// Fields are those that are shown, in the order of the record.
	Fields []Field
	// Length is that of the record with all repetitions, Shortest that with the fewest.
	Length, Shortest int
	Conditions       []Condition

	key     *selector
	counter *Field
	element int // the size of one item of the variable table
	least   int
	most    int
}

// selector tells records apart: a field, and the values that it has in this kind.
type selector struct {
	field  Field
	values []span
}

// Parse reads a copybook. The error is an *Error.
func Parse(source string) ([]Layout, error) {
	toks, err := tokens(source)
	if err != nil {
		return nil, err
	}
	records, err := tree(toks)
	if err != nil {
		return nil, err
	}
	layouts := make([]Layout, 0, len(records))
	for _, r := range records {
		l, err := layoutOf(r)
		if err != nil {
			return nil, err
		}
		layouts = append(layouts, l)
	}
	if len(layouts) > 1 {
		for i, l := range layouts {
			if l.key == nil {
				return nil, invalid(records[i].line, "there are %d records, and %q has no field with a VALUE that tells it from the others", len(layouts), l.Name)
			}
		}
	}
	return layouts, nil
}

// tree puts the entries under each other by their levels.
func tree(toks []token) ([]*item, error) {
	r := &reader{tokens: toks}
	var records, open []*item
	for r.at < len(r.tokens) {
		it, err := r.entry()
		if err != nil {
			return nil, err
		}
		if it.level == 88 {
			if len(open) == 0 || len(it.values) == 0 || it.name == "" {
				return nil, invalid(it.line, "an 88-level needs a name, values and a field above it")
			}
			owner := open[len(open)-1]
			owner.conditions = append(owner.conditions, condition{it.name, it.values})
			continue
		}
		for len(open) > 0 && open[len(open)-1].level >= it.level {
			open = open[:len(open)-1]
		}
		if len(open) == 0 {
			if it.level != 1 {
				if len(records) > 0 && records[0].level == 1 {
					return nil, invalid(it.line, "level %d stands beside level 01", it.level)
				}
				if len(records) == 0 {
					records = append(records, &item{level: 0, name: "RECORD", line: it.line})
				}
				open = append(open, records[0])
				records[0].children = append(records[0].children, it)
			} else {
				records = append(records, it)
			}
		} else {
			parent := open[len(open)-1]
			if parent.picture != nil {
				return nil, invalid(it.line, "%q stands below %q, which has a picture", it.name, parent.name)
			}
			parent.children = append(parent.children, it)
		}
		open = append(open, it)
	}
	if len(records) == 0 {
		return nil, invalid(0, "the copybook has no entries")
	}
	return records, nil
}

// builder lays out one record.
type builder struct {
	layout   *Layout
	all      []Field
	views    [][2]int
	clusters int
	variable bool // a table of variable length has ended the record
}

func layoutOf(record *item) (Layout, error) {
	l := Layout{Name: record.name}
	b := &builder{layout: &l}
	end, err := b.place(record, 0, nil, display, nil)
	if err != nil {
		return l, err
	}
	l.Length, l.Shortest = end, end-(l.most-l.least)*l.element
	if l.Length == 0 {
		return l, invalid(record.line, "the record %q has no bytes", record.name)
	}
	if l.counter != nil && l.counter.Kind != Integer {
		return l, invalid(record.line, "%q decides a number of items and is no integer", l.counter.Name)
	}
	taken := map[string]int{}
	for _, f := range b.all {
		if f.hidden {
			continue
		}
		if taken[f.Name]++; taken[f.Name] > 1 {
			f.Name += "_" + strconv.Itoa(taken[f.Name])
		}
		if l.Fields = append(l.Fields, f); len(l.Fields) > maxFields {
			return l, invalid(record.line, "the record %q has more than %d fields", record.name, maxFields)
		}
	}
	if len(l.Fields) == 0 {
		return l, invalid(record.line, "the record %q has no field but FILLER", record.name)
	}
	return l, nil
}

// place lays out an item and all below it from an offset on, and gives where it ends. index are the numbers of the repetitions around it.
func (b *builder) place(it *item, offset int, index []int, inherited usage, outer *item) (int, error) {
	if it.usage == usageUnset {
		it.usage = inherited
	}
	if outer != nil && !it.signSet && outer.signSet {
		it.signSet, it.leading, it.separate = true, outer.leading, outer.separate
	}
	if b.variable {
		return 0, unsupported(it.line, "%q comes after a table that OCCURS DEPENDING ON", it.name)
	}
	repeat := max(it.max, 1)
	start := offset
	for n := 1; n <= repeat; n++ {
		at := index
		if it.max > 0 {
			at = append(append([]int(nil), index...), n)
		}
		first := len(b.all)
		end, err := b.once(it, offset, at)
		if err != nil {
			return 0, err
		}
		if offset = end; offset > maxRecord {
			return 0, invalid(it.line, "the record is longer than %d bytes", maxRecord)
		}
		if len(b.all) > maxItems {
			return 0, invalid(it.line, "the record has more than %d items", maxItems)
		}
		if it.dependsOn != "" {
			for i := first; i < len(b.all); i++ {
				b.all[i].nth = n
			}
		}
	}
	if it.dependsOn != "" {
		return offset, b.depend(it, (offset-start)/repeat, len(index) > 0)
	}
	return offset, nil
}

// depend notes a table of variable length, which is the end of its record.
func (b *builder) depend(it *item, size int, nested bool) error {
	if b.layout.counter != nil || nested {
		return unsupported(it.line, "only one table may OCCURS DEPENDING ON, and not inside another")
	}
	for i := range b.all {
		if b.all[i].Base == it.dependsOn && b.all[i].nth == 0 {
			counter := b.all[i]
			b.layout.counter, b.layout.element, b.layout.least, b.layout.most = &counter, size, it.min, it.max
			b.variable = true
			return nil
		}
	}
	return invalid(it.line, "%q depends on %q, which does not stand before it", it.name, it.dependsOn)
}

// once lays out one repetition.
func (b *builder) once(it *item, offset int, index []int) (int, error) {
	if it.picture == nil {
		return b.group(it, offset, index)
	}
	f, err := fieldOf(it, offset, index)
	if err != nil {
		return 0, err
	}
	f.views = append([][2]int(nil), b.views...)
	b.all = append(b.all, f)
	if b.layout.key == nil && len(it.values) > 0 {
		b.layout.key = &selector{f, it.values}
	}
	if len(index) == 0 || allOnes(index) {
		for _, c := range it.conditions {
			b.layout.Conditions = append(b.layout.Conditions, conditionOf(f, c))
		}
	}
	return offset + f.Size, nil
}

func allOnes(index []int) bool {
	for _, n := range index {
		if n != 1 {
			return false
		}
	}
	return true
}

// group lays out the children, each redefinition where its original is.
func (b *builder) group(it *item, offset int, index []int) (int, error) {
	if len(it.children) == 0 {
		return 0, invalid(it.line, "%q has neither a picture nor anything below it", it.name)
	}
	end := offset
	starts := map[string][2]int{}
	cluster, view := -1, 0
	for i, c := range it.children {
		from := end
		if c.redefines != "" {
			original, ok := starts[c.redefines]
			if !ok || cluster < 0 {
				return 0, invalid(c.line, "%q redefines %q, which does not stand right before it", c.name, c.redefines)
			}
			from = original[0]
			view++
		} else {
			cluster, view = -1, 0
			if i+1 < len(it.children) && it.children[i+1].redefines != "" {
				cluster, b.clusters = b.clusters, b.clusters+1
			}
		}
		if cluster >= 0 {
			b.views = append(b.views, [2]int{cluster, view})
		}
		to, err := b.place(c, from, index, it.usage, it)
		if cluster >= 0 {
			b.views = b.views[:len(b.views)-1]
		}
		if err != nil {
			return 0, err
		}
		if c.redefines == "" {
			starts = map[string][2]int{c.name: {from, to}}
			end = to
		} else if original := starts[c.redefines]; to > original[1] {
			return 0, invalid(c.line, "%q is longer than %q, which it redefines", c.name, c.redefines)
		} else {
			starts[c.name] = original
		}
	}
	return end, nil
}
