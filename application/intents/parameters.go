package intents

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/santhosh-tekuri/jsonschema/v6/kind"
	"golang.org/x/text/language"
	"golang.org/x/text/message"

	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/domain/intent"
	"github.com/symphainy/symphainy/domain/realm"
)

// maxProblemText bounds what of a caller's own value an error repeats, in bytes.
const maxProblemText = 200

type schema struct {
	compiled   *jsonschema.Schema
	properties map[string]bool
}

func compile(spec realm.IntentSpec) (*schema, error) {
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(spec.Schema))
	if err != nil {
		return nil, fmt.Errorf("schema: %w", err)
	}
	c := jsonschema.NewCompiler()
	c.DefaultDraft(jsonschema.Draft2020)
	c.AssertFormat()
	if err := c.AddResource("intent.json", doc); err != nil {
		return nil, fmt.Errorf("schema: %w", err)
	}
	compiled, err := c.Compile("intent.json")
	if err != nil {
		return nil, fmt.Errorf("schema: %w", err)
	}
	s := &schema{compiled: compiled, properties: map[string]bool{}}
	for name := range compiled.Properties {
		s.properties[name] = true
	}
	return s, nil
}

// Declares reports whether the intent's schema has a parameter of this name.
func (e Entry) Declares(parameter string) bool { return e.schema.properties[parameter] }

// Parameters gives the canonical JSON object of raw: aliases under their declared names, validated, keys sorted, numbers as they
// were written. Empty input is {}. An unknown parameter is Malformed (unknown_field), all other violations together are
// intent.ErrParameters with a field each.
func (e Entry) Parameters(raw []byte) ([]byte, error) {
	object, err := decodeObject(raw)
	if err != nil {
		return nil, err
	}
	if err := e.resolveAliases(object); err != nil {
		return nil, err
	}
	if err := e.schema.compiled.Validate(object); err != nil {
		return nil, problem(err)
	}
	return encode(object)
}

func decodeObject(raw []byte) (map[string]any, error) {
	object := map[string]any{}
	if len(bytes.TrimSpace(raw)) == 0 {
		return object, nil
	}
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	if err := d.Decode(&object); err != nil || object == nil {
		return nil, intent.ErrParameters.WithMsg("parameters must be a JSON object.")
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, intent.ErrParameters.WithMsg("parameters must be one JSON object.")
	}
	return object, nil
}

func (e Entry) resolveAliases(object map[string]any) error {
	for alias, name := range e.Spec.ParameterAliases {
		value, given := object[alias]
		if !given {
			continue
		}
		if other, both := object[name]; both && !equalJSON(value, other) {
			return intent.ErrParameters.WithFields(fault.Field{
				Pointer: pointer([]string{alias}), Code: "conflicting_alias",
				Message: fmt.Sprintf("%s and %s are two names of one parameter and have different values.", alias, name),
			})
		}
		delete(object, alias)
		object[name] = value
	}
	return nil
}

func equalJSON(a, b any) bool {
	x, errX := json.Marshal(a)
	y, errY := json.Marshal(b)
	return errX == nil && errY == nil && bytes.Equal(x, y)
}

func encode(object map[string]any) ([]byte, error) {
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(object); err != nil {
		return nil, fault.As(err)
	}
	return bytes.TrimRight(out.Bytes(), "\n"), nil
}

func problem(err error) error {
	var v *jsonschema.ValidationError
	if !errors.As(err, &v) {
		return fault.As(err)
	}
	var fields []fault.Field
	unknown := false
	collect(v, func(leaf *jsonschema.ValidationError) {
		unknown = unknown || isUnknown(leaf)
		fields = append(fields, field(leaf)...)
	})
	if unknown {
		return fault.New(fault.Malformed, "unknown_field", "The parameters hold a field that this intent does not have.").WithFields(fields...)
	}
	return intent.ErrParameters.WithFields(fields...)
}

func collect(v *jsonschema.ValidationError, leaf func(*jsonschema.ValidationError)) {
	if len(v.Causes) == 0 {
		leaf(v)
		return
	}
	for _, c := range v.Causes {
		collect(c, leaf)
	}
}

func isUnknown(v *jsonschema.ValidationError) bool {
	_, ok := v.ErrorKind.(*kind.AdditionalProperties)
	return ok
}

func field(v *jsonschema.ValidationError) []fault.Field {
	switch k := v.ErrorKind.(type) {
	case *kind.Required:
		return named(v, k.Missing, "missing", "This parameter is needed.")
	case *kind.AdditionalProperties:
		return named(v, k.Properties, "unknown_field", "This intent has no such parameter.")
	case *kind.Pattern:
		text := fmt.Sprintf("%q does not have the form that is needed; the example of the intent in GET /api/intents shows one.", k.Got)
		return []fault.Field{{Pointer: pointer(v.InstanceLocation), Code: "invalid_pattern", Message: shorten(text)}}
	}
	words := v.ErrorKind.KeywordPath()
	code := "invalid"
	if len(words) > 0 {
		code = "invalid_" + strings.ToLower(words[len(words)-1])
	}
	text := v.ErrorKind.LocalizedString(message.NewPrinter(language.English))
	return []fault.Field{{Pointer: pointer(v.InstanceLocation), Code: code, Message: shorten(text)}}
}

func named(v *jsonschema.ValidationError, names []string, code, text string) []fault.Field {
	fields := make([]fault.Field, len(names))
	for i, n := range names {
		fields[i] = fault.Field{Pointer: pointer(append(append([]string(nil), v.InstanceLocation...), n)), Code: code, Message: text}
	}
	return fields
}

// pointer gives the RFC 6901 pointer of a place in the request body.
func pointer(path []string) string {
	var b strings.Builder
	b.WriteString("/parameters")
	for _, p := range path {
		b.WriteByte('/')
		b.WriteString(strings.NewReplacer("~", "~0", "/", "~1").Replace(shorten(p)))
	}
	return b.String()
}

func shorten(s string) string {
	if len(s) <= maxProblemText {
		return s
	}
	return strings.ToValidUTF8(s[:maxProblemText], "") + "…"
}
