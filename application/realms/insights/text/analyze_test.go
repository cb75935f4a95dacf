package text_test

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/symphainy/symphainy/application/realms/content/parse"
	"github.com/symphainy/symphainy/application/realms/insights/text"
	"github.com/symphainy/symphainy/domain/document"
)

func fixture(t testing.TB, name string) *document.Document {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("..", "..", "..", "..", "test", "fixtures", name))
	require.NoError(t, err)
	doc, err := parse.NewRegistry(parse.Limits{}).ParseAll(context.Background(), parse.Input{Body: bytes.NewReader(b), Filename: name}, parse.Options{})
	require.NoError(t, err)
	return doc
}

func of(paragraphs ...string) *document.Document {
	d := &document.Document{Text: strings.Join(paragraphs, "\n\n")}
	for i, p := range paragraphs {
		d.Paragraphs = append(d.Paragraphs, document.Paragraph{Index: i, Text: p})
	}
	return d
}

func analyze(t require.TestingT, d *document.Document) *text.Analysis {
	a, err := text.Analyze(d, text.All())
	require.NoError(t, err)
	return a
}

func TestPermit(t *testing.T) {
	d := fixture(t, "permit.txt")
	a := analyze(t, d)
	require.Equal(t, "permit", a.Frequent[0].Word)
	require.Equal(t, map[string]int{"date": 3, "reference": 1, "label": a.EntityCounts["label"]}, a.EntityCounts)
	require.Contains(t, a.Entities, text.Entity{Type: "label", Label: "Applicant", Value: "Northwind Instruments", Start: 74, End: 106})
	characters := []rune(d.Text)
	for _, e := range a.Entities {
		if e.Type != "label" {
			require.Equal(t, e.Value, string(characters[e.Start:e.End]))
		}
	}
	require.NotEmpty(t, a.Summary)
	require.Equal(t, "permit", a.Topics[0].Topic)
}

func TestEntities(t *testing.T) {
	a := analyze(t, of("Zoë wrote to a.b@example.com on 15 January 2024 and 31/12/2024, not on 2024-02-30. See https://x.example/a?b=1. Paid $1,200.50 or 30 EUR, up 12.5 %. "+
		"Call +1 555 010-0000 about REF-2024-17. Northwind Trading Ltd agreed."))
	var got []string
	for _, e := range a.Entities {
		got = append(got, e.Type+" "+e.Value)
	}
	require.Equal(t, []string{
		"email a.b@example.com", "date 15 January 2024", "date 31/12/2024", "url https://x.example/a?b=1", "money $1,200.50", "money 30 EUR", "percent 12.5 %",
		"phone +1 555 010-0000", "reference REF-2024-17", "organization Northwind Trading Ltd",
	}, got)
	require.Equal(t, 13, a.Entities[0].Start, "offsets are in characters")
}

func TestSentiment(t *testing.T) {
	for in, want := range map[string]text.Sentiment{
		"The service was excellent and fast.":              {Label: text.Positive, Score: 1, Positive: 2},
		"The delay was terrible, but the staff were good.": {Label: text.Negative, Score: -0.3333, Positive: 1, Negative: 2},
		"It was not a good day.":                           {Label: text.Negative, Score: -1, Negative: 1},
		"There were no problems.":                          {Label: text.Positive, Score: 1, Positive: 1},
		"Not one of them in the end was good.":             {Label: text.Positive, Score: 1, Positive: 1},
		"No. Good work.":                                   {Label: text.Positive, Score: 1, Positive: 1},
		"Goodness is a whole word.":                        {Label: text.Neutral},
		"Good and bad.":                                    {Label: text.Neutral, Positive: 1, Negative: 1},
	} {
		got := *analyze(t, of(in)).Feeling
		got.Hits = nil
		require.Equal(t, want, got, in)
	}
}

func TestPhrasesTopicsSummary(t *testing.T) {
	a := analyze(t, of(
		"The claims process is slow. Claims wait for a manual review.", "A manual review of claims takes ten days.", "Weather was mild.", "The cafeteria opens at noon. Lunch is served.",
		"Parking is free. Claims are filed."))
	require.Equal(t, text.Topic{Topic: "claims", Paragraphs: 3, Share: 0.6, Related: []string{"manual", "review", "days", "filed", "free"}}, a.Topics[0])
	require.Equal(t, 8, a.Sentences)
	require.Equal(t, []string{"Claims are filed."}, a.Summary[len(a.Summary)-1:])
	phrases := map[string]int{}
	for _, p := range a.Phrases {
		phrases[p.Phrase] = p.Count
	}
	require.Equal(t, 2, phrases["manual review"])
	require.LessOrEqual(t, len(a.Phrases), 20)
	require.Equal(t, []text.Word{{"claims", 4}, {"manual", 2}, {"review", 2}}, a.Frequent[:3])
}

func TestOnlyWhatIsAskedFor(t *testing.T) {
	a, err := text.Analyze(of("Good work on 2024-01-01."), text.Options{Sentiment: true})
	require.NoError(t, err)
	require.Empty(t, a.Entities)
	require.Empty(t, a.Topics)
	require.Empty(t, a.Frequent)
	require.NotNil(t, a.Feeling)
	for _, d := range []*document.Document{{}, of("", " \n"), of("… — !")} {
		_, err := text.Analyze(d, text.All())
		require.ErrorIs(t, err, text.ErrInsufficient)
	}
	long, err := text.Analyze(of(strings.Repeat("good words é ", text.MaxText/13)), text.Options{Sentiment: true})
	require.NoError(t, err)
	require.True(t, long.Truncated)
}

func TestAnyText(t *testing.T) {
	hostile := []string{`<a & "b">`, `'; --`, "\u202Eשלום", "not", "good", "no. ", "1.2.2024", "a@b.co", "$5", "\n", ".", "é", "REF-123", "50%"}
	rapid.Check(t, func(t *rapid.T) {
		d := of(strings.Join(rapid.SliceOfN(rapid.SampledFrom(hostile), 1, 40).Draw(t, "words"), " ") + " word")
		a := analyze(t, d)
		require.Equal(t, a, analyze(t, d))
		require.LessOrEqual(t, a.Feeling.Score, 1.0)
		require.GreaterOrEqual(t, a.Feeling.Score, -1.0)
		characters, end := []rune(d.Text), 0
		for _, e := range a.Entities {
			require.GreaterOrEqual(t, e.Start, end, "no two overlap")
			end = e.End
			require.Equal(t, e.Value, string(characters[e.Start:e.End]))
		}
		more := of(append([]string{"excellent " + d.Text}, "x")...)
		require.GreaterOrEqual(t, analyze(t, more).Feeling.Positive, 1)
	})
}

func BenchmarkAnalyze(b *testing.B) {
	var paragraphs []string
	for range 200 {
		paragraphs = append(paragraphs, "The permit number PER-2024-001234 was issued on 2024-01-15 by the Example Authority. It was a good decision, and nobody was unhappy with the delay of 3 %.",
			"Contact the office at office@example.org or +1 555 010-0000 before work begins; the fee is $1,200.50.")
	}
	d := of(paragraphs...)
	b.SetBytes(int64(len(d.Text)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := text.Analyze(d, text.All()); err != nil {
			b.Fatal(err)
		}
	}
}
