package parse

import (
	"slices"
	"strings"

	"github.com/symphainy/symphainy/domain/document"
)

// evidence counts what the values of one column look like. Counting commutes, so the verdict cannot depend on the order of rows.
type evidence struct {
	rows, nulls               int
	integers, decimals, words int // words: true, false, yes, no
	identifiers               int // integers with a leading zero or beyond int64
	plusPhones                int // integers that are also telephone numbers: +4930123456
	arrays, objects           int
	dates, datetimes          int
	slashDate, slashTime      slashCount
	email, phone, uuid, url   int
	ambiguous                 int
}

// slashCount counts dates such as 03/04/2024: only possible as day/month, only as month/day, or both.
type slashCount struct{ dmy, mdy, both int }

func (s slashCount) under(o document.DateOrder) int {
	switch o {
	case document.OrderDMY:
		return s.dmy + s.both
	case document.OrderMDY:
		return s.mdy + s.both
	case document.OrderUnknown, document.OrderYMD:
		return 0
	default:
		return 0
	}
}

func (e *evidence) values() int { return e.rows - e.nulls }

// addText looks at a cell of a format in which everything is text.
func (e *evidence) addText(raw string, nulls nullSet) {
	s := strings.TrimSpace(raw)
	e.rows++
	if nulls.has(s) {
		e.nulls++
		return
	}
	if c := s[0]; c <= '9' { // digits, signs and the decimal point sort before ':'
		switch document.ShapeOfNumber(s) {
		case document.PlainInteger:
			e.integers++
			if c == '+' && len(s) >= 8 && len(s) <= 16 {
				e.plusPhones++
			}
			return
		case document.Decimal:
			e.decimals++
			return
		case document.PaddedInteger, document.HugeInteger:
			e.identifiers++
			if c == '+' && document.FormatOf(s) == document.FormatPhone {
				e.phone++
			}
			return
		case document.NotANumber:
		}
	} else if _, ok := document.ParseBoolean(s); ok {
		e.words++
		return
	}
	e.addString(s)
}

// addString looks at a non-null text that is neither number nor boolean.
func (e *evidence) addString(s string) {
	if d, ok := document.ShapeOfDate(s); ok {
		e.addDate(d)
		return
	}
	switch document.FormatOf(s) {
	case document.FormatEmail:
		e.email++
	case document.FormatPhone:
		e.phone++
	case document.FormatUUID:
		e.uuid++
	case document.FormatURL:
		e.url++
	case document.FormatAmbiguousDate, document.FormatNone:
	}
}

func (e *evidence) addDate(d document.DateShape) {
	if !d.Slashed {
		switch {
		case !d.Real:
		case d.Time:
			e.datetimes++
		default:
			e.dates++
		}
		return
	}
	count := &e.slashDate
	if d.Time {
		count = &e.slashTime
	}
	switch {
	case d.DMY && d.MDY:
		count.both++
	case d.DMY:
		count.dmy++
	case d.MDY:
		count.mdy++
	}
	if d.DMY || d.MDY {
		e.ambiguous++
	}
}

// addValue looks at a cell of a format that has types of its own: a JSON number is a number, a JSON string can only be a date or text.
func (e *evidence) addValue(v document.Value, nulls nullSet) {
	e.rows++
	switch v.Kind() {
	case document.KindNull:
		e.nulls++
	case document.KindInteger:
		e.integers++
	case document.KindFloat:
		if document.ShapeOfNumber(v.Text()) == document.HugeInteger {
			e.identifiers++
		} else {
			e.decimals++
		}
	case document.KindBoolean:
		e.words++
	case document.KindArray:
		e.arrays++
	case document.KindObject:
		e.objects++
	case document.KindString, document.KindDate, document.KindDateTime:
		s := strings.TrimSpace(v.Text())
		if nulls.has(s) {
			e.nulls++
			return
		}
		e.addString(s)
	}
}

// verdict is the type of a column.
type verdict struct {
	typ    document.Type
	format document.Format
	order  document.DateOrder
}

// decide applies the rule: the first type that fits every value, else the first that fits at least nine of ten, else string.
func (e *evidence) decide(asked document.DateOrder) verdict {
	n := e.values()
	order := e.dateOrder(asked)
	if n > 0 && !mostly(e.plusPhones+e.phone, n) {
		fits := e.fits(order)
		for _, enough := range [...]func(int) bool{
			func(k int) bool { return k == n },
			func(k int) bool { return mostly(k, n) },
		} {
			for _, f := range fits {
				if enough(f.count) {
					return verdict{typ: f.typ, order: order}
				}
			}
		}
	}
	return verdict{typ: document.TypeString, format: e.format(n)}
}

type fit struct {
	typ   document.Type
	count int
}

// fits lists the types in the order in which they are tried. One identifier rules the numbers out: 01234 must keep its zero.
func (e *evidence) fits(order document.DateOrder) []fit {
	list := make([]fit, 0, 7)
	if e.identifiers == 0 {
		list = append(list, fit{document.TypeInteger, e.integers}, fit{document.TypeFloat, e.integers + e.decimals})
	}
	return append(list,
		fit{document.TypeBoolean, e.words},
		fit{document.TypeDateTime, e.datetimes + e.slashTime.under(order)},
		fit{document.TypeDate, e.dates + e.slashDate.under(order)},
		fit{document.TypeArray, e.arrays},
		fit{document.TypeObject, e.objects})
}

// dateOrder is the asked order, else the one that values decide: a value that is a date by only one order. Where values
// contradict each other, the order with more of them; none if that is a tie.
func (e *evidence) dateOrder(asked document.DateOrder) document.DateOrder {
	if asked != document.OrderUnknown {
		return asked
	}
	dmy, mdy := e.slashDate.dmy+e.slashTime.dmy, e.slashDate.mdy+e.slashTime.mdy
	switch {
	case dmy > mdy:
		return document.OrderDMY
	case mdy > dmy:
		return document.OrderMDY
	default:
		return document.OrderUnknown
	}
}

func (e *evidence) format(n int) document.Format {
	if n == 0 {
		return document.FormatNone
	}
	for _, f := range [...]struct {
		format document.Format
		count  int
	}{
		{document.FormatEmail, e.email},
		{document.FormatPhone, e.phone + e.plusPhones},
		{document.FormatUUID, e.uuid},
		{document.FormatURL, e.url},
		{document.FormatAmbiguousDate, e.ambiguous},
	} {
		if mostly(f.count, n) {
			return f.format
		}
	}
	return document.FormatNone
}

// mostly is the 90 % rule, in whole numbers.
func mostly(k, n int) bool { return k > 0 && k*10 >= n*9 }

// layoutUses counts the ways of writing dates in one column.
type layoutUses []document.LayoutUse

func (l *layoutUses) add(layout string, row int) {
	for i := range *l {
		u := &(*l)[i]
		if u.Layout == layout {
			u.Count++
			if len(u.Rows) < document.PreviewRows {
				u.Rows = append(u.Rows, row)
			}
			return
		}
	}
	*l = append(*l, document.LayoutUse{Layout: layout, Count: 1, Rows: []int{row}})
}

func (l layoutUses) sorted() []document.LayoutUse {
	out := slices.Clone([]document.LayoutUse(l))
	slices.SortStableFunc(out, func(a, b document.LayoutUse) int {
		if a.Count != b.Count {
			return b.Count - a.Count
		}
		return strings.Compare(a.Layout, b.Layout)
	})
	return out
}
