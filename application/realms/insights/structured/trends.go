package structured

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"time"

	"github.com/symphainy/symphainy/domain/document"
)

// instant is the time of a date cell; one without a zone counts as UTC.
func instant(v document.Value) (int64, bool) {
	switch v.Kind() {
	case document.KindDate, document.KindDateTime:
		for _, layout := range [...]string{time.DateOnly, "2006-01-02T15:04:05.999999999Z07:00", "2006-01-02T15:04:05.999999999"} {
			if at, err := time.Parse(layout, v.Text()); err == nil {
				return at.UnixMilli(), true
			}
		}
	case document.KindNull, document.KindInteger, document.KindFloat, document.KindBoolean, document.KindString, document.KindArray, document.KindObject:
	}
	return 0, false
}

// monthOf is the month that stands in a date cell, as year·12 + month.
func monthOf(v document.Value) (int, bool) {
	text := v.Text()
	if (v.Kind() != document.KindDate && v.Kind() != document.KindDateTime) || len(text) < len("2006-01") {
		return 0, false
	}
	year, err := strconv.Atoi(text[:4])
	month, err2 := strconv.Atoi(text[5:7])
	return year*12 + month - 1, err == nil && err2 == nil
}

// chronological gives the rows with a date in order; rows of the same date keep their order.
func chronological(instants []int64) []int32 {
	order := make([]int32, 0, len(instants))
	for i, at := range instants {
		if at != noDate {
			order = append(order, int32(i)) // at most MaxRows
		}
	}
	slices.SortStableFunc(order, func(x, y int32) int { return cmp.Compare(instants[x], instants[y]) })
	return order
}

// trend counts the steps up and down from each number to the next; nil below two numbers.
func (a *analyzer) trend(c *column) *Trend {
	t := &Trend{Column: c.Name, Direction: Stable}
	n, last := 0, math.NaN()
	step := func(x float64) {
		if math.IsNaN(x) {
			return
		}
		if n == 0 {
			t.First = x
		}
		if n > 0 && x > last {
			t.Ups++
		}
		if n > 0 && x < last {
			t.Downs++
		}
		n, last = n+1, x
	}
	if a.date == nil {
		for _, x := range c.values {
			step(x)
		}
	} else {
		for _, row := range a.order {
			step(c.values[row])
		}
	}
	if n < 2 {
		return nil
	}
	t.Last = last
	switch {
	case t.Ups > t.Downs:
		t.Direction = Increasing
	case t.Downs > t.Ups:
		t.Direction = Decreasing
	}
	months := slices.Sorted(maps.Keys(c.months))
	for _, m := range months[max(0, len(months)-MaxMonths):] {
		f := c.months[m]
		t.Months = append(t.Months, Month{Month: fmt.Sprintf("%04d-%02d", m/12, m%12+1), Count: f.count, Sum: f.total.value(), Mean: f.mean()})
	}
	return t
}

func (a *analyzer) trends() *Trends {
	out := &Trends{Order: "row"}
	if a.date != nil {
		out.Order, out.ByDate, out.Undated = a.date.Name, true, a.undated
	}
	for _, c := range a.numbers {
		if c.trend != nil {
			out.Columns = append(out.Columns, *c.trend)
		}
	}
	return out
}
