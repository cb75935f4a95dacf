package httpapi

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"reflect"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/symphainy/symphainy/adapters/internal/wire"
)

// jsonObject is a JSON object in a request, kept as it came.
type jsonObject json.RawMessage

// UnmarshalJSON keeps the text; null is nothing.
func (o *jsonObject) UnmarshalJSON(raw []byte) error {
	if string(raw) == "null" {
		*o = nil
		return nil
	}
	*o = append((*o)[:0], raw...)
	return nil
}

// MarshalJSON gives the text back.
func (o jsonObject) MarshalJSON() ([]byte, error) {
	if o == nil {
		return []byte("null"), nil
	}
	return o, nil
}

// Schema says that any object, or null, will do.
func (jsonObject) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{Type: huma.TypeObject, Nullable: true, AdditionalProperties: true}
}

// humaConfig gives the settings of the document and of JSON: strict in, plain out.
func (s *Server) humaConfig() huma.Config {
	format := huma.Format{
		Marshal: func(w io.Writer, v any) error {
			raw, err := wire.Marshal(v)
			if err == nil {
				_, err = w.Write(raw)
			}
			return err
		},
		Unmarshal: func(raw []byte, v any) error { return wire.Unmarshal(raw, v) },
	}
	registry := huma.NewMapRegistry("#/components/schemas/", huma.DefaultSchemaNamer)
	registry.RegisterTypeAlias(reflect.TypeFor[wire.Object](), reflect.TypeFor[jsonObject]())
	return huma.Config{
		OpenAPI: &huma.OpenAPI{
			OpenAPI: "3.1.0",
			Info: &huma.Info{
				Title: "Symphainy", Version: "1",
				Description: "Run AI agents under governance: sessions, intents, executions, artifacts. Errors are application/problem+json; " +
					"`code` is stable. The sockets are described in /api/asyncapi.json.",
				License: &huma.License{Name: "Apache-2.0", Identifier: "Apache-2.0"},
			},
			Components: &huma.Components{Schemas: registry, SecuritySchemes: s.securitySchemes()},
			Tags: []*huma.Tag{
				{Name: "auth", Description: "Accounts, tokens, passwords"}, {Name: "sessions", Description: "Sessions and their upgrade"},
				{Name: "intents", Description: "What can be asked for, and asking for it"}, {Name: "executions", Description: "What became of it"},
				{Name: "artifacts", Description: "What was made, and files"}, {Name: "sockets", Description: "WebSockets"},
				{Name: "guide", Description: "The guide and its liaisons over HTTP"},
				{Name: "older", Description: "Paths that older pages call, onto the other routes"},
				{Name: "admin", Description: "For those who administer a tenant, or operate the platform"},
				{Name: "platform", Description: "Realms, health, documents"},
			},
		},
		Formats:       map[string]huma.Format{"application/json": format, "json": format},
		DefaultFormat: "application/json",
	}
}

func (s *Server) securitySchemes() map[string]*huma.SecurityScheme {
	return map[string]*huma.SecurityScheme{
		"bearer":        {Type: "http", Scheme: "bearer", BearerFormat: "JWT", Description: "The access token of register, login, refresh or upgrade."},
		"loginCookie":   {Type: "apiKey", In: "cookie", Name: "__Host-lgn", Description: "Set at login; counts only without Authorization. Over plain HTTP on loopback its name is lgn."},
		"sessionSecret": {Type: "apiKey", In: "header", Name: wire.SecretHeader, Description: "The secret of an anonymous session; its cookie counts where the header is absent."},
	}
}

// accessName is how a route's access is called in the document.
func accessName(p policy) string {
	switch p.access {
	case open:
		return "open"
	case optional:
		return "optional"
	case login:
		return "login"
	case whole, object, later:
		return "session"
	case own:
		return "own"
	}
	return ""
}

// describe completes the documentation of a route from its policy.
func (s *Server) describe(op *huma.Operation) {
	p := s.byRoute[key(op.Method, ginPath(op.Path))]
	if op.OperationID == "" {
		op.OperationID = strings.Trim(strings.NewReplacer("/api/", "-", "/", "-", "{", "", "}", "", ".", "-", "_", "-").
			Replace(strings.ToLower(op.Method)+op.Path), "-")
	}
	op.Extensions = map[string]any{"x-access": accessName(p)}
	either := []map[string][]string{{"bearer": {}}, {"loginCookie": {}}}
	switch p.access {
	case open, own:
		op.Security = []map[string][]string{}
	case optional:
		op.Security = append(either, map[string][]string{})
	case login:
		op.Security = either
	case whole, object, later:
		op.Security = append(either, map[string][]string{"sessionSecret": {}})
	}
	statuses := []int{http.StatusBadRequest, http.StatusInternalServerError, http.StatusServiceUnavailable}
	if p.access != open {
		statuses = append(statuses, http.StatusUnauthorized, http.StatusForbidden)
	} else if p.foreign {
		statuses = append(statuses, http.StatusForbidden, http.StatusUnauthorized)
	}
	if p.access == whole || p.access == object || p.access == later || p.access == own || strings.Contains(op.Path, "{") || strings.HasPrefix(op.Path, "/api/auth/") {
		statuses = append(statuses, http.StatusNotFound)
	}
	if p.writes || p.admin || p.access == own || p.rate == registerRated || strings.HasSuffix(op.Path, "/content") {
		statuses = append(statuses, http.StatusConflict)
	}
	if p.access == login && p.body > 0 && strings.HasPrefix(op.Path, "/api/admin/") {
		statuses = append(statuses, http.StatusConflict, http.StatusNotFound)
	}
	if p.body > 0 || p.access == later {
		statuses = append(statuses, http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType, http.StatusUnprocessableEntity)
	}
	if p.body == submitLimit || p.access == later { // what may bring a file
		statuses = append(statuses, http.StatusInsufficientStorage)
	}
	if p.rate != notRated || p.writes {
		statuses = append(statuses, http.StatusTooManyRequests)
	}
	if op.Responses == nil {
		op.Responses = map[string]*huma.Response{}
	}
	schema := s.api.OpenAPI().Components.Schemas.Schema(reflect.TypeFor[Problem](), true, "Problem")
	for _, status := range statuses {
		op.Responses[strconv.Itoa(status)] = &huma.Response{
			Description: http.StatusText(status), Content: map[string]*huma.MediaType{wire.ProblemType: {Schema: schema}},
		}
	}
}

// schemaOf gives the schema of a Go type, for routes outside huma.
func schemaOf[T any](s *Server) *huma.Schema {
	return s.api.OpenAPI().Components.Schemas.Schema(reflect.TypeFor[T](), true, reflect.TypeFor[T]().Name())
}

// jsonOf documents a JSON answer.
func jsonOf[T any](s *Server, description string) *huma.Response {
	return &huma.Response{Description: description, Content: map[string]*huma.MediaType{"application/json": {Schema: schemaOf[T](s)}}}
}

// route registers a JSON route. Its policy has been applied, and its body read and checked, before h runs.
func route[I, O any](s *Server, op huma.Operation, h func(context.Context, *I) (*O, error)) {
	if !s.claim(op.Method, op.Path) {
		return
	}
	s.describe(&op)
	// The body is bounded and read already.
	op.MaxBodyBytes, op.BodyReadTimeout = -1, -1
	huma.Register(s.api, op, h)
}

// body is an answer without headers of its own.
type body[T any] struct{ Body T }

// nothing is the body of a request that needs none: absent, or an empty object.
type nothing struct{}

// empty is the input of a route that takes at most an empty object.
type empty struct{ Body *nothing }

// none is the input of a route without parameters.
type none struct{}
