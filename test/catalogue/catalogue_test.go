// Package catalogue_test holds all realms together to what every intent owes (realms.md §6.3): no id of somebody else's is more than
// unknown, and changed input changes the result.
package catalogue_test

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/symphainy/symphainy/application/intents"
	"github.com/symphainy/symphainy/application/realms/content"
	"github.com/symphainy/symphainy/application/realms/insights"
	"github.com/symphainy/symphainy/application/realms/journey"
	"github.com/symphainy/symphainy/application/realms/narrative"
	"github.com/symphainy/symphainy/application/realms/outcomes"
	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/domain/identity"
	"github.com/symphainy/symphainy/domain/realm"
	"github.com/symphainy/symphainy/ports"
	"github.com/symphainy/symphainy/test/realmtest"
)

type params = map[string]any

func realms(w *realmtest.World) []ports.Realm { return told(w, nil) }

// told are the realms with a model that puts results into words; nil is none.
func told(w *realmtest.World, model ports.LanguageModel) []ports.Realm {
	words := narrative.New(model)
	c := content.New(content.Deps{UnitOfWork: w.Store, Blobs: w.Blobs, Clock: w.Clock, IDs: w.IDs})
	return []ports.Realm{
		c,
		insights.New(insights.Deps{Blobs: w.Blobs, Clock: w.Clock, IDs: w.IDs, Words: words}),
		journey.New(journey.Deps{Blobs: w.Blobs, Clock: w.Clock, IDs: w.IDs, ParseFile: c.ParseFile, Words: words}),
		outcomes.New(outcomes.Deps{Blobs: w.Blobs, Clock: w.Clock, IDs: w.IDs, Words: words}),
	}
}

func TestAllRealmsTogether(t *testing.T) {
	realmtest.NewWorld(t, func(w *realmtest.World) []ports.Realm {
		all := realms(w)
		realmtest.Conformance(t, all...)
		return all
	})
}

// holder is somebody with one of each thing; the numbers in it differ from holder to holder.
type holder struct {
	identity.Principal
	n                                                        int
	file, contract, parsed, target, document, process, bpmn  string
	workflow, sop, coexistence, blueprint, quality, analysis string
	roadmap, poc, synthesis                                  string
}

func hold(t *testing.T, w *realmtest.World, n int) *holder {
	t.Helper()
	h := &holder{Principal: w.User(t), n: n}
	bring := func(name, body string) (file, contract, parsed string) {
		in := w.Must(t, h.Principal, "ingest_file", params{"ui_name": name, "file_content": hex.EncodeToString([]byte(body))})
		file, contract = in.Value("file_id"), in.Value("boundary_contract_id")
		w.Must(t, h.Principal, "save_materialization", params{"file_id": file, "boundary_contract_id": contract})
		return file, contract, w.Must(t, h.Principal, "parse_content", params{"file_id": file}).Value("parsed_file_id")
	}
	table := func(key string) string {
		var b strings.Builder
		fmt.Fprintf(&b, "%s,customer_id,region,amount,day\n", key)
		for i := range 12 + n {
			amount := 10 + i*n
			if i == 5 {
				amount *= 1000
			}
			fmt.Fprintf(&b, "%d,%d,%s,%d,2024-%02d-01\n", i+n, i%4+n, []string{"north", "south"}[i%2], amount, i%12+1)
		}
		return b.String()
	}
	h.file, h.contract, h.parsed = bring(fmt.Sprintf("orders%d.csv", n), table("order_id"))
	_, _, h.target = bring(fmt.Sprintf("target%d.csv", n), table("order_no"))
	_, _, h.document = bring("review.txt", fmt.Sprintf("Review %d\n\nLESSONS LEARNED\n\n- Lesson %d: check the totals\n\nRISKS\n\n- The budget may overrun by %d %%\n\nRECOMMENDATIONS\n\n1. Assign an owner in %d.\n", n, n, n, 2020+n))
	process, err := os.ReadFile("../fixtures/beneficiary.bpmn")
	require.NoError(t, err)
	body := strings.ReplaceAll(string(process), "Update Beneficiary Record", fmt.Sprintf("Extract Beneficiary Record %d", n))
	h.bpmn, _, h.process = bring("beneficiary.bpmn", body)
	p := h.Principal
	h.workflow = w.Must(t, p, "create_workflow", params{"parsed_file_id": h.process}).Value("workflow_id")
	h.sop = w.Must(t, p, "generate_sop", params{"workflow_id": h.workflow}).Value("sop_id")
	h.coexistence = w.Must(t, p, "analyze_coexistence", params{"workflow_id": h.workflow}).Value("analysis_id")
	h.blueprint = w.Must(t, p, "create_blueprint", params{"workflow_id": h.workflow}).Value("blueprint_id")
	h.quality = w.Must(t, p, "assess_data_quality", params{"parsed_file_id": h.parsed}).Value("quality_assessment_id")
	h.analysis = w.Must(t, p, "analyze_structured_data", params{"parsed_file_id": h.parsed}).Value("analysis_id")
	h.synthesis = w.Must(t, p, "synthesize_outcome", nil).Value("synthesis_id")
	h.roadmap = w.Must(t, p, "generate_roadmap", params{"goals": []string{fmt.Sprintf("Goal %d", n)}}).Value("roadmap_id")
	h.poc = w.Must(t, p, "create_poc", params{"description": fmt.Sprintf("Try it %d times.", n)}).Value("poc_id")
	return h
}

// id gives what the holder has for a parameter, by its name.
func (h *holder) id(name string) string {
	for _, x := range []struct{ part, id string }{
		{"contract", h.contract}, {"bpmn_file", h.bpmn}, {"workflow_file", h.bpmn}, {"source_parsed", h.parsed}, {"target_parsed", h.target}, {"parsed", h.parsed},
		{"workflow", h.workflow}, {"sop", h.sop}, {"blueprint", h.blueprint}, {"roadmap", h.roadmap}, {"poc", h.poc}, {"source_id", h.roadmap},
		{"artifact", h.quality}, {"file", h.file}, {"copybook", h.file}, {"storage_location", h.file},
	} {
		if strings.Contains(name, x.part) {
			return x.id
		}
	}
	return h.quality
}

var anID = regexp.MustCompile(`(_id|_ids|_reference|_path)$`)

// own are parameters that look like ids and name nothing that the platform keeps.
func own() []string { return []string{"partner_id"} }

// references are the places of a schema that name an object of the platform.
func references(schema map[string]any, path ...string) (out [][]string) {
	properties, _ := schema["properties"].(map[string]any)
	for _, name := range slices.Sorted(maps.Keys(properties)) {
		sub, _ := properties[name].(map[string]any)
		here := append(slices.Clone(path), name)
		if anID.MatchString(name) && !slices.Contains(own(), name) {
			out = append(out, here)
		}
		out = append(out, references(sub, here...)...)
	}
	return out
}

func decode(t *testing.T, raw []byte) params {
	t.Helper()
	var out params
	require.NoError(t, json.Unmarshal(raw, &out))
	return out
}

// set puts a value at a place; a list gets it as its only member.
func set(in params, path []string, value string, list bool) {
	for _, name := range path[:len(path)-1] {
		next, ok := in[name].(map[string]any)
		if !ok {
			next = params{}
			in[name] = next
		}
		in = next
	}
	in[path[len(path)-1]] = value
	if list {
		in[path[len(path)-1]] = []any{value}
	}
}

// filled is the intent's example with the holder's own ids in it.
func (h *holder) filled(t *testing.T, e intents.Entry, keep func(name string) bool) params {
	t.Helper()
	schema := decode(t, e.Spec.Schema)
	in := decode(t, e.Spec.Example)
	required, _ := schema["required"].([]any)
	if e.Spec.Type == "ingest_file" && !keep("") {
		in["ui_name"] = "again.csv" // a name, and the upload by its id alone
		required = append(required, "ui_name")
	}
	for name := range in {
		if !keep(name) && !slices.Contains(required, any(name)) {
			delete(in, name)
		}
	}
	for _, path := range references(schema) {
		if _, given := in[path[0]]; given && len(path) == 1 {
			_, list := in[path[0]].([]any)
			set(in, path, h.id(path[0]), list)
		}
	}
	return in
}

// answer is what a caller learns of a refusal.
func answer(err error) string {
	f := fault.As(err)
	return fmt.Sprint(f.Kind, " ", f.Code, " ", f.Msg, " ", f.Fields)
}

// unknown gives an id of the same kind that nobody made.
func unknown(id string) string { return id[:4] + "01jd8h0000e7e8000000000000" }

func TestEveryForeignIDIsUnknown(t *testing.T) {
	w := realmtest.NewWorld(t, realms)
	mine, theirs := hold(t, w, 1), hold(t, w, 2)
	places := 0
	for _, e := range w.Catalogue.Entries() {
		schema := decode(t, e.Spec.Schema)
		properties, _ := schema["properties"].(map[string]any)
		for _, path := range references(schema) {
			places++
			t.Run(e.Spec.Type+"/"+strings.Join(path, "."), func(t *testing.T) {
				sub, _ := properties[path[0]].(map[string]any)
				list := sub["type"] == "array" && len(path) == 1
				bulk := list || e.Spec.Retry == realm.RetryBulk // a bulk intent answers for each of its items
				name := path[len(path)-1]
				found := false
				// The example with the place filled in, what is required beside it, and the example without its twins: some places exclude
				// each other.
				side, _, _ := strings.Cut(path[0], "_")
				for _, keep := range []func(string) bool{
					func(string) bool { return true }, func(string) bool { return false },
					func(other string) bool { return !strings.HasPrefix(other, side+"_") || !anID.MatchString(other) },
				} {
					try := func(id string) error {
						in := mine.filled(t, e, keep)
						set(in, path, id, list)
						if name == "extraction_config_id" {
							in["pattern"] = "custom" // the other patterns are shipped
						}
						o, err := w.Submit(t, mine.Principal, e.Spec.Type, in)
						if err == nil {
							requireNothingOf(t, o, id, bulk)
							return nil
						}
						return err
					}
					foreign, never := try(theirs.id(name)), try(unknown(theirs.id(name)))
					require.Equal(t, never == nil, foreign == nil, "%v and %v", foreign, never)
					if foreign == nil {
						found = found || bulk
						continue
					}
					require.Equal(t, answer(never), answer(foreign))
					found = found || fault.As(foreign).Code == "not_found"
				}
				require.True(t, found, "it must be looked up, in the caller's scope")
			})
		}
	}
	require.Greater(t, places, 25)
}

// requireNothingOf checks that a bulk result says not_found of a foreign item.
func requireNothingOf(t *testing.T, o realmtest.Outcome, id string, bulk bool) {
	t.Helper()
	require.True(t, bulk, "a foreign or unknown id must not succeed: %s", id)
	raw, err := json.Marshal(o.Artifacts)
	require.NoError(t, err)
	require.Contains(t, string(raw), "not_found")
}

var (
	made = regexp.MustCompile(`\b[a-z]{3}_[0-7][0-9a-hjkmnp-tv-z]{25}\b`)
	when = regexp.MustCompile(`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z`)
)

// normal is a result without ids and times.
func normal(t *testing.T, o realmtest.Outcome) string {
	t.Helper()
	raw, err := json.Marshal(o.Artifacts)
	require.NoError(t, err)
	return when.ReplaceAllString(made.ReplaceAllString(string(raw), "<id>"), "<time>")
}
