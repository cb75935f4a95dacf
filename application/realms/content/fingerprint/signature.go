package fingerprint

import (
	"math/big"
	"unicode/utf8"

	"github.com/symphainy/symphainy/domain/document"
)

const (
	signatureSamples = 10
	sampleBytes      = 100
	// distinctLimit is how many different values of a column are told apart.
	distinctLimit = 100_000
)

// Signature says what the values of a column look like. It is filled row by row, and takes as much memory for ten rows as for ten million.
type Signature struct {
	Type       document.Type
	Format     document.Format
	TotalCount int
	NullCount  int
	// UniqueCount counts different values; UniqueCapped tells that there are more.
	UniqueCount  int
	UniqueCapped bool
	// Min, Max and Mean are those of numbers, exact texts but for the mean; empty without numbers.
	Min, Max string
	Mean     *float64
	// Lengths are those of texts in characters.
	MinLength, MaxLength int
	MeanLength           float64
	// Samples are the first different values.
	Samples []string
	// Earliest and Latest are those of dates.
	Earliest, Latest string

	seen    map[string]struct{}
	sum     big.Rat
	numbers int
	low     big.Rat
	high    big.Rat
	lengths int
	texts   int
}

// NewSignature starts the signature of a column.
func NewSignature(c document.Column) *Signature {
	return &Signature{Type: c.Type, Format: c.Format, seen: map[string]struct{}{}}
}

// Add takes a value in.
func (s *Signature) Add(v document.Value) {
	s.TotalCount++
	if v.IsNull() {
		s.NullCount++
		return
	}
	text := v.Text()
	if v.Kind() == document.KindArray || v.Kind() == document.KindObject {
		text = Canonical(v)
	}
	s.distinct(text)
	switch v.Kind() {
	case document.KindInteger, document.KindFloat:
		s.number(text)
	case document.KindDate, document.KindDateTime:
		if s.Earliest == "" || text < s.Earliest {
			s.Earliest = text
		}
		s.Latest = max(s.Latest, text)
	case document.KindString:
		n := utf8.RuneCountInString(text)
		if s.texts == 0 || n < s.MinLength {
			s.MinLength = n
		}
		s.MaxLength = max(s.MaxLength, n)
		s.texts++
		s.lengths += n
	case document.KindNull, document.KindBoolean, document.KindArray, document.KindObject:
	}
}

func (s *Signature) distinct(text string) {
	if _, known := s.seen[text]; known || s.UniqueCapped {
		return
	}
	if len(s.seen) == distinctLimit {
		s.UniqueCapped = true
		return
	}
	if len(s.Samples) < signatureSamples {
		s.Samples = append(s.Samples, cut(text))
	}
	if len(text) > sampleBytes {
		text = TextHash(text)
	}
	s.seen[text] = struct{}{}
	s.UniqueCount = len(s.seen)
}

func cut(s string) string {
	if len(s) <= sampleBytes {
		return s
	}
	end := sampleBytes
	for end > 0 && !utf8.RuneStart(s[end]) {
		end--
	}
	return s[:end] + "…"
}

// number adds exactly, so that the order of rows does not matter.
func (s *Signature) number(text string) {
	if len(text) > sampleBytes {
		return
	}
	n, ok := new(big.Rat).SetString(text)
	if !ok {
		return
	}
	if s.numbers == 0 || n.Cmp(&s.low) < 0 {
		s.low.Set(n)
		s.Min = text
	}
	if s.numbers == 0 || n.Cmp(&s.high) > 0 {
		s.high.Set(n)
		s.Max = text
	}
	s.numbers++
	s.sum.Add(&s.sum, n)
}

// End computes what needs all values.
func (s *Signature) End() {
	if s.numbers > 0 {
		mean, _ := new(big.Rat).Quo(&s.sum, new(big.Rat).SetInt64(int64(s.numbers))).Float64()
		s.Mean = &mean
	}
	if s.texts > 0 {
		s.MeanLength = float64(s.lengths) / float64(s.texts)
	}
	s.seen = nil
}

// Document gives the signature as it is shown and stored; without rows it says only that it is empty.
func (s *Signature) Document() map[string]any {
	if s.TotalCount == 0 {
		return map[string]any{"empty": true}
	}
	out := map[string]any{
		"type": string(s.Type), "format": nil, "total_count": s.TotalCount, "null_count": s.NullCount, "unique_count": s.UniqueCount,
		"null_ratio": float64(s.NullCount) / float64(s.TotalCount), "samples": s.Samples,
	}
	if s.Format != "" {
		out["format"] = string(s.Format)
	}
	if s.UniqueCapped {
		out["unique_capped"] = true
	}
	if s.Mean != nil {
		out["min"], out["max"], out["mean"] = s.Min, s.Max, *s.Mean
	}
	if s.texts > 0 {
		out["min_length"], out["max_length"], out["mean_length"] = s.MinLength, s.MaxLength, s.MeanLength
	}
	if s.Earliest != "" {
		out["earliest"], out["latest"] = s.Earliest, s.Latest
	}
	if s.Samples == nil {
		out["samples"] = []string{}
	}
	return out
}
