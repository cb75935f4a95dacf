package copybook

import (
	"strconv"
	"strings"
)

// picture is a PIC clause: a text of so many bytes, or a number of so many digits.
type picture struct {
	numeric bool
	// length is that of a text in bytes, digits that of a number; scale are the digits after the V.
	length, digits, scale int
	signed                bool
}

func parsePicture(t token) (*picture, error) {
	p := &picture{}
	s, point := t.text, false
	texts := 0
	for i := 0; i < len(s); {
		c := s[i]
		n := 1
		i++
		if i < len(s) && s[i] == '(' {
			end := strings.IndexByte(s[i:], ')')
			if end < 0 {
				return nil, invalid(t.line, "the picture %q has an open bracket", s)
			}
			var err error
			if n, err = strconv.Atoi(s[i+1 : i+end]); err != nil || n < 1 || n > maxText {
				return nil, invalid(t.line, "the picture %q has no possible number in brackets", s)
			}
			i += end + 1
		}
		switch c {
		case 'X', 'A':
			texts += n
		case '9':
			p.digits += n
			if point {
				p.scale += n
			}
		case 'S':
			if p.signed || p.digits > 0 || n != 1 {
				return nil, invalid(t.line, "the picture %q has its sign in the wrong place", s)
			}
			p.signed = true
		case 'V':
			if point {
				return nil, invalid(t.line, "the picture %q has two points", s)
			}
			point = true
		default:
			return nil, unsupported(t.line, "the picture %q is edited; only X, A, 9, S and V are supported", s)
		}
	}
	p.length = texts + p.digits
	switch p.numeric = texts == 0; {
	case p.length == 0:
		return nil, invalid(t.line, "the picture %q is empty", s)
	case !p.numeric && (p.signed || point):
		return nil, invalid(t.line, "the picture %q is neither text nor number", s)
	case p.numeric && p.digits > maxDigits:
		return nil, unsupported(t.line, "the picture %q has more than %d digits", s, maxDigits)
	case p.length > maxText:
		return nil, invalid(t.line, "the picture %q is longer than %d bytes", s, maxText)
	}
	return p, nil
}
