package copybook

import (
	"fmt"
	"strconv"
	"strings"
)

// fieldOf computes a field's size: V and S add none.
func fieldOf(it *item, offset int, index []int) (Field, error) {
	p := it.picture
	f := Field{
		Name: it.name, Base: it.name, Offset: offset, Size: p.length, Digits: p.digits, Scale: p.scale, Signed: p.signed,
		usage: it.usage, hidden: it.filler(),
	}
	if len(index) > 0 {
		parts := make([]string, len(index))
		for i, n := range index {
			parts[i] = strconv.Itoa(n)
		}
		f.Name += "-" + strings.Join(parts, "-")
	}
	if !p.numeric {
		if it.usage != display {
			return f, invalid(it.line, "%q is a text and cannot be a number in bytes", it.name)
		}
		return f, nil
	}
	f.Kind = Integer
	if p.scale > 0 {
		f.Kind = Decimal
	}
	switch it.usage {
	case packed:
		f.Size = p.digits/2 + 1
	case binaryUsage:
		f.Size = binarySize(p.digits)
	case display, usageUnset:
		f.usage = display
		if it.signSet && p.signed {
			f.leading, f.separate = it.leading, it.separate
			if it.separate {
				f.Size++
			}
		}
	}
	return f, nil
}

func binarySize(digits int) int {
	switch {
	case digits <= 4:
		return 2
	case digits <= 9:
		return 4
	}
	return 8
}

// written is how many values of a range are written out.
const written = 1_000

// conditionOf writes the values of an 88-level as the field's values are written.
func conditionOf(f Field, c condition) Condition {
	out := Condition{Field: f.Base, Name: c.name, Closed: true}
	for _, s := range c.values {
		from := f.canonical(s.from)
		if !s.ranged {
			out.Values = append(out.Values, from)
			continue
		}
		to := f.canonical(s.to)
		list, ok := between(f, from, to)
		if !ok {
			out.Closed = false
			list = []string{fmt.Sprintf("%s THRU %s", from, to)}
		}
		out.Values = append(out.Values, list...)
	}
	return out
}

// between writes a range of integers or of single characters out.
func between(f Field, from, to string) (list []string, ok bool) {
	if f.Kind == Integer {
		a, errA := strconv.ParseInt(from, 10, 64)
		z, errZ := strconv.ParseInt(to, 10, 64)
		if errA != nil || errZ != nil || a > z || z-a >= written {
			return nil, false
		}
		for n := a; n <= z; n++ {
			list = append(list, strconv.FormatInt(n, 10))
		}
		return list, true
	}
	if f.Kind != Text || f.Size != 1 || len(from) != 1 || len(to) != 1 || from > to {
		return nil, false
	}
	for c := int(from[0]); c <= int(to[0]); c++ {
		list = append(list, string(rune(c)))
	}
	return list, true
}

// canonical writes a literal as the field's own values are written.
func (f Field) canonical(v value) string {
	switch {
	case f.Kind == Text && v.figurative == "ZEROS":
		return strings.Repeat("0", f.Size)
	case f.Kind == Text:
		return strings.TrimRight(v.text, " \x00")
	}
	sign, digits := "", strings.TrimPrefix(v.text, "+")
	if strings.HasPrefix(digits, "-") {
		sign, digits = "-", digits[1:]
	}
	whole, fraction, _ := strings.Cut(digits, ".")
	for len(fraction) < f.Scale {
		fraction += "0"
	}
	return f.number(sign == "-", whole+fraction[:f.Scale])
}

// number writes digits with the point in its place and without zeros in front.
func (f Field) number(negative bool, digits string) string {
	for len(digits) <= f.Scale {
		digits = "0" + digits
	}
	whole := strings.TrimLeft(digits[:len(digits)-f.Scale], "0")
	if whole == "" {
		whole = "0"
	}
	out := whole
	if f.Scale > 0 {
		out += "." + digits[len(digits)-f.Scale:]
	}
	if negative && strings.Trim(digits, "0") != "" {
		out = "-" + out
	}
	return out
}
