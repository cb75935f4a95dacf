package document

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	minPhoneDigits = 7
	maxPhoneDigits = 15
	maxEmailLength = 254
)

// FormatOf says what a trimmed text looks like, FormatNone if like nothing in particular. A date with slashes
// that could be read two ways is an ambiguous_date; other dates have no format.
func FormatOf(s string) Format {
	if s == "" {
		return FormatNone
	}
	if isEmail(s) {
		return FormatEmail
	}
	if isUUID(s) {
		return FormatUUID
	}
	if isURL(s) {
		return FormatURL
	}
	if d, ok := ShapeOfDate(s); ok {
		if d.Slashed && (d.DMY || d.MDY) {
			return FormatAmbiguousDate
		}
		return FormatNone
	}
	if isPhone(s) {
		return FormatPhone
	}
	return FormatNone
}

// isEmail asks for local@domain.tld without blanks, as mail software accepts it in practice.
func isEmail(s string) bool {
	at := strings.IndexByte(s, '@')
	if at < 1 || at > 64 || len(s) > maxEmailLength || strings.LastIndexByte(s, '@') != at {
		return false
	}
	local, domain := s[:at], s[at+1:]
	if strings.HasPrefix(local, ".") || strings.HasSuffix(local, ".") || strings.Contains(s, "..") {
		return false
	}
	for _, r := range local {
		if unicode.IsSpace(r) || unicode.IsControl(r) || strings.ContainsRune(`"(),:;<>[\]`, r) {
			return false
		}
	}
	labels, last := 0, ""
	for l := range strings.SplitSeq(domain, ".") {
		if l == "" || len(l) > 63 || l[0] == '-' || l[len(l)-1] == '-' || !lettersDigitsDash(l) {
			return false
		}
		labels, last = labels+1, l
	}
	return labels >= 2 && utf8.RuneCountInString(last) >= 2
}

func lettersDigitsDash(s string) bool {
	for _, r := range s {
		if r != '-' && !unicode.IsLetter(r) && !unicode.IsDigit(r) {
			return false
		}
	}
	return true
}

// isUUID asks for 8-4-4-4-12 hexadecimal digits.
func isUUID(s string) bool {
	if len(s) != 36 {
		return false
	}
	for i := range len(s) {
		if i == 8 || i == 13 || i == 18 || i == 23 {
			if s[i] != '-' {
				return false
			}
			continue
		}
		c := s[i]
		if !isDigit(c) && (c < 'a' || c > 'f') && (c < 'A' || c > 'F') {
			return false
		}
	}
	return true
}

func isURL(s string) bool {
	rest, ok := cutScheme(s)
	if !ok {
		return false
	}
	host, _, _ := strings.Cut(rest, "/")
	if host == "" || strings.ContainsAny(s, " \t\r\n<>\"") {
		return false
	}
	return unicode.IsLetter(rune(host[0])) || isDigit(host[0]) || host[0] == '[' || host[0] >= utf8.RuneSelf
}

func cutScheme(s string) (string, bool) {
	if len(s) < 8 || strings.IndexByte(s[:8], ':') < 0 {
		return "", false
	}
	for _, scheme := range [...]string{"http://", "https://", "ftp://"} {
		if len(s) > len(scheme) && equalFold(s[:len(scheme)], scheme) {
			return s[len(scheme):], true
		}
	}
	return "", false
}

// isPhone asks for 7–15 digits with a leading plus or a separator: an integer is not a phone number.
func isPhone(s string) bool {
	digits, separators, plus := 0, 0, false
	for i := range len(s) {
		switch c := s[i]; {
		case isDigit(c):
			digits++
		case c == '+' && i == 0:
			plus = true
		case c == ' ' || c == '-' || c == '.' || c == '(' || c == ')':
			separators++
		default:
			return false
		}
	}
	if digits < minPhoneDigits || digits > maxPhoneDigits || (!plus && separators == 0) {
		return false
	}
	if plus {
		return true
	}
	return s[0] != '-' && ShapeOfNumber(s) == NotANumber && !isDottedQuad(s)
}

// isDottedQuad keeps addresses such as 192.168.10.12 from being read as telephone numbers.
func isDottedQuad(s string) bool {
	parts := strings.Split(s, ".")
	if len(parts) != 4 {
		return false
	}
	for _, p := range parts {
		if n := number(p); p == "" || len(p) > 3 || n < 0 || n > 255 {
			return false
		}
	}
	return true
}
