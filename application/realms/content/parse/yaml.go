package parse

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
	"gopkg.in/yaml.v3"

	"github.com/symphainy/symphainy/domain/document"
)

// yamlParser reads YAML as the JSON that it stands for. Aliases may not make it more than ten times as large.
type yamlParser struct{}

func newYAML() Parser { return yamlParser{} }

func (yamlParser) Format() string       { return "yaml" }
func (yamlParser) Extensions() []string { return []string{"yaml", "yml"} }
func (yamlParser) Profile() string      { return ProfileStructured }
func (yamlParser) Probe(*source) bool   { return false }

const (
	yamlBytes       = 8 << 20 // its parser holds the whole file, many times its size
	yamlAliasFactor = 10
	// yamlFree is how many nodes aliases may add whatever the size, so that a small file may use them as it likes.
	yamlFree = 1_000
)

func (yamlParser) Parse(job *Job) (*document.Document, error) {
	text, err := yamlToJSON(job)
	if err != nil {
		return nil, err
	}
	src, err := inspect(job.src.ctx, bytes.NewReader(text), encUTF8)
	if err != nil {
		return nil, err
	}
	inner := *job
	inner.src = src
	parse := jsonParser{}.Parse
	if job.Input.Profile == ProfileDataModel || (schemaParser{}).certain(src) {
		parse = schemaParser{}.Parse
	}
	doc, err := parse(&inner)
	if err != nil {
		return nil, err
	}
	doc.Format = "yaml"
	doc.Metadata.Bytes, doc.Metadata.Encoding = job.src.size, job.src.encoding
	for i := range doc.CellErrors.List {
		doc.CellErrors.List[i].Offset = -1 // that was a place in the JSON
	}
	return doc, nil
}

// yamlWriter writes nodes as JSON, aliases filled in.
type yamlWriter struct {
	enc     *jsontext.Encoder
	limits  Limits
	nodes   int64 // as written in the file
	written int64 // with aliases filled in
	active  map[*yaml.Node]bool
}

func yamlToJSON(job *Job) ([]byte, error) {
	in, err := job.src.open()
	if err != nil {
		return nil, err
	}
	limit := min(job.Limits.TextBytes, yamlBytes)
	raw, err := io.ReadAll(io.LimitReader(in, limit+1))
	if err != nil {
		return nil, err
	}
	if int64(len(raw)) > limit {
		return nil, exceeded("text_bytes", limit, int64(len(raw)), "")
	}
	dec := yaml.NewDecoder(bytes.NewReader(raw))
	var docs []*yaml.Node
	for {
		var n yaml.Node
		if err := dec.Decode(&n); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return nil, malformed("Not valid YAML: %s.", clip(strings.TrimPrefix(err.Error(), "yaml: "))).Because(err)
		}
		docs = append(docs, n.Content...)
	}
	var out bytes.Buffer
	w := &yamlWriter{enc: jsontext.NewEncoder(&out, jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true)), limits: job.Limits, active: map[*yaml.Node]bool{}}
	for _, d := range docs {
		if err := w.count(d, 0); err != nil {
			return nil, err
		}
	}
	if len(docs) == 1 {
		err = w.node(docs[0])
	} else {
		err = w.sequence(docs)
	}
	return out.Bytes(), err
}

func (w *yamlWriter) count(n *yaml.Node, depth int64) error {
	if depth > w.limits.Depth {
		return exceeded("depth", w.limits.Depth, depth, fmt.Sprintf(", at line %d", n.Line))
	}
	w.nodes++
	for _, c := range n.Content {
		if err := w.count(c, depth+1); err != nil {
			return err
		}
	}
	return nil
}

func (w *yamlWriter) node(n *yaml.Node) error {
	if w.written++; w.written > w.nodes*yamlAliasFactor+yamlFree {
		return exceeded("aliases", yamlAliasFactor, yamlAliasFactor+1, fmt.Sprintf(", at line %d", n.Line))
	}
	if depth := int64(w.enc.StackDepth()); depth > w.limits.Depth {
		return exceeded("depth", w.limits.Depth, depth, fmt.Sprintf(", at line %d", n.Line))
	}
	switch n.Kind {
	case yaml.AliasNode:
		if w.active[n.Alias] {
			return malformed("The alias at line %d stands inside of what it names.", n.Line)
		}
		return w.node(n.Alias)
	case yaml.MappingNode:
		w.active[n] = true
		defer delete(w.active, n)
		return w.mapping(n)
	case yaml.SequenceNode:
		w.active[n] = true
		defer delete(w.active, n)
		return w.sequence(n.Content)
	default:
		return w.enc.WriteToken(yamlScalar(n))
	}
}

func (w *yamlWriter) sequence(items []*yaml.Node) error {
	if err := w.enc.WriteToken(jsontext.BeginArray); err != nil {
		return err
	}
	for _, c := range items {
		if err := w.node(c); err != nil {
			return err
		}
	}
	return w.enc.WriteToken(jsontext.EndArray)
}

func (w *yamlWriter) mapping(n *yaml.Node) error {
	if err := w.enc.WriteToken(jsontext.BeginObject); err != nil {
		return err
	}
	own := map[string]bool{}
	var merged []*yaml.Node
	for i := 0; i+1 < len(n.Content); i += 2 {
		key := n.Content[i]
		if key.Kind == yaml.AliasNode {
			key = key.Alias
		}
		if key.Kind != yaml.ScalarNode {
			return malformed("The key at line %d is a list or an object.", key.Line)
		}
		if key.Tag == "!!merge" {
			merged = append(merged, n.Content[i+1])
			continue
		}
		own[key.Value] = true
		if err := w.member(key, n.Content[i+1]); err != nil {
			return err
		}
	}
	for _, m := range merged {
		if err := w.merge(m, own); err != nil {
			return err
		}
	}
	return w.enc.WriteToken(jsontext.EndObject)
}

func (w *yamlWriter) member(key, value *yaml.Node) error {
	if err := w.enc.WriteToken(jsontext.String(key.Value)); err != nil {
		return err
	}
	return w.node(value)
}

// merge writes the members of what a merge key names, but for those that are there already.
func (w *yamlWriter) merge(m *yaml.Node, own map[string]bool) error {
	if w.written++; w.written > w.nodes*yamlAliasFactor+yamlFree {
		return exceeded("aliases", yamlAliasFactor, yamlAliasFactor+1, fmt.Sprintf(", at line %d", m.Line))
	}
	if m.Kind == yaml.AliasNode {
		m = m.Alias
	}
	if w.active[m] {
		return malformed("The merge at line %d stands inside of what it names.", m.Line)
	}
	w.active[m] = true
	defer delete(w.active, m)
	switch m.Kind {
	case yaml.SequenceNode:
		for _, c := range m.Content {
			if err := w.merge(c, own); err != nil {
				return err
			}
		}
	case yaml.MappingNode:
		for i := 0; i+1 < len(m.Content); i += 2 {
			key := m.Content[i]
			if key.Tag == "!!merge" {
				if err := w.merge(m.Content[i+1], own); err != nil {
					return err
				}
				continue
			}
			if key.Kind != yaml.ScalarNode || own[key.Value] {
				continue
			}
			own[key.Value] = true
			if err := w.member(key, m.Content[i+1]); err != nil {
				return err
			}
		}
	default:
		return malformed("The merge at line %d names no object.", m.Line)
	}
	return nil
}

// yamlScalar is a scalar as JSON. A number keeps its text where JSON writes it so; 0123 is a text, not an octal number.
func yamlScalar(n *yaml.Node) jsontext.Token {
	switch n.ShortTag() {
	case "!!null":
		return jsontext.Null
	case "!!bool":
		return jsontext.Bool(strings.EqualFold(n.Value, "true"))
	case "!!int", "!!float":
		shape := document.ShapeOfNumber(n.Value)
		if shape == document.PlainInteger || shape == document.Decimal || shape == document.HugeInteger {
			if v := jsontext.Value(strings.TrimPrefix(n.Value, "+")); v.IsValid() {
				return rawNumber(v)
			}
		}
		if i, err := strconv.ParseInt(n.Value, 0, 64); err == nil && shape != document.PaddedInteger {
			return jsontext.Int(i)
		}
	}
	return jsontext.String(n.Value)
}

// rawNumber is a number token with exactly this text.
func rawNumber(v jsontext.Value) jsontext.Token {
	dec := jsontext.NewDecoder(bytes.NewReader(v))
	t, err := dec.ReadToken()
	if err != nil {
		return jsontext.String(string(v))
	}
	return t.Clone()
}
