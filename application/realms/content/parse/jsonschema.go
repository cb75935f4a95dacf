package parse

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/symphainy/symphainy/domain/document"
)

// schemaParser reads JSON Schemas. References are followed within the file only; nothing is fetched.
type schemaParser struct{}

func newSchema() Parser { return schemaParser{} }

func (schemaParser) Format() string       { return "json_schema" }
func (schemaParser) Extensions() []string { return nil }
func (schemaParser) Profile() string      { return ProfileDataModel }
func (schemaParser) Probe(*source) bool   { return false }

// certain looks for $schema among the first members of the root.
func (schemaParser) certain(s *source) bool {
	dec := jsontext.NewDecoder(strings.NewReader(s.head), jsontext.AllowDuplicateNames(true))
	if t, err := dec.ReadToken(); err != nil || t.Kind() != '{' {
		return false
	}
	for range 100 {
		name, err := dec.ReadToken()
		if err != nil || name.Kind() != '"' {
			return false
		}
		if name.String() != "$schema" {
			if dec.SkipValue() != nil {
				return false
			}
			continue
		}
		value, err := dec.ReadToken()
		return err == nil && value.Kind() == '"' && strings.Contains(value.String(), "json-schema.org")
	}
	return false
}

// schemaFile is a schema while it is read.
type schemaFile struct {
	doc    *document.Document
	limits Limits
	root   document.Value
	out    *document.Schema
	list   *[]document.Property
	seen   map[string]bool // paths
	refs   []string        // the references that are being followed
	visits int64
}

// schemaVisits is how many schemas are looked at, each as often as it is referred to.
const schemaVisits = 50_000

func (schemaParser) Parse(job *Job) (*document.Document, error) {
	f := &jsonFile{src: job.src, opts: job.Options, limits: job.Limits, nulls: job.Options.nulls(), doc: job.newDocument("json_schema")}
	f.doc.ParsingType = ProfileDataModel
	root, err := f.whole()
	if err != nil {
		return nil, f.failure(err)
	}
	if root.Kind() != document.KindObject {
		return nil, malformed("A JSON Schema is an object.")
	}
	s := &schemaFile{doc: f.doc, limits: job.Limits, root: root, out: &document.Schema{Type: "json_schema", TargetModel: job.Options.TargetModel}}
	if err := s.read(); err != nil {
		return nil, err
	}
	return s.doc, nil
}

// whole reads the file as one value.
func (f *jsonFile) whole() (v document.Value, err error) {
	in, err := f.src.open()
	if err != nil {
		return v, err
	}
	f.dec = jsontext.NewDecoder(in, jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
	if v, err = f.value(); err != nil {
		return v, err
	}
	if _, err := f.dec.ReadToken(); !errors.Is(err, io.EOF) {
		return v, malformed("There is more after the JSON value, at byte %d.", f.dec.InputOffset())
	}
	return v, nil
}

// member finds a member of an object by its name.
func member(v document.Value, name string) (document.Value, bool) {
	if v.Kind() != document.KindObject {
		return document.Value{}, false
	}
	for _, m := range v.Members() {
		if m.Name == name {
			return m.Value, true
		}
	}
	return document.Value{}, false
}

// textMember is a member that is a text, empty if it is none.
func textMember(v document.Value, name string) string {
	if m, ok := member(v, name); ok && m.Kind() == document.KindString {
		return m.Text()
	}
	return ""
}

// textList is the texts of a list, or the one text in place of a list.
func textList(v document.Value) (list []string) {
	if v.Kind() != document.KindArray {
		if v.IsNull() {
			return nil
		}
		return []string{textOf(v)}
	}
	for _, m := range v.Members() {
		if m.Value.IsNull() {
			list = append(list, "null")
			continue
		}
		list = append(list, textOf(m.Value))
	}
	return list
}

func (s *schemaFile) read() error {
	s.out.Title = textMember(s.root, "title")
	if s.out.Title == "" {
		s.out.Title = textMember(s.root, "$id")
	}
	s.list, s.seen = &s.out.Properties, map[string]bool{}
	if err := s.object(s.root, ""); err != nil {
		return err
	}
	for _, p := range s.out.Properties {
		if p.Required {
			s.out.Required = append(s.out.Required, p.Path)
		}
	}
	for _, name := range [...]string{"$defs", "definitions"} {
		defs, ok := member(s.root, name)
		if !ok || defs.Kind() != document.KindObject {
			continue
		}
		for _, m := range defs.Members() {
			d := document.Definition{Name: m.Name}
			s.list, s.seen, s.refs = &d.Properties, map[string]bool{}, []string{"#/" + name + "/" + m.Name}
			if err := s.object(m.Value, ""); err != nil {
				return err
			}
			s.out.Definitions = append(s.out.Definitions, d)
		}
	}
	if len(s.out.Properties)+len(s.out.Definitions) == 0 {
		return ErrEmpty.WithMsg("The schema declares no properties.")
	}
	s.describe()
	return nil
}

// object reads the members that a schema declares: its own, those of what it refers to, and those of its parts.
func (s *schemaFile) object(v document.Value, path string) error {
	if s.visits++; s.visits > schemaVisits {
		return exceeded("references", schemaVisits, s.visits, ": references that lead to references")
	}
	if ref := textMember(v, "$ref"); ref != "" {
		if err := s.follow(ref, func(target document.Value) error { return s.object(target, path) }); err != nil {
			return err
		}
	}
	required, _ := member(v, "required")
	names := textList(required)
	if props, ok := member(v, "properties"); ok && props.Kind() == document.KindObject {
		for _, m := range props.Members() {
			if err := s.property(m.Value, join(path, m.Name), slices.Contains(names, m.Name)); err != nil {
				return err
			}
		}
	}
	for _, word := range [...]string{"allOf", "anyOf", "oneOf"} {
		parts, _ := member(v, word)
		for _, m := range parts.Members() {
			if err := s.object(m.Value, path); err != nil {
				return err
			}
		}
	}
	if items, ok := member(v, "items"); ok && items.Kind() == document.KindObject {
		return s.object(items, path+"[]")
	}
	return nil
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}

func (s *schemaFile) property(v document.Value, path string, required bool) error {
	if s.seen[path] { // declared by several parts: the first one tells
		return nil
	}
	s.seen[path] = true
	if n := int64(len(*s.list)); n >= s.limits.Columns {
		return exceeded("columns", s.limits.Columns, n+1, fmt.Sprintf(", at %q", clip(path)))
	}
	p := document.Property{Path: path, Required: required}
	s.fill(&p, v)
	at := len(*s.list)
	*s.list = append(*s.list, p)
	if ref := textMember(v, "$ref"); ref != "" {
		name := ref[strings.LastIndexByte(ref, '/')+1:]
		err := s.follow(ref, func(target document.Value) error {
			s.fill(&(*s.list)[at], target)
			return nil
		})
		if err != nil {
			return err
		}
		(*s.list)[at].Ref = name
	}
	return s.object(v, path)
}

// fill takes over what a schema says of one member; what is known already stays.
func (s *schemaFile) fill(p *document.Property, v document.Value) {
	if t, ok := member(v, "type"); ok && len(p.Types) == 0 {
		p.Types = textList(t)
	}
	if p.Format == "" {
		p.Format = textMember(v, "format")
	}
	if p.Description == "" {
		p.Description = textMember(v, "description")
	}
	if e, ok := member(v, "enum"); ok && len(p.Enum) == 0 {
		p.Enum = textList(e)
	}
	for _, word := range [...]string{"const", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf", "minLength", "maxLength",
		"pattern", "minItems", "maxItems", "uniqueItems"} {
		if c, ok := member(v, word); ok {
			p.Constraints = append(p.Constraints, word+": "+textOf(c))
		}
	}
}

// follow finds what a reference within the file names. One to elsewhere, or to nothing, is noted; one that leads back ends there.
func (s *schemaFile) follow(ref string, visit func(target document.Value) error) error {
	if !strings.HasPrefix(ref, "#") {
		s.doc.Warn("remote_reference", fmt.Sprintf("%q lies outside of the file and was not followed.", clip(ref)))
		return nil
	}
	if slices.Contains(s.refs, ref) {
		return nil
	}
	target := s.root
	for _, name := range strings.Split(strings.TrimPrefix(ref[1:], "/"), "/") {
		if name == "" {
			continue
		}
		next, ok := member(target, strings.NewReplacer("~1", "/", "~0", "~").Replace(name))
		if !ok {
			s.doc.Warn("unknown_reference", fmt.Sprintf("%q names nothing in the file.", clip(ref)))
			return nil
		}
		target = next
	}
	s.refs = append(s.refs, ref)
	defer func() { s.refs = s.refs[:len(s.refs)-1] }()
	return visit(target)
}

// describe writes the members out as text, so that a schema can be read and searched.
func (s *schemaFile) describe() {
	doc := s.doc
	doc.Schema = s.out
	var text strings.Builder
	for i, p := range s.out.Properties {
		line := p.Path
		if len(p.Types) > 0 {
			line += ": " + strings.Join(p.Types, " or ")
		}
		if p.Description != "" {
			line += " - " + p.Description
		}
		doc.Paragraphs = append(doc.Paragraphs, document.Paragraph{Index: i, Text: line, Style: document.StyleBody})
		text.WriteString(line + "\n")
	}
	doc.Text = text.String()
	doc.Metadata.RecordCount = len(s.out.Properties)
	doc.Metadata.Counts["properties"], doc.Metadata.Counts["definitions"] = len(s.out.Properties), len(s.out.Definitions)
}
