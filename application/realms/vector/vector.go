// Package vector makes vectors of texts without a language model: local-hash-v1. Equal texts have equal vectors on every machine, and texts
// that share words or parts of words have vectors that are near each other. It knows no meaning.
package vector

import (
	"hash/fnv"
	"maps"
	"math"
	"slices"
	"strings"
	"unicode"
)

// Model is the name of the method, Dimensions the length of its vectors.
const (
	Model      = "local-hash-v1"
	Dimensions = 256
)

// Of gives the vector of a text: its words and their runs of three characters, each hashed to a place and a sign, weighted by 1 + ln of how often
// they occur, and brought to length 1. ok is false for a text without letters and digits, which has none.
func Of(text string) (v []float32, ok bool) {
	counts := map[string]int{}
	words := strings.FieldsFunc(strings.ToLower(text), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
	for _, w := range words {
		counts[w]++
		runes := []rune(w)
		for i := 0; i+3 <= len(runes) && len(runes) > 3; i++ {
			counts[string(runes[i:i+3])]++
		}
	}
	if len(counts) == 0 {
		return nil, false
	}
	sums := make([]float64, Dimensions)
	// In order, because sums of floating-point numbers depend on it.
	for _, feature := range slices.Sorted(maps.Keys(counts)) {
		h := fnv.New64a()
		_, _ = h.Write([]byte(feature)) // a hash takes everything
		sum := h.Sum64()
		weight := 1 + math.Log(float64(counts[feature]))
		if sum>>63 == 1 {
			weight = -weight
		}
		sums[sum%Dimensions] += weight
	}
	norm := 0.0
	for _, x := range sums {
		norm += x * x
	}
	if norm == 0 {
		return nil, false
	}
	norm = math.Sqrt(norm)
	v = make([]float32, Dimensions)
	for i, x := range sums {
		v[i] = float32(x / norm)
	}
	return v, true
}

// Cosine is the cosine of two vectors of length 1, −1 to 1.
func Cosine(a, b []float32) float64 {
	sum := 0.0
	for i := range min(len(a), len(b)) {
		sum += float64(a[i]) * float64(b[i])
	}
	return min(max(sum, -1), 1)
}
