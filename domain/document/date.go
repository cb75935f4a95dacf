package document

import "strings"

// DateOrder says how to read a date with slashes whose year comes last.
type DateOrder string

// The orders. OrderUnknown leaves 03/04/2024 unread.
const (
	OrderUnknown DateOrder = ""
	OrderDMY     DateOrder = "DMY"
	OrderMDY     DateOrder = "MDY"
	OrderYMD     DateOrder = "YMD"
)

// The layouts in which dates are recognised.
const (
	LayoutDash     = "YYYY-MM-DD"
	LayoutSlashYMD = "YYYY/MM/DD"
	LayoutDot      = "DD.MM.YYYY"
	LayoutSlashDMY = "DD/MM/YYYY"
	LayoutSlashMDY = "MM/DD/YYYY"
)

// DateShape is a text that looks like a date. Slashed says that day and month stand before the year between slashes; then DMY and MDY
// tell by which order it is a real date. Otherwise Real tells whether the calendar has that day.
type DateShape struct {
	Layout  string
	Time    bool
	Slashed bool
	DMY     bool
	MDY     bool
	Real    bool

	a, b, year int
	clock      string
}

// ShapeOfDate recognises the layouts of dates, alone or followed by a time of day ("T" or a blank, seconds and zone optional).
// ok is false if the text does not look like a date at all; an impossible one (2024-02-30) looks like a date and is not Real.
func ShapeOfDate(s string) (shape DateShape, ok bool) {
	if len(s) < 8 || !isDigit(s[0]) {
		return DateShape{}, false
	}
	date, clock, hasTime := cutClock(s)
	if hasTime && !validClock(clock) {
		return DateShape{}, false
	}
	shape, ok = scanDate(date)
	if !ok {
		return DateShape{}, false
	}
	shape.Time, shape.clock = hasTime, clock
	return shape, true
}

// cutClock divides a text at the first T or blank that stands where a date may end.
func cutClock(s string) (date, clock string, hasTime bool) {
	for i := 8; i < len(s) && i <= 10; i++ {
		if s[i] == 'T' || s[i] == ' ' {
			return s[:i], s[i+1:], true
		}
	}
	return s, "", false
}

func scanDate(s string) (DateShape, bool) {
	if len(s) > 10 {
		return DateShape{}, false
	}
	if len(s) == 10 && (s[4] == '-' || s[4] == '/') {
		y, m, d := number(s[:4]), number(s[5:7]), number(s[8:])
		if s[7] != s[4] || y < 0 || m < 0 || d < 0 {
			return DateShape{}, false
		}
		layout := LayoutDash
		if s[4] == '/' {
			layout = LayoutSlashYMD
		}
		return DateShape{Layout: layout, Real: realDay(y, m, d), year: y, a: d, b: m}, true
	}
	sep := strings.IndexAny(s, "./")
	if sep < 1 || sep > 2 {
		return DateShape{}, false
	}
	rest := s[sep+1:]
	second := strings.IndexByte(rest, s[sep])
	if second < 1 || second > 2 || len(rest)-second-1 != 4 {
		return DateShape{}, false
	}
	a, b, y := number(s[:sep]), number(rest[:second]), number(rest[second+1:])
	if a < 0 || b < 0 || y < 0 {
		return DateShape{}, false
	}
	shape := DateShape{a: a, b: b, year: y}
	if s[sep] == '.' {
		shape.Layout, shape.Real = LayoutDot, realDay(y, b, a)
		return shape, true
	}
	shape.Slashed, shape.DMY, shape.MDY = true, realDay(y, b, a), realDay(y, a, b)
	return shape, true
}

// number reads up to four digits; −1 if there is anything else.
func number(s string) int {
	n := 0
	for i := range len(s) {
		if !isDigit(s[i]) {
			return -1
		}
		n = n*10 + int(s[i]-'0')
	}
	return n
}

func realDay(y, m, d int) bool {
	if y < 1 || m < 1 || m > 12 || d < 1 {
		return false
	}
	return d <= daysIn(y, m)
}

func daysIn(y, m int) int {
	switch m {
	case 4, 6, 9, 11:
		return 30
	case 2:
		if y%4 == 0 && (y%100 != 0 || y%400 == 0) {
			return 29
		}
		return 28
	default:
		return 31
	}
}

// validClock accepts HH:MM, HH:MM:SS, a fraction, and a zone Z, +HH:MM or +HHMM.
func validClock(s string) bool {
	if len(s) < 5 || s[2] != ':' || !below(s[:2], 24) || !below(s[3:5], 60) {
		return false
	}
	s = s[5:]
	if len(s) >= 3 && s[0] == ':' {
		if !below(s[1:3], 60) {
			return false
		}
		s = s[3:]
		if len(s) > 1 && s[0] == '.' {
			i := 1
			for i < len(s) && isDigit(s[i]) {
				i++
			}
			if i == 1 || i > 10 {
				return false
			}
			s = s[i:]
		}
	}
	return s == "" || validZone(s)
}

func validZone(s string) bool {
	if s == "Z" || s == "z" {
		return true
	}
	if s[0] != '+' && s[0] != '-' {
		return false
	}
	s = s[1:]
	if len(s) == 5 && s[2] == ':' {
		return below(s[:2], 24) && below(s[3:], 60)
	}
	return len(s) == 4 && below(s[:2], 24) && below(s[2:], 60)
}

func below(s string, limit int) bool {
	n := number(s)
	return len(s) == 2 && n >= 0 && n < limit
}

// Under says whether the shape is a real date when slashes are read in the given order, and the layout that this makes it.
func (d DateShape) Under(order DateOrder) (layout string, possible bool) {
	if !d.Slashed {
		return d.Layout, d.Real
	}
	switch order {
	case OrderDMY:
		return LayoutSlashDMY, d.DMY
	case OrderMDY:
		return LayoutSlashMDY, d.MDY
	case OrderUnknown, OrderYMD:
		return "", false
	default:
		return "", false
	}
}

// ParseDate makes a date or datetime cell, normalised to ISO 8601, of a trimmed text; order decides slashed dates.
func ParseDate(s string, order DateOrder) (v Value, layout string, ok bool) {
	shape, ok := ShapeOfDate(s)
	if !ok {
		return Value{}, "", false
	}
	layout, ok = shape.Under(order)
	if !ok {
		return Value{}, "", false
	}
	if !shape.Time {
		if layout == LayoutDash {
			return Value{kind: KindDate, text: s}, layout, true
		}
		return Value{kind: KindDate, text: shape.iso(order)}, layout, true
	}
	return Value{kind: KindDateTime, text: shape.iso(order) + "T" + isoClock(shape.clock)}, layout, true
}

func (d DateShape) iso(order DateOrder) string {
	day, month := d.a, d.b
	if d.Slashed && order == OrderMDY {
		day, month = d.b, d.a
	}
	out := []byte("0000-00-00")
	put := func(at, width, n int) {
		for i := at + width - 1; i >= at; i-- {
			out[i] = byte('0' + n%10)
			n /= 10
		}
	}
	put(0, 4, d.year)
	put(5, 2, month)
	put(8, 2, day)
	return string(out)
}

// isoClock adds the seconds that were left out and writes the zone with a colon.
func isoClock(s string) string {
	hm, rest := s[:5], s[5:]
	if rest == "" || rest[0] != ':' {
		rest = ":00" + rest
	}
	if strings.HasSuffix(rest, "z") {
		rest = rest[:len(rest)-1] + "Z"
	}
	if i := strings.LastIndexAny(rest, "+-"); i >= 0 && len(rest)-i == 5 {
		rest = rest[:i+3] + ":" + rest[i+3:]
	}
	return hm + rest
}
