// Package naming understands the names of columns: the words that they are made of, whether they promise a key, and how near two
// names are to each other.
package naming

import (
	"slices"
	"strings"
	"unicode"
)

// Words divides a name at blanks, signs and the humps of camel case, in lower case.
func Words(name string) []string {
	var words []string
	var word []rune
	flush := func() {
		if len(word) > 0 {
			words = append(words, strings.ToLower(string(word)))
			word = word[:0]
		}
	}
	runes := []rune(name)
	for i, r := range runes {
		switch {
		case !unicode.IsLetter(r) && !unicode.IsDigit(r):
			flush()
			continue
		case unicode.IsUpper(r) && i > 0 && !unicode.IsUpper(runes[i-1]):
			flush()
		}
		word = append(word, r)
	}
	flush()
	return words
}

// IDLike says whether a column's name promises a key: id, key, …_id, …_no, …_number, in any case or camel case.
func IDLike(name string) bool {
	words := Words(name)
	if len(words) == 0 {
		return false
	}
	last := words[len(words)-1]
	switch {
	case last == "id":
		return true
	case len(words) == 1:
		return last == "key"
	default:
		return last == "no" || last == "number" || last == "key"
	}
}

// Synonym is the similarity of two names that differ only by words of the same meaning.
const Synonym = 0.95

// synonyms are words that mean the same in the names of columns; the first of a line stands for all.
var synonyms = [][]string{ //nolint:gochecknoglobals // a read-only table
	{"id", "number", "no", "nr", "num", "identifier", "key"},
	{"expiry", "expiration", "expires", "exp"},
	{"birthdate", "dob", "birthday"},
	{"amount", "amt"},
	{"customer", "client", "cust"},
	{"address", "addr"},
	{"phone", "telephone", "tel", "mobile"},
	{"email", "mail"},
	{"quantity", "qty", "count"},
	{"date", "dt", "day"},
	{"description", "desc"},
	{"name", "nm"},
	{"zip", "postcode", "postal", "zipcode"},
	{"department", "dept"},
	{"salary", "wage", "pay"},
	{"price", "cost"},
	{"first", "given", "fore"},
	{"last", "family", "sur"},
	{"start", "begin", "from"},
	{"end", "finish", "until"},
	{"status", "state"},
	{"type", "kind", "category"},
	{"policyholder", "insured", "policyowner"},
	{"employee", "staff", "worker"},
	{"product", "item", "article"},
	{"account", "acct"},
	{"balance", "bal"},
	{"organization", "organisation", "company", "org"},
	{"transaction", "txn"},
	{"vendor", "supplier"},
}

// Similarity says how near two names are, from 0 to 1: 1 for the same words, Synonym for words of the same meaning, else the larger of the
// share of common words and of the closeness of the spelling. It is symmetric; a name without a letter or digit is near nothing.
func Similarity(a, b string) float64 {
	x, y := Words(a), Words(b)
	if len(x) == 0 || len(y) == 0 {
		return 0
	}
	joinedX, joinedY := strings.Join(x, ""), strings.Join(y, "")
	if joinedX == joinedY {
		return 1
	}
	x, y = plain(x), plain(y)
	if slices.Equal(x, y) || strings.Join(x, "") == strings.Join(y, "") {
		return Synonym
	}
	// A name is never as near by its spelling alone as by its meaning.
	return min(max(jaccard(x, y), closeness(joinedX, joinedY)), Synonym)
}

// plain puts the standing word in the place of each synonym.
func plain(words []string) []string {
	text := " " + strings.Join(words, " ") + " "
	text = strings.ReplaceAll(text, " date of birth ", " birthdate ")
	text = strings.ReplaceAll(text, " birth date ", " birthdate ")
	text = strings.ReplaceAll(text, " e mail ", " email ")
	out := strings.Fields(text)
	for i, w := range out {
		for _, group := range synonyms {
			if slices.Contains(group, w) {
				out[i] = group[0]
				break
			}
		}
	}
	return out
}

func jaccard(x, y []string) float64 {
	set := map[string]uint8{}
	for _, w := range x {
		set[w] |= 1
	}
	for _, w := range y {
		set[w] |= 2
	}
	common := 0
	for _, in := range set {
		if in == 3 {
			common++
		}
	}
	return float64(common) / float64(len(set))
}

// compared is how much of a name its spelling is compared by; longer ones differ in their words already.
const compared = 64

// closeness is 1 − Levenshtein distance / length of the longer, in characters.
func closeness(a, b string) float64 {
	x, y := []rune(a), []rune(b)
	x, y = x[:min(len(x), compared)], y[:min(len(y), compared)]
	row := make([]int, len(y)+1)
	for j := range row {
		row[j] = j
	}
	for i, r := range x {
		diagonal := row[0]
		row[0] = i + 1
		for j, s := range y {
			change := diagonal
			if r != s {
				change++
			}
			diagonal = row[j+1]
			row[j+1] = min(change, row[j]+1, row[j+1]+1)
		}
	}
	return 1 - float64(row[len(y)])/float64(max(len(x), len(y)))
}

// Standing are the words of a name, each by the standing word of its synonyms: cust_no and customerID are both customer, id.
func Standing(name string) []string { return plain(Words(name)) }

// Meaning is a name by its standing words, as a text.
func Meaning(name string) string { return strings.Join(Standing(name), " ") }
