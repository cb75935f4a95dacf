package accounts

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"github.com/symphainy/symphainy/domain/fault"
)

const (
	maxPassword = 1024
	maxName     = 100
	// shortestWord is the least length of a name that a password must not consist of; shorter ones are in everything.
	shortestWord = 3
)

// normalPassword gives the form that is hashed: NFC, and nothing else changed or cut. It is false for what no password can be, which
// is never hashed.
func normalPassword(password string) (string, bool) {
	// NFC gives at most as many code points as it is given, but canonical decompositions of a few need a closer look: bound first.
	if !utf8.ValidString(password) || len(password) > 4*3*maxPassword {
		return "", false
	}
	password = norm.NFC.String(password)
	n := utf8.RuneCountInString(password)
	return password, n > 0 && n <= maxPassword && !strings.ContainsFunc(password, unicode.IsControl)
}

// checkPassword judges a new password against the policy and the words that are near to its owner.
func (s *Service) checkPassword(pointer, password string, words ...string) (normal string, wrong *fault.Field) {
	field := func(code, message string) *fault.Field {
		return &fault.Field{Pointer: pointer, Code: code, Message: message}
	}
	if password == "" {
		return "", field("missing", "Give a password.")
	}
	if !utf8.ValidString(password) || strings.ContainsFunc(password, unicode.IsControl) {
		return "", field("invalid", "A password must not have control characters.")
	}
	n := utf8.RuneCountInString(norm.NFC.String(password))
	switch normal, ok := normalPassword(password); {
	case n < s.cfg.PasswordMin:
		return "", field("too_short", "Choose a longer password; 15 characters or more are recommended.")
	case n > maxPassword || !ok:
		return "", field("too_long", "Choose a password of at most 1024 characters.")
	case s.d.Blocklist.Blocked(normal):
		return "", field("blocked", "This password is too common; choose another one.")
	case madeOf(normal, slices.Concat(words, s.cfg.ProductNames)):
		return "", field("blocked", "A password must not be made of your name, your e-mail address or the name of this product.")
	default:
		return normal, nil
	}
}

// madeOf reports whether the password is one of the words, or a part of one that stands between spaces or signs, with nothing else in
// it but digits and signs.
func madeOf(password string, words []string) bool {
	letters := onlyLetters(fold(password))
	if letters == "" {
		return false
	}
	for _, word := range words {
		word = fold(word)
		candidates := append(strings.FieldsFunc(word, func(r rune) bool { return !unicode.IsLetter(r) }), onlyLetters(word))
		for _, c := range candidates {
			if utf8.RuneCountInString(c) >= shortestWord && c == letters {
				return true
			}
		}
	}
	return false
}

func onlyLetters(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) {
			return r
		}
		return -1
	}, s)
}

// parseName gives a person's name, trimmed and in NFC.
func parseName(text string) (name string, wrong *fault.Field) {
	if !utf8.ValidString(text) || len(text) > 4*3*maxName {
		return "", &fault.Field{Pointer: "/name", Code: "too_long", Message: "Give a name of at most 100 characters."}
	}
	name = norm.NFC.String(strings.TrimSpace(text))
	switch n := utf8.RuneCountInString(name); {
	case n == 0:
		return "", &fault.Field{Pointer: "/name", Code: "missing", Message: "Give a name."}
	case n > maxName:
		return "", &fault.Field{Pointer: "/name", Code: "too_long", Message: "Give a name of at most 100 characters."}
	case strings.ContainsFunc(name, func(r rune) bool { return !unicode.IsGraphic(r) }):
		return "", &fault.Field{Pointer: "/name", Code: "invalid", Message: "A name must not have control characters."}
	}
	return name, nil
}
