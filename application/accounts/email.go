package accounts

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"

	"github.com/symphainy/symphainy/domain/fault"
)

const (
	maxEmail     = 254
	maxLocalPart = 64
)

// EmailKey gives the form in which mail addresses are compared: NFKC, case-folded, trimmed. The key of a key is the key.
func EmailKey(email string) string {
	// Normalising can turn a character into one with a space before it, so the trimming comes last.
	return strings.TrimSpace(fold(email))
}

// fold is the caseless form of a text. One pass is not enough: folding undoes normal forms and normalising uncovers capitals; and the
// lower case is needed for Cherokee, whose two cases the Caser swaps. A Caser is not safe for concurrent use, so each call makes one.
func fold(s string) string {
	for range 2 {
		s = norm.NFKC.String(strings.ToLower(cases.Fold().String(norm.NFD.String(s))))
	}
	return s
}

// parseEmail gives an address as it was typed, and its key. The syntax is judged on the key, so that a full-width sign is no way round
// it. Quoted local parts and address literals are not accepted: nobody receives mail by them.
func parseEmail(text string) (email, key string, wrong *fault.Field) {
	email = strings.TrimSpace(text)
	if email == "" {
		return "", "", &fault.Field{Pointer: "/email", Code: "missing", Message: "Give an e-mail address."}
	}
	if len(email) > maxEmail || !utf8.ValidString(email) {
		return "", "", &fault.Field{Pointer: "/email", Code: "too_long", Message: "Give an e-mail address of at most 254 bytes."}
	}
	key = EmailKey(email)
	local, domain, _ := strings.Cut(key, "@")
	if len(key) > 2*maxEmail || !goodLocalPart(local) || !goodDomain(domain) {
		return "", "", &fault.Field{Pointer: "/email", Code: "invalid", Message: "Give an e-mail address like name@example.org."}
	}
	return email, key, nil
}

func goodLocalPart(local string) bool {
	if local == "" || len(local) > maxLocalPart || local[0] == '.' || local[len(local)-1] == '.' || strings.Contains(local, "..") {
		return false
	}
	for _, r := range local {
		if r < utf8.RuneSelf && !isLetterOrDigit(r) && !strings.ContainsRune(".!#$%&'*+/=?^_`{|}~-", r) || !visible(r) {
			return false
		}
	}
	return true
}

func goodDomain(domain string) bool {
	for label := range strings.SplitSeq(domain, ".") {
		if label == "" || len(label) > 63 || label[0] == '-' || label[len(label)-1] == '-' {
			return false
		}
		for _, r := range label {
			if r < utf8.RuneSelf && !isLetterOrDigit(r) && r != '-' || !visible(r) {
				return false
			}
		}
	}
	return true
}

func isLetterOrDigit(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }

// visible refuses spaces, controls and invisible format characters, by which two different keys would look the same.
func visible(r rune) bool { return unicode.IsGraphic(r) && !unicode.IsSpace(r) }

// CheckEmail gives the key of a good address; ErrInvalid names the place of a bad one.
func CheckEmail(pointer, text string) (key string, err error) {
	_, key, wrong := parseEmail(text)
	if wrong != nil {
		wrong.Pointer = pointer
		return "", ErrInvalid.WithFields(*wrong)
	}
	return key, nil
}
