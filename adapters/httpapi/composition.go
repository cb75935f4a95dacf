package httpapi

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"

	"github.com/symphainy/symphainy/application/admin"
)

type documentShape struct {
	Name  string `json:"name"`
	Title string `json:"title"`
	Path  string `json:"path"`
	Kind  string `json:"kind" enum:"page,openapi,asyncapi"`
}

type documentList struct {
	Documents []documentShape `json:"documents"`
}

type partShape struct {
	IntentType string     `json:"intent_type"`
	Realm      string     `json:"realm"`
	Title      string     `json:"title"`
	Summary    string     `json:"summary"`
	Permission string     `json:"permission"`
	Needs      []string   `json:"needs" doc:"Required parameters that name an object"`
	Gives      []string   `json:"gives" doc:"Such names of what it makes"`
	Parameters jsonObject `json:"parameters" doc:"JSON Schema"`
	Example    jsonObject `json:"example"`
}

type partList struct {
	Intents []partShape `json:"intents"`
	Total   int         `json:"total"`
}

type codeExample struct {
	IntentType string `json:"intent_type"`
	Title      string `json:"title"`
	Language   string `json:"language" enum:"sh,javascript"`
	Code       string `json:"code"`
}

type codeExamples struct {
	Examples []codeExample `json:"examples"`
	Total    int           `json:"total"`
}

type linkShape struct {
	From string `json:"from"`
	To   string `json:"to"`
	By   string `json:"by" doc:"The parameter that the first gives and the second needs"`
}

type templateShape struct {
	Name  string      `json:"name"`
	Title string      `json:"title"`
	Steps []stepShape `json:"steps"`
}

type stepShape struct {
	IntentType string   `json:"intent_type"`
	Realm      string   `json:"realm"`
	Needs      []string `json:"needs"`
	Gives      []string `json:"gives"`
	Missing    []string `json:"missing" doc:"Needs that no step before gives: they have to exist already"`
}

type patternList struct {
	Patterns []templateShape `json:"patterns"`
	Total    int             `json:"total"`
}

type templateList struct {
	Templates []templateShape `json:"templates"`
	Total     int             `json:"total"`
}

type compositionGuide struct {
	Steps []stepShape `json:"steps" doc:"All intents, by realm"`
	Links []linkShape `json:"links" doc:"Which fit behind which"`
}

type composedShape struct {
	Composable bool        `json:"composable" doc:"All are known, and each has what it needs from those before it"`
	Steps      []stepShape `json:"steps"`
	Unknown    []string    `json:"unknown"`
}

// catalogueRoutes show what the realms declare, to those who build on it.
func (s *Server) catalogueRoutes(op operation) {
	const get = http.MethodGet
	route(s, op(get, "/developer/docs", "Documents of this server", ""), s.documents)
	for path, summary := range map[string]string{"/developer/documentation": "All intents with their parameters", "/developer/examples": "All intents with an example"} {
		route(s, op(get, path, summary, ""), s.intentDocuments)
	}
	route(s, op(get, "/developer/code-examples", "How to submit each intent", ""), s.codeExamples)
	route(s, op(get, "/developer/patterns", "Sequences of intents that lead to a result", "Made of the declarations."), s.patterns)
	route(s, op(get, "/business/composition-guide", "What fits behind what", ""), s.compositionGuide)
	route(s, op(get, "/business/templates", "Sequences of intents that lead to a result", ""), s.businessTemplates(func(admin.Template) bool { return true }))
	route(s, op(get, "/business/solution-templates", "Sequences that lead to a registered solution", ""), s.businessTemplates(func(t admin.Template) bool {
		return strings.Contains(t.Goal.Spec.Type, "solution") || t.Goal.Realm == "outcomes"
	}))
	route(s, op(http.MethodPost, "/business/compose", "Judge a sequence of intents", "Nothing is run."), s.compose)
}

func (s *Server) documents(ctx context.Context, _ *none) (*body[documentList], error) {
	return &body[documentList]{documentList{[]documentShape{
		{"docs", "The API as a page", "/api/docs", "page"}, {"openapi", "HTTP routes, OpenAPI 3.1", "/api/openapi.json", "openapi"},
		{"asyncapi", "WebSockets, AsyncAPI 3", "/api/asyncapi.json", "asyncapi"},
	}}}, s.d.Admin.May(callerOf(ctx).principal)
}

// parts gives the intents to somebody who may see this view.
func (s *Server) parts(ctx context.Context) ([]admin.Part, error) {
	if err := s.d.Admin.May(callerOf(ctx).principal); err != nil {
		return nil, err
	}
	return admin.Parts(s.d.Catalogue)
}

func (s *Server) intentDocuments(ctx context.Context, _ *none) (*body[partList], error) {
	parts, err := s.parts(ctx)
	out := partList{Intents: make([]partShape, len(parts)), Total: len(parts)}
	for i, p := range parts {
		out.Intents[i] = partShape{
			p.Spec.Type, p.Realm, p.Spec.Title, p.Spec.Summary, string(p.Spec.Permission), p.Needs, p.Gives, jsonObject(p.Spec.Schema), jsonObject(p.Spec.Example),
		}
	}
	return &body[partList]{out}, err
}

func (s *Server) codeExamples(ctx context.Context, _ *none) (*body[codeExamples], error) {
	parts, err := s.parts(ctx)
	if err != nil {
		return nil, err
	}
	out := codeExamples{Examples: []codeExample{}}
	for _, p := range parts {
		request, err := json.Marshal(map[string]any{"intent_type": p.Spec.Type, "parameters": json.RawMessage(p.Spec.Example)})
		if err != nil {
			return nil, err
		}
		quoted := strings.ReplaceAll(string(request), "'", `'\''`)
		out.Examples = append(out.Examples,
			codeExample{p.Spec.Type, p.Spec.Title, "sh", "curl -s \"$API/api/intent/submit\" -H \"Authorization: Bearer $TOKEN\" \\\n  -H 'Content-Type: application/json' -H 'Prefer: wait=10' \\\n  -d '" + quoted + "'"},
			codeExample{p.Spec.Type, p.Spec.Title, "javascript", "await fetch(\"/api/intent/submit\", {\n  method: \"POST\", headers: { \"Content-Type\": \"application/json\", Prefer: \"wait=10\" },\n  body: JSON.stringify(" + string(request) + "),\n})"})
	}
	out.Total = len(out.Examples)
	return &body[codeExamples]{out}, nil
}

func newStep(p admin.Part, missing []string) stepShape {
	return stepShape{p.Spec.Type, p.Realm, p.Needs, p.Gives, missing}
}

func newTemplates(parts []admin.Part, wanted func(admin.Template) bool) []templateShape {
	list := []templateShape{}
	for _, t := range admin.Templates(parts) {
		if !wanted(t) {
			continue
		}
		shape := templateShape{t.Goal.Spec.Type, t.Goal.Spec.Title, []stepShape{}}
		for _, p := range t.Steps {
			shape.Steps = append(shape.Steps, newStep(p, []string{}))
		}
		list = append(list, shape)
	}
	return list
}

func (s *Server) patterns(ctx context.Context, _ *none) (*body[patternList], error) {
	parts, err := s.parts(ctx)
	list := newTemplates(parts, func(admin.Template) bool { return true })
	return &body[patternList]{patternList{list, len(list)}}, err
}

func (s *Server) businessTemplates(wanted func(admin.Template) bool) func(context.Context, *none) (*body[templateList], error) {
	return func(ctx context.Context, _ *none) (*body[templateList], error) {
		parts, err := s.parts(ctx)
		list := newTemplates(parts, wanted)
		return &body[templateList]{templateList{list, len(list)}}, err
	}
}

func (s *Server) compositionGuide(ctx context.Context, _ *none) (*body[compositionGuide], error) {
	parts, err := s.parts(ctx)
	out := compositionGuide{Steps: make([]stepShape, len(parts)), Links: []linkShape{}}
	for i, p := range parts {
		out.Steps[i] = newStep(p, []string{})
	}
	for _, l := range admin.Links(parts) {
		out.Links = append(out.Links, linkShape{l.From, l.To, l.By})
	}
	return &body[compositionGuide]{out}, err
}

func (s *Server) compose(ctx context.Context, in *struct {
	Body struct {
		Intents []string `json:"intents" minItems:"1" maxItems:"50"`
	}
}) (*body[composedShape], error) {
	parts, err := s.parts(ctx)
	if err != nil {
		return nil, err
	}
	c := admin.Compose(parts, in.Body.Intents)
	out := composedShape{Composable: len(c.Unknown) == 0, Steps: []stepShape{}, Unknown: c.Unknown}
	for i, p := range c.Parts {
		out.Steps = append(out.Steps, newStep(p, c.Missing[i]))
		out.Composable = out.Composable && len(c.Missing[i]) == 0
	}
	return &body[composedShape]{out}, nil
}
