package copybook

import (
	"strings"
	"unicode/utf8"
)

// token is a word, a literal or the period that ends an entry.
type token struct {
	text string
	line int
	// literal tells that the text stood in quotes.
	literal bool
	end     bool
}

// tokens splits a copybook's text. The text is in fixed form if all lines have blanks or digits in columns 1–6 and a mark in column 7; its code
// is then in columns 8–72.
func tokens(source string) ([]token, error) {
	if len(source) > maxSource {
		return nil, invalid(0, "the copybook has more than %d bytes", maxSource)
	}
	if !utf8.ValidString(source) {
		source = strings.ToValidUTF8(source, "?")
	}
	lines := strings.Split(strings.ReplaceAll(source, "\r", ""), "\n")
	for i, l := range lines {
		lines[i] = expand(l)
	}
	fixed := isFixed(lines)
	var out []token
	for i, l := range lines {
		code, err := codeOf(l, fixed, i+1)
		if err != nil {
			return nil, err
		}
		if out, err = scan(out, code, i+1); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// expand replaces tabs by blanks up to the next column that is a multiple of eight.
func expand(line string) string {
	if !strings.Contains(line, "\t") {
		return line
	}
	var b strings.Builder
	for _, r := range line {
		if r != '\t' {
			b.WriteRune(r)
			continue
		}
		b.WriteString(strings.Repeat(" ", 8-b.Len()%8))
	}
	return b.String()
}

func isFixed(lines []string) bool {
	code := false
	for _, l := range lines {
		if strings.TrimSpace(l) == "" {
			continue
		}
		if len(l) < codeColumn || strings.Trim(l[:codeColumn-1], " 0123456789") != "" || !strings.ContainsRune(" */-Dd$", rune(l[codeColumn-1])) {
			return false
		}
		code = true
	}
	return code
}

func codeOf(line string, fixed bool, n int) (string, error) {
	if !fixed {
		if s := strings.TrimSpace(line); strings.HasPrefix(s, "*") || strings.HasPrefix(s, "/") {
			return "", nil
		}
		return line, nil
	}
	if len(line) < codeColumn {
		return "", nil
	}
	switch line[codeColumn-1] {
	case '*', '/', '$', 'D', 'd':
		return "", nil
	case '-':
		return "", unsupported(n, "continued words and literals are not supported")
	}
	return line[codeColumn:min(len(line), codeEnd)], nil
}

// scan adds the tokens of one line.
func scan(out []token, s string, line int) ([]token, error) {
	for i := 0; i < len(s); {
		c := s[i]
		switch {
		case c == ' ' || c == ',' || c == ';':
			i++
		case c == '*' && i+1 < len(s) && s[i+1] == '>':
			return out, nil
		case c == '\'' || c == '"':
			text, next, ok := quoted(s, i)
			if !ok {
				return nil, invalid(line, "a literal is not closed")
			}
			out, i = append(out, token{text: text, line: line, literal: true}), next
		default:
			next := i
			for next < len(s) && !strings.ContainsRune(" ,;", rune(s[next])) {
				next++
			}
			word := s[i:next]
			end := strings.HasSuffix(word, ".")
			if word = strings.TrimSuffix(word, "."); word != "" {
				out = append(out, token{text: strings.ToUpper(word), line: line})
			}
			if end {
				out = append(out, token{line: line, end: true})
			}
			i = next
		}
	}
	return out, nil
}

// quoted reads a literal; its quote doubled stands for itself.
func quoted(s string, from int) (text string, next int, ok bool) {
	var b strings.Builder
	for i := from + 1; i < len(s); i++ {
		if s[i] != s[from] {
			b.WriteByte(s[i])
			continue
		}
		if i+1 < len(s) && s[i+1] == s[from] {
			b.WriteByte(s[i])
			i++
			continue
		}
		return b.String(), i + 1, true
	}
	return "", 0, false
}
