package wire

import (
	"bytes"
	stdjson "encoding/json"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/symphainy/symphainy/domain/fault"
)

// Bounds of every JSON document that is read.
const (
	MaxDepth = 64
	MaxKeys  = 10_000
)

// Errors of reading input.
var (
	// ErrInvalidJSON is a document that cannot be read as exactly one strict JSON object.
	ErrInvalidJSON = fault.New(fault.Malformed, "invalid_json", "The body is not a valid JSON object.")
	// ErrUnknownField is a member that the route does not know; Fields name it.
	ErrUnknownField = fault.New(fault.Malformed, "unknown_field", "The body has a field that this route does not know.")
	// ErrInvalidValue is a member of the wrong type; Fields name it.
	ErrInvalidValue = fault.New(fault.Invalid, "invalid_parameters", "The body has a value of the wrong type.")
	// ErrTooLarge is a body over the route's limit.
	ErrTooLarge = fault.New(fault.TooLarge, "limit_exceeded", "The body is larger than this route allows.")
)

// ReadBody reads at most limit bytes of the request's body; more is ErrTooLarge, a body that breaks off is malformed.
func ReadBody(w http.ResponseWriter, r *http.Request, limit int64) ([]byte, error) {
	if r.ContentLength > limit {
		return nil, ErrTooLarge.WithMsg("The body is larger than the %d bytes that this route allows.", limit)
	}
	raw, err := io.ReadAll(http.MaxBytesReader(w, r.Body, limit))
	var over *http.MaxBytesError
	switch {
	case errors.As(err, &over):
		return nil, ErrTooLarge.WithMsg("The body is larger than the %d bytes that this route allows.", limit)
	case err != nil:
		return nil, fault.New(fault.Malformed, "malformed_request", "The body could not be read to its end.").Because(err)
	}
	return raw, nil
}

// Check reports, as a Malformed fault, why raw is not exactly one JSON object that everybody reads alike: UTF-8 without lone
// surrogates and NUL characters, no duplicate keys nor keys that differ only by case, numbers that a float64 holds, bounded depth and count of keys.
func Check(raw []byte) error {
	c := checker{dec: jsontext.NewDecoder(bytes.NewBuffer(raw))}
	if first := bytes.TrimLeft(raw, " \t\r\n"); len(first) == 0 || first[0] != '{' {
		return ErrInvalidJSON
	}
	if err := c.value(); err != nil {
		return err
	}
	if _, err := c.dec.ReadToken(); !errors.Is(err, io.EOF) {
		return ErrInvalidJSON.WithMsg("The body has data after its JSON object.")
	}
	return nil
}

type checker struct {
	dec  *jsontext.Decoder
	keys int
}

func (c *checker) value() error {
	var twins []map[string]bool
	for {
		tok, err := c.dec.ReadToken()
		if err != nil {
			return syntax(err)
		}
		switch tok.Kind() {
		case jsontext.KindBeginObject, jsontext.KindBeginArray:
			if c.dec.StackDepth() > MaxDepth {
				return ErrInvalidJSON.WithMsg("The body is nested deeper than %d levels.", MaxDepth)
			}
			var seen map[string]bool
			if tok.Kind() == jsontext.KindBeginObject {
				seen = map[string]bool{}
			}
			twins = append(twins, seen)
		case jsontext.KindEndObject, jsontext.KindEndArray:
			twins = twins[:len(twins)-1]
		case jsontext.KindString:
			err = c.text(tok, twins)
		case jsontext.KindNumber:
			err = finite(tok)
		case jsontext.KindInvalid, jsontext.KindNull, jsontext.KindFalse, jsontext.KindTrue:
		}
		if err != nil || len(twins) == 0 {
			return err
		}
	}
}

// text checks a string token: no store keeps a NUL, and as the name of a member it must be new in its object, also when case is folded.
func (c *checker) text(tok jsontext.Token, twins []map[string]bool) error {
	if strings.IndexByte(tok.String(), 0) >= 0 {
		return ErrInvalidJSON.WithMsg("The body has a NUL character in a text.")
	}
	kind, n := c.dec.StackIndex(c.dec.StackDepth())
	if kind != '{' || n%2 == 0 {
		return nil
	}
	if c.keys++; c.keys > MaxKeys {
		return ErrInvalidJSON.WithMsg("The body has more than %d keys.", MaxKeys)
	}
	seen, key := twins[len(twins)-1], foldKey(tok.String())
	if seen[key] {
		return ErrInvalidJSON.WithMsg("The body has a key twice, or two keys that differ only by case.").
			WithFields(fault.Field{Pointer: string(c.dec.StackPointer()), Code: "duplicate_key", Message: "Give each key once."})
	}
	seen[key] = true
	return nil
}

func finite(tok jsontext.Token) error {
	if _, err := strconv.ParseFloat(tok.String(), 64); err != nil {
		return ErrInvalidJSON.WithMsg("The body has a number that is out of range.")
	}
	return nil
}

func syntax(err error) error {
	if errors.Is(err, jsontext.ErrDuplicateName) {
		return ErrInvalidJSON.WithMsg("The body has a key twice, or two keys that differ only by case.").Because(err)
	}
	return ErrInvalidJSON.Because(err)
}

// foldKey gives the same text for keys that differ only by case, in any script.
func foldKey(s string) string {
	return strings.Map(func(r rune) rune {
		least := r
		for f := unicode.SimpleFold(r); f != r; f = unicode.SimpleFold(f) {
			least = min(least, f)
		}
		return least
	}, s)
}

// Decode checks raw and reads it into v, a pointer to a struct, by exact member names. An unknown member is ErrUnknownField, a value
// of the wrong type ErrInvalidValue, anything that Check refuses ErrInvalidJSON.
func Decode(raw []byte, v any) error {
	if err := Check(raw); err != nil {
		return err
	}
	return Unmarshal(raw, v)
}

// Unmarshal is Decode for a document that Check has passed.
func Unmarshal(raw []byte, v any) error {
	err := json.Unmarshal(raw, v, json.RejectUnknownMembers(true), json.MatchCaseInsensitiveNames(false))
	if err == nil {
		return nil
	}
	var sem *json.SemanticError
	switch {
	case !errors.As(err, &sem):
		return ErrInvalidJSON.Because(err)
	case errors.Is(err, json.ErrUnknownName):
		return ErrUnknownField.WithFields(fault.Field{
			Pointer: clip(string(sem.JSONPointer)), Code: "unknown_field", Message: "This field is not known here.",
		})
	}
	return ErrInvalidValue.WithFields(fault.Field{
		Pointer: clip(string(sem.JSONPointer)), Code: "invalid_type", Message: "The value has the wrong type.",
	}).Because(err)
}

// maxEcho bounds what of the caller's own input an error repeats, in bytes.
const maxEcho = 200

func clip(s string) string {
	if len(s) <= maxEcho {
		return s
	}
	cut := maxEcho
	for cut > 0 && !utf8.RuneStart(s[cut]) {
		cut--
	}
	return s[:cut] + "…"
}

// Marshal gives v as JSON without HTML escapes; nil slices and maps are [] and {}. A number that kept its text, as those of artifacts do, is
// a number here too.
func Marshal(v any) ([]byte, error) {
	number := json.MarshalFunc(func(n stdjson.Number) ([]byte, error) { return []byte(n), nil })
	return json.Marshal(v, json.Deterministic(true), json.WithMarshalers(number))
}

// Named are the members by which any body names a session, a tenant or a user. A raw value keeps what was given, nil if nothing was.
type Named struct {
	SessionID jsontext.Value `json:"session_id"`
	TenantID  jsontext.Value `json:"tenant_id"`
	UserID    jsontext.Value `json:"user_id"`
}

// ReadNamed gives the names in a document that Check has passed, and leaves everything else unread.
func ReadNamed(raw []byte) (Named, error) {
	var n Named
	if err := json.Unmarshal(raw, &n); err != nil {
		return n, ErrInvalidJSON.Because(err)
	}
	return n, nil
}

// Text gives the text of a raw value. ok is false for anything but a string; null and nothing are "".
func Text(v jsontext.Value) (text string, ok bool) {
	if len(v) == 0 || v.Kind() == 'n' {
		return "", true
	}
	return text, json.Unmarshal(v, &text) == nil
}
