package parse

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
)

const (
	xmlDepthLimit     = 100
	xmlAttributeLimit = 1_000
	xmlTokenLimit     = 5_000_000
)

// xmlGuard stands before the decoder and counts what the decoder would first build: depth, attributes, tokens, the length of a tag.
// It refuses any DTD. It does not check that the XML is right otherwise.
type xmlGuard struct {
	r      io.Reader
	state  xmlState
	quote  byte
	depth  int64
	attrs  int64
	tokens int64 // −1: not limited
	length int64 // bytes of the tag so far
	most   int64
	read   int64
	last   byte   // the byte before, inside a tag
	tail   []byte // the last bytes of a comment, CDATA or instruction
	closes string // what ends it
	ending bool   // the tag is an end tag
}

type xmlState uint8

const (
	xmlText xmlState = iota
	xmlOpened
	xmlTag
	xmlValue
	xmlMarkup
	xmlSkipped
)

func newXMLGuard(r io.Reader, limits Limits) *xmlGuard {
	return &xmlGuard{r: r, most: limits.RecordBytes}
}

func (g *xmlGuard) Read(p []byte) (int, error) {
	n, err := g.r.Read(p)
	for i, c := range p[:n] {
		if failure := g.step(c); failure != nil {
			return i, failure
		}
		g.read++
	}
	return n, err
}

// finish complains about XML that ends inside a tag or element.
func (g *xmlGuard) finish() error {
	if g.state != xmlText || g.depth != 0 {
		return malformed("The XML ends too early, at byte %d.", g.read)
	}
	return nil
}

func (g *xmlGuard) place() string { return fmt.Sprintf(", at byte %d", g.read) }

func (g *xmlGuard) step(c byte) error {
	switch g.state {
	case xmlText:
		if c == '<' {
			return g.open()
		}
	case xmlOpened:
		return g.begin(c)
	case xmlMarkup:
		return g.markup(c)
	case xmlSkipped:
		g.tail = append(g.tail, c)
		if over := len(g.tail) - len(g.closes); over > 0 {
			g.tail = append(g.tail[:0], g.tail[over:]...)
		}
		if string(g.tail) == g.closes {
			g.state = xmlText
		}
	case xmlValue:
		if c == g.quote {
			g.state = xmlTag
		}
		return g.grow()
	case xmlTag:
		return g.tag(c)
	}
	return nil
}

func (g *xmlGuard) open() error {
	g.state, g.attrs, g.length, g.last, g.ending = xmlOpened, 0, 0, 0, false
	if g.tokens < 0 {
		return nil
	}
	if g.tokens += 2; g.tokens > xmlTokenLimit { // a tag and the text after it
		return exceeded("tokens", xmlTokenLimit, g.tokens, g.place())
	}
	return nil
}

func (g *xmlGuard) begin(c byte) error {
	switch c {
	case '!':
		g.state, g.tail = xmlMarkup, g.tail[:0]
	case '?':
		g.skip("?>")
	case '/':
		g.state, g.ending = xmlTag, true
	default:
		g.state = xmlTag
		return g.tag(c)
	}
	return nil
}

func (g *xmlGuard) skip(until string) { g.state, g.closes, g.tail = xmlSkipped, until, g.tail[:0] }

// markup tells comments and CDATA from declarations, of which none is allowed.
func (g *xmlGuard) markup(c byte) error {
	g.tail = append(g.tail, c)
	switch s := string(g.tail); {
	case s == "--":
		g.skip("-->")
	case s == "[CDATA[":
		g.skip("]]>")
	case !strings.HasPrefix("--", s) && !strings.HasPrefix("[CDATA[", s): //nolint:gocritic // which prefix it is is the question
		return malformed("The XML has a document type declaration%s; these are not allowed.", g.place())
	}
	return nil
}

func (g *xmlGuard) tag(c byte) error {
	switch c {
	case '"', '\'':
		g.state, g.quote = xmlValue, c
	case '=':
		if g.attrs++; g.attrs > xmlAttributeLimit {
			return exceeded("attributes", xmlAttributeLimit, g.attrs, g.place())
		}
	case '>':
		g.state = xmlText
		switch {
		case g.ending:
			g.depth--
		case g.last != '/':
			if g.depth++; g.depth > xmlDepthLimit {
				return exceeded("xml_depth", xmlDepthLimit, g.depth, g.place())
			}
		}
	}
	g.last = c
	return g.grow()
}

func (g *xmlGuard) grow() error {
	if g.length++; g.length > g.most {
		return exceeded("record_bytes", g.most, g.length, g.place())
	}
	return nil
}

// xmlStream reads the tokens of an XML text behind a guard.
type xmlStream struct {
	guard *xmlGuard
	dec   *xml.Decoder
}

func newXMLStream(r io.Reader, limits Limits) *xmlStream {
	s := &xmlStream{guard: newXMLGuard(r, limits)}
	s.dec = xml.NewDecoder(s.guard)
	// The text is UTF-8 when it comes here, whatever its first line says.
	s.dec.CharsetReader = func(_ string, in io.Reader) (io.Reader, error) { return in, nil }
	return s
}

// next gives the next token, io.EOF at the end.
func (s *xmlStream) next() (xml.Token, error) {
	t, err := s.dec.Token()
	if err == nil || errors.Is(err, io.EOF) {
		return t, err
	}
	var syntax *xml.SyntaxError
	if errors.As(err, &syntax) {
		return nil, malformed("Not valid XML, line %d: %s.", syntax.Line, clip(syntax.Msg)).Because(err)
	}
	return nil, err
}

// attr is the value of an attribute by its local name.
func attr(e xml.StartElement, name string) string {
	for _, a := range e.Attr {
		if a.Name.Local == name {
			return a.Value
		}
	}
	return ""
}

// squeeze joins the words of a text by single blanks.
func squeeze(s string) string { return strings.Join(strings.Fields(s), " ") }

// rootOf is the root element of an XML text whose head is given.
func rootOf(head string) (xml.Name, bool) {
	s := newXMLStream(strings.NewReader(head), DefaultLimits())
	for range 50 {
		t, err := s.next()
		if err != nil {
			return xml.Name{}, false
		}
		switch t := t.(type) {
		case xml.StartElement:
			return t.Name, true
		case xml.CharData:
			if len(bytes.TrimSpace(t)) > 0 {
				return xml.Name{}, false
			}
		}
	}
	return xml.Name{}, false
}
