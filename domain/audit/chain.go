package audit

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"iter"
)

// encoding is the version of the canonical form that Hash covers; another form gets another number.
const encoding = 1

// Genesis is the hash before the first record of every chain. The caller owns the slice.
func Genesis() []byte { return make([]byte, sha256.Size) }

// Hash gives the SHA-256 that seals a record behind the hash of the record before it (Genesis for the first). It covers every field:
// a version byte, the previous hash, the texts in the order of Record's fields and the detail as its bytes, each after its length as
// eight big-endian bytes, and last At in whole microseconds since 1970 UTC, which is what a store keeps of it.
func Hash(previous []byte, r Record) []byte {
	h := sha256.New()
	var number [8]byte
	put := func(field []byte) {
		binary.BigEndian.PutUint64(number[:], uint64(len(field)))
		h.Write(number[:])
		h.Write(field)
	}
	h.Write([]byte{encoding})
	put(previous)
	for _, text := range [...]string{
		r.ID, r.TenantID, r.Actor, r.OnBehalfOf, r.Action, r.Target, r.IntentType, r.ArgumentsHash, r.PolicyVersion, string(r.Result),
	} {
		put([]byte(text))
	}
	put(r.Detail)
	put([]byte(r.TraceID))
	binary.BigEndian.PutUint64(number[:], uint64(r.At.UnixMicro()))
	h.Write(number[:])
	return h.Sum(nil)
}

// Link is a record's place in the chain of its tenant.
type Link struct {
	TenantID string
	// Position counts from 1 without holes.
	Position int64
	RecordID string
	// Previous is the hash of the record before; Hash is this one's.
	Previous []byte
	Hash     []byte
}

// Sealed is a record with its link.
type Sealed struct {
	Record Record
	Link   Link
}

// Head is the end of a tenant's chain. It is stored apart from the records, so that removing the newest ones shows.
type Head struct {
	TenantID string
	// Position is 0 and Hash is Genesis while nothing is sealed.
	Position int64
	Hash     []byte
}

// Start gives the head of a chain without records.
func Start(tenantID string) Head { return Head{TenantID: tenantID, Hash: Genesis()} }

// Seal gives the link that puts the record at the end of the chain, and the head after it.
func (h Head) Seal(r Record) (Link, Head) {
	l := Link{TenantID: h.TenantID, Position: h.Position + 1, RecordID: r.ID, Previous: h.Hash, Hash: Hash(h.Hash, r)}
	return l, Head{TenantID: h.TenantID, Position: l.Position, Hash: l.Hash}
}

// Reason is what is wrong with a chain.
type Reason string

// The reasons.
const (
	// Changed: the record or its link is not what was sealed.
	Changed Reason = "changed"
	// Removed: a record that was sealed here is gone.
	Removed Reason = "removed"
	// Inserted: the record was never sealed by the chain.
	Inserted Reason = "inserted"
	// Reordered: the record is intact and stands in another's place.
	Reordered Reason = "reordered"
	// HeadMismatch: the records agree with each other and not with the head.
	HeadMismatch Reason = "head_mismatch"
)

// Break is the first place where a chain does not hold.
type Break struct {
	Reason Reason
	// Position is where the chain breaks.
	Position int64
	// RecordID is the record found there. Where a record is missing it is the one before the gap ("" at the start of the chain), or the
	// one that moved into its place.
	RecordID string
}

// Verify reads a chain, which must come in order of position and, where positions are equal, in any fixed order, and compares its end
// with the stored head, which is asked for after the last record. It gives the head that the intact part ends in, and the first break,
// nil if there is none. An error of the sequence ends it and comes back.
func Verify(tenantID string, chain iter.Seq2[Sealed, error], stored func() Head) (Head, *Break, error) {
	v := verifier{reached: Start(tenantID)}
	for s, err := range chain {
		if err != nil {
			return v.reached, nil, err
		}
		if v.broken == nil {
			v.add(s)
		} else if bytes.Equal(s.Link.Hash, v.sought) {
			v.broken.Reason = Reordered // the record that belongs before the broken one comes later
			break
		}
		if v.broken != nil && v.sought == nil {
			break
		}
		v.seen = s.Link.Position
	}
	v.compare(stored())
	return v.reached, v.broken, nil
}

// verifier is a walk along a chain.
type verifier struct {
	reached Head
	last    Link
	broken  *Break
	// sought is, after an intact record that follows another than the one before it, the hash of the one it follows.
	sought []byte
	// seen is the position that was read last.
	seen int64
}

func (v *verifier) add(s Sealed) {
	l := s.Link
	want := v.reached.Position + 1
	sound := l.TenantID == v.reached.TenantID && s.Record.TenantID == v.reached.TenantID && l.RecordID == s.Record.ID &&
		bytes.Equal(Hash(l.Previous, s.Record), l.Hash)
	switch {
	case l.Position < want:
		v.end(Inserted, l.Position, s.Record.ID)
	case l.Position > want:
		v.end(Removed, want, v.last.RecordID)
	case !sound:
		v.end(Changed, want, s.Record.ID)
	case bytes.Equal(l.Previous, v.reached.Hash):
		v.last, v.reached = l, Head{TenantID: l.TenantID, Position: l.Position, Hash: l.Hash}
	case want > 1 && bytes.Equal(l.Previous, v.last.Previous):
		v.end(Inserted, v.last.Position, v.last.RecordID) // both claim the same place: the one before slipped in
	default:
		v.end(Removed, want, s.Record.ID) // unless the rest of the chain tells otherwise
		v.sought = l.Previous
	}
}

// compare ends the walk at the stored head.
func (v *verifier) compare(stored Head) {
	switch at := v.reached.Position; {
	case v.broken != nil:
		if v.sought != nil && v.broken.Reason == Removed && v.seen == stored.Position && v.last.RecordID != "" {
			v.end(Changed, at, v.last.RecordID) // no record is missing: the one before was changed and sealed anew
		}
	case at < stored.Position:
		v.end(Removed, at+1, v.last.RecordID)
	case at > stored.Position || !bytes.Equal(v.reached.Hash, stored.Hash):
		v.end(HeadMismatch, at, v.last.RecordID)
	}
}

func (v *verifier) end(reason Reason, position int64, recordID string) {
	v.broken = &Break{Reason: reason, Position: position, RecordID: recordID}
}
