package parse

import (
	"encoding/xml"
	"fmt"
	"slices"
	"strings"

	"github.com/symphainy/symphainy/domain/document"
)

// xmlParser reads XML: an element that occurs several times in the same parent is a row of a table, the rest are labels. The file is
// read once to find the tables and once more for each pass over one, so that memory does not grow with the number of rows.
type xmlParser struct{}

func newXML() Parser { return xmlParser{} }

func (xmlParser) Format() string         { return "xml" }
func (xmlParser) Extensions() []string   { return []string{"xml"} }
func (xmlParser) Profile() string        { return ProfileStructured }
func (xmlParser) Probe(*source) bool     { return false }
func (xmlParser) certain(s *source) bool { return s.markup() == markupXML }

const (
	// xmlPathLimit is how many different places are watched for tables; what lies beyond becomes labels.
	xmlPathLimit = 10_000
	// xmlTableLimit is how many tables one file gives, the largest; each costs two passes.
	xmlTableLimit = 20
	// xmlOwnText is the column of a row's own text.
	xmlOwnText = "value"
)

// xmlFile is an XML file while it is read.
type xmlFile struct {
	job    *Job
	doc    *document.Document
	counts map[string]int // path → how often, for those that repeat in one parent
	order  []string       // those paths, by first repetition
	size   int64
}

func (xmlParser) Parse(job *Job) (*document.Document, error) {
	f := &xmlFile{job: job, doc: job.newDocument("xml"), counts: map[string]int{}}
	if err := f.survey(); err != nil {
		return nil, err
	}
	tables := f.choose()
	for _, path := range tables {
		if err := f.table(path); err != nil {
			return nil, err
		}
	}
	if err := f.rest(tables); err != nil {
		return nil, err
	}
	f.finish()
	if len(f.doc.Tables) == 0 && len(f.doc.Labels) == 0 {
		return nil, ErrEmpty.WithMsg("The XML holds no values.")
	}
	return f.doc, nil
}

// walk gives every token to visit with the path of the element that is open; an element's own path is that of its start and its end.
func (f *xmlFile) walk(visit func(t xml.Token, path []string) error) error {
	in, err := f.job.src.open()
	if err != nil {
		return err
	}
	var path []string
	elements := 0
	err = newXMLStream(in, f.job.Limits).walk(func(t xml.Token) error {
		switch t := t.(type) {
		case xml.StartElement:
			elements++
			path = append(path, t.Name.Local)
			return visit(t, path)
		case xml.EndElement:
			err := visit(t, path)
			path = path[:len(path)-1]
			return err
		case xml.CharData:
			if len(path) > 0 {
				return visit(t, path)
			}
			if squeeze(string(t)) != "" {
				return malformed("There is text outside of the root element.")
			}
		}
		return nil
	})
	if err == nil && elements == 0 {
		return malformed("The file holds no XML element.")
	}
	return err
}

// survey finds the places where elements repeat.
func (f *xmlFile) survey() error {
	var siblings []map[string]int // per open element: its children by name
	total := map[string]int{}
	return f.walk(func(t xml.Token, path []string) error {
		switch t.(type) {
		case xml.StartElement:
			if n := len(siblings); n > 0 {
				key, name := strings.Join(path, "/"), path[len(path)-1]
				if siblings[n-1] == nil {
					siblings[n-1] = map[string]int{}
				}
				if _, seen := total[key]; seen || len(total) < xmlPathLimit {
					siblings[n-1][name]++
					total[key]++
					if siblings[n-1][name] == 2 && f.counts[key] == 0 {
						f.order = append(f.order, key)
						f.counts[key] = 1
					}
				}
			}
			siblings = append(siblings, nil)
		case xml.EndElement:
			siblings = siblings[:len(siblings)-1]
			if len(siblings) == 0 {
				for _, key := range f.order {
					f.counts[key] = total[key]
				}
			}
		}
		return nil
	})
}

// choose takes the outermost repeating elements, the most frequent if there are too many, in the order of the file.
func (f *xmlFile) choose() []string {
	outer := slices.DeleteFunc(slices.Clone(f.order), func(p string) bool {
		for i := strings.LastIndexByte(p, '/'); i > 0; i = strings.LastIndexByte(p[:i], '/') {
			if f.counts[p[:i]] > 0 {
				return true
			}
		}
		return false
	})
	if len(outer) <= xmlTableLimit {
		return outer
	}
	byCount := slices.Clone(outer)
	slices.SortStableFunc(byCount, func(a, b string) int { return f.counts[b] - f.counts[a] })
	chosen := byCount[:xmlTableLimit]
	f.doc.Warn("many_tables", fmt.Sprintf("%d elements repeat; the %d most frequent became tables, the others labels.", len(outer), xmlTableLimit))
	return slices.DeleteFunc(outer, func(p string) bool { return !slices.Contains(chosen, p) })
}

// xmlRow collects the values below one element.
type xmlRow struct {
	limits Limits
	names  []string
	index  map[string]int
	cells  []string
	parent map[string]bool // columns that have columns below them
	text   [][]byte        // the own text of the open elements
}

// put adds a value to a column; several values of one column are joined.
func (r *xmlRow) put(name, value string) error {
	i, ok := r.index[name]
	if !ok {
		i = len(r.names)
		if int64(i) >= r.limits.Columns {
			return exceeded("columns", r.limits.Columns, int64(i)+1, "")
		}
		r.index[name] = i
		r.names = append(r.names, name)
		for j := strings.LastIndexByte(name, '.'); j > 0; j = strings.LastIndexByte(name[:j], '.') {
			r.parent[name[:j]] = true
		}
	}
	for len(r.cells) <= i {
		r.cells = append(r.cells, "")
	}
	if r.cells[i] != "" && value != "" {
		value = r.cells[i] + "; " + value
	}
	if value != "" {
		r.cells[i] = value
	}
	if n := int64(len(value)); n > r.limits.CellBytes {
		return exceeded("cell_bytes", r.limits.CellBytes, n, fmt.Sprintf(", in %q", clip(name)))
	}
	return nil
}

// rows walks over the rows of one table.
func (f *xmlFile) rows(table string, r *xmlRow, visit func() error) error {
	depth := strings.Count(table, "/") + 1
	inside := false
	done := false
	return f.walk(func(t xml.Token, path []string) error {
		if done {
			return nil
		}
		switch t := t.(type) {
		case xml.StartElement:
			if len(path) == depth && !inside && strings.Join(path, "/") == table {
				inside = true
				r.cells, r.text = r.cells[:0], r.text[:0]
			}
			if !inside {
				return nil
			}
			r.text = append(r.text, nil)
			return f.attributes(t, strings.Join(path[depth:], "."), r.put)
		case xml.CharData:
			if inside {
				r.text[len(r.text)-1] = append(r.text[len(r.text)-1], t...)
			}
		case xml.EndElement:
			if !inside {
				return nil
			}
			own := squeeze(string(r.text[len(r.text)-1]))
			r.text = r.text[:len(r.text)-1]
			name := strings.Join(path[depth:], ".")
			if name == "" {
				name = xmlOwnText
			}
			if own != "" || len(path) > depth {
				if err := r.leaf(name, own); err != nil {
					return err
				}
			}
			if len(path) > depth {
				return nil
			}
			inside = false
			err := visit()
			if err == errEnough { //nolint:errorlint // never wrapped
				done, err = true, nil
			}
			return err
		}
		return nil
	})
}

// leaf puts the text of an element; an empty element makes a column only if it has no children, which have their own.
func (r *xmlRow) leaf(name, own string) error {
	if own == "" && r.parent[name] {
		return nil
	}
	return r.put(name, own)
}

func (f *xmlFile) attributes(t xml.StartElement, path string, put func(name, value string) error) error {
	for _, a := range t.Attr {
		if a.Name.Space == "xmlns" || a.Name.Local == "xmlns" {
			continue
		}
		name := a.Name.Local
		if path != "" {
			name = path + "." + name
		}
		if err := put(name, squeeze(a.Value)); err != nil {
			return err
		}
	}
	return nil
}

// table reads one table in two passes.
func (f *xmlFile) table(path string) error {
	name := path[strings.LastIndexByte(path, '/')+1:]
	if slices.ContainsFunc(f.doc.Tables, func(t document.Table) bool { return t.Name == name }) {
		name = path
	}
	g := newGrid(name, f.job)
	has := true
	g.opts.HasHeader = &has
	r := &xmlRow{limits: f.job.Limits, index: map[string]int{}, parent: map[string]bool{}}
	g.begun = true // the header is made of names, not read
	err := f.rows(path, r, func() error { return g.look(r.cells) })
	if err != nil {
		return err
	}
	if g.rows == 0 {
		return nil
	}
	g.widen(len(r.names))
	copy(g.labels, r.names)
	table := document.Table{Source: "/" + path}
	if err := g.begin(f.job.sink, len(f.doc.Tables), &table); err != nil {
		return err
	}
	g.skipped = true
	if err := f.rows(path, r, func() error { return g.write(f.doc, r.cells) }); err != nil {
		return err
	}
	g.end(f.doc)
	f.doc.Tables = append(f.doc.Tables, table)
	f.doc.Structure = append(f.doc.Structure, document.Element{Kind: "array", Name: path, Level: strings.Count(path, "/") + 1})
	return nil
}

// rest makes labels of what is in no table, and the outline.
func (f *xmlFile) rest(tables []string) error {
	skip := ""
	var texts [][]byte
	return f.walk(func(t xml.Token, path []string) error {
		var key string
		switch t := t.(type) {
		case xml.StartElement:
			key = strings.Join(path, "/")
			if skip == "" && slices.Contains(tables, key) {
				skip = key
			}
			if skip != "" {
				return nil
			}
			texts = append(texts, nil)
			return f.attributes(t, strings.Join(path, "."), f.label)
		case xml.CharData:
			if skip == "" {
				texts[len(texts)-1] = append(texts[len(texts)-1], t...)
			}
		case xml.EndElement:
			key = strings.Join(path, "/")
			if skip != "" {
				if key == skip {
					skip = ""
				}
				return nil
			}
			own := squeeze(string(texts[len(texts)-1]))
			texts = texts[:len(texts)-1]
			if own != "" {
				return f.label(strings.Join(path, "."), own)
			}
			if len(f.doc.Structure) < document.MaxKeptErrors {
				f.doc.Structure = append(f.doc.Structure, document.Element{Kind: "element", Name: key, Level: len(path)})
			}
		}
		return nil
	})
}

func (f *xmlFile) label(name, value string) error {
	if f.size += int64(len(name) + len(value) + 3); f.size > f.job.Limits.TextBytes {
		return exceeded("text_bytes", f.job.Limits.TextBytes, f.size, "")
	}
	f.doc.Labels = append(f.doc.Labels, document.Label{Label: name, Value: value})
	return nil
}

// finish writes the labels out as text, so that a file without tables can be read and searched too.
func (f *xmlFile) finish() {
	doc := f.doc
	var text strings.Builder
	for i, l := range doc.Labels {
		line := l.Label + ": " + l.Value
		text.WriteString(line + "\n")
		if len(doc.Tables) == 0 {
			doc.Paragraphs = append(doc.Paragraphs, document.Paragraph{Index: i, Text: line, Style: document.StyleBody})
		}
	}
	doc.Text = text.String()
	doc.Metadata.RecordCount = len(doc.Paragraphs)
	if i := doc.MainTable(); i >= 0 {
		doc.Metadata.RecordCount = doc.Tables[i].RowCount
	}
}
