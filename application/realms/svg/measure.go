package svg

import (
	"strings"
	"unicode"
)

// Width estimates how wide a text is at FontSize, in pixels; a picture cannot measure the reader's font.
func Width(s string) int {
	tenths := 0
	for _, r := range s {
		switch {
		case r >= 0x1100 && (r <= 0x115f || r >= 0x2e80 && r <= 0xd7a3 || r >= 0xf900 && r <= 0xfaff || r >= 0xfe30 && r <= 0xff60 || r >= 0x1f300):
			tenths += 125
		case strings.ContainsRune("iljtfrI.,:;'|!()[] ", r):
			tenths += 42
		case strings.ContainsRune("mwMW@%", r):
			tenths += 108
		case unicode.IsUpper(r):
			tenths += 88
		case unicode.Is(unicode.Mn, r), unicode.Is(unicode.Cf, r):
		default:
			tenths += 71
		}
	}
	return (tenths + 9) / 10
}

// Wrap breaks a text into at most that many lines of at most that width. What does not fit ends in an ellipsis; a word that is too long is
// broken.
func Wrap(s string, width, most int) []string {
	var lines []string
	line := ""
	flush := func() {
		if line != "" {
			lines = append(lines, line)
		}
		line = ""
	}
	for _, word := range strings.Fields(s) {
		if Width(strings.TrimPrefix(line+" "+word, " ")) <= width {
			line = strings.TrimPrefix(line+" "+word, " ")
			continue
		}
		flush()
		for Width(word) > width && len(lines) <= most {
			head, tail := cut(word, width)
			lines, word = append(lines, head), tail
		}
		line = word
		if len(lines) > most {
			break
		}
	}
	flush()
	if len(lines) <= most {
		return lines
	}
	lines = lines[:most]
	lines[most-1] = Clip(lines[most-1]+" …", width)
	if !strings.HasSuffix(lines[most-1], "…") {
		lines[most-1] += "…"
	}
	return lines
}

// cut divides a word so that its head fits; at least one character does.
func cut(word string, width int) (head, tail string) {
	runes := []rune(word)
	n := 1
	for n < len(runes) && Width(string(runes[:n+1])) <= width {
		n++
	}
	return string(runes[:n]), string(runes[n:])
}

// Clip shortens a text to the width, with an ellipsis if something is left out.
func Clip(s string, width int) string {
	if Width(s) <= width {
		return s
	}
	runes := []rune(strings.TrimSuffix(strings.TrimSuffix(s, "…"), " "))
	for len(runes) > 1 && Width(string(runes)+"…") > width {
		runes = runes[:len(runes)-1]
	}
	return strings.TrimRight(string(runes), " ") + "…"
}
