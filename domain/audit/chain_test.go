package audit_test

import (
	"encoding/hex"
	"errors"
	"fmt"
	"iter"
	"reflect"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/symphainy/symphainy/domain/audit"
)

const tenant = "ten_1"

func records(n int) []audit.Record {
	list := make([]audit.Record, n)
	for i := range list {
		list[i] = audit.Record{
			ID: "aud_" + strconv.Itoa(i+1), TenantID: tenant, Actor: "usr_1", Action: "intent.submitted", Result: audit.Allowed,
			Detail: []byte(`{"n":` + strconv.Itoa(i) + `}`), At: time.Unix(int64(i), 0),
		}
	}
	return list
}

func seal(list []audit.Record) ([]audit.Sealed, audit.Head) {
	head := audit.Start(tenant)
	chain := make([]audit.Sealed, len(list))
	for i, r := range list {
		chain[i].Record = r
		chain[i].Link, head = head.Seal(r)
	}
	return chain, head
}

func each(chain []audit.Sealed) iter.Seq2[audit.Sealed, error] {
	return func(yield func(audit.Sealed, error) bool) {
		for _, s := range chain {
			if !yield(s, nil) {
				return
			}
		}
	}
}

func verify(t require.TestingT, chain []audit.Sealed, head audit.Head) (audit.Head, *audit.Break) {
	reached, broken, err := audit.Verify(tenant, each(chain), func() audit.Head { return head })
	require.NoError(t, err)
	return reached, broken
}

// number gives positions anew, as somebody would who hides a gap.
func number(chain []audit.Sealed) []audit.Sealed {
	for i := range chain {
		chain[i].Link.Position = int64(i + 1)
	}
	return chain
}

// The canonical form is for ever: records that were sealed by an older binary verify with a newer one.
func TestHashIsStable(t *testing.T) {
	t.Parallel()
	// The expected value was computed by another program from the description of Hash.
	r := audit.Record{
		ID: "aud_1", TenantID: "ten_1", Actor: "usr_1", OnBehalfOf: "usr_2", Action: "a", Target: "t", IntentType: "i", ArgumentsHash: "h",
		PolicyVersion: "p", Result: audit.Open, Detail: []byte(`{}`), TraceID: "x", At: time.Unix(1, 5000).In(time.FixedZone("abroad", 3600)),
	}
	require.Equal(t, "f4958d8b1b1748073fde4e35b21b972167e579e7b28f8e905c0bb5cebef61256", hex.EncodeToString(audit.Hash(audit.Genesis(), r)))
}

func TestVerify(t *testing.T) {
	t.Parallel()
	forged := audit.Record{ID: "aud_x", TenantID: tenant, Action: "forged"}
	for name, c := range map[string]struct {
		tamper func(chain []audit.Sealed, head *audit.Head) []audit.Sealed
		want   *audit.Break
	}{
		"intact": {func(c []audit.Sealed, _ *audit.Head) []audit.Sealed { return c }, nil},
		"changed": {func(c []audit.Sealed, _ *audit.Head) []audit.Sealed {
			c[2].Record.Result = audit.Denied
			return c
		}, &audit.Break{Reason: audit.Changed, Position: 3, RecordID: "aud_3"}},
		"changed and sealed anew": {func(c []audit.Sealed, _ *audit.Head) []audit.Sealed {
			c[2].Record.Result = audit.Denied
			c[2].Link.Hash = audit.Hash(c[2].Link.Previous, c[2].Record)
			return c
		}, &audit.Break{Reason: audit.Changed, Position: 3, RecordID: "aud_3"}},
		"all changed and sealed anew": {func(c []audit.Sealed, _ *audit.Head) []audit.Sealed {
			list := records(len(c))
			list[0].Actor = "usr_2"
			again, _ := seal(list)
			return again
		}, &audit.Break{Reason: audit.HeadMismatch, Position: 5, RecordID: "aud_5"}},
		"removed": {func(c []audit.Sealed, _ *audit.Head) []audit.Sealed { return slices.Delete(c, 2, 3) },
			&audit.Break{Reason: audit.Removed, Position: 3, RecordID: "aud_2"}},
		"removed and the gap hidden": {func(c []audit.Sealed, _ *audit.Head) []audit.Sealed { return number(slices.Delete(c, 2, 3)) },
			&audit.Break{Reason: audit.Removed, Position: 3, RecordID: "aud_4"}},
		"the first removed": {func(c []audit.Sealed, _ *audit.Head) []audit.Sealed { return c[1:] },
			&audit.Break{Reason: audit.Removed, Position: 1}},
		"the first removed and the gap hidden": {func(c []audit.Sealed, _ *audit.Head) []audit.Sealed { return number(c[1:]) },
			&audit.Break{Reason: audit.Removed, Position: 1, RecordID: "aud_2"}},
		"the newest removed": {func(c []audit.Sealed, _ *audit.Head) []audit.Sealed { return c[:4] },
			&audit.Break{Reason: audit.Removed, Position: 5, RecordID: "aud_4"}},
		"all removed": {func([]audit.Sealed, *audit.Head) []audit.Sealed { return nil }, &audit.Break{Reason: audit.Removed, Position: 1}},
		"inserted": {func(c []audit.Sealed, _ *audit.Head) []audit.Sealed {
			l, _ := audit.Head{TenantID: tenant, Position: 2, Hash: c[1].Link.Hash}.Seal(forged)
			return number(slices.Insert(c, 2, audit.Sealed{Record: forged, Link: l}))
		}, &audit.Break{Reason: audit.Inserted, Position: 3, RecordID: "aud_x"}},
		"inserted at a taken position": {func(c []audit.Sealed, _ *audit.Head) []audit.Sealed {
			return slices.Insert(c, 2, audit.Sealed{Record: forged, Link: audit.Link{TenantID: tenant, Position: 2, RecordID: "aud_x"}})
		}, &audit.Break{Reason: audit.Inserted, Position: 2, RecordID: "aud_x"}},
		"inserted at the end": {func(c []audit.Sealed, head *audit.Head) []audit.Sealed {
			l, _ := head.Seal(forged)
			return append(c, audit.Sealed{Record: forged, Link: l})
		}, &audit.Break{Reason: audit.HeadMismatch, Position: 6, RecordID: "aud_x"}},
		"reordered": {func(c []audit.Sealed, _ *audit.Head) []audit.Sealed {
			c[1], c[3] = c[3], c[1]
			return number(c)
		}, &audit.Break{Reason: audit.Reordered, Position: 2, RecordID: "aud_4"}},
		"another head": {func(c []audit.Sealed, head *audit.Head) []audit.Sealed {
			head.Hash = audit.Genesis()
			return c
		}, &audit.Break{Reason: audit.HeadMismatch, Position: 5, RecordID: "aud_5"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			chain, head := seal(records(5))
			_, broken := verify(t, c.tamper(chain, &head), head)
			require.Equal(t, c.want, broken)
		})
	}
}

func TestVerifyGivesTheErrorOfTheSequence(t *testing.T) {
	t.Parallel()
	away := errors.New("the store is away")
	_, broken, err := audit.Verify(tenant, func(yield func(audit.Sealed, error) bool) { yield(audit.Sealed{}, away) }, nil)
	require.ErrorIs(t, err, away)
	require.Nil(t, broken)
}

func drawn(t *rapid.T) ([]audit.Sealed, audit.Head) {
	text := rapid.StringN(0, 8, -1)
	list := make([]audit.Record, rapid.IntRange(1, 8).Draw(t, "records"))
	for i := range list {
		r := &list[i]
		v := reflect.ValueOf(r).Elem()
		for f := range v.NumField() {
			if v.Field(f).Kind() == reflect.String {
				v.Field(f).SetString(text.Draw(t, v.Type().Field(f).Name))
			}
		}
		r.ID, r.TenantID = fmt.Sprintf("aud_%d", i), tenant
		r.Detail = rapid.SliceOfN(rapid.Byte(), 0, 8).Draw(t, "detail")
		r.At = time.UnixMicro(rapid.Int64Range(-1<<50, 1<<50).Draw(t, "at"))
	}
	return seal(list)
}

// flip changes one bit of one field of a record or its link and gives the field's name, "" if the field has no bits.
func flip(t *rapid.T, v reflect.Value) string {
	i := rapid.IntRange(0, v.NumField()-1).Draw(t, "field")
	f := v.Field(i)
	flipped := func(b []byte) []byte {
		b = slices.Clone(b)
		at := rapid.IntRange(0, len(b)*8-1).Draw(t, "bit")
		b[at/8] ^= 1 << (at % 8)
		return b
	}
	switch x := f.Interface().(type) {
	case time.Time:
		f.Set(reflect.ValueOf(time.UnixMicro(x.UnixMicro() ^ 1<<rapid.IntRange(0, 49).Draw(t, "bit"))))
	case int64:
		f.SetInt(x ^ 1<<rapid.IntRange(0, 62).Draw(t, "bit"))
	case []byte:
		if len(x) == 0 {
			return ""
		}
		f.SetBytes(flipped(x))
	default:
		if f.Len() == 0 {
			return ""
		}
		f.SetString(string(flipped([]byte(f.String()))))
	}
	return v.Type().Field(i).Name
}

func TestAnyFlippedBitIsFound(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		chain, head := drawn(t)
		reached, broken := verify(t, chain, head)
		require.Nil(t, broken)
		require.Equal(t, head, reached)
		i := rapid.IntRange(0, len(chain)-1).Draw(t, "victim")
		part := reflect.ValueOf(&chain[i].Record).Elem()
		if rapid.Bool().Draw(t, "link") {
			part = reflect.ValueOf(&chain[i].Link).Elem()
		}
		field := flip(t, part)
		if field == "" {
			return
		}
		slices.SortStableFunc(chain, func(a, b audit.Sealed) int { return int(min(1, max(-1, a.Link.Position-b.Link.Position))) })
		_, broken = verify(t, chain, head)
		require.NotNil(t, broken, field)
		if field != "Position" {
			require.Equal(t, &audit.Break{Reason: audit.Changed, Position: int64(i + 1), RecordID: chain[i].Record.ID}, broken, field)
		}
	})
}

// Whatever is taken out, or comes in another order, is found, whether positions are given anew or not.
func TestAnyOtherSequenceIsFound(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		chain, head := drawn(t)
		other := rapid.Permutation(chain).Draw(t, "order")
		other = slices.Clone(other[:rapid.IntRange(0, len(chain)).Draw(t, "length")])
		if slices.EqualFunc(chain, other, func(a, b audit.Sealed) bool { return a.Record.ID == b.Record.ID }) {
			return
		}
		if rapid.Bool().Draw(t, "renumber") {
			number(other)
		}
		_, broken := verify(t, other, head)
		require.NotNil(t, broken)
	})
}

// Texts that move between neighbouring fields give another hash.
func TestFieldsDoNotRunTogether(t *testing.T) {
	t.Parallel()
	a := audit.Hash(nil, audit.Record{Actor: "ab", OnBehalfOf: "c"})
	require.NotEqual(t, a, audit.Hash(nil, audit.Record{Actor: "a", OnBehalfOf: "bc"}))
	require.NotEqual(t, a, audit.Hash(nil, audit.Record{Actor: "abc"}))
}
