package say_test

import (
	"testing"
	"unicode"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/symphainy/symphainy/application/realms/say"
)

func TestSentences(t *testing.T) {
	require.Equal(t, `"a\"b\n\u202ec"`, say.Quote("a\"b\n\u202ec"))
	require.Equal(t, "a b…", say.Plain(" a \x00\n b\u200Bcd", 3))
	require.Equal(t, `\<a\> \*b\* \| c`, say.Markdown("<a>\n*b* | c"))
	require.Equal(t, []string{"0", "1.5", "-2", "100"}, []string{say.Number(-1e-9), say.Number(1.5), say.Number(-2), say.Number(100)})
	require.Equal(t, []string{"", "a", "a and b", "a, b and c", "a and 2 more"}, []string{
		say.Join(nil, 0), say.Join([]string{"a"}, 1), say.Join([]string{"a", "b"}, 2), say.Join([]string{"a", "b", "c"}, 3), say.Join([]string{"a"}, 3),
	})
	require.Equal(t, []string{"59.14", "-7.5", "0.333333", "100"}, []string{say.Rounded(59.14159), say.Rounded(-7.5), say.Rounded(1.0 / 3), say.Rounded(100)})
	require.Equal(t, "12.5 %", say.Percent(1, 8))
	require.Equal(t, "1 row, 2 rows", say.Plural(1, "row", "rows")+", "+say.Plural(2, "row", "rows"))
	require.Equal(t, "row 3 (line 4 of the file)", say.Row(2, 2))
	require.Equal(t, "row 3", say.Row(2, 0))
}

func TestNothingBreaksALine(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.String().Draw(t, "s")
		for _, out := range []string{say.Quote(s), say.Plain(s, 20), say.Markdown(s)} {
			for _, r := range out {
				require.False(t, unicode.IsControl(r), "%q", out)
			}
		}
	})
}
