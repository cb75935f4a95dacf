package process

import (
	"regexp"
	"strconv"
	"strings"

	"github.com/symphainy/symphainy/domain/document"
)

var (
	// branchWords finds "if X, go to step n"; another way of the same step may follow.
	branchWords = regexp.MustCompile(`(?i)\b(if ([^;.?]{1,200}?)|otherwise|else)[,:]?\s+(?:then\s+)?(?:(?:go|continue|proceed|return|jump|skip|back)\s+(?:back\s+)?(?:to|with|at)|→|->)\s*(?:step\s+)?(\d{1,4}|(?:the\s+)?end)\b[.;,]?`)
	sentence    = regexp.MustCompile(`^(.{1,200}?[.!?])\s+\S`)
	listMark    = regexp.MustCompile(`^\s*(?:\(?\d{1,4}[.):]|[-*•–])\s+`)
)

// Line reads one step as people write it: a leading number or bullet is dropped, "If X, go to step n" becomes a branch, which makes the
// step a decision. Targets are the numbers as they are written.
func Line(text string) Step {
	text = Clean(listMark.ReplaceAllString(text, ""), DescriptionMost)
	s := Step{}
	found := branchWords.FindAllStringSubmatchIndex(text, 50)
	for _, m := range found {
		condition := Otherwise
		if m[4] >= 0 {
			condition = strings.TrimRight(strings.TrimSpace(text[m[4]:m[5]]), ",")
		}
		to, err := strconv.Atoi(text[m[6]:m[7]])
		if err != nil {
			to = End // the words, not a number
		}
		s.Branches = append(s.Branches, Branch{Clean(condition, NameMost), to})
	}
	if len(found) == 0 {
		s.Name, s.Description = headline(text)
		return s
	}
	s.Decision = true
	name := strings.TrimSpace(text[:found[0][0]])
	if name == "" {
		name = capital(s.Branches[0].Condition) + "?"
	}
	s.Name, s.Description = headline(strings.TrimRight(name, " ,;:"))
	return s
}

// headline divides a text into a name and, if there is more, the whole as description.
func headline(text string) (name, description string) {
	if m := sentence.FindStringSubmatch(text); m != nil {
		return Clean(strings.TrimRight(m[1], ".!"), NameMost), text
	}
	name = Clean(strings.TrimRight(text, ".!"), NameMost)
	if strings.HasSuffix(name, "…") && len(text) > NameMost {
		return name, text
	}
	return name, ""
}

func capital(s string) string {
	for i, r := range s {
		return strings.ToUpper(string(r)) + s[i+len(string(r)):]
	}
	return s
}

// Settle makes sure that every decision has another way than the one it names: the next step. Branches to steps that do not exist are
// dropped; it gives their numbers.
func (p *Procedure) Settle() (lost []int) {
	for i := range p.Steps {
		s := &p.Steps[i]
		var kept []Branch
		for _, b := range s.Branches {
			if b.To < 0 || b.To > len(p.Steps) {
				lost = append(lost, b.To)
				continue
			}
			kept = append(kept, b)
		}
		s.Branches = kept
		if s.Decision && len(kept) < 2 {
			next := i + 2
			if next > len(p.Steps) {
				next = End
			}
			s.Branches = append(s.Branches, Branch{Otherwise, next})
		}
	}
	return lost
}

// FromDocument reads a written procedure: the numbered steps of a document, with its roles, its checks, and the sections that say what it is
// for. ok is false if the document has no step.
func FromDocument(doc *document.Document) (p *Procedure, lost []int, ok bool) {
	p = &Procedure{}
	if doc.SOP != nil {
		p.fromSOP(doc.SOP)
	} else {
		for _, x := range doc.Paragraphs {
			if x.Style == document.StyleNumberedList {
				p.Steps = append(p.Steps, Line(x.Text))
			}
		}
	}
	if len(p.Steps) == 0 {
		return nil, nil, false
	}
	if p.Title == "" && len(doc.Sections) > 0 {
		p.Title = Clean(doc.Sections[0].Title, NameMost)
	}
	p.Purpose = Clean(strings.Join(under(doc, "purpose", "objective", "goal"), " "), DescriptionMost)
	p.Scope = Clean(strings.Join(under(doc, "scope"), " "), DescriptionMost)
	for _, x := range under(doc, "prerequisites", "prerequisite", "requirements", "before you start") {
		p.Prerequisites = append(p.Prerequisites, Clean(x, DescriptionMost))
	}
	return p, p.Settle(), true
}

// under is the paragraphs of the first section with one of the titles.
func under(doc *document.Document, titles ...string) []string {
	texts := make(map[int]string, len(doc.Paragraphs))
	for _, x := range doc.Paragraphs {
		texts[x.Index] = x.Text
	}
	for _, s := range doc.Sections {
		title := strings.ToLower(strings.TrimRight(strings.TrimSpace(s.Title), ":"))
		for _, t := range titles {
			if title != t {
				continue
			}
			var found []string
			for _, i := range s.Paragraphs {
				if texts[i] != "" && texts[i] != s.Title {
					found = append(found, texts[i])
				}
			}
			return found
		}
	}
	return nil
}

// fromSOP reads steps as the parser found them. A step of a step is a detail; the numbers in branches are those of the step's own section.
func (p *Procedure) fromSOP(sop *document.SOP) {
	p.Title = Clean(sop.Title, NameMost)
	firstOf := map[string]int{}
	for _, x := range sop.Steps {
		text := x.Text
		if x.Actor != "" {
			text = strings.TrimSpace(strings.TrimPrefix(text, x.Actor+":"))
		}
		if x.Level > 1 && len(p.Steps) > 0 {
			last := &p.Steps[len(p.Steps)-1]
			if !last.Decision {
				name, _ := headline(Clean(text, DescriptionMost))
				last.Details = append(last.Details, name)
				continue
			}
		}
		s := Line(text)
		s.Actor = Clean(x.Actor, NameMost)
		p.Steps = append(p.Steps, s)
		if _, known := firstOf[x.Section]; !known {
			firstOf[x.Section] = len(p.Steps)
		}
		shift := firstOf[x.Section] - 1
		for i := range p.Steps[len(p.Steps)-1].Branches {
			if b := &p.Steps[len(p.Steps)-1].Branches[i]; b.To != End {
				b.To += shift
			}
		}
	}
	for _, c := range sop.Checkpoints {
		p.During = append(p.During, Clean(c.Text, NameMost))
	}
	for _, name := range sop.Roles {
		p.Roles = append(p.Roles, Role{Name: Clean(name, NameMost)})
	}
}
