package export

import (
	"strings"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	east "github.com/yuin/goldmark/extension/ast"
	gtext "github.com/yuin/goldmark/text"
	"github.com/yuin/goldmark/util"

	"github.com/symphainy/symphainy/application/realms/docx"
)

// writeDOCX makes a document of a text in Markdown: headings, paragraphs, lists and tables. The first heading is the document's title.
func writeDOCX(markdown, title string) ([]byte, error) {
	source := []byte(markdown)
	root := goldmark.New(goldmark.WithExtensions(extension.Table, extension.Strikethrough)).Parser().Parse(gtext.NewReader(source))
	first := root.FirstChild()
	if h, ok := first.(*ast.Heading); ok && h.Level == 1 {
		title, first = inline(h, source), first.NextSibling()
	}
	d := docx.New(title)
	for n := first; n != nil; n = n.NextSibling() {
		block(d, n, source)
	}
	return d.Bytes()
}

func block(d *docx.Document, n ast.Node, source []byte) {
	switch x := n.(type) {
	case *ast.Heading:
		d.Heading(max(x.Level-1, 1), inline(x, source))
	case *ast.List:
		items := items(x, source, "")
		if x.IsOrdered() {
			d.Numbered(items...)
		} else {
			d.Bullets(items...)
		}
	case *east.Table:
		var header []string
		var rows [][]string
		for r := x.FirstChild(); r != nil; r = r.NextSibling() {
			var cells []string
			for c := r.FirstChild(); c != nil; c = c.NextSibling() {
				cells = append(cells, inline(c, source))
			}
			if _, head := r.(*east.TableHeader); head {
				header = cells
			} else {
				rows = append(rows, cells)
			}
		}
		d.Table(header, rows)
	case *ast.FencedCodeBlock, *ast.CodeBlock, *ast.HTMLBlock:
		d.Paragraph(strings.TrimRight(raw(x, source), "\n"))
	case *ast.ThematicBreak:
	default:
		if s := inline(x, source); s != "" {
			d.Paragraph(s)
		}
	}
}

// items are the points of a list, those of lists within it behind a dash.
func items(list *ast.List, source []byte, mark string) []string {
	var out []string
	for i := list.FirstChild(); i != nil; i = i.NextSibling() {
		var text []string
		var within []string
		for c := i.FirstChild(); c != nil; c = c.NextSibling() {
			if l, ok := c.(*ast.List); ok {
				within = append(within, items(l, source, mark+"– ")...)
			} else if s := inline(c, source); s != "" {
				text = append(text, s)
			}
		}
		out = append(append(out, mark+strings.Join(text, " ")), within...)
	}
	return out
}

// raw gives the lines of a block as they stand.
func raw(n ast.Node, source []byte) string {
	var b strings.Builder
	for i := range n.Lines().Len() {
		segment := n.Lines().At(i)
		b.Write(segment.Value(source))
	}
	return b.String()
}

// inline is the text of a node without its marks; escapes are what they stand for.
func inline(n ast.Node, source []byte) string {
	var b strings.Builder
	_ = ast.Walk(n, func(x ast.Node, entering bool) (ast.WalkStatus, error) { // the walker never fails
		if !entering {
			return ast.WalkContinue, nil
		}
		switch t := x.(type) {
		case *ast.Text:
			plain := util.ResolveEntityNames(util.ResolveNumericReferences(util.UnescapePunctuations(t.Segment.Value(source))))
			b.Write(plain)
			if t.HardLineBreak() || t.SoftLineBreak() {
				b.WriteByte(' ')
			}
		case *ast.String:
			b.Write(t.Value)
		case *ast.AutoLink:
			b.Write(t.Label(source))
		case *ast.RawHTML:
			for i := range t.Segments.Len() {
				segment := t.Segments.At(i)
				b.Write(segment.Value(source))
			}
		case *ast.Paragraph, *ast.TextBlock:
			if b.Len() > 0 {
				b.WriteByte(' ')
			}
		}
		return ast.WalkContinue, nil
	})
	return strings.TrimSpace(b.String())
}
