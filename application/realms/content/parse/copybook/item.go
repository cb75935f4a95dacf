package copybook

import (
	"strconv"
	"strings"
)

// usage is how an item's bytes are to be read.
type usage uint8

const (
	usageUnset usage = iota
	display
	binaryUsage
	packed
)

// value is a literal of a VALUE clause.
type value struct {
	text string
	// figurative is SPACES, ZEROS, LOW-VALUES or HIGH-VALUES; quoted tells a text from a number.
	figurative string
	quoted     bool
}

// span is a value, or all from one to another.
type span struct {
	from, to value
	ranged   bool
}

// condition is an 88-level.
type condition struct {
	name   string
	values []span
}

// item is an entry of a copybook with what is below it.
type item struct {
	level      int
	name       string
	line       int
	redefines  string
	min, max   int // OCCURS; max 0 without
	dependsOn  string
	picture    *picture
	usage      usage
	signSet    bool
	leading    bool
	separate   bool
	values     []span
	conditions []condition
	children   []*item
}

func (i *item) filler() bool { return i.name == "" || i.name == "FILLER" }

// reader makes items of tokens.
type reader struct {
	tokens []token
	at     int
	count  int
}

func (r *reader) peek() (token, bool) {
	if r.at >= len(r.tokens) {
		return token{}, false
	}
	return r.tokens[r.at], true
}

func (r *reader) line() int {
	if len(r.tokens) == 0 {
		return 0
	}
	return r.tokens[min(r.at, len(r.tokens)-1)].line
}

// word takes the next word; it is an error if the entry ends instead.
func (r *reader) word(what string) (token, error) {
	t, ok := r.peek()
	if !ok || t.end {
		return t, invalid(r.line(), "%s is missing", what)
	}
	r.at++
	return t, nil
}

// skip takes the next word if it is one of these.
func (r *reader) skip(words ...string) bool {
	t, ok := r.peek()
	if !ok || t.end || t.literal {
		return false
	}
	for _, w := range words {
		if t.text == w {
			r.at++
			return true
		}
	}
	return false
}

func (r *reader) number(what string) (int, error) {
	t, err := r.word(what)
	if err != nil {
		return 0, err
	}
	n, err := strconv.Atoi(t.text)
	if err != nil || t.literal || n < 0 {
		return 0, invalid(t.line, "%s is not a number: %q", what, t.text)
	}
	return n, nil
}

// entry reads one entry with its period.
func (r *reader) entry() (*item, error) {
	if r.count++; r.count > maxItems {
		return nil, invalid(r.line(), "the copybook has more than %d entries", maxItems)
	}
	first, err := r.word("a level number")
	if err != nil {
		return nil, err
	}
	if first.text == "COPY" || first.text == "REPLACE" || first.text == "EXEC" {
		return nil, unsupported(first.line, "%s is not supported: give the copybook as it is after copying", first.text)
	}
	level, err := strconv.Atoi(first.text)
	if err != nil || first.literal {
		return nil, invalid(first.line, "an entry begins with a level number, not with %q", first.text)
	}
	switch {
	case level == 66 || level == 77:
		return nil, unsupported(first.line, "level %d is not supported", level)
	case level != 88 && (level < 1 || level > maxDepth):
		return nil, invalid(first.line, "there is no level %d", level)
	}
	it := &item{level: level, line: first.line}
	if t, ok := r.peek(); ok && !t.end && !t.literal && !clauses[t.text] {
		it.name = t.text
		r.at++
	}
	for {
		t, ok := r.peek()
		if !ok {
			return nil, invalid(it.line, "the entry is not ended by a period")
		}
		r.at++
		if t.end {
			return it, nil
		}
		if err := r.clause(it, t); err != nil {
			return nil, err
		}
	}
}

// clauses are the words that begin one; such a word is no name.
var clauses = map[string]bool{ //nolint:gochecknoglobals // a read-only table
	"REDEFINES": true, "OCCURS": true, "PIC": true, "PICTURE": true, "USAGE": true, "DISPLAY": true, "COMP": true, "COMPUTATIONAL": true,
	"COMP-1": true, "COMP-2": true, "COMP-3": true, "COMP-4": true, "COMP-5": true, "BINARY": true, "PACKED-DECIMAL": true, "SIGN": true,
	"LEADING": true, "TRAILING": true, "VALUE": true, "VALUES": true, "SYNC": true, "SYNCHRONIZED": true, "JUST": true, "JUSTIFIED": true,
	"BLANK": true,
}

func (r *reader) clause(it *item, t token) (err error) {
	word := t.text
	if t.literal {
		return invalid(t.line, "a literal stands where a clause should")
	}
	switch {
	case it.level == 88 && word != "VALUE" && word != "VALUES":
		return invalid(t.line, "an 88-level has values only, not %s", word)
	case word == "REDEFINES":
		var name token
		name, err = r.word("the redefined name")
		it.redefines = name.text
	case word == "OCCURS":
		err = r.occurs(it)
	case word == "PIC" || word == "PICTURE":
		r.skip("IS")
		var text token
		if text, err = r.word("the picture"); err == nil {
			it.picture, err = parsePicture(text)
		}
	case word == "SIGN":
		r.skip("IS")
	case word == "LEADING" || word == "TRAILING":
		it.signSet, it.leading = true, word == "LEADING"
		it.separate = r.skip("SEPARATE")
		r.skip("CHARACTER")
	case word == "VALUE" || word == "VALUES":
		it.values, err = r.values()
	case word == "USAGE":
		r.skip("IS")
	case word == "JUST" || word == "JUSTIFIED":
		r.skip("RIGHT")
	case word == "BLANK":
		r.skip("WHEN")
		r.skip("ZERO", "ZEROS", "ZEROES")
	default:
		it.usage, err = usageOf(t)
	}
	return err
}

func usageOf(t token) (usage, error) {
	switch strings.Replace(t.text, "COMPUTATIONAL", "COMP", 1) {
	case "DISPLAY":
		return display, nil
	case "COMP", "COMP-4", "BINARY":
		return binaryUsage, nil
	case "COMP-3", "PACKED-DECIMAL":
		return packed, nil
	case "COMP-1", "COMP-2", "COMP-5", "SYNC", "SYNCHRONIZED", "POINTER", "INDEX", "NATIONAL", "DISPLAY-1":
		return 0, unsupported(t.line, "%s is not supported", t.text)
	}
	return 0, invalid(t.line, "there is no clause %q", t.text)
}

// occurs reads OCCURS n [TIMES], or OCCURS m TO n [TIMES] DEPENDING ON name; keys and indexes are passed over.
func (r *reader) occurs(it *item) (err error) {
	if it.min, err = r.number("the number after OCCURS"); err != nil {
		return err
	}
	it.max = it.min
	if r.skip("TO") {
		if it.max, err = r.number("the number after TO"); err != nil {
			return err
		}
	}
	r.skip("TIMES")
	if r.skip("DEPENDING") {
		r.skip("ON")
		name, err := r.word("the name after DEPENDING ON")
		if err != nil {
			return err
		}
		it.dependsOn = name.text
	}
	if r.skip("INDEXED") {
		r.skip("BY")
		if _, err := r.word("the name of the index"); err != nil {
			return err
		}
	}
	switch {
	case it.max < 1 || it.max > maxOccurs || it.min > it.max:
		return invalid(it.line, "OCCURS %d TO %d is not possible (at most %d)", it.min, it.max, maxOccurs)
	case it.min != it.max && it.dependsOn == "":
		return invalid(it.line, "OCCURS %d TO %d needs DEPENDING ON", it.min, it.max)
	}
	return nil
}

// values reads literals, with THRU between two of them for a range.
func (r *reader) values() ([]span, error) {
	r.skip("IS", "ARE")
	var out []span
	for {
		t, ok := r.peek()
		if !ok || t.end || !t.literal && clauses[t.text] {
			break
		}
		r.at++
		s := span{from: literal(t)}
		if r.skip("THRU", "THROUGH") {
			to, err := r.word("the value after THRU")
			if err != nil {
				return nil, err
			}
			s.to, s.ranged = literal(to), true
		}
		out = append(out, s)
	}
	if len(out) == 0 {
		return nil, invalid(r.line(), "VALUE has no value")
	}
	return out, nil
}

func literal(t token) value {
	if t.literal {
		return value{text: t.text, quoted: true}
	}
	switch t.text {
	case "SPACE", "SPACES":
		return value{figurative: "SPACES"}
	case "ZERO", "ZEROS", "ZEROES":
		return value{figurative: "ZEROS", text: "0"}
	case "LOW-VALUE", "LOW-VALUES":
		return value{figurative: "LOW-VALUES"}
	case "HIGH-VALUE", "HIGH-VALUES":
		return value{figurative: "HIGH-VALUES"}
	}
	return value{text: t.text}
}
