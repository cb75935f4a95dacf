package pdftext

import (
	"fmt"
	"math"
	"strings"
	"unicode"

	"github.com/ledongthuc/pdf"
)

// pageText gives the lines of a page in the order in which they are drawn.
func pageText(p pdf.Page) (text string, err error) {
	defer func() {
		if r := recover(); r != nil {
			// Drawing that cannot be followed by place may still be read one word after the other.
			text, err = p.GetPlainText(nil)
			text = strings.Trim(clean(text), "\n")
			if err != nil {
				err = fmt.Errorf("%w: %w", ErrMalformed, err)
			}
		}
	}()
	var b lines
	for _, t := range p.Content().Text {
		b.add(t)
	}
	return b.String(), nil
}

// lines puts pieces of text together by where they stand on the page.
type lines struct {
	out  strings.Builder
	line strings.Builder
	// x and y are where the last piece ended, size is its height.
	x, y, size float64
	begun      bool
}

const (
	// sameLine is how far a piece may be above or below the line, in heights; blankLine how far the next line is away after a blank one.
	sameLine  = 0.4
	blankLine = 1.75
	// wordGap is how wide a gap between pieces is a blank, in heights.
	wordGap = 0.18
)

func (l *lines) add(t pdf.Text) {
	if t.S == "\n" || math.IsNaN(t.X) || math.IsNaN(t.Y) {
		return // what the reader adds after each group of pieces
	}
	size := math.Abs(t.FontSize)
	if size == 0 {
		size = 10
	}
	switch drop := l.y - t.Y; {
	case !l.begun:
	case math.Abs(drop) > sameLine*max(size, l.size):
		l.end()
		if drop > blankLine*min(size, l.size) || drop < 0 {
			l.out.WriteByte('\n')
		}
	case t.X-l.x > wordGap*size && t.S != " ":
		l.blank()
	case t.X < l.x-size && t.S != " ": // back in the same line: another piece, such as the next cell of a table
		l.blank()
	}
	l.line.WriteString(t.S)
	l.x, l.y, l.size, l.begun = t.X+t.W, t.Y, size, true
}

func (l *lines) blank() {
	if s := l.line.String(); s != "" && !strings.HasSuffix(s, " ") {
		l.line.WriteByte(' ')
	}
}

func (l *lines) end() {
	l.out.WriteString(strings.TrimRight(clean(l.line.String()), " "))
	l.out.WriteByte('\n')
	l.line.Reset()
}

// String gives all lines, without blank ones around.
func (l *lines) String() string {
	l.end()
	return strings.Trim(l.out.String(), "\n")
}

// clean leaves out what is no text: control characters, and signs for which a font has no name.
func clean(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t':
			return r
		case r == unicode.ReplacementChar || unicode.IsControl(r):
			return -1
		case r == '\u00a0':
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, ""))
}
