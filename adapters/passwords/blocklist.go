package passwords

import (
	"sync"
	"unicode/utf8"

	"github.com/trustelem/zxcvbn/frequency"
	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"

	"github.com/symphainy/symphainy/ports"
)

// shortest is the shortest password that is worth listing: shorter ones are refused for their length alone.
const shortest = 8

// Blocklist implements ports.PasswordBlocklist over the 30,000 most frequent passwords of public leaks, the list that comes with the
// zxcvbn strength estimator (MIT); about 11,600 of them are long enough to matter. It is fixed and safe for concurrent use. Folding them takes
// 30 ms, which the first who asks waits for, not the start.
type Blocklist struct{ folded func() map[string]struct{} }

var _ ports.PasswordBlocklist = (*Blocklist)(nil)

// NewBlocklist makes the list, with extra passwords of the deployment's own.
func NewBlocklist(extra ...string) *Blocklist {
	return &Blocklist{folded: sync.OnceValue(func() map[string]struct{} { return foldAll(frequency.FrequencyLists["passwords"], extra) })}
}

func foldAll(lists ...[]string) map[string]struct{} {
	folded := map[string]struct{}{}
	for _, list := range lists {
		for _, p := range list {
			if utf8.RuneCountInString(p) >= shortest {
				folded[fold(p)] = struct{}{}
			}
		}
	}
	return folded
}

// Blocked reports whether the password is on the list, whatever its case and its Unicode compatibility form.
func (b *Blocklist) Blocked(password string) bool {
	_, found := b.folded()[fold(password)]
	return found
}

// Len gives how many passwords are listed.
func (b *Blocklist) Len() int { return len(b.folded()) }

// fold is the caseless form of a text. A Caser is not safe for concurrent use, so each call makes one.
func fold(s string) string { return norm.NFKC.String(cases.Fold().String(norm.NFKC.String(s))) }
