package passwords

import (
	"unicode/utf8"

	"github.com/trustelem/zxcvbn/frequency"
	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"

	"github.com/symphainy/symphainy/ports"
)

// shortest is the shortest password that is worth listing: shorter ones are refused for their length alone.
const shortest = 8

// Blocklist implements ports.PasswordBlocklist over the 30,000 most frequent passwords of public leaks, the list that comes with the
// zxcvbn strength estimator (MIT); about 11,600 of them are long enough to matter. It is fixed after it was made and safe for
// concurrent use.
type Blocklist struct{ folded map[string]struct{} }

var _ ports.PasswordBlocklist = (*Blocklist)(nil)

// NewBlocklist makes the list, with extra passwords of the deployment's own.
func NewBlocklist(extra ...string) *Blocklist {
	common := frequency.FrequencyLists["passwords"]
	b := &Blocklist{folded: make(map[string]struct{}, len(common)/2+len(extra))}
	for _, list := range [][]string{common, extra} {
		for _, p := range list {
			if utf8.RuneCountInString(p) >= shortest {
				b.folded[fold(p)] = struct{}{}
			}
		}
	}
	return b
}

// Blocked reports whether the password is on the list, whatever its case and its Unicode compatibility form.
func (b *Blocklist) Blocked(password string) bool {
	_, found := b.folded[fold(password)]
	return found
}

// Len gives how many passwords are listed.
func (b *Blocklist) Len() int { return len(b.folded) }

// fold is the caseless form of a text. A Caser is not safe for concurrent use, so each call makes one.
func fold(s string) string { return norm.NFKC.String(cases.Fold().String(norm.NFKC.String(s))) }
