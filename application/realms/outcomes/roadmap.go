package outcomes

import (
	"context"
	"strings"
	"time"

	"github.com/symphainy/symphainy/application/realms/steps"
	"github.com/symphainy/symphainy/domain/event"
	"github.com/symphainy/symphainy/domain/realm"
	"github.com/symphainy/symphainy/domain/typeid"
	"github.com/symphainy/symphainy/ports"
)

const roadmapSchema = `{"type":"object","additionalProperties":false,"required":["goals"],"properties":{
 "goals":{"type":"array","minItems":1,"maxItems":20,"items":{"type":"string","minLength":1,"maxLength":500,"pattern":"\\S"}},
 "roadmap_options":{"type":"object","additionalProperties":false,"properties":{
  "title":` + titleSchema + `,"description":{"type":"string","maxLength":2000},
  "timeline":` + spanSchema + `,"start_date":` + dateSchema + `}}}}`

func roadmapSpec() realm.IntentSpec {
	return spec(realm.IntentSpec{
		Type: generateRoadmap, Title: "Generate a roadmap",
		Summary: "Turns goals, and what the session's analyses found, into phases with dates, milestones, risks and a Gantt chart.",
		Schema:  []byte(roadmapSchema), ResultKeys: []string{"roadmap"}, Events: []string{"roadmap_generated"},
		Example: []byte(`{"goals":["Move the policies to the new system","Cut rework by 20 %"],"roadmap_options":{"timeline":"6 months","start_date":"2026-01-05"}}`),
	})
}

type roadmapParameters struct {
	Goals   []string `json:"goals"`
	Options struct {
		Title       string `json:"title"`
		Description string `json:"description"`
		Timeline    string `json:"timeline"`
		StartDate   string `json:"start_date"`
	} `json:"roadmap_options"`
}

// goals are the goals as they were given, without blanks around them and without repeats.
func (p roadmapParameters) goals() []string {
	var out []string
	seen := map[string]bool{}
	for _, g := range p.Goals {
		g = strings.Join(strings.Fields(g), " ")
		if key := strings.ToLower(g); g != "" && !seen[key] {
			seen[key] = true
			out = append(out, g)
		}
	}
	return out
}

func (r *Realm) roadmap(ctx context.Context, call ports.IntentCall) (ports.IntentResult, error) {
	in, err := steps.Parameters[roadmapParameters](call)
	if err != nil {
		return ports.IntentResult{}, err
	}
	done, err := steps.Run(ctx, call, "plan", func(ctx context.Context, _ string) (made, error) {
		h, err := hold(ctx, call)
		if err != nil {
			return made{}, err
		}
		p := newPlan(r.IDs.NewID(typeid.Artifact), in, h)
		if err := p.schedule(call.Execution().CreatedAt); err != nil {
			return made{}, err
		}
		return p.made(), nil
	})
	if err != nil {
		return ports.IntentResult{}, err
	}
	return ports.IntentResult{
		Artifacts: []ports.ResultArtifact{{Key: typeRoadmap, Artifact: outcome(call, typeRoadmap, done)}},
		Values:    map[string]string{"roadmap_id": done.ID},
		Events:    []event.Draft{{Type: "roadmap_generated", Data: done.Event}},
	}, nil
}

// span is a length of time as people say it.
type span struct {
	n    int
	unit string
}

// readSpan reads "N weeks|months|years"; the schema has checked the form.
func readSpan(s string) (span, bool) {
	words := strings.Fields(s)
	if len(words) != 2 {
		return span{}, false
	}
	n := 0
	for _, d := range words[0] {
		if d < '0' || d > '9' {
			return span{}, false
		}
		n = n*10 + int(d-'0')
	}
	return span{n, strings.TrimSuffix(words[1], "s")}, n > 0
}

// after gives the day on which the span that begins on a day is over.
func (s span) after(day time.Time) time.Time {
	switch s.unit {
	case "week":
		return day.AddDate(0, 0, 7*s.n)
	case "month":
		return day.AddDate(0, s.n, 0)
	}
	return day.AddDate(s.n, 0, 0)
}

// dayOf is the day of a time, in UTC.
func dayOf(at time.Time) time.Time { return at.UTC().Truncate(24 * time.Hour) }

// startDay is the day that an option names, or the day of the request.
func startDay(option string, created time.Time) (day time.Time, assumed bool, err error) {
	if option == "" {
		return dayOf(created), true, nil
	}
	day, err = time.Parse(time.DateOnly, option)
	if err != nil {
		return day, false, wrong("start_date", "invalid_format", "must be a date (YYYY-MM-DD).")
	}
	return day, false, nil
}
