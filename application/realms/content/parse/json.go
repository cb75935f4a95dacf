package parse

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/symphainy/symphainy/domain/document"
)

// jsonParser reads JSON. An array of objects is a table, and so is every such member of an object, however deep in objects; what
// is not in a table becomes labels. Numbers keep their text.
type jsonParser struct{}

func newJSON() Parser { return jsonParser{} }

func (jsonParser) Format() string       { return "json" }
func (jsonParser) Extensions() []string { return []string{"json"} }
func (jsonParser) Profile() string      { return ProfileStructured }

// Probe likes a head that begins an array or object and is right as far as it goes, for a few tokens at least.
func (jsonParser) Probe(s *source) bool {
	head := strings.TrimLeft(s.head, " \t\r\n")
	if head == "" || (head[0] != '{' && head[0] != '[') {
		return false
	}
	dec := jsontext.NewDecoder(strings.NewReader(head), jsontext.AllowDuplicateNames(true))
	for range 200 {
		if _, err := dec.ReadToken(); err != nil {
			return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || dec.InputOffset() > 2
		}
	}
	return true
}

// jsonFile is one JSON file while it is read. The two passes meet the same tables in the same order.
type jsonFile struct {
	src        *source
	opts       Options
	limits     Limits
	nulls      nullSet
	dec        *jsontext.Decoder
	tables     []*jsonTable
	next       int // index of the next table in the second pass
	duplicates int
	duplicate  string
	doc        *document.Document
	labelBytes int64
	members    int
}

// jsonTable is the evidence about one array.
type jsonTable struct {
	path     string
	index    map[string]int
	names    []string
	evidence []evidence
	rows     int
	objects  int
	mixed    int // elements that are no objects
	more     bool
	skip     bool // an array without objects inside an object: a label, no table
}

// scalarColumn holds the elements of an array that are no objects.
const scalarColumn = "value"

func (jsonParser) Parse(job *Job) (*document.Document, error) {
	f := &jsonFile{src: job.src, opts: job.Options, limits: job.Limits, nulls: job.Options.nulls(), doc: job.newDocument("json")}
	if err := f.pass(f.surveyArray); err != nil {
		return nil, f.failure(err)
	}
	if f.members == 0 {
		return nil, ErrEmpty.WithMsg("The JSON holds nothing: no members and no elements.")
	}
	surveyed := f.doc
	for _, t := range f.tables {
		if !t.skip {
			surveyed.Tables = append(surveyed.Tables, document.Table{})
		}
	}
	f.doc = job.newDocument("json") // labels are collected once more, in the second pass
	f.doc.Tables = surveyed.Tables
	f.members, f.labelBytes, f.duplicates = 0, 0, 0
	writer := &jsonWriter{f: f, job: job}
	if err := f.pass(writer.array); err != nil {
		return nil, f.failure(err)
	}
	f.finish()
	return f.doc, nil
}

func (f *jsonFile) failure(err error) error {
	var syntax *jsontext.SyntacticError
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		return malformed("The JSON ends too early, at byte %d.", f.src.size).Because(err)
	case errors.As(err, &syntax):
		return malformed("Not valid JSON at byte %d: %v.", syntax.ByteOffset, syntax.Err).Because(err)
	default:
		return err
	}
}

// pass walks over the whole file and gives every array that may be a table to visit.
func (f *jsonFile) pass(visit func(path string) error) error {
	in, err := f.src.open()
	if err != nil {
		return err
	}
	f.dec = jsontext.NewDecoder(in, jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
	f.next = 0
	if f.dec.PeekKind() == '[' {
		err = visit("")
	} else {
		err = f.member("", visit)
	}
	if err != nil {
		return err
	}
	if _, err := f.dec.ReadToken(); !errors.Is(err, io.EOF) {
		if err != nil {
			return err
		}
		return malformed("There is more after the JSON value, at byte %d.", f.dec.InputOffset())
	}
	return nil
}

// member reads one value that is not an element of a table.
func (f *jsonFile) member(path string, visit func(path string) error) error {
	switch byte(f.dec.PeekKind()) {
	case '[':
		return visit(path)
	case '{':
		return f.object(path, visit)
	default:
		v, err := f.value()
		if err != nil {
			return err
		}
		if !v.IsNull() || path != "" {
			f.members++
		}
		return f.label(path, v)
	}
}

func (f *jsonFile) object(path string, visit func(path string) error) error {
	if err := f.enter(); err != nil {
		return err
	}
	if path != "" {
		f.doc.Structure = f.outline(f.doc.Structure, "object", path)
	}
	seen := map[string]int{}
	for f.dec.PeekKind() != '}' {
		name, _, err := f.name(seen)
		if err != nil {
			return err
		}
		f.members++
		inner := name
		if path != "" {
			inner = path + "." + name
		}
		if err := f.member(inner, visit); err != nil {
			return err
		}
	}
	_, err := f.dec.ReadToken()
	return err
}

// outline adds an entry while there are not too many.
func (f *jsonFile) outline(list []document.Element, kind, path string) []document.Element {
	if len(list) >= document.MaxKeptErrors {
		return list
	}
	return append(list, document.Element{Kind: kind, Name: path, Level: strings.Count(path, ".") + 1})
}

// enter reads the bracket or brace that opens a level, within the limit of depth.
func (f *jsonFile) enter() error {
	if _, err := f.dec.ReadToken(); err != nil {
		return err
	}
	if depth := int64(f.dec.StackDepth()); depth > f.limits.Depth {
		return exceeded("depth", f.limits.Depth, depth, fmt.Sprintf(", at byte %d", f.dec.InputOffset()))
	}
	return nil
}

// name reads the name of a member and gives its place among the different names so far; it notes a repeated one.
func (f *jsonFile) name(seen map[string]int) (name string, place int, err error) {
	tok, err := f.dec.ReadToken()
	if err != nil {
		return "", 0, err
	}
	name = tok.String()
	if int64(len(name)) > f.limits.CellBytes {
		return "", 0, exceeded("cell_bytes", f.limits.CellBytes, int64(len(name)), fmt.Sprintf(", in a name at byte %d", f.dec.InputOffset()))
	}
	place, again := seen[name]
	if !again {
		place = len(seen)
		seen[name] = place
		return name, place, nil
	}
	if f.duplicates == 0 {
		f.duplicate = name
	}
	f.duplicates++
	return name, place, nil
}

// value reads one value with all that is in it.
func (f *jsonFile) value() (document.Value, error) {
	kind := f.dec.PeekKind()
	if kind == '{' || kind == '[' {
		if err := f.enter(); err != nil {
			return document.Value{}, err
		}
		return f.nested(kind == '{')
	}
	tok, err := f.dec.ReadToken()
	if err != nil {
		return document.Value{}, err
	}
	switch byte(tok.Kind()) {
	case 'n':
		return document.Value{}, nil
	case 't', 'f':
		return document.Boolean(tok.Bool()), nil
	case '0':
		return document.ExactNumber(tok.String()), f.checkCell(len(tok.String()))
	default:
		s := tok.String()
		return document.Text(s), f.checkCell(len(s))
	}
}

func (f *jsonFile) checkCell(n int) error {
	if int64(n) <= f.limits.CellBytes {
		return nil
	}
	return exceeded("cell_bytes", f.limits.CellBytes, int64(n), fmt.Sprintf(", at byte %d", f.dec.InputOffset()))
}

// nested reads the rest of an array or object; of members with the same name the last one counts, at the place of the first.
func (f *jsonFile) nested(object bool) (document.Value, error) {
	start := f.dec.InputOffset()
	var members []document.Member
	var seen map[string]int
	if object {
		seen = map[string]int{}
	}
	for kind := f.dec.PeekKind(); kind != '}' && kind != ']'; kind = f.dec.PeekKind() {
		var m document.Member
		var err error
		place := len(members)
		if object {
			if m.Name, place, err = f.name(seen); err != nil {
				return document.Value{}, err
			}
		}
		if m.Value, err = f.value(); err != nil {
			return document.Value{}, err
		}
		if size := f.dec.InputOffset() - start; size > f.limits.RecordBytes {
			return document.Value{}, exceeded("record_bytes", f.limits.RecordBytes, size, fmt.Sprintf(", at byte %d", start))
		}
		if place < len(members) {
			members[place].Value = m.Value
			continue
		}
		members = append(members, m)
	}
	if _, err := f.dec.ReadToken(); err != nil {
		return document.Value{}, err
	}
	if object {
		return document.Object(members), nil
	}
	values := make([]document.Value, len(members))
	for i := range members {
		values[i] = members[i].Value
	}
	return document.Array(values), nil
}
