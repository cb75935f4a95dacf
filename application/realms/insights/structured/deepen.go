package structured

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"maps"
	"math"
	"slices"

	"github.com/symphainy/symphainy/domain/document"
	"github.com/symphainy/symphainy/domain/fault"
)

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
