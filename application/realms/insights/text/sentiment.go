package text

// Labels of a sentiment.
const (
	Positive = "positive"
	Negative = "negative"
	Neutral  = "neutral"
)

// Sentiment is what the words of the lexicon say: (positive − negative) / (positive + negative), 0 without a hit.
type Sentiment struct {
	Label              string
	Score              float64
	Positive, Negative int
	// Hits are the first words that counted.
	Hits []Hit
}

// Hit is a word of the lexicon in the text. Paragraph counts from 0.
type Hit struct {
	Word      string
	Paragraph int
	// Negated tells that a negator among the three words before has turned it.
	Negated  bool
	Positive bool
}

// turn is the score from which a text is positive or, below zero, negative.
const turn = 0.2

// reach is how many words before a word a negator may stand.
const reach = 3

func feeling(paragraphs []string) *Sentiment {
	s := &Sentiment{Label: Neutral}
	for i, p := range paragraphs {
		words := tokens(p)
		for j, t := range words {
			positive, ok := lexicon(t.word)
			if !ok {
				continue
			}
			negated := false
			for k := j - 1; k >= max(0, j-reach) && !words[k+1].broken; k-- {
				if negator(words[k].word) {
					negated = !negated
				}
			}
			s.count(Hit{Word: t.word, Paragraph: i, Negated: negated, Positive: positive != negated})
		}
	}
	if n := s.Positive + s.Negative; n > 0 {
		s.Score = round(float64(s.Positive-s.Negative)/float64(n), 1e4)
	}
	switch {
	case s.Score > turn:
		s.Label = Positive
	case s.Score < -turn:
		s.Label = Negative
	}
	return s
}

func (s *Sentiment) count(h Hit) {
	if h.Positive {
		s.Positive++
	} else {
		s.Negative++
	}
	if len(s.Hits) < hitsListed {
		s.Hits = append(s.Hits, h)
	}
}
