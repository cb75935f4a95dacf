package parse

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/symphainy/symphainy/domain/document"
)

// docxParser reads Word documents: paragraphs, sections under heading styles, lists, tables.
type docxParser struct{}

func newDOCX() Parser { return docxParser{} }

const (
	wordBody      = "word/document.xml"
	wordStyles    = "word/styles.xml"
	wordNumbering = "word/numbering.xml"
)

func (docxParser) Format() string         { return "docx" }
func (docxParser) Extensions() []string   { return []string{"docx", "docm"} }
func (docxParser) Profile() string        { return ProfileUnstructured }
func (docxParser) binary() bool           { return true }
func (docxParser) signature() string      { return signatureZIP }
func (docxParser) Probe(*source) bool     { return false }
func (docxParser) certain(s *source) bool { return s.holds(wordBody) }

// docxFile is a Word document while it is read.
type docxFile struct {
	job      *Job
	doc      *document.Document
	prose    *prose
	levels   map[string]int    // style id → level of heading
	listed   map[string]string // style id → list
	lists    map[string]string // number id → style of paragraph
	open     []*docxParagraph  // paragraphs inside each other: text boxes
	tables   []*cells          // tables inside each other
	skip     int               // depth inside what is not read
	finished int               // tables so far
}

type docxParagraph struct {
	text   strings.Builder
	style  string
	number string
	level  int
}

func (docxParser) Parse(job *Job) (*document.Document, error) {
	a, err := openArchive(job.src)
	if err != nil {
		return nil, err
	}
	if err := a.verify(job.Limits); err != nil {
		return nil, err
	}
	if a.files[wordBody] == nil {
		return nil, malformed("The container holds no Word document.")
	}
	doc := job.newDocument("docx")
	f := &docxFile{job: job, doc: doc, prose: newProse(job, doc, "\n"), levels: map[string]int{}, listed: map[string]string{}, lists: map[string]string{}}
	for _, step := range []struct {
		part string
		read func(s *xmlStream) error
	}{{wordNumbering, f.numbering}, {wordStyles, f.styles}, {wordBody, f.body}} {
		if err := f.part(a, step.part, step.read); err != nil {
			return nil, err
		}
	}
	if err := f.prose.finish(); err != nil {
		return nil, err
	}
	return doc, nil
}

func (f *docxFile) part(a *archive, name string, read func(s *xmlStream) error) error {
	entry := a.files[name]
	if entry == nil {
		return nil
	}
	r, err := a.open(entry)
	if err != nil {
		return err
	}
	defer r.Close()
	return read(newXMLStream(r, f.job.Limits))
}

// walk gives every token to visit, until the end.
func (s *xmlStream) walk(visit func(t xml.Token) error) error {
	for {
		t, err := s.next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := visit(t); err != nil {
			return err
		}
	}
}

// numbering learns which lists have bullets and which have numbers, by their first level.
func (f *docxFile) numbering(s *xmlStream) error {
	kinds := map[string]string{} // abstract list → style
	abstract, number, first := "", "", false
	return s.walk(func(t xml.Token) error {
		e, ok := t.(xml.StartElement)
		if !ok {
			return nil
		}
		switch e.Name.Local {
		case "abstractNum":
			abstract = attr(e, "abstractNumId")
		case "lvl":
			first = attr(e, "ilvl") == "0"
		case "numFmt":
			if first && kinds[abstract] == "" {
				kinds[abstract] = document.StyleNumberedList
				if v := attr(e, "val"); v == "bullet" || v == "none" {
					kinds[abstract] = document.StyleBulletList
				}
			}
		case "num":
			number = attr(e, "numId")
		case "abstractNumId":
			f.lists[number] = kinds[attr(e, "val")]
		}
		return nil
	})
}

// styles learns which styles are headings: their names are English in every language, their ids are not.
func (f *docxFile) styles(s *xmlStream) error {
	id := ""
	return s.walk(func(t xml.Token) error {
		e, ok := t.(xml.StartElement)
		if !ok {
			return nil
		}
		switch e.Name.Local {
		case "style":
			id = attr(e, "styleId")
		case "name":
			if level := headingName(attr(e, "val")); level > 0 {
				f.levels[id] = level
			}
		case "outlineLvl":
			if n, err := strconv.Atoi(attr(e, "val")); err == nil && n >= 0 && n < 9 && f.levels[id] == 0 {
				f.levels[id] = n + 1
			}
		case "numId":
			f.listed[id] = f.lists[attr(e, "val")]
		}
		return nil
	})
}

// headingName is the level that the name of a style stands for, 0 if it is no heading.
func headingName(name string) int {
	rest, ok := strings.CutPrefix(strings.ToLower(strings.ReplaceAll(name, " ", "")), "heading")
	if n, err := strconv.Atoi(rest); ok && err == nil && n > 0 && n < 10 {
		return n
	}
	return 0
}

func (f *docxFile) body(s *xmlStream) error {
	inText := false
	return s.walk(func(t xml.Token) error {
		switch t := t.(type) {
		case xml.StartElement:
			if f.skip > 0 || t.Name.Local == "Fallback" { // a picture of what was read already
				f.skip++
				return nil
			}
			inText = t.Name.Local == "t"
			f.start(t)
		case xml.EndElement:
			if f.skip > 0 {
				f.skip--
				return nil
			}
			inText = false
			return f.end(t.Name.Local)
		case xml.CharData:
			if inText && f.skip == 0 {
				f.write(string(t))
			}
		}
		return nil
	})
}

func (f *docxFile) write(s string) {
	if len(f.open) > 0 {
		f.open[len(f.open)-1].text.WriteString(s)
	}
}

func (f *docxFile) start(e xml.StartElement) {
	switch e.Name.Local {
	case "p":
		f.open = append(f.open, &docxParagraph{})
	case "tbl":
		f.tables = append(f.tables, &cells{})
	case "tr":
		if n := len(f.tables); n == 1 {
			f.tables[0].row()
		}
	case "gridSpan":
		if n, err := strconv.Atoi(attr(e, "val")); err == nil && n > 1 && len(f.tables) == 1 {
			f.tables[0].span = n
		}
	case "tab":
		if len(f.open) > 0 && attr(e, "pos") == "" { // with a position it is a tab stop, not a tab
			f.write("\t")
		}
	case "br", "cr":
		f.write("\n")
	case "noBreakHyphen":
		f.write("-")
	}
	if len(f.open) == 0 {
		return
	}
	p := f.open[len(f.open)-1]
	switch e.Name.Local {
	case "pStyle":
		p.style = attr(e, "val")
	case "numId":
		p.number = attr(e, "val")
	case "outlineLvl":
		if n, err := strconv.Atoi(attr(e, "val")); err == nil && n >= 0 && n < 9 {
			p.level = n + 1
		}
	}
}

func (f *docxFile) end(name string) error {
	switch name {
	case "p":
		if n := len(f.open); n > 0 {
			p := f.open[n-1]
			f.open = f.open[:n-1]
			return f.paragraph(p)
		}
	case "tc":
		if len(f.tables) == 1 {
			return f.tables[0].cell(f.job.Limits)
		}
	case "tbl":
		n := len(f.tables)
		if n == 0 {
			return nil
		}
		table := f.tables[n-1]
		f.tables = f.tables[:n-1]
		if n > 1 {
			return nil
		}
		f.finished++
		return addGrid(f.job, f.doc, fmt.Sprintf("Table %d", f.finished), fmt.Sprintf("table %d", f.finished), table.rows)
	}
	return nil
}

// paragraph ends a paragraph: in a table it belongs to the cell.
func (f *docxFile) paragraph(p *docxParagraph) error {
	if len(f.tables) > 0 {
		c := &f.tables[0].text
		if text := strings.TrimSpace(p.text.String()); text != "" {
			if c.Len() > 0 {
				c.WriteByte('\n')
			}
			c.WriteString(text)
		}
		return nil
	}
	level := p.level
	if level == 0 {
		level = f.levels[p.style]
	}
	if level == 0 {
		level = headingName(p.style)
	}
	style := document.StyleBody
	switch {
	case level > 0:
		style = document.StyleHeading
	case p.number != "" && p.number != "0":
		style = f.lists[p.number]
	case p.number == "" && f.listed[p.style] != "":
		style = f.listed[p.style]
	}
	if style == "" {
		style = document.StyleNumberedList
	}
	return f.prose.add(p.text.String(), style, level)
}
