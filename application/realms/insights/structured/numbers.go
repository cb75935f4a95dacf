package structured

import (
	"math"
	"slices"
)

// sum adds numbers and keeps what rounding loses, so that the order of rows hardly matters.
type sum struct{ total, lost float64 }

func (s *sum) add(x float64) {
	t := s.total + x
	if math.Abs(s.total) >= math.Abs(x) {
		s.lost += (s.total - t) + x
	} else {
		s.lost += (x - t) + s.total
	}
	s.total = t
}

func (s *sum) value() float64 {
	if math.IsInf(s.total, 0) || math.IsNaN(s.total) {
		return s.total
	}
	return s.total + s.lost
}

// Quartiles are the exclusive quartiles of at least two sorted numbers.
func Quartiles(sorted []float64) [3]float64 {
	n := len(sorted)
	var q [3]float64
	for i := range q {
		p := (i + 1) * (n + 1)
		j := min(max(p/4, 1), n-1)
		d := float64(p - 4*j)
		q[i] = ((4-d)*sorted[j-1] + d*sorted[j]) / 4
	}
	return q
}

func median(sorted []float64) float64 {
	n := len(sorted)
	if n%2 == 1 {
		return sorted[n/2]
	}
	return sorted[n/2-1]/2 + sorted[n/2]/2
}

// mode is the most frequent of sorted numbers, the smallest of equals.
func mode(sorted []float64) (value float64, count int) {
	for i := 0; i < len(sorted); {
		j := i + 1
		for j < len(sorted) && sorted[j] == sorted[i] {
			j++
		}
		if j-i > count {
			value, count = sorted[i], j-i
		}
		i = j
	}
	return value, count
}

// describe computes the figures of sorted numbers; there is at least one.
func describe(name string, sorted []float64) Numeric {
	n := len(sorted)
	var total sum
	for _, x := range sorted {
		total.add(x)
	}
	out := Numeric{
		Column: name, Count: n, Sum: total.value(), Mean: total.value() / float64(n), Median: median(sorted),
		Min: sorted[0], Max: sorted[n-1], Range: sorted[n-1] - sorted[0],
	}
	if m, count := mode(sorted); count > 1 {
		out.Mode, out.ModeCount = &m, count
	}
	if n < 2 {
		return out
	}
	var squares sum
	for _, x := range sorted {
		squares.add((x - out.Mean) * (x - out.Mean))
	}
	deviation := math.Sqrt(squares.value() / float64(n-1))
	quartiles := Quartiles(sorted)
	out.StdDev, out.Quartiles = &deviation, &quartiles
	return out
}

// sorted gives the numbers of a column in order.
func sorted(values []float64) []float64 {
	out := make([]float64, 0, len(values))
	for _, x := range values {
		if !math.IsNaN(x) {
			out = append(out, x)
		}
	}
	slices.Sort(out)
	return out
}

// outliers finds the numbers outside the bounds; there are none among four or fewer.
func outliers(name string, values []float64, count int, q [3]float64) (Anomaly, bool) {
	iqr := q[2] - q[0]
	a := Anomaly{Column: name, Low: q[0] - 1.5*iqr, High: q[2] + 1.5*iqr}
	if count <= 4 {
		return a, false
	}
	for row, x := range values {
		if x < a.Low || x > a.High {
			a.Count++
			if len(a.Rows) < listed {
				a.Rows, a.Values = append(a.Rows, row), append(a.Values, x)
			}
		}
	}
	a.Share = share(a.Count, count)
	return a, a.Count > 0
}

// share has four decimals, and is never 0 for something nor 1 for less than all.
func share(count, all int) float64 {
	if all == 0 || count == 0 {
		return 0
	}
	s := math.Round(float64(count)/float64(all)*1e4) / 1e4
	if count < all {
		s = min(s, 0.9999)
	}
	return max(s, 0.0001)
}

// pair gathers Pearson's r in one pass, without the cancellation that sums of squares suffer.
type pair struct {
	n          int
	meanX      float64
	meanY      float64
	xx, yy, xy float64
}

func (p *pair) add(x, y float64) {
	p.n++
	dx, dy := x-p.meanX, y-p.meanY
	p.meanX += dx / float64(p.n)
	p.meanY += dy / float64(p.n)
	p.xx += dx * (x - p.meanX)
	p.yy += dy * (y - p.meanY)
	p.xy += dx * (y - p.meanY)
}

// r is Pearson's coefficient; ok is false below three pairs, without a spread, or beyond what a float holds.
func (p *pair) r() (r float64, ok bool) {
	if p.n < 3 || p.xx <= 0 || p.yy <= 0 {
		return 0, false
	}
	r = p.xy / (math.Sqrt(p.xx) * math.Sqrt(p.yy))
	if math.IsNaN(r) || math.IsInf(r, 0) {
		return 0, false
	}
	return max(-1, min(1, r)), true
}
