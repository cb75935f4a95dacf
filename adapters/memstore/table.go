package memstore

import (
	"iter"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/symphainy/symphainy/domain/fault"
)

const shards = 64

// table maps keys to rows, copying on write: a fork shares all shards with its origin until it first writes to one. Rows are copied
// in and out, so that nobody outside holds a slice of the table's. The zero table is empty.
type table[V any] struct {
	shards [shards]map[string]V
	// owned has the bit of each shard that belongs to this fork alone.
	owned uint64
}

func (t *table[V]) fork() table[V] {
	f := *t
	f.owned = 0
	return f
}

func shardOf(key string) uint32 {
	h := uint32(2166136261) // FNV-1a
	for i := range len(key) {
		h = (h ^ uint32(key[i])) * 16777619
	}
	return h % shards
}

func (t *table[V]) writable(key string) map[string]V {
	i := shardOf(key)
	if t.owned&(1<<i) == 0 {
		t.owned |= 1 << i
		if t.shards[i] = maps.Clone(t.shards[i]); t.shards[i] == nil {
			t.shards[i] = map[string]V{}
		}
	}
	return t.shards[i]
}

func (t *table[V]) get(key string) (V, error) {
	v, ok := t.shards[shardOf(key)][key]
	if !ok {
		return v, fault.ErrNotFound
	}
	return clone(v), nil
}

func (t *table[V]) put(key string, v V) { t.writable(key)[key] = clone(v) }

// insert is put for a key that must be new.
func (t *table[V]) insert(key string, v V) error {
	if _, taken := t.shards[shardOf(key)][key]; taken {
		return fault.ErrDuplicate
	}
	t.put(key, v)
	return nil
}

func (t *table[V]) remove(key string) { delete(t.writable(key), key) }

// rows gives all rows, uncopied and in no order: for looking only.
func (t *table[V]) rows() iter.Seq2[string, V] {
	return func(yield func(string, V) bool) {
		for i := range t.shards {
			for k, v := range t.shards[i] {
				if !yield(k, v) {
					return
				}
			}
		}
	}
}

// find gives copies of the matching rows in the given order.
func (t *table[V]) find(match func(V) bool, order func(a, b V) int) []V {
	var found []V
	for _, v := range t.rows() {
		if match(v) {
			found = append(found, v)
		}
	}
	slices.SortFunc(found, order)
	for i := range found {
		found[i] = clone(found[i])
	}
	return found
}

// one gives a copy of the matching row, of which there is at most one that matters.
func (t *table[V]) one(match func(V) bool) (V, error) {
	for _, v := range t.rows() {
		if match(v) {
			return clone(v), nil
		}
	}
	var none V
	return none, fault.ErrNotFound
}

// change replaces every matching row by what edit makes of a copy of it, and gives how many there were.
func (t *table[V]) change(match func(V) bool, edit func(*V)) int64 {
	var keys []string
	for k, v := range t.rows() {
		if match(v) {
			keys = append(keys, k)
		}
	}
	for _, k := range keys {
		m := t.writable(k)
		v := clone(m[k])
		edit(&v)
		m[k] = v
	}
	return int64(len(keys))
}

// prune removes the matching rows and gives how many there were.
func (t *table[V]) prune(match func(V) bool) int64 {
	var keys []string
	for k, v := range t.rows() {
		if match(v) {
			keys = append(keys, k)
		}
	}
	for _, k := range keys {
		t.remove(k)
	}
	return int64(len(keys))
}

// save replaces the row of an aggregate whose version is still the stored one, and raises the version. keep carries over what a save
// never changes, and refuses a row outside the aggregate's tenant.
func (t *table[V]) save(key string, next V, version func(*V) *int, keep func(stored V, next *V) error) error {
	stored, err := t.get(key)
	if err != nil {
		return err
	}
	if *version(&stored) != *version(&next) {
		return fault.ErrStale
	}
	if err := keep(stored, &next); err != nil {
		return err
	}
	*version(&next)++
	t.put(key, next)
	return nil
}

// tuple makes one key of several parts; each part is prefixed with its length, so that no two tuples give the same key.
func tuple(parts ...string) string {
	var b strings.Builder
	for _, p := range parts {
		b.WriteString(strconv.Itoa(len(p)))
		b.WriteByte(':')
		b.WriteString(p)
	}
	return b.String()
}

// clone gives a copy that shares no slice with v and whose times are as a database gives them: UTC, whole microseconds.
func clone[V any](v V) V {
	own(reflect.ValueOf(&v).Elem())
	return v
}

func own(v reflect.Value) {
	switch v.Kind() { //nolint:exhaustive // rows consist of structs, slices and scalars; scalars need nothing
	case reflect.Struct:
		if at, ok := v.Addr().Interface().(*time.Time); ok {
			*at = moment(*at)
			return
		}
		for i := range v.NumField() {
			own(v.Field(i))
		}
	case reflect.Slice:
		if v.IsNil() {
			return
		}
		c := reflect.MakeSlice(v.Type(), v.Len(), v.Len())
		reflect.Copy(c, v)
		if v.Type().Elem().Kind() != reflect.Uint8 {
			for i := range c.Len() {
				own(c.Index(i))
			}
		}
		v.Set(c)
	}
}

func moment(at time.Time) time.Time {
	if at.IsZero() {
		return time.Time{}
	}
	return at.UTC().Truncate(time.Microsecond)
}
