package storetest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// same requires that got is what was stored as want: every field equal, times the same moment in UTC with whole microseconds, JSON
// semantically equal, and no difference between nil and empty.
func same(t *testing.T, want, got any) {
	t.Helper()
	var diffs []string
	compare("", reflect.ValueOf(want), reflect.ValueOf(got), &diffs)
	require.Empty(t, diffs, "stored and read values differ")
}

func compare(path string, want, got reflect.Value, diffs *[]string) {
	report := func() {
		*diffs = append(*diffs, fmt.Sprintf("%s: want %v, got %v", path, want.Interface(), got.Interface()))
	}
	switch w := want.Interface().(type) {
	case time.Time:
		if g, ok := got.Interface().(time.Time); !ok || !w.Equal(g) || g.Location() != time.UTC || g.IsZero() != w.IsZero() {
			report()
		}
		return
	case []byte:
		if g, ok := got.Interface().([]byte); !ok || !sameBytes(w, g) {
			report()
		}
		return
	}
	switch want.Kind() { //nolint:exhaustive // everything else is compared as it is
	case reflect.Struct:
		for i := range want.NumField() {
			compare(path+"."+want.Type().Field(i).Name, want.Field(i), got.Field(i), diffs)
		}
	case reflect.Slice:
		if want.Len() != got.Len() {
			report()
			return
		}
		for i := range want.Len() {
			compare(fmt.Sprintf("%s[%d]", path, i), want.Index(i), got.Index(i), diffs)
		}
	default:
		if !want.Equal(got) {
			report()
		}
	}
}

func sameBytes(want, got []byte) bool {
	if bytes.Equal(want, got) {
		return true
	}
	var w, g any
	if json.Unmarshal(want, &w) != nil || json.Unmarshal(got, &g) != nil {
		return false
	}
	return reflect.DeepEqual(w, g)
}

// full requires that a sample sets every field, so that a field which was added later cannot miss the round trips.
func full(t *testing.T, sample any) {
	t.Helper()
	var empty []string
	zeros("", reflect.ValueOf(sample), &empty)
	require.Empty(t, empty, "the sample leaves fields unset")
}

func zeros(path string, v reflect.Value, empty *[]string) {
	if v.IsZero() {
		*empty = append(*empty, path)
		return
	}
	if _, isTime := v.Interface().(time.Time); isTime {
		return
	}
	switch v.Kind() { //nolint:exhaustive // scalars have no parts
	case reflect.Struct:
		for i := range v.NumField() {
			zeros(path+"."+v.Type().Field(i).Name, v.Field(i), empty)
		}
	case reflect.Slice:
		for i := range v.Len() {
			if v.Type().Elem().Kind() != reflect.Uint8 {
				zeros(fmt.Sprintf("%s[%d]", path, i), v.Index(i), empty)
			}
		}
	}
}

// ids gives the ids of a list.
func ids[V any](list []V, id func(V) string) []string {
	out := make([]string, len(list))
	for i, v := range list {
		out[i] = id(v)
	}
	return out
}

// only keeps what is known, in the order of the list.
func only(list []string, known ...string) []string {
	out := []string{}
	for _, v := range list {
		for _, k := range known {
			if v == k {
				out = append(out, v)
			}
		}
	}
	return out
}

// reversed gives the list backwards.
func reversed(list []string) []string {
	out := make([]string, 0, len(list))
	for i := len(list) - 1; i >= 0; i-- {
		out = append(out, list[i])
	}
	return out
}
