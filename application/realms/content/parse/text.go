package parse

import (
	"io"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/symphainy/symphainy/domain/document"
)

// textParser reads plain text: paragraphs, sections under upper-case headings, labels, lists.
type textParser struct{}

func newText() Parser { return textParser{} }

func (textParser) Format() string       { return "text" }
func (textParser) Extensions() []string { return []string{"txt", "text", "log"} }
func (textParser) Profile() string      { return ProfileUnstructured }

// Probe takes what is left, if it is text at all.
func (textParser) Probe(s *source) bool {
	control := 0
	for _, r := range s.head {
		if unicode.IsControl(r) && r != '\n' && r != '\r' && r != '\t' && r != '\f' {
			control++
		}
	}
	return control*20 <= utf8.RuneCountInString(s.head)
}

var (
	blankLines   = regexp.MustCompile(`\n\s*\n`)
	numberedItem = regexp.MustCompile(`^\s*\(?(\d{1,4})[.)]\s+(\S.*)$`)
	bulletItem   = regexp.MustCompile(`^\s*[-*•–]\s+(\S.*)$`)
	labelLine    = regexp.MustCompile(`^\s*(?:[-*•–]\s+|\d{1,4}[.)]\s+)?(\p{L}[^:\n]{0,59}?)\s*:\s+(\S.*?)\s*$`)
)

func (textParser) Parse(job *Job) (*document.Document, error) {
	in, err := job.src.open()
	if err != nil {
		return nil, err
	}
	raw, err := io.ReadAll(io.LimitReader(in, job.Limits.TextBytes+1))
	if err != nil {
		return nil, err
	}
	if int64(len(raw)) > job.Limits.TextBytes {
		return nil, exceeded("text_bytes", job.Limits.TextBytes, int64(len(raw)), "")
	}
	text := strings.ReplaceAll(strings.ReplaceAll(string(raw), "\r\n", "\n"), "\r", "\n")
	if strings.TrimSpace(text) == "" {
		return nil, ErrEmpty.WithMsg("The file has no text but white space.")
	}
	doc := job.newDocument("text")
	doc.Text = text
	(&textReader{doc: doc, open: -1}).add(text, 0)
	doc.Metadata.RecordCount = len(doc.Paragraphs)
	doc.Metadata.Counts["paragraphs"] = len(doc.Paragraphs)
	doc.Metadata.Counts["sections"] = len(doc.Sections)
	doc.Metadata.Counts["labels"] = len(doc.Labels)
	doc.Metadata.Counts["lines"] = strings.Count(strings.TrimSuffix(text, "\n"), "\n") + 1
	return doc, nil
}

// textReader finds the structure of texts and adds it to a document, one page after the other.
type textReader struct {
	doc  *document.Document
	open int // the section that is open, −1 for none
	base int // how many blocks there were on the pages before
}

// add reads a page; page is 0 where there are none.
func (r *textReader) add(text string, page int) {
	doc, blocks := r.doc, splitBlocks(text)
	for n, b := range blocks {
		i := r.base + n
		if strings.TrimSpace(b.text) == "" {
			continue // a blank block counts in the numbering only
		}
		lines := strings.Split(b.text, "\n")
		for n, line := range lines {
			if title, ok := heading(line); ok {
				doc.Sections = append(doc.Sections, document.Section{Level: 1, Title: title, Path: title})
				doc.Structure = append(doc.Structure, document.Element{Kind: "heading", Name: title, Level: 1})
				r.open = len(doc.Sections) - 1
				continue
			}
			if m := labelLine.FindStringSubmatch(line); m != nil && !strings.HasPrefix(m[2], "//") {
				doc.Labels = append(doc.Labels, document.Label{Label: strings.TrimSpace(m[1]), Value: m[2], Page: page, Line: b.line + n})
			}
		}
		style := styleOf(lines)
		doc.Paragraphs = append(doc.Paragraphs, document.Paragraph{Index: i, Text: strings.TrimSpace(b.text), Style: style})
		if items := listItems(lines); len(items) > 0 {
			doc.Structure = append(doc.Structure, document.Element{Kind: "list", Level: 1, Items: items})
		}
		if r.open >= 0 && style != document.StyleHeading {
			doc.Sections[r.open].Paragraphs = append(doc.Sections[r.open].Paragraphs, i)
		}
	}
	r.base += len(blocks)
}

// block is the text between blank lines, with the number of its first line.
type block struct {
	text string
	line int
}

func splitBlocks(text string) []block {
	var blocks []block
	start, line := 0, 1
	for _, gap := range blankLines.FindAllStringIndex(text, -1) {
		blocks = append(blocks, block{text[start:gap[0]], line})
		line += strings.Count(text[start:gap[1]], "\n")
		start = gap[1]
	}
	return append(blocks, block{text[start:], line})
}

// heading recognises a line in capitals: "KEY FINDINGS" or "PERMIT REQUIREMENTS:".
func heading(line string) (string, bool) {
	s := strings.TrimSuffix(strings.TrimSpace(line), ":")
	if len(s) > 100 || strings.ContainsAny(s, ":;!?") || strings.HasSuffix(s, ".") || strings.HasSuffix(s, ",") {
		return "", false
	}
	letters := 0
	for _, r := range s {
		if unicode.IsLower(r) {
			return "", false
		}
		if unicode.IsUpper(r) {
			letters++
		}
	}
	// Codes such as "A-17 20X" have more other signs than letters.
	return s, letters >= 3 && letters*2 > utf8.RuneCountInString(s)
}

func styleOf(lines []string) string {
	numbered, bullets, headings, filled := 0, 0, 0, 0
	for _, l := range lines {
		if strings.TrimSpace(l) == "" {
			continue
		}
		filled++
		if _, ok := heading(l); ok {
			headings++
		} else if numberedItem.MatchString(l) {
			numbered++
		} else if bulletItem.MatchString(l) {
			bullets++
		}
	}
	switch {
	case headings == filled:
		return document.StyleHeading
	case numbered > 0 && numbered*2 >= filled-headings:
		return document.StyleNumberedList
	case bullets > 0 && bullets*2 >= filled-headings:
		return document.StyleBulletList
	default:
		return document.StyleBody
	}
}

// listItems are the items of a list, each with the lines that continue it.
func listItems(lines []string) []string {
	var items []string
	for _, l := range lines {
		switch {
		case numberedItem.MatchString(l):
			items = append(items, numberedItem.FindStringSubmatch(l)[2])
		case bulletItem.MatchString(l):
			items = append(items, bulletItem.FindStringSubmatch(l)[1])
		case len(items) > 0 && strings.TrimSpace(l) != "" && (l[0] == ' ' || l[0] == '\t'):
			items[len(items)-1] += " " + strings.TrimSpace(l)
		}
	}
	return items
}
