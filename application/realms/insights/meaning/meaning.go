// Package meaning says what a column is about, by a dictionary of the words of its name and by what its values look like. It knows no more
// than it says: what the dictionary does not have has no meaning.
package meaning

import (
	"slices"

	"github.com/symphainy/symphainy/application/realms/insights/naming"
	"github.com/symphainy/symphainy/domain/document"
)

// Bases of a meaning.
const (
	Dictionary = "dictionary"
	Format     = "format"
)

// Meaning is what a column is about.
type Meaning struct {
	// Text is a few words; Domain the field it belongs to: person, place, money, time, identity, …. Both are empty if it is unknown.
	Text, Domain string
	// Basis is dictionary or format; Word the word of the name that says it.
	Basis, Word string
}

type entry struct {
	text, domain string
	words        []string
}

// entries are looked up by the standing words of naming.Meaning.
var entries = []entry{ //nolint:gochecknoglobals // a read-only table
	{"identifier", "identity", []string{"id", "code", "reference", "ref", "uuid", "guid", "isbn", "sku", "iban"}},
	{"e-mail address", "contact", []string{"email"}},
	{"telephone number", "contact", []string{"phone", "fax"}},
	{"web address", "contact", []string{"url", "website", "link"}},
	{"date of birth", "person", []string{"birthdate"}},
	{"gender", "person", []string{"gender", "sex"}},
	{"age in years", "person", []string{"age"}},
	{"person", "person", []string{"person", "employee", "customer", "applicant", "policyholder", "beneficiary", "agent", "owner", "holder", "manager", "user"}},
	{"name", "person", []string{"name", "firstname", "lastname", "surname"}},
	{"job", "person", []string{"job", "role", "position", "occupation"}},
	{"postal address", "place", []string{"address", "street"}},
	{"postal code", "place", []string{"zip"}},
	{"city", "place", []string{"city", "town"}},
	{"state, region or province", "place", []string{"region", "province", "county", "district"}},
	{"country", "place", []string{"country", "nation"}},
	{"location", "place", []string{"location", "site", "place", "latitude", "longitude", "lat", "lon"}},
	{"pay", "money", []string{"salary", "bonus", "commission"}},
	{"amount of money", "money", []string{"amount", "total", "sum", "revenue", "budget", "tax", "discount", "fee", "payment", "value", "turnover"}},
	{"price", "money", []string{"price"}},
	{"insurance premium", "insurance", []string{"premium"}},
	{"insurance policy", "insurance", []string{"policy"}},
	{"insurance cover", "insurance", []string{"coverage", "benefit", "claim", "deductible", "rider"}},
	{"balance of an account", "money", []string{"balance"}},
	{"currency", "money", []string{"currency"}},
	{"interest or other rate", "money", []string{"rate", "interest"}},
	{"account", "money", []string{"account"}},
	{"quantity", "measure", []string{"quantity", "stock", "units"}},
	{"share or percentage", "measure", []string{"percent", "percentage", "share", "ratio"}},
	{"weight", "measure", []string{"weight", "mass"}},
	{"length or size", "measure", []string{"length", "height", "width", "size", "area", "volume"}},
	{"temperature", "measure", []string{"temperature", "temp"}},
	{"score", "measure", []string{"score", "rating", "grade", "rank"}},
	{"day of expiry", "time", []string{"expiry"}},
	{"beginning", "time", []string{"start", "effective"}},
	{"end", "time", []string{"end"}},
	{"date", "time", []string{"date", "birth", "created", "updated", "timestamp", "issued"}},
	{"time of day", "time", []string{"time", "hour", "minute"}},
	{"year", "time", []string{"year"}},
	{"month", "time", []string{"month", "quarter", "week"}},
	{"duration", "time", []string{"duration", "term", "tenure"}},
	{"state of affairs", "status", []string{"status", "stage", "phase", "active", "enabled"}},
	{"kind", "classification", []string{"type", "class", "group", "segment", "level", "priority"}},
	{"organizational unit", "organization", []string{"department", "team", "division", "branch", "unit"}},
	{"organization", "organization", []string{"organization", "vendor", "employer", "brand"}},
	{"product", "product", []string{"product", "model"}},
	{"order", "process", []string{"order", "transaction", "invoice", "contract", "shipment", "delivery"}},
	{"text in free form", "text", []string{"description", "comment", "note", "notes", "remark", "title", "subject", "message", "text"}},
}

// Of says what a column of this name and format is about. The last word of the name that the dictionary has decides, because it is the head
// of the name: policy_number is an identifier, and policy what it identifies. A format says more than a name.
func Of(name string, format document.Format) Meaning {
	switch format {
	case document.FormatEmail:
		return Meaning{Text: "e-mail address", Domain: "contact", Basis: Format}
	case document.FormatPhone:
		return Meaning{Text: "telephone number", Domain: "contact", Basis: Format}
	case document.FormatUUID:
		return Meaning{Text: "identifier", Domain: "identity", Basis: Format}
	case document.FormatURL:
		return Meaning{Text: "web address", Domain: "contact", Basis: Format}
	case document.FormatAmbiguousDate:
		return Meaning{Text: "date", Domain: "time", Basis: Format}
	case document.FormatNone:
	}
	words := naming.Standing(name)
	for i := len(words) - 1; i >= 0; i-- {
		for _, e := range entries {
			if slices.Contains(e.words, words[i]) {
				m := Meaning{Text: e.text, Domain: e.domain, Basis: Dictionary, Word: words[i]}
				if i > 0 && (e.text == "identifier" || e.text == "name" || e.text == "date" || e.text == "kind" || e.text == "state of affairs" || e.text == "amount of money") {
					m.Text += " of " + article(words[i-1])
				}
				return m
			}
		}
	}
	return Meaning{}
}

// article puts "a" or "an" before a word.
func article(word string) string {
	switch word[0] {
	case 'a', 'e', 'i', 'o', 'u':
		return "an " + word
	}
	return "a " + word
}
