// Package vector makes vectors of texts without a model: equal texts have equal vectors, and texts that share words or parts of words have near
// ones.
package vector

import (
	"hash/fnv"
	"math"
	"slices"
	"strings"
	"unicode"
)

// Local names the way of making vectors; another way has another name.
const Local = "local-hash-v1"

// Dimensions is how long a vector is.
const Dimensions = 256

// Of makes the vector of a text: its words and the character trigrams of its words, in lower case, are hashed by FNV-1a (64 bits). A hash
// counts at the place hash mod 256, with the sign of its top bit and the weight 1 + ln(how often it occurs); the vector has length 1, or is
// zero for a text without letters and digits.
func Of(text string) []float64 {
	counts := map[string]int{}
	var features []string
	count := func(f string) {
		if counts[f]++; counts[f] == 1 {
			features = append(features, f)
		}
	}
	for _, word := range strings.FieldsFunc(strings.ToLower(text), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }) {
		count(word)
		for r := []rune(word); len(r) >= 3; r = r[1:] {
			count(string(r[:3]))
		}
	}
	slices.Sort(features) // so that sums are added up in one order
	v := make([]float64, Dimensions)
	for _, f := range features {
		h := fnv.New64a()
		_, _ = h.Write([]byte(f)) // a hash does not fail
		sum, weight := h.Sum64(), 1+math.Log(float64(counts[f]))
		if sum>>63 == 1 {
			weight = -weight
		}
		v[sum%Dimensions] += weight
	}
	length := 0.0
	for _, x := range v {
		length += x * x
	}
	if length == 0 {
		return v
	}
	length = math.Sqrt(length)
	for i := range v {
		v[i] /= length
	}
	return v
}

// Cosine is the cosine of two vectors of length 1, or 0 if one is zero.
func Cosine(a, b []float64) float64 {
	sum := 0.0
	for i := range min(len(a), len(b)) {
		sum += a[i] * b[i]
	}
	return max(-1, min(1, sum))
}
