package svg_test

import (
	"encoding/xml"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/symphainy/symphainy/application/realms/svg"
)

func TestWrap(t *testing.T) {
	require.Equal(t, []string{"one two", "three"}, svg.Wrap("one two\nthree", svg.Width("one two"), 3))
	require.Empty(t, svg.Wrap("  ", 100, 3))
	lines := svg.Wrap("one two three four five six", svg.Width("one two"), 2)
	require.Len(t, lines, 2)
	require.True(t, strings.HasSuffix(lines[1], "…"), "%q", lines)
	require.Equal(t, "short", svg.Clip("short", 100))
	require.Equal(t, svg.Width("ab"), svg.Width("a\u0301b"), "a mark has no width of its own")
}

func TestWrapKeepsItsBounds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.String().Draw(t, "text")
		width, most := rapid.IntRange(20, 200).Draw(t, "width"), rapid.IntRange(1, 4).Draw(t, "most")
		lines := svg.Wrap(s, width, most)
		require.LessOrEqual(t, len(lines), most)
		for _, line := range lines {
			require.LessOrEqual(t, svg.Width(line), width+15)
		}
		if whole := strings.Join(strings.Fields(s), ""); svg.Width(whole)+10 < width {
			require.Equal(t, whole, strings.ReplaceAll(strings.Join(lines, ""), " ", ""), "what fits is all there")
		}
	})
}

// A picture is well-formed whatever is written on it, and has no element but shapes and texts.
func TestPicture(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.OneOf(rapid.String(), rapid.SampledFrom([]string{`</text><script>x</script>`, "\x00", "\u202e", `" onload="x`})).Draw(t, "text")
		p := &svg.Picture{}
		p.Rect(0, 0, 10, 10, 2, svg.Paint{Fill: "#fff", Stroke: "#000", Dashed: true})
		p.Circle(5, 5, 2, svg.Paint{})
		p.Arrow([]svg.Point{{X: 0, Y: 0}, {X: 10, Y: 0}}, svg.Paint{Stroke: "#000"})
		p.Arrow(nil, svg.Paint{})
		p.Lines(5, 5, []string{s, s}, svg.Style{Anchor: svg.Middle, Bold: true})
		p.Turned(5, 5, s, svg.Style{})
		decoder := xml.NewDecoder(strings.NewReader(string(p.Bytes(100, 100, s))))
		for {
			token, err := decoder.Token()
			if err != nil {
				require.ErrorIs(t, err, io.EOF)
				return
			}
			if start, ok := token.(xml.StartElement); ok {
				require.Contains(t, []string{"svg", "title", "rect", "circle", "polyline", "polygon", "text"}, start.Name.Local)
			}
		}
	})
}
