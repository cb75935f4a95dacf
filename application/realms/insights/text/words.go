package text

import (
	"cmp"
	"maps"
	"math"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// token is a word of a text in lower case, and whether something other than a blank stands before it.
type token struct {
	word   string
	broken bool
}

// tokens divides a text into words: letters and digits, with apostrophes and hyphens inside.
func tokens(s string) []token {
	var out []token
	start, broken := -1, true
	flush := func(end int) {
		if start < 0 {
			return
		}
		if w := strings.Trim(strings.ToLower(s[start:end]), "'’-"); w != "" {
			out = append(out, token{strings.ReplaceAll(w, "’", "'"), broken})
			broken = false
		}
		start = -1
	}
	for i, r := range s {
		if unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r) || (start >= 0 && (r == '\'' || r == '’' || r == '-')) {
			if start < 0 {
				start = i
			}
			continue
		}
		flush(i)
		if r != ' ' && r != '\t' && r != '\n' && r != '\r' || r == '\n' {
			broken = true
		}
	}
	flush(len(s))
	return out
}

// content says whether a word carries meaning: more than three letters, and no stop word.
func content(w string) bool {
	letters := 0
	for _, r := range w {
		if unicode.IsLetter(r) {
			letters++
		}
	}
	return letters > 3 && !stopWord(w)
}

func frequencies(paragraphs []string) map[string]int {
	counts := map[string]int{}
	for _, p := range paragraphs {
		for _, t := range tokens(p) {
			if content(t.word) {
				counts[t.word]++
			}
		}
	}
	return counts
}

// top are the most frequent words; ties by word.
func top(counts map[string]int, most int) []Word {
	words := slices.SortedFunc(maps.Keys(counts), func(a, b string) int {
		return cmp.Or(cmp.Compare(counts[b], counts[a]), strings.Compare(a, b))
	})
	out := make([]Word, 0, min(len(words), most))
	for _, w := range words[:min(len(words), most)] {
		out = append(out, Word{w, counts[w]})
	}
	return out
}

// longestPhrase is how many words a key phrase has at most; longer runs are lists without punctuation.
const longestPhrase = 5

// rake finds key phrases: runs of words between stop words, numbers and punctuation, by the sum of degree / frequency of their words.
func rake(paragraphs []string) []Phrase {
	counts, frequency, degree := map[string]int{}, map[string]int{}, map[string]int{}
	for _, p := range paragraphs {
		var run []string
		flush := func() {
			if len(run) > 0 && len(run) <= longestPhrase {
				counts[strings.Join(run, " ")]++
				for _, w := range run {
					frequency[w]++
					degree[w] += len(run)
				}
			}
			run = run[:0]
		}
		for _, t := range tokens(p) {
			if t.broken {
				flush()
			}
			if stopWord(t.word) || !strings.ContainsFunc(t.word, unicode.IsLetter) || utf8.RuneCountInString(t.word) < 2 {
				flush()
				continue
			}
			run = append(run, t.word)
		}
		flush()
	}
	out := make([]Phrase, 0, len(counts))
	for phrase, n := range counts {
		score := 0.0
		for _, w := range strings.Split(phrase, " ") {
			score += float64(degree[w]) / float64(frequency[w])
		}
		out = append(out, Phrase{Phrase: phrase, Score: round(score, 1e4), Count: n})
	}
	slices.SortFunc(out, func(a, b Phrase) int {
		return cmp.Or(cmp.Compare(b.Score, a.Score), cmp.Compare(b.Count, a.Count), strings.Compare(a.Phrase, b.Phrase))
	})
	return out[:min(len(out), phrasesListed)]
}

// topics are the words that most paragraphs share. In a text of several paragraphs a topic is in two of them or more.
func topics(paragraphs []string) []Topic {
	spread := map[string]int{}
	sets := make([]map[string]bool, len(paragraphs))
	for i, p := range paragraphs {
		sets[i] = map[string]bool{}
		for _, t := range tokens(p) {
			if content(t.word) && !sets[i][t.word] {
				sets[i][t.word] = true
				spread[t.word]++
			}
		}
	}
	if len(paragraphs) > 1 {
		maps.DeleteFunc(spread, func(_ string, n int) bool { return n < 2 })
	}
	var out []Topic
	for _, w := range top(spread, topicsListed) {
		beside := map[string]int{}
		for _, set := range sets {
			if !set[w.Word] {
				continue
			}
			for other := range set {
				if other != w.Word {
					beside[other]++
				}
			}
		}
		topic := Topic{Topic: w.Word, Paragraphs: w.Count, Share: round(float64(w.Count)/float64(len(paragraphs)), 1e4)}
		for _, r := range top(beside, 5) {
			topic.Related = append(topic.Related, r.Word)
		}
		out = append(out, topic)
	}
	return out
}

// sentences divides paragraphs at . ! ? before a blank; each line of a list or heading is a sentence too.
func sentences(paragraphs []string) []string {
	var out []string
	add := func(s string) {
		if s = strings.Join(strings.Fields(s), " "); strings.ContainsFunc(s, unicode.IsLetter) {
			out = append(out, s)
		}
	}
	for _, p := range paragraphs {
		start := 0
		for i := 0; i < len(p); i++ {
			end := strings.IndexByte(".!?", p[i]) >= 0 && (i+1 == len(p) || p[i+1] == ' ' || p[i+1] == '\n') && !abbreviation(p[start:i])
			if end {
				add(p[start : i+1])
				start = i + 1
			}
		}
		add(p[start:])
	}
	return out
}

// abbreviation says whether a full stop after the text belongs to its last word: one letter, a number of a list, or a usual short form.
func abbreviation(s string) bool {
	last := s[strings.LastIndexAny(s, " \n\t(")+1:]
	switch strings.ToLower(last) {
	case "mr", "mrs", "ms", "dr", "prof", "no", "vs", "etc", "e.g", "i.e", "inc", "ltd", "st", "approx", "fig", "art", "sec":
		return true
	}
	if utf8.RuneCountInString(last) == 1 {
		return true
	}
	return last != "" && len(last) <= 3 && strings.Trim(last, "0123456789") == "" && strings.TrimSpace(s) == last
}

// summary are the best max(1, min(5, n/5)) sentences by the mean frequency of their words, in the order of the text.
func summary(lines []string, counts map[string]int) []string {
	type scored struct {
		at   int
		mean float64
	}
	ranked := make([]scored, 0, len(lines))
	for i, l := range lines {
		n, total := 0, 0
		for _, t := range tokens(l) {
			if c := counts[t.word]; c > 0 {
				n, total = n+1, total+c
			}
		}
		if n > 0 {
			ranked = append(ranked, scored{i, float64(total) / float64(n)})
		}
	}
	slices.SortStableFunc(ranked, func(a, b scored) int { return cmp.Compare(b.mean, a.mean) })
	ranked = ranked[:min(len(ranked), max(1, min(5, len(lines)/5)))]
	slices.SortFunc(ranked, func(a, b scored) int { return cmp.Compare(a.at, b.at) })
	var out []string
	for _, r := range ranked {
		out = append(out, lines[r.at])
	}
	return out
}

func round(f, places float64) float64 { return math.Round(f*places) / places }
