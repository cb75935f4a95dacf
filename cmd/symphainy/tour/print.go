package tour

import (
	"fmt"
	"io"
	"strings"
)

// width is where answers are wrapped.
const width = 92

// printer writes the story. Colours only where somebody looks.
type printer struct {
	w     io.Writer
	color bool
	step  int
}

func (p *printer) paint(code, s string) string {
	if !p.color {
		return s
	}
	return "\x1b[" + code + "m" + s + "\x1b[0m"
}

func (p *printer) write(format string, args ...any) {
	// A terminal that is gone does not stop the tour; its result is the exit code.
	_, _ = fmt.Fprintf(p.w, format, args...)
}

// chapter begins a step.
func (p *printer) chapter(format string, args ...any) {
	p.step++
	p.write("\n%s\n", p.paint("1", fmt.Sprintf("%d. ", p.step)+fmt.Sprintf(format, args...)))
}

// ok tells a promise that was kept.
func (p *printer) ok(format string, args ...any) {
	p.write("   %s %s\n", p.paint("32", "ok"), fmt.Sprintf(format, args...))
}

// note tells a detail.
func (p *printer) note(format string, args ...any) {
	p.write("      %s\n", p.paint("2", fmt.Sprintf(format, args...)))
}

// says shows one side of a conversation.
func (p *printer) says(who, text string) {
	for i, line := range wrap(text) {
		if i == 0 {
			p.write("   %s %s\n", p.paint("36", fmt.Sprintf("%7s:", who)), line)
			continue
		}
		p.write("            %s\n", line)
	}
}

// wrap breaks a text into lines, keeping its own breaks but no empty lines.
func wrap(text string) []string {
	var lines []string
	for paragraph := range strings.SplitSeq(text, "\n") {
		line := ""
		for _, word := range strings.Fields(paragraph) {
			if line != "" && len([]rune(line))+1+len([]rune(word)) > width {
				lines, line = append(lines, line), ""
			}
			if line != "" {
				line += " "
			}
			line += word
		}
		if line != "" {
			lines = append(lines, line)
		}
	}
	return lines
}
