package httpapi_test

import (
	"encoding/json"
	"math/rand/v2"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
)

// maker makes requests of the document: such that fit it, and such that nearly do.
type maker struct {
	*rand.Rand
	operations []made
	// ids are of objects of the caller's, of others, and of nobody.
	ids []string
}

// made is a route to make requests for.
type made struct {
	method, path string
	operation    *openapi3.Operation
}

func (m *maker) chance(percent int) bool { return m.IntN(100) < percent }

func pick[V any](m *maker, from []V) V { return from[m.IntN(len(from))] }

// words are what texts are made of: what schemas ask for, and what has broken others.
func words() []string {
	return []string{
		"", "a", "wait", "list_files", "parse_content", "guide", "viewer", "admin", "member", "UTC", "0 3 * * *", "@daily", "2026-01-02T12:00:00Z", "9999-12-31T23:59:59.999999Z", "0001-01-01T00:00:00Z",
		"ada@example.org", "' OR 1=1 --", "%", "../../etc/passwd", "\u202e", "\u0000", "é\u0301", "null", "true", "-1", "1e400", strings.Repeat("x", 256), strings.Repeat("9", 70), "<script>", "{{7*7}}", "${x}", "\r\nX-A: b",
		"=1+1", "tenant_id", "*", "id", "Infinity", "cancel", "pause", "approve", "archived", "file",
	}
}

func (m *maker) text(name string) string {
	if strings.HasSuffix(name, "id") || strings.HasSuffix(name, "ids") || m.chance(10) {
		return pick(m, m.ids)
	}
	return pick(m, words())
}

// value makes a value for a schema, which mostly fits it.
func (m *maker) value(name string, s *openapi3.Schema, depth int) any {
	if s == nil || depth > 6 || m.chance(4) {
		return m.anything(depth)
	}
	if len(s.Enum) > 0 && !m.chance(10) {
		return pick(m, s.Enum)
	}
	for _, choice := range []openapi3.SchemaRefs{s.OneOf, s.AnyOf} {
		if len(choice) > 0 {
			return m.value(name, pick(m, choice).Value, depth+1)
		}
	}
	kinds := s.Type.Slice()
	if len(kinds) == 0 {
		return m.anything(depth)
	}
	switch pick(m, kinds) {
	case "object":
		return m.object(s, depth)
	case "array":
		list := []any{}
		for range m.IntN(4) {
			if s.Items != nil {
				list = append(list, m.value(name, s.Items.Value, depth+1))
			}
		}
		return list
	case "integer", "number":
		return m.number(s)
	case "boolean":
		return m.chance(50)
	case "null":
		return nil
	}
	if s.Format == "date-time" && m.chance(80) {
		return time.Unix(m.Int64N(4e9), 0).UTC().Format(time.RFC3339)
	}
	return m.text(name)
}

func (m *maker) object(s *openapi3.Schema, depth int) any {
	out := map[string]any{}
	for name, property := range s.Properties {
		if slices.Contains(s.Required, name) && !m.chance(5) || m.chance(35) {
			out[name] = m.value(name, property.Value, depth+1)
		}
	}
	if m.chance(6) {
		out[m.text("")] = m.anything(depth + 1)
	}
	return out
}

func (m *maker) number(s *openapi3.Schema) any {
	bounds := []int64{0, 1, -1, 50, 1 << 31, 1<<63 - 1, -1 << 63}
	if s.Min != nil {
		bounds = append(bounds, int64(*s.Min), int64(*s.Min)-1)
	}
	if s.Max != nil {
		bounds = append(bounds, int64(*s.Max), int64(*s.Max)+1)
	}
	if m.chance(5) {
		return 0.5
	}
	return pick(m, bounds)
}

func (m *maker) anything(depth int) any {
	switch n := m.IntN(7); {
	case n == 0:
		return nil
	case n == 1:
		return m.Int64() - 1<<62
	case n == 2 && depth < 8:
		return []any{m.anything(depth + 1), m.anything(depth + 1)}
	case n == 3 && depth < 8:
		return map[string]any{m.text(""): m.anything(depth + 1)}
	case n == 4:
		return m.chance(50)
	}
	return m.text("")
}

// request makes a request; half of all bodies are changed as bytes too.
func (m *maker) request() said {
	o := pick(m, m.operations)
	s := said{method: strings.ToUpper(o.method), path: o.path}
	query := url.Values{}
	for _, p := range o.operation.Parameters {
		v := p.Value
		text := plainText(m.value(v.Name, v.Schema.Value, 0))
		switch v.In {
		case "path":
			if m.chance(85) {
				text = pick(m, m.ids)
			}
			s.path = strings.ReplaceAll(s.path, "{"+v.Name+"}", url.PathEscape(text))
		case "query":
			if m.chance(40) {
				query.Add(v.Name, text)
			}
		case "header":
			if m.chance(30) {
				s.header = append(s.header, [2]string{v.Name, strings.Map(printable, text)})
			}
		}
	}
	if m.chance(5) {
		query.Add(m.text(""), m.text("id"))
	}
	if len(query) > 0 {
		s.path += "?" + query.Encode()
	}
	if o.operation.RequestBody != nil && s.method != http.MethodGet {
		m.body(&s, o.operation.RequestBody.Value.Content)
	}
	if m.chance(2) {
		s.method = pick(m, []string{"GET", "POST", "PUT", "PATCH", "DELETE"})
	}
	return s
}

func (m *maker) body(s *said, content openapi3.Content) {
	for kind, media := range content {
		if media.Schema == nil {
			continue
		}
		tree := m.value("", media.Schema.Value, 0)
		if kind != "application/json" {
			s.body = m.form(tree)
			s.header = append(s.header, [2]string{"Content-Type", kind + "; boundary=x"})
			return
		}
		raw, err := json.Marshal(tree)
		if err != nil {
			continue
		}
		s.body = string(raw)
		for m.chance(50) && s.body != "" {
			s.body = m.mutated(s.body)
		}
		return
	}
}

// mutated changes some bytes.
func (m *maker) mutated(body string) string {
	at := m.IntN(len(body))
	switch m.IntN(5) {
	case 0:
		return body[:at]
	case 1:
		return body[:at] + string(rune(m.IntN(256))) + body[at+1:]
	case 2:
		return body[:at] + pick(m, []string{`"`, "{", "}", "[", "]", ",", ":", "null", "1e9", `\u0000`, `\ud800`, "\xff"}) + body[at:]
	case 3:
		return body + body[at:]
	}
	return strings.Replace(body, `"`, `"`+pick(m, []string{"tenant_id", "user_id", "session_id"})+`":"`+pick(m, m.ids)+`","`, 1)
}

// form writes what a tree holds as the parts of a form.
func (m *maker) form(tree any) string {
	var out strings.Builder
	fields, _ := tree.(map[string]any)
	for name, v := range fields {
		if name == "file" {
			continue
		}
		out.WriteString("--x\r\nContent-Disposition: form-data; name=\"" + strings.Map(printable, name) + "\"\r\n\r\n" + plainText(v) + "\r\n")
	}
	if m.chance(90) {
		out.WriteString("--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"" + strings.Map(printable, m.text("")) + "\"\r\n\r\na,b\n1,2\n\r\n")
	}
	if m.chance(90) {
		out.WriteString("--x--\r\n")
	}
	return out.String()
}

func plainText(v any) string {
	if s, ok := v.(string); ok {
		return s
	}
	raw, err := json.Marshal(v)
	if err != nil {
		return "?"
	}
	return string(raw)
}

// printable keeps what a header can hold.
func printable(r rune) rune {
	if r < ' ' || r > '~' || r == '"' {
		return -1
	}
	return r
}
