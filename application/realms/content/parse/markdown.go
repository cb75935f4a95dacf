package parse

import (
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	gmext "github.com/yuin/goldmark/extension"
	extast "github.com/yuin/goldmark/extension/ast"
	gmtext "github.com/yuin/goldmark/text"

	"github.com/symphainy/symphainy/domain/document"
)

// markdownParser reads Markdown: headings are sections, ordered items steps, task items checkpoints.
type markdownParser struct{}

func newMarkdown() Parser { return markdownParser{} }

func (markdownParser) Format() string       { return "md" }
func (markdownParser) Extensions() []string { return []string{"md", "markdown"} }
func (markdownParser) Profile() string      { return ProfileUnstructured }
func (markdownParser) Probe(*source) bool   { return false }

const (
	// markdownBytes is the size of a Markdown text: its parser cannot be interrupted.
	markdownBytes = 8 << 20
	// markdownDepth is the nesting of lists and quotes.
	markdownDepth = 50
)

var (
	nestedMarks = regexp.MustCompile(fmt.Sprintf(`(?m)^(?:[ \t]*(?:>|[-*+]|\d{1,9}[.)])[ \t]?){%d}`, markdownDepth))
	stepActor   = regexp.MustCompile(`^(\p{Lu}[\p{L}/&-]*(?: [\p{L}/&-]+){0,3}):\s+\S`)
	roleSection = regexp.MustCompile(`(?i)\b(roles?|responsibilit(y|ies)|actors?)\b`)
)

// notActors are words before a colon that are nobody.
var notActors = []string{"note", "notes", "warning", "tip", "important", "caution", "example", "hint", "remark"} //nolint:gochecknoglobals // a read-only table

// markdownFile is a Markdown text while it is read.
type markdownFile struct {
	job    *Job
	doc    *document.Document
	prose  *prose
	sop    document.SOP
	source []byte
}

func (markdownParser) Parse(job *Job) (*document.Document, error) {
	in, err := job.src.open()
	if err != nil {
		return nil, err
	}
	limit := min(job.Limits.TextBytes, markdownBytes)
	src, err := io.ReadAll(io.LimitReader(in, limit+1))
	if err != nil {
		return nil, err
	}
	if int64(len(src)) > limit {
		return nil, exceeded("text_bytes", limit, int64(len(src)), "")
	}
	if nestedMarks.Match(src) {
		return nil, exceeded("depth", markdownDepth, markdownDepth+1, ", of lists and quotes")
	}
	doc := job.newDocument("md")
	f := &markdownFile{job: job, doc: doc, prose: newProse(job, doc, "\n\n"), source: src}
	root := goldmark.New(goldmark.WithExtensions(gmext.Table, gmext.TaskList)).Parser().Parse(gmtext.NewReader(src))
	if err := f.blocks(root, 0); err != nil {
		return nil, err
	}
	if err := f.prose.finish(); err != nil {
		return nil, err
	}
	f.finish()
	return doc, nil
}

// finish decides whether the text is a procedure: it is if it has steps or checkpoints, or is asked to be one.
func (f *markdownFile) finish() {
	doc, sop := f.doc, &f.sop
	if len(sop.Steps)+len(sop.Checkpoints) == 0 {
		return
	}
	for _, s := range doc.Sections {
		sop.Sections = append(sop.Sections, s.Path)
	}
	if len(doc.Sections) > 0 {
		sop.Title = doc.Sections[0].Title
	}
	doc.SOP, doc.ParsingType = sop, ProfileSOP
	doc.Metadata.RecordCount = len(sop.Steps)
	doc.Metadata.Counts["steps"], doc.Metadata.Counts["checkpoints"] = len(sop.Steps), len(sop.Checkpoints)
}

func (f *markdownFile) blocks(parent ast.Node, depth int) error {
	if depth > markdownDepth {
		return exceeded("depth", markdownDepth, int64(depth), ", of lists and quotes")
	}
	for n := parent.FirstChild(); n != nil; n = n.NextSibling() {
		if err := f.job.src.ctx.Err(); err != nil {
			return err
		}
		if err := f.block(n, depth); err != nil {
			return err
		}
	}
	return nil
}

func (f *markdownFile) block(n ast.Node, depth int) error {
	switch n := n.(type) {
	case *ast.Heading:
		return f.prose.add(f.inline(n), document.StyleHeading, n.Level)
	case *ast.List:
		return f.list(n, depth)
	case *ast.FencedCodeBlock, *ast.CodeBlock:
		return f.prose.add(f.lines(n), document.StyleBody, 0)
	case *extast.Table:
		return f.table(n)
	case *ast.HTMLBlock, *ast.ThematicBreak:
		return nil
	case *ast.Paragraph, *ast.TextBlock:
		return f.prose.add(f.inline(n), document.StyleBody, 0)
	default:
		return f.blocks(n, depth+1)
	}
}

// list reads the items of a list: the first text of an item is the item, the rest stands below it.
func (f *markdownFile) list(l *ast.List, depth int) error {
	style := document.StyleBulletList
	if l.IsOrdered() {
		style = document.StyleNumberedList
	}
	for item := l.FirstChild(); item != nil; item = item.NextSibling() {
		first := true
		for n := item.FirstChild(); n != nil; n = n.NextSibling() {
			_, paragraph := n.(*ast.Paragraph)
			_, text := n.(*ast.TextBlock)
			if first && (paragraph || text) {
				first = false
				if err := f.item(n, style, depth); err != nil {
					return err
				}
				continue
			}
			if err := f.block(n, depth+1); err != nil {
				return err
			}
		}
	}
	return nil
}

// item notes what an item is for a procedure.
func (f *markdownFile) item(n ast.Node, style string, depth int) error {
	text := squeeze(f.inline(n))
	section := ""
	if k := len(f.prose.open); k > 0 {
		section = f.doc.Sections[f.prose.open[k-1]].Path
	}
	box, isTask := n.FirstChild().(*extast.TaskCheckBox)
	actor := ""
	if m := stepActor.FindStringSubmatch(text); m != nil && !slices.Contains(notActors, strings.ToLower(m[1])) {
		actor = m[1]
	}
	switch {
	case isTask:
		f.sop.Checkpoints = append(f.sop.Checkpoints, document.Checkpoint{Text: text, Done: box.IsChecked, Section: section})
	case style == document.StyleNumberedList && text != "":
		f.role(actor)
		f.sop.Steps = append(f.sop.Steps, document.SOPStep{Number: len(f.sop.Steps) + 1, Text: text, Section: section, Level: f.level(n), Actor: actor})
	case roleSection.MatchString(section[strings.LastIndex(section, "/")+1:]):
		f.role(actor)
	}
	return f.prose.add(text, style, 0)
}

// level counts the lists that an item stands in.
func (f *markdownFile) level(n ast.Node) int {
	level := 0
	for p := n.Parent(); p != nil; p = p.Parent() {
		if _, ok := p.(*ast.List); ok {
			level++
		}
	}
	return level
}

func (f *markdownFile) role(name string) {
	if name != "" && len(f.sop.Roles) < int(f.job.Limits.Columns) && !slices.Contains(f.sop.Roles, name) {
		f.sop.Roles = append(f.sop.Roles, name)
	}
}

// inline is the text of a block without its marks.
func (f *markdownFile) inline(n ast.Node) string {
	var b strings.Builder
	err := ast.Walk(n, func(x ast.Node, entering bool) (ast.WalkStatus, error) {
		if !entering {
			return ast.WalkContinue, nil
		}
		switch x := x.(type) {
		case *ast.Text:
			b.Write(x.Segment.Value(f.source))
			if x.HardLineBreak() {
				b.WriteByte('\n')
			} else if x.SoftLineBreak() {
				b.WriteByte(' ')
			}
		case *ast.String:
			b.Write(x.Value)
		case *ast.AutoLink:
			b.Write(x.Label(f.source))
		case *ast.RawHTML:
			return ast.WalkSkipChildren, nil
		}
		return ast.WalkContinue, nil
	})
	if err != nil {
		return "" // the walker has no error of its own
	}
	return strings.ToValidUTF8(b.String(), "\uFFFD")
}

func (f *markdownFile) lines(n ast.Node) string {
	var b strings.Builder
	for i := range n.Lines().Len() {
		line := n.Lines().At(i)
		b.Write(line.Value(f.source))
	}
	return strings.ToValidUTF8(b.String(), "\uFFFD")
}

func (f *markdownFile) table(t *extast.Table) error {
	var rows [][]string
	for r := t.FirstChild(); r != nil; r = r.NextSibling() {
		var row []string
		for c := r.FirstChild(); c != nil; c = c.NextSibling() {
			row = append(row, squeeze(f.inline(c)))
		}
		rows = append(rows, row)
	}
	n := len(f.doc.Tables) + 1
	return addGrid(f.job, f.doc, fmt.Sprintf("Table %d", n), fmt.Sprintf("table %d", n), rows)
}
