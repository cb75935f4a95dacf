package liaison_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/symphainy/symphainy/application/realms/content/liaison"
	"github.com/symphainy/symphainy/domain/artifact"
	"github.com/symphainy/symphainy/domain/execution"
	"github.com/symphainy/symphainy/domain/intent"
	"github.com/symphainy/symphainy/ports"
)

func facts() ports.SessionFacts {
	at := time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)
	a := func(kind, id, name, payload string) artifact.Snapshot {
		return artifact.Snapshot{ID: id, Type: kind, Name: name, State: artifact.Ready, Payload: []byte(payload), CreatedAt: at, Size: 2048}
	}
	return ports.SessionFacts{
		Files: []artifact.Snapshot{a("file", "fil_1", "orders.csv", `{}`), a("file", "fil_2", "people.csv", `{}`)},
		Parsed: []artifact.Snapshot{
			a("parsed_content", "par_1", "", `{"file_id":"fil_1","record_count":240,"columns":[{"name":"id"},{"name":"amount"}]}`),
		},
		Quality: []artifact.Snapshot{a("quality_assessment", "art_1", "", `{"parsed_file_id":"par_1","grade":"B","issues":[
			{"code":"duplicate_keys","severity":"high","description":"Row 118 repeats the key 1044.","column":"id","rows":[118]}]}`)},
		Executions: []execution.Snapshot{{State: execution.Failed, Intent: intent.Intent{Type: "parse_content"}, ErrorMessage: "The file is empty."}},
	}
}

func ask(t *testing.T, text string, f ports.SessionFacts) string {
	t.Helper()
	r, err := liaison.Agent{}.Respond(t.Context(), ports.Turn{Text: text, Facts: f}, func(string) error { return nil })
	require.NoError(t, err)
	return r.Text
}

func TestAnswersComeFromTheSession(t *testing.T) {
	for text, want := range map[string][]string{
		"Which files do I have?":        {"You have 2 files:", "orders.csv (2.0 KiB)", "people.csv", "240 rows"},
		"How many rows has orders.csv?": {"240 rows", "2 columns: id and amount"},
		"What is wrong with orders?":    {"1 quality issue", "[high] Row 118 repeats the key 1044.", "parse_content failed: The file is empty."},
		"show me the columns":           {"Which file do you mean: orders.csv and people.csv?"},
		"orders.csv":                    {"240 rows"},
		"what is wrong with people.csv": {"has not been assessed"},
		"is something running?":         {"Nothing is running"},
		"how do I upload something":     {"POST /api/files"},
		"compare orders and people":     {"orders.csv is parsed with 240 rows", "people.csv is saved and waits"},
		"compare them":                  {"Which two do you mean"},
		"status of exe_1":               {"no such execution"},
		"sing me a lullaby":             {"I did not understand"},
	} {
		answer := ask(t, text, facts())
		for _, w := range want {
			require.Contains(t, answer, w, text)
		}
	}
}

func TestAnEmptySessionIsToldSo(t *testing.T) {
	for _, text := range []string{"which files do I have", "how many rows", "what is wrong"} {
		require.Contains(t, ask(t, text, ports.SessionFacts{}), "no files")
	}
}
