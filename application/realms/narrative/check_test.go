package narrative

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

const facts = `{"score":0.841652,"rows":240,"share":0.1667,"date":"2024-04-26","sum":1234.5,"id":"art_01jd8h0000exampe0000000000","name":"Ada 7"}`

func TestWordsAreHeldToTheFacts(t *testing.T) {
	for text, want := range map[string]string{
		"84.2 of 100 points in 240 rows, 16.67 % of them, until 2024-04-26.": "figure", // nobody said 100
		"Quality 84.17 % in 240 rows, 0.17 of them, until 2024-04-26.":       "",
		"The sum is 1,234.5.":                 "",
		"Die Summe ist 1.234,5.":              "",
		"The sum is 1235.":                    "figure",
		"It fell by 2.40 %.":                  "figure", // 240 is a fact, 2.40 is not
		"It fell by 24.0 %.":                  "figure",
		"Ada 7,0 is fine.":                    "",
		"Ada 7 is fine.":                      "",
		"Ada 8 is fine.":                      "figure",
		"See art_01jd8h0000exampe0000000000.": "",
		"See art_01jd8h0000exampe0000000001.": "identifier",
		"":                                    "nothing",
		strings.Repeat("a", textMost+1):       "too long",
		"AI will replace our staff.":          "replacing",
		"Replacing all of the people here saves a step.": "replacing",
		"Replace the old file.":                          "",
		"Plenty of words, and no figure.":                "",
	} {
		got := problem(text, facts)
		if want == "" {
			require.Empty(t, got, text)
			continue
		}
		require.Contains(t, got, want, text)
	}
}

// A whole number that is nowhere in the facts never passes.
func TestFiguresAreNeverInvented(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.StringMatching(`[1-9][0-9]{5,8}`).Draw(t, "n")
		require.Contains(t, problem("There are "+n+" of them.", facts), "figure")
	})
}
