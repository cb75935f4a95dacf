package parse

import (
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"github.com/symphainy/symphainy/domain/document"
)

// htmlParser reads pages: headings, paragraphs, lists, links, tables. Scripts and styles are left out, and nothing is fetched. It reads
// tokens, not a tree, so that nesting costs nothing.
type htmlParser struct{}

func newHTML() Parser { return htmlParser{} }

func (htmlParser) Format() string         { return "html" }
func (htmlParser) Extensions() []string   { return []string{"html", "htm", "xhtml"} }
func (htmlParser) Profile() string        { return ProfileUnstructured }
func (htmlParser) Probe(*source) bool     { return false }
func (htmlParser) certain(s *source) bool { return s.markup() == markupHTML }

// htmlLinkLimit is how many links are listed.
const htmlLinkLimit = 1_000

// htmlTokenBytes is the length of a tag, or of a text between two tags.
const htmlTokenBytes = 4 << 20

// htmlFile is a page while it is read.
type htmlFile struct {
	job    *Job
	doc    *document.Document
	prose  *prose
	text   strings.Builder
	style  string
	level  int
	lists  []string // the open lists, by the style of their items
	tables int      // how deep in tables
	table  *cells
	inCell bool
	name   string // the caption
	names  map[string]int
	href   string
	linked strings.Builder
	links  int
	title  bool
	pre    bool
}

func (htmlParser) Parse(job *Job) (*document.Document, error) {
	in, err := job.src.open()
	if err != nil {
		return nil, err
	}
	doc := job.newDocument("html")
	f := &htmlFile{job: job, doc: doc, prose: newProse(job, doc, "\n\n"), style: document.StyleBody, names: map[string]int{}}
	z := html.NewTokenizer(in)
	z.SetMaxBuf(htmlTokenBytes)
	for kind := z.Next(); kind != html.ErrorToken; kind = z.Next() {
		if err := f.token(z, kind); err != nil {
			return nil, err
		}
	}
	if err := z.Err(); errors.Is(err, html.ErrBufferExceeded) {
		return nil, exceeded("record_bytes", htmlTokenBytes, htmlTokenBytes+1, ": a tag, or a text without tags")
	} else if !errors.Is(err, io.EOF) {
		return nil, err
	}
	if err := errors.Join(f.flush(), f.endTable()); err != nil {
		return nil, err
	}
	doc.Metadata.Counts["links"] = f.links
	return doc, f.prose.finish()
}

func (f *htmlFile) token(z *html.Tokenizer, kind html.TokenType) error {
	switch kind {
	case html.TextToken:
		text := z.Token().Data
		if !f.pre { // outside of pre a line end is a blank
			text = strings.NewReplacer("\r", " ", "\n", " ").Replace(text)
		}
		f.write(text)
	case html.StartTagToken, html.SelfClosingTagToken:
		return f.tag(z, kind)
	case html.EndTagToken:
		return f.end(z.Token())
	case html.ErrorToken, html.CommentToken, html.DoctypeToken:
	}
	return nil
}

// tag reads a start tag, and of its attributes only those that matter.
func (f *htmlFile) tag(z *html.Tokenizer, kind html.TokenType) error {
	raw, more := z.TagName()
	t := html.Token{Data: string(raw), DataAtom: atom.Lookup(raw)}
	if kind == html.StartTagToken && skippedElement(t.DataAtom) {
		return f.leap(z, t.Data)
	}
	for n := int64(1); more; n++ {
		var key, value []byte
		if n > xmlAttributeLimit {
			return exceeded("attributes", xmlAttributeLimit, n, "")
		}
		key, value, more = z.TagAttr()
		if k := string(key); k == "href" || k == "colspan" {
			t.Attr = append(t.Attr, html.Attribute{Key: k, Val: string(value)})
		}
	}
	return f.start(t)
}

func skippedElement(a atom.Atom) bool {
	switch a {
	case atom.Script, atom.Style, atom.Noscript, atom.Template, atom.Svg, atom.Math, atom.Iframe, atom.Object:
		return true
	default:
		return false
	}
}

// leap passes over an element whose content is not for reading.
func (f *htmlFile) leap(z *html.Tokenizer, name string) error {
	for depth := 1; depth > 0; {
		switch z.Next() {
		case html.ErrorToken:
			return nil // the caller sees it too
		case html.StartTagToken:
			if n, _ := z.TagName(); string(n) == name {
				depth++
			}
		case html.EndTagToken:
			if n, _ := z.TagName(); string(n) == name {
				depth--
			}
		case html.TextToken, html.SelfClosingTagToken, html.CommentToken, html.DoctypeToken:
		}
	}
	return nil
}

func (f *htmlFile) write(s string) {
	if f.href != "" && f.linked.Len() < 1000 {
		f.linked.WriteString(s)
	}
	if f.inCell {
		f.table.text.WriteString(s)
		return
	}
	f.text.WriteString(s)
}

func (f *htmlFile) start(t html.Token) error {
	switch a := t.DataAtom; a {
	case atom.Br:
		f.write("\n")
	case atom.A:
		f.href = ""
		for _, x := range t.Attr {
			if x.Key == "href" {
				f.href = strings.TrimSpace(x.Val)
			}
		}
		f.linked.Reset()
	case atom.H1, atom.H2, atom.H3, atom.H4, atom.H5, atom.H6:
		return f.block(document.StyleHeading, int(t.Data[1]-'0'))
	case atom.Ul, atom.Ol:
		style := document.StyleBulletList
		if a == atom.Ol {
			style = document.StyleNumberedList
		}
		if len(f.lists) < int(f.job.Limits.Depth) {
			f.lists = append(f.lists, style)
		}
		return f.block(document.StyleBody, 0)
	case atom.Li:
		style := document.StyleBulletList
		if len(f.lists) > 0 {
			style = f.lists[len(f.lists)-1]
		}
		return f.block(style, 0)
	case atom.Pre:
		err := f.block(document.StyleBody, 0)
		f.pre = true
		return err
	case atom.Title, atom.Caption:
		err := f.block(document.StyleBody, 0)
		f.title = true
		return err
	default:
		return f.startTable(t)
	}
	return nil
}

func (f *htmlFile) startTable(t html.Token) error {
	switch a := t.DataAtom; {
	case a == atom.Table:
		if f.tables++; f.tables == 1 {
			err := f.block(document.StyleBody, 0)
			f.table, f.name = &cells{}, ""
			return err
		}
	case f.tables == 1 && a == atom.Tr:
		if err := f.endCell(); err != nil {
			return err
		}
		f.table.row()
	case f.tables == 1 && (a == atom.Td || a == atom.Th):
		if err := f.endCell(); err != nil {
			return err
		}
		f.inCell = true
		for _, x := range t.Attr {
			if n, err := strconv.Atoi(x.Val); x.Key == "colspan" && err == nil {
				f.table.span = n
			}
		}
	case blockElement(a):
		return f.block(document.StyleBody, 0)
	}
	return nil
}

func (f *htmlFile) end(t html.Token) error {
	switch a := t.DataAtom; {
	case a == atom.A:
		f.link()
	case a == atom.Title || a == atom.Caption:
		f.captioned(a)
	case a == atom.Ul || a == atom.Ol:
		if len(f.lists) > 0 {
			f.lists = f.lists[:len(f.lists)-1]
		}
		return f.block(document.StyleBody, 0)
	case f.tables == 1 && (a == atom.Td || a == atom.Th || a == atom.Tr):
		return f.endCell()
	case a == atom.Table && f.tables > 0:
		if f.tables--; f.tables == 0 {
			return f.endTable()
		}
	case blockElement(a), a == atom.Li, a == atom.Pre, len(t.Data) == 2 && t.Data[0] == 'h' && t.Data[1] >= '1' && t.Data[1] <= '6':
		err := f.block(document.StyleBody, 0)
		f.pre = false
		return err
	}
	return nil
}

func blockElement(a atom.Atom) bool {
	switch a {
	case atom.P, atom.Div, atom.Section, atom.Article, atom.Header, atom.Footer, atom.Main, atom.Nav, atom.Aside, atom.Blockquote,
		atom.Dl, atom.Dt, atom.Dd, atom.Form, atom.Fieldset, atom.Figure, atom.Figcaption, atom.Hr, atom.Address, atom.Body, atom.Head, atom.Tbody,
		atom.Thead, atom.Tfoot, atom.Option, atom.Details, atom.Summary:
		return true
	default:
		return false
	}
}

// block ends the open paragraph and begins one of another style. In a cell it is only a line end.
func (f *htmlFile) block(style string, level int) error {
	if f.inCell {
		f.table.text.WriteByte('\n')
		return nil
	}
	err := f.flush()
	f.style, f.level = style, level
	return err
}

func (f *htmlFile) flush() error {
	text := f.text.String()
	f.text.Reset()
	if strings.TrimSpace(text) == "" {
		return nil
	}
	return f.prose.add(f.tidy(text), f.style, f.level)
}

// tidy removes the line ends and blanks that only lay out the source.
func (f *htmlFile) tidy(text string) string {
	if f.pre {
		return strings.ToValidUTF8(text, "\uFFFD")
	}
	lines := strings.Split(text, "\n")
	kept := lines[:0]
	for _, l := range lines {
		if l = squeeze(l); l != "" {
			kept = append(kept, l)
		}
	}
	return strings.Join(kept, "\n")
}

// captioned takes the text as the title of the page or the name of the table.
func (f *htmlFile) captioned(a atom.Atom) {
	if !f.title {
		return
	}
	f.title = false
	title := squeeze(f.text.String())
	f.text.Reset()
	if title == "" {
		return
	}
	if a == atom.Caption {
		f.name = clip(title)
		return
	}
	f.doc.Labels = append(f.doc.Labels, document.Label{Label: "title", Value: title})
}

func (f *htmlFile) link() {
	if f.href != "" {
		if f.links++; f.links <= htmlLinkLimit {
			f.doc.Structure = append(f.doc.Structure, document.Element{Kind: "link", Name: f.href, Items: []string{squeeze(f.linked.String())}})
		}
	}
	f.href = ""
}

func (f *htmlFile) endCell() error {
	if !f.inCell {
		return nil
	}
	f.inCell = false
	text := f.tidy(f.table.text.String())
	f.table.text.Reset()
	f.table.text.WriteString(text)
	return f.table.cell(f.job.Limits)
}

func (f *htmlFile) endTable() error {
	if f.table == nil {
		return nil
	}
	if err := f.endCell(); err != nil {
		return err
	}
	table := f.table
	f.table, f.tables = nil, 0
	n := len(f.doc.Tables) + 1
	name := f.name
	if name == "" {
		name = fmt.Sprintf("Table %d", n)
	}
	if f.names[name]++; f.names[name] > 1 {
		name = fmt.Sprintf("%s (%d)", name, f.names[name])
	}
	return addGrid(f.job, f.doc, name, fmt.Sprintf("table %d", n), table.rows)
}
