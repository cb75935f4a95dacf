package parse

import (
	"strings"

	"github.com/symphainy/symphainy/domain/document"
)

// prose builds the text of a document from its paragraphs, in order.
type prose struct {
	job   *Job
	doc   *document.Document
	gap   string // what stands between paragraphs in the text
	text  strings.Builder
	open  []int    // the sections that are open, outermost first
	items []string // the list that is being read
	index int
	page  int
	line  int
}

func newProse(job *Job, doc *document.Document, gap string) *prose {
	return &prose{job: job, doc: doc, gap: gap, line: 1}
}

// add appends a paragraph. A blank one counts in the numbering only. level is that of a heading, else 0.
func (p *prose) add(text, style string, level int) error {
	text = strings.TrimSpace(text)
	index := p.index
	p.index++
	if text == "" {
		return nil
	}
	size := int64(p.text.Len() + len(p.gap) + len(text))
	if size > p.job.Limits.TextBytes {
		return exceeded("text_bytes", p.job.Limits.TextBytes, size, "")
	}
	if p.text.Len() > 0 {
		p.text.WriteString(p.gap)
		p.line += strings.Count(p.gap, "\n")
	}
	p.text.WriteString(text)
	p.doc.Paragraphs = append(p.doc.Paragraphs, document.Paragraph{Index: index, Text: text, Style: style})
	list := style == document.StyleNumberedList || style == document.StyleBulletList
	if !list {
		p.closeList()
	}
	if level > 0 {
		p.heading(level, squeeze(text))
		p.line += strings.Count(text, "\n")
		return nil
	}
	if list {
		p.items = append(p.items, squeeze(text))
	}
	for _, s := range p.open {
		p.doc.Sections[s].Paragraphs = append(p.doc.Sections[s].Paragraphs, index)
	}
	for n, line := range strings.Split(text, "\n") {
		if m := labelLine.FindStringSubmatch(line); m != nil && !strings.HasPrefix(m[2], "//") {
			p.doc.Labels = append(p.doc.Labels, document.Label{Label: strings.TrimSpace(m[1]), Value: m[2], Page: p.page, Line: p.line + n})
		}
	}
	p.line += strings.Count(text, "\n")
	return nil
}

// heading opens a section and closes those that are not above it.
func (p *prose) heading(level int, title string) {
	for len(p.open) > 0 && p.doc.Sections[p.open[len(p.open)-1]].Level >= level {
		p.open = p.open[:len(p.open)-1]
	}
	path := title
	if len(p.open) > 0 {
		path = p.doc.Sections[p.open[len(p.open)-1]].Path + " / " + title
	}
	p.open = append(p.open, len(p.doc.Sections))
	p.doc.Sections = append(p.doc.Sections, document.Section{Level: level, Title: title, Path: path})
	p.doc.Structure = append(p.doc.Structure, document.Element{Kind: "heading", Name: title, Level: level})
}

func (p *prose) closeList() {
	if len(p.items) > 0 {
		p.doc.Structure = append(p.doc.Structure, document.Element{Kind: "list", Level: 1, Items: p.items})
		p.items = nil
	}
}

// finish hands the text over and fails if there was nothing at all.
func (p *prose) finish() error {
	p.closeList()
	doc := p.doc
	doc.Text = p.text.String()
	if doc.Text == "" && len(doc.Tables) == 0 {
		return ErrEmpty.WithMsg("The file has no text and no tables.")
	}
	doc.Metadata.RecordCount = len(doc.Paragraphs)
	if i := doc.MainTable(); i >= 0 {
		doc.Metadata.RecordCount = doc.Tables[i].RowCount
	}
	doc.Metadata.Counts["paragraphs"] = len(doc.Paragraphs)
	doc.Metadata.Counts["sections"] = len(doc.Sections)
	doc.Metadata.Counts["labels"] = len(doc.Labels)
	return nil
}

// cells collects the rows of a small table while its markup is read.
type cells struct {
	rows [][]string
	size int64
	span int // cells that the open one covers, itself included
	text strings.Builder
}

// cell ends the open cell.
func (c *cells) cell(limits Limits) error {
	if len(c.rows) == 0 {
		c.row()
	}
	text := strings.TrimSpace(c.text.String())
	c.text.Reset()
	if c.size += int64(len(text)); c.size > limits.TextBytes {
		return exceeded("text_bytes", limits.TextBytes, c.size, "")
	}
	last := &c.rows[len(c.rows)-1]
	*last = append(*last, text)
	for ; c.span > 1; c.span-- {
		if *last = append(*last, ""); int64(len(*last)) > limits.Columns {
			return exceeded("columns", limits.Columns, int64(len(*last)), "")
		}
	}
	return nil
}

func (c *cells) row() { c.rows = append(c.rows, nil) }
