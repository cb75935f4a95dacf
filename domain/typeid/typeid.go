// Package typeid is the text form of ids: a prefix that names the kind, and a UUIDv7 in Crockford base32, following the
// TypeID specification (https://github.com/jetify-com/typeid). Ids sort by creation time and are handles, never credentials.
package typeid

import "strings"

// Prefix names the kind of an object.
type Prefix string

// The kinds of ids.
const (
	Session         Prefix = "ses"
	User            Prefix = "usr"
	Tenant          Prefix = "ten"
	Intent          Prefix = "int"
	Execution       Prefix = "exe"
	Artifact        Prefix = "art"
	File            Prefix = "fil"
	ParsedDocument  Prefix = "par"
	Contract        Prefix = "bct"
	PendingIntent   Prefix = "pit"
	Conversation    Prefix = "con"
	Message         Prefix = "msg"
	Event           Prefix = "evt"
	AuditRecord     Prefix = "aud"
	Worker          Prefix = "wrk"
	Token           Prefix = "tok"
	Materialization Prefix = "mat"
	Signal          Prefix = "sig"
	Invitation      Prefix = "inv"
	Schedule        Prefix = "sch"
)

const (
	alphabet  = "0123456789abcdefghjkmnpqrstvwxyz"
	suffixLen = 26
)

// Format gives the text form of id under prefix: "ses_" and 26 characters.
func Format(prefix Prefix, id [16]byte) string {
	var out [suffixLen]byte
	// 128 bits are read as 26 groups of 5, the first of which holds 3: most significant first, so that text order is byte order.
	for i := suffixLen - 1; i >= 0; i-- {
		out[i] = alphabet[id[15]&31]
		shiftRight5(&id)
	}
	return string(prefix) + "_" + string(out[:])
}

func shiftRight5(id *[16]byte) {
	for i := 15; i > 0; i-- {
		id[i] = id[i]>>5 | id[i-1]<<3
	}
	id[0] >>= 5
}

// Valid reports whether s is an id of the kind: the right prefix and 26 base32 characters whose value fits 128 bits.
// It says nothing about the object's existence.
func Valid(prefix Prefix, s string) bool {
	suffix, ok := strings.CutPrefix(s, string(prefix)+"_")
	if !ok || len(suffix) != suffixLen || suffix[0] > '7' {
		return false
	}
	for i := range suffix {
		if strings.IndexByte(alphabet, suffix[i]) < 0 {
			return false
		}
	}
	return true
}
