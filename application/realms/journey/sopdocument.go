package journey

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/symphainy/symphainy/application/realms/docx"
	"github.com/symphainy/symphainy/application/realms/journey/process"
	"github.com/symphainy/symphainy/application/realms/say"
)

// notSaid stands in a document for what the source does not say.
const notSaid = "not stated"

func said(s string) string {
	if s == "" {
		return notSaid
	}
	return s
}

// markdownOf writes a procedure as Markdown, in which nothing of the user's is more than text.
func markdownOf(p *process.Procedure) string {
	var b strings.Builder
	section := func(title string) { fmt.Fprintf(&b, "\n## %s\n\n", title) }
	fmt.Fprintf(&b, "# %s\n\nVersion %s, %s.\n", say.Markdown(said(p.Title)), sopVersion, say.Plural(len(p.Steps), "step", "steps"))
	section("Purpose")
	b.WriteString(say.Markdown(said(p.Purpose)) + "\n")
	section("Scope")
	b.WriteString(say.Markdown(said(p.Scope)) + "\n")
	bullets := func(title string, list []string, mark string) {
		if len(list) == 0 {
			return
		}
		section(title)
		for _, x := range list {
			fmt.Fprintf(&b, "- %s%s\n", mark, say.Markdown(x))
		}
	}
	bullets("Prerequisites", p.Prerequisites, "")
	if roles := p.AllRoles(); len(roles) > 0 {
		section("Roles")
		b.WriteString("| role | responsibility | steps |\n|---|---|---|\n")
		for _, r := range roles {
			fmt.Fprintf(&b, "| %s | %s | %s |\n", say.Markdown(r.Name), say.Markdown(r.Responsibility), numbers(p.StepsOf(r.Name)))
		}
	}
	section("Procedure")
	for i, s := range p.Steps {
		fmt.Fprintf(&b, "%d. **%s**%s\n", i+1, say.Markdown(s.Name), by(say.Markdown(s.Actor)))
		for _, line := range notes(p, i+1) {
			fmt.Fprintf(&b, "   - %s\n", say.Markdown(line))
		}
	}
	bullets("Checklist before", p.Before, "[ ] ")
	bullets("Checklist during", p.During, "[ ] ")
	bullets("Checklist after", p.After, "[ ] ")
	return b.String()
}

func by(actor string) string {
	if actor == "" {
		return ""
	}
	return " (" + actor + ")"
}

func numbers(list []int) string {
	words := make([]string, len(list))
	for i, n := range list {
		words[i] = strconv.Itoa(n)
	}
	return strings.Join(words, ", ")
}

// notes are the lines below a step: what it is, what is in it, and where it leads.
func notes(p *process.Procedure, number int) []string {
	s := p.Steps[number-1]
	var lines []string
	if s.Description != "" {
		lines = append(lines, s.Description)
	}
	lines = append(lines, s.Details...)
	for _, b := range s.Branches {
		lines = append(lines, branchText(b))
	}
	to := p.Follow(number)
	if len(to) == 1 && to[0] == number+1 {
		return lines
	}
	for _, n := range to {
		if n == process.End {
			lines = append(lines, "This ends the procedure.")
			continue
		}
		lines = append(lines, fmt.Sprintf("Continue with step %d.", n))
	}
	return lines
}

// docxOf writes a procedure as a document for a word processor.
func docxOf(p *process.Procedure) ([]byte, error) {
	d := docx.New(said(p.Title))
	d.Field("Version", sopVersion)
	d.Heading(1, "Purpose")
	d.Paragraph(said(p.Purpose))
	d.Heading(1, "Scope")
	d.Paragraph(said(p.Scope))
	bullets := func(level int, title string, list []string) {
		if len(list) > 0 {
			d.Heading(level, title)
			d.Bullets(list...)
		}
	}
	bullets(1, "Prerequisites", p.Prerequisites)
	if roles := p.AllRoles(); len(roles) > 0 {
		d.Heading(1, "Roles")
		rows := make([][]string, 0, len(roles))
		for _, r := range roles {
			rows = append(rows, []string{r.Name, r.Responsibility, numbers(p.StepsOf(r.Name))})
		}
		d.Table([]string{"Role", "Responsibility", "Steps"}, rows)
	}
	d.Heading(1, "Procedure")
	rows := make([][]string, 0, len(p.Steps))
	for i, s := range p.Steps {
		rows = append(rows, []string{strconv.Itoa(i + 1), s.Name, s.Actor, strings.Join(notes(p, i+1), "\n")})
	}
	d.Table([]string{"No.", "Step", "Who", "How and what next"}, rows)
	if len(p.Before)+len(p.During)+len(p.After) > 0 {
		d.Heading(1, "Checklists")
		bullets(2, "Before", p.Before)
		bullets(2, "During", p.During)
		bullets(2, "After", p.After)
	}
	return d.Bytes()
}
