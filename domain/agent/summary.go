package agent

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// Bounds of what is left of messages that are over a conversation's bounds, in bytes: of all, and of one.
const (
	MaxSummary = 4 << 10
	maxSummed  = 160
)

// anonymousMark stands in a summary before what was said before a sign-in.
const anonymousMark = "[anonymous] "

// Kept gives how many of the newest messages, of a list that is oldest first, are within the bounds of a conversation: at least the last.
func Kept(list []Message) int {
	bytes, kept := 0, 0
	for i := len(list) - 1; i >= 0 && kept < MaxMessages; i-- {
		if bytes += len(list[i].Text); bytes > MaxHistory && kept > 0 {
			break
		}
		kept++
	}
	return kept
}

// Fold adds messages that are to be removed to a summary: one line each, who and how it began, and of those the newest that fit. The same
// messages give the same summary.
func Fold(summary string, removed []Message) string {
	var b strings.Builder
	b.WriteString(summary)
	for _, m := range removed {
		mark := ""
		if m.Origin == "anonymous" {
			mark = anonymousMark
		}
		fmt.Fprintf(&b, "%s%s: %s\n", mark, m.Role, beginning(m.Text))
	}
	out := b.String()
	for len(out) > MaxSummary {
		_, rest, found := strings.Cut(out, "\n")
		if !found {
			break
		}
		out = rest
	}
	return out
}

// Tainted reports whether a summary holds what was said before a sign-in.
func Tainted(summary string) bool { return strings.Contains(summary, anonymousMark) }

// beginning gives the beginning of a text as one line.
func beginning(text string) string {
	line := strings.Join(strings.Fields(text[:min(len(text), 2*maxSummed)]), " ")
	if len(line) <= maxSummed && len(text) <= 2*maxSummed {
		return line
	}
	line = line[:min(len(line), maxSummed)]
	for !utf8.ValidString(line) && line != "" {
		line = line[:len(line)-1]
	}
	return line + "…"
}
