package text

import (
	"strings"
	"unicode/utf8"

	"github.com/symphainy/symphainy/domain/document"
	"github.com/symphainy/symphainy/domain/fault"
)

// ErrInsufficient is a document without a word of text.
var ErrInsufficient = fault.New(fault.Invalid, "insufficient_data", "There is no text to analyze.")

// Bounds.
const (
	// MaxText is how many bytes of a text are read.
	MaxText = 4 << 20
	// MaxEntities is how many entities are listed; all of them are counted.
	MaxEntities = 300

	wordsListed, phrasesListed, topicsListed, hitsListed = 30, 20, 10, 20
)

// Options say what is looked for.
type Options struct {
	Semantic, Sentiment, Topics, Extraction bool
}

// All looks for everything.
func All() Options { return Options{Semantic: true, Sentiment: true, Topics: true, Extraction: true} }

// Analysis is the result; parts that were not asked for are empty.
type Analysis struct {
	Words, Sentences, Paragraphs, Characters int
	// Frequent are the most frequent words of more than three letters, without stop words; ties by word.
	Frequent []Word
	Phrases  []Phrase
	Topics   []Topic
	Feeling  *Sentiment
	Entities []Entity
	// EntityCounts are by type, of all entities.
	EntityCounts map[string]int
	// Summary are the most typical sentences, in the order of the text.
	Summary []string
	// Truncated tells that only the first MaxText bytes were read.
	Truncated bool
}

// Word is a word with how often it occurs.
type Word struct {
	Word  string
	Count int
}

// Phrase is a key phrase with its RAKE score: the sum of degree / frequency of its words.
type Phrase struct {
	Phrase string
	Score  float64
	Count  int
}

// Topic is a word by the share of the paragraphs that it occurs in.
type Topic struct {
	Topic      string
	Paragraphs int
	Share      float64
	// Related are the words that share most paragraphs with it.
	Related []string
}

// Of is the text of a document and its paragraphs.
func of(d *document.Document) (text string, paragraphs []string, truncated bool) {
	for _, p := range d.Paragraphs {
		if strings.TrimSpace(p.Text) != "" {
			paragraphs = append(paragraphs, p.Text)
		}
	}
	text = d.Text
	if strings.TrimSpace(text) == "" {
		text = strings.Join(paragraphs, "\n\n")
	}
	if len(paragraphs) == 0 {
		paragraphs = []string{text}
	}
	text, truncated = cut(text, MaxText)
	left := MaxText
	for i := range paragraphs {
		p, short := cut(paragraphs[i], left)
		paragraphs[i], left = p, left-len(p)
		if short || left == 0 {
			return text, paragraphs[:i+1], truncated || short || i+1 < len(paragraphs)
		}
	}
	return text, paragraphs, truncated
}

func cut(s string, most int) (string, bool) {
	if len(s) <= most {
		return s, false
	}
	for most > 0 && !utf8.RuneStart(s[most]) {
		most--
	}
	return s[:most], true
}

// Analyze describes the text of a document. The result depends on nothing else. The error is ErrInsufficient.
func Analyze(d *document.Document, opts Options) (*Analysis, error) {
	text, paragraphs, truncated := of(d)
	all := 0
	for _, p := range paragraphs {
		all += len(tokens(p))
	}
	if all == 0 {
		return nil, ErrInsufficient
	}
	a := &Analysis{Words: all, Paragraphs: len(paragraphs), Characters: utf8.RuneCountInString(text), Truncated: truncated}
	lines := sentences(paragraphs)
	a.Sentences = len(lines)
	counts := frequencies(paragraphs)
	if opts.Semantic {
		a.Frequent = top(counts, wordsListed)
		a.Phrases = rake(paragraphs)
		a.Summary = summary(lines, counts)
	}
	if opts.Topics {
		a.Topics = topics(paragraphs)
	}
	if opts.Sentiment {
		a.Feeling = feeling(paragraphs)
	}
	if opts.Extraction {
		a.Entities, a.EntityCounts = entities(text, d.Labels)
	}
	return a, nil
}
