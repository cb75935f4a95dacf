// Package guides holds guides: descriptions of what a kind of document should say, by which a document is read. A guide names entities with
// their attributes, how they hang together, and a template that is filled with what was found.
package guides

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/symphainy/symphainy/domain/document"
	"github.com/symphainy/symphainy/domain/fault"
)

// Bounds of a guide.
const (
	// MaxAttributes is how many attributes the entities have together.
	MaxAttributes = 300
	// MaxSize is how many bytes a guide has as JSON.
	MaxSize = 64 << 10
	// MaxDepth is how deep the structure of a template is nested.
	MaxDepth = 16
)

// Types of guides.
const (
	Default      = "default"
	UserUploaded = "user_uploaded"
	UserCreated  = "user_created"
)

// Guide says what a document should hold.
type Guide struct {
	GuideID        string   `json:"guide_id"`
	Name           string   `json:"name"`
	Description    string   `json:"description"`
	Type           string   `json:"type"`
	Version        string   `json:"version"`
	FactPattern    Pattern  `json:"fact_pattern"`
	OutputTemplate Template `json:"output_template"`
}

// Pattern is the entities and their relationships.
type Pattern struct {
	Entities      []Entity `json:"entities"`
	Relationships []Link   `json:"relationships"`
}

// Entity is a thing with the types of its attributes.
type Entity struct {
	EntityType string            `json:"entity_type"`
	Attributes map[string]string `json:"attributes"`
}

// Names are the names of the attributes in order.
func (e Entity) Names() []string { return slices.Sorted(maps.Keys(e.Attributes)) }

// Link says how two entities hang together.
type Link struct {
	From string `json:"from"`
	To   string `json:"to"`
	Type string `json:"type"`
}

// Template is JSON in whose texts {{entity.attribute}} stands for a value.
type Template struct {
	Version   string          `json:"version"`
	Structure json.RawMessage `json:"structure"`
}

var (
	placeholder = regexp.MustCompile(`\{\{\s*([^{}.\s]+)\.([^{}\s]+)\s*\}\}`)
	anyBraces   = regexp.MustCompile(`\{\{|\}\}`)
)

func wrong(place, message string, args ...any) *fault.Error {
	text := fmt.Sprintf(message, args...)
	return fault.New(fault.Invalid, "invalid_parameters", place+": "+text).
		WithFields(fault.Field{Pointer: "/parameters/" + strings.ReplaceAll(place, ".", "/"), Code: "invalid_guide", Message: text})
}

// Check says, as invalid_parameters or limit_exceeded, what is wrong with a guide; nil if nothing is.
func (g Guide) Check() error {
	if strings.TrimSpace(g.Name) == "" {
		return wrong("name", "must not be blank.")
	}
	if len(g.FactPattern.Entities) == 0 {
		return wrong("fact_pattern.entities", "must name at least one entity.")
	}
	known := map[string]Entity{}
	attributes := 0
	for i, e := range g.FactPattern.Entities {
		place := fmt.Sprintf("fact_pattern.entities.%d", i)
		if _, twice := known[e.EntityType]; twice || !plainName(e.EntityType) {
			return wrong(place+".entity_type", "must be a name without blanks, dots and braces, and stand once.")
		}
		if len(e.Attributes) == 0 {
			return wrong(place+".attributes", "must name at least one attribute.")
		}
		for _, name := range e.Names() {
			if _, ok := document.ParseType(e.Attributes[name]); !ok || !plainName(name) {
				return wrong(place+".attributes."+name, "must be a name without blanks, dots and braces, with a type that exists.")
			}
		}
		known[e.EntityType] = e
		attributes += len(e.Attributes)
	}
	if attributes > MaxAttributes {
		return fault.Newf(fault.TooLarge, "limit_exceeded", "The guide has %d attributes; the limit is %d.", attributes, MaxAttributes)
	}
	for i, l := range g.FactPattern.Relationships {
		_, from := known[l.From]
		_, to := known[l.To]
		if !from || !to {
			return wrong(fmt.Sprintf("fact_pattern.relationships.%d", i), "must lead from one entity of the guide to another.")
		}
	}
	if err := g.OutputTemplate.check(known); err != nil {
		return err
	}
	raw, err := json.Marshal(g)
	if err != nil {
		return wrong("output_template.structure", "is no JSON.")
	}
	if len(raw) > MaxSize {
		return fault.Newf(fault.TooLarge, "limit_exceeded", "The guide has %d bytes; the limit is %d.", len(raw), MaxSize)
	}
	return nil
}

// plainName says whether a name can stand in a placeholder.
func plainName(s string) bool {
	return s != "" && !strings.ContainsAny(s, ".{}") && !strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r == 0x7f || r == '\u00a0' || r == '\u2028' || r == '\u2029' })
}

// check looks at every text of the structure: its placeholders must name what the guide has.
func (t Template) check(known map[string]Entity) error {
	const place = "output_template.structure"
	v, err := t.decode()
	if err != nil {
		return wrong(place, "is no JSON.")
	}
	return walk(v, 0, func(s string) error {
		for _, m := range placeholder.FindAllStringSubmatch(s, -1) {
			if _, ok := known[m[1]].Attributes[m[2]]; !ok {
				return wrong(place, "{{%s.%s}} names no attribute of the guide.", m[1], m[2])
			}
		}
		if anyBraces.MatchString(placeholder.ReplaceAllString(s, "")) {
			return wrong(place, "has braces that are no {{entity.attribute}}.")
		}
		return nil
	})
}

func (t Template) decode() (any, error) {
	if len(t.Structure) == 0 {
		return nil, nil //nolint:nilnil // no structure
	}
	d := json.NewDecoder(bytes.NewReader(t.Structure))
	d.UseNumber()
	var v any
	err := d.Decode(&v)
	return v, err
}

func walk(v any, depth int, visit func(s string) error) error {
	if depth > MaxDepth {
		return wrong("output_template.structure", "is nested more than %d deep.", MaxDepth)
	}
	switch x := v.(type) {
	case string:
		return visit(x)
	case []any:
		for _, y := range x {
			if err := walk(y, depth+1, visit); err != nil {
				return err
			}
		}
	case map[string]any:
		for _, k := range slices.Sorted(maps.Keys(x)) {
			if err := walk(x[k], depth+1, visit); err != nil {
				return err
			}
		}
	}
	return nil
}

// Fill puts values into the structure of the guide's template. value gives what an attribute holds, nil for nothing. A text that is one
// placeholder becomes the value, with its type; in a longer text the values are put in, and nothing for what is not there; a text of which nothing
// is there becomes null. Without a structure, the attributes stand under their entities.
func (g Guide) Fill(value func(entity, attribute string) any) any {
	structure, err := g.OutputTemplate.decode()
	if err != nil || structure == nil {
		out := map[string]any{}
		for _, e := range g.FactPattern.Entities {
			fields := map[string]any{}
			for _, name := range e.Names() {
				fields[name] = value(e.EntityType, name)
			}
			out[e.EntityType] = fields
		}
		return out
	}
	return fill(structure, value)
}

func fill(v any, value func(entity, attribute string) any) any {
	switch x := v.(type) {
	case string:
		return fillText(x, value)
	case []any:
		out := make([]any, len(x))
		for i, y := range x {
			out[i] = fill(y, value)
		}
		return out
	case map[string]any:
		out := make(map[string]any, len(x))
		for k, y := range x {
			out[k] = fill(y, value)
		}
		return out
	}
	return v
}

func fillText(s string, value func(entity, attribute string) any) any {
	found := placeholder.FindAllStringSubmatch(s, -1)
	if len(found) == 0 {
		return s
	}
	if len(found) == 1 && found[0][0] == strings.TrimSpace(s) {
		return value(found[0][1], found[0][2])
	}
	filled := false
	out := placeholder.ReplaceAllStringFunc(s, func(p string) string {
		m := placeholder.FindStringSubmatch(p)
		v := value(m[1], m[2])
		if v == nil {
			return ""
		}
		filled = true
		return fmt.Sprint(v)
	})
	if !filled {
		return nil
	}
	return out
}
