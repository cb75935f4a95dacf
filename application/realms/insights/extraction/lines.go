package extraction

import (
	"regexp"
	"strings"

	"github.com/symphainy/symphainy/domain/document"
)

// MaxText is how many bytes of a document are searched.
const MaxText = 2 << 20

// Line is a line of a document, or a list item with the lines that continue it, or a row of a table.
type Line struct {
	Text string
	// Sections are the titles that it stands under, outermost first.
	Sections []string
	// Item tells that it is a list item, Row that it is a row of Table.
	Item      bool
	Paragraph int
	Table     string
	Row       int
}

var (
	numbered = regexp.MustCompile(`^\s*\(?(?:\d{1,4}|[a-zA-Z])[.)]\s+(\S.*)$`)
	bullet   = regexp.MustCompile(`^\s*(?:[-*•–▪◦]|\[[ xX]\])\s+(\S.*)$`)
	pageMark = regexp.MustCompile(`^--- Page \d+ ---$`)
	labelled = regexp.MustCompile(`^\s*\p{L}[^:\n]{0,59}:\s+\S`)
)

// Lines divides a document into lines, each with its sections. cut tells that only the first MaxText bytes are in them.
func Lines(d *document.Document) (out []Line, cut bool) {
	paragraphs := d.Paragraphs
	if len(paragraphs) == 0 && strings.TrimSpace(d.Text) != "" {
		for i, block := range regexp.MustCompile(`\n\s*\n`).Split(d.Text, -1) {
			paragraphs = append(paragraphs, document.Paragraph{Index: i, Text: block})
		}
	}
	r := reader{sections: d.Sections}
	size := 0
	for _, p := range paragraphs {
		if size += len(p.Text); size > MaxText {
			return r.out, true
		}
		r.paragraph(p)
	}
	return r.out, false
}

type reader struct {
	sections []document.Section
	next     int
	path     []string
	out      []Line
}

// heading opens the next section if the line is its title. Sections come in the order of the text; one that is not found again is left out.
func (r *reader) heading(line string) bool {
	title := squeeze(strings.TrimSuffix(strings.TrimSpace(line), ":"))
	for i := r.next; i < len(r.sections) && i < r.next+20; i++ {
		if title != "" && strings.EqualFold(title, squeeze(strings.TrimSuffix(r.sections[i].Title, ":"))) {
			r.next, r.path = i+1, strings.Split(r.sections[i].Path, " / ")
			return true
		}
	}
	return false
}

func squeeze(s string) string { return strings.Join(strings.Fields(s), " ") }

func (r *reader) paragraph(p document.Paragraph) {
	listed := p.Style == document.StyleNumberedList || p.Style == document.StyleBulletList
	open := -1 // the item that a following line may continue
	for n, raw := range strings.Split(p.Text, "\n") {
		text := strings.TrimSpace(raw)
		switch {
		case text == "" || pageMark.MatchString(text):
			open = -1
			continue
		case r.heading(text):
			open = -1
			continue
		}
		line := Line{Text: text, Sections: r.path, Paragraph: p.Index}
		switch m := item(text); {
		case m != "":
			line.Text, line.Item = m, true
		case listed && n == 0:
			line.Item = true
		case open >= 0 && !labelled.MatchString(text):
			r.out[open].Text += " " + text
			continue
		}
		r.out = append(r.out, line)
		open = -1
		if line.Item {
			open = len(r.out) - 1
		}
	}
}

// item is the text of a list item without its mark; "" for other lines.
func item(s string) string {
	if m := numbered.FindStringSubmatch(s); m != nil {
		return m[1]
	}
	if m := bullet.FindStringSubmatch(s); m != nil {
		return m[1]
	}
	return ""
}
