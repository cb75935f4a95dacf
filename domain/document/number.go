package document

// NumberShape is what a text looks like as a number.
type NumberShape uint8

// The shapes. A padded integer (leading zero) and one beyond int64 are identifiers, not numbers.
const (
	NotANumber NumberShape = iota
	PlainInteger
	PaddedInteger
	HugeInteger
	Decimal
)

// maxIntDigits is the length from which an integer must be compared with the ends of int64.
const maxIntDigits = 19

// ShapeOfNumber classifies a text, which must be trimmed. An integer is [+-]?(0|[1-9][0-9]*) within int64. A decimal has a fraction
// ("1.50", ".5", "2.5e-3"); an exponent alone ("1e5") makes no decimal, because product codes look like that.
func ShapeOfNumber(s string) NumberShape {
	i := 0
	if i < len(s) && (s[i] == '+' || s[i] == '-') {
		i++
	}
	start := i
	for i < len(s) && isDigit(s[i]) {
		i++
	}
	whole := i - start
	if i == len(s) {
		return integerShape(s, start, whole)
	}
	if s[i] != '.' || (whole > 1 && s[start] == '0') {
		return NotANumber
	}
	i++
	fraction := i
	for i < len(s) && isDigit(s[i]) {
		i++
	}
	if i == fraction {
		return NotANumber
	}
	if i < len(s) && !isExponent(s[i:]) {
		return NotANumber
	}
	return Decimal
}

func integerShape(s string, start, digits int) NumberShape {
	switch {
	case digits == 0:
		return NotANumber
	case digits > 1 && s[start] == '0':
		return PaddedInteger
	case digits > maxIntDigits:
		return HugeInteger
	case digits == maxIntDigits:
		limit := "9223372036854775807"
		if s[0] == '-' {
			limit = "9223372036854775808"
		}
		if s[start:] > limit {
			return HugeInteger
		}
	}
	return PlainInteger
}

func isExponent(s string) bool {
	if s[0] != 'e' && s[0] != 'E' {
		return false
	}
	i := 1
	if i < len(s) && (s[i] == '+' || s[i] == '-') {
		i++
	}
	if i == len(s) || len(s)-i > 4 {
		return false
	}
	for ; i < len(s); i++ {
		if !isDigit(s[i]) {
			return false
		}
	}
	return true
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

// ParseInteger makes an integer cell of a trimmed text; a plus sign and the sign of −0 are dropped.
func ParseInteger(s string) (Value, bool) {
	if ShapeOfNumber(s) != PlainInteger {
		return Value{}, false
	}
	if s[0] == '+' {
		s = s[1:]
	} else if s == "-0" {
		s = "0"
	}
	return Value{kind: KindInteger, text: s}, true
}

// ParseFloat makes a float cell of a trimmed integer or decimal text. The digits stay exactly as written, so 1.50 remains 1.50;
// only a plus sign is dropped and a missing leading zero added.
func ParseFloat(s string) (Value, bool) {
	if shape := ShapeOfNumber(s); shape != PlainInteger && shape != Decimal {
		return Value{}, false
	}
	if s[0] == '+' {
		s = s[1:]
	}
	switch {
	case s[0] == '.':
		s = "0" + s
	case len(s) > 1 && s[0] == '-' && s[1] == '.':
		s = "-0" + s[1:]
	}
	return Value{kind: KindFloat, text: s}, true
}

// ExactNumber makes a cell of a number in JSON's grammar, which the caller has checked: an integer where it is one within
// int64, else a float with its text unchanged.
func ExactNumber(s string) Value {
	if v, ok := ParseInteger(s); ok {
		return v
	}
	return Value{kind: KindFloat, text: s}
}

// ParseBoolean makes a boolean cell of true, false, yes or no in any case.
func ParseBoolean(s string) (Value, bool) {
	if len(s) < 2 || len(s) > 5 {
		return Value{}, false
	}
	switch {
	case equalFold(s, "true"), equalFold(s, "yes"):
		return Boolean(true), true
	case equalFold(s, "false"), equalFold(s, "no"):
		return Boolean(false), true
	default:
		return Value{}, false
	}
}

// equalFold compares with a lower-case ASCII word.
func equalFold(s, lower string) bool {
	if len(s) != len(lower) {
		return false
	}
	for i := range len(s) {
		c := s[i]
		if c >= 'A' && c <= 'Z' {
			c += 'a' - 'A'
		}
		if c != lower[i] {
			return false
		}
	}
	return true
}

// AsFloat turns an integer cell into the same number as a float cell; a float cell stays. Others are refused.
func (v Value) AsFloat() (Value, bool) {
	if v.kind != KindInteger && v.kind != KindFloat {
		return Value{}, false
	}
	v.kind = KindFloat
	return v, true
}
