package arch_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/symphainy/symphainy/test/arch"
	"github.com/symphainy/symphainy/test/sheet"
)

// F8: no goroutine that cannot recover, no second clock, no math/rand, no secret under ==; each rule is shown to refuse, and to let its
// neighbour pass. vet, staticcheck and gosec are `make lint`, the analyser of T5 is TestTheAnalyserFindsEachTrap.
func TestHabits(t *testing.T) {
	seeded := []struct{ name, path, source, refused string }{
		{"a bare go statement", "application/a/a.go", `package a; func f() { go func() { work() }() }`, "does not recover"},
		{"a bare go statement on a function", "adapters/a/a.go", `package a; func f() { go g() }; func g() { work() }`, "does not recover"},
		{"a group", "adapters/a/a.go", `package a; import "sync"; func f(w *sync.WaitGroup) { w.Go(func() { work() }) }`, "does not recover"},
		{"a group with a method", "bootstrap/a.go", `package a; import "sync"; func f(w *sync.WaitGroup, q q) { w.Go(q.run) }; func (q) run() {}`, "does not recover"},
		{"a guarded goroutine", "application/a/a.go", `package a; func f() { go func() { _ = fault.Guard(work) }() }`, ""},
		{"a guarded method", "bootstrap/a.go", `package a; import "sync"; func f(w *sync.WaitGroup, q q) { w.Go(q.run) }; func (q) run() { guarded(work) }`, ""},
		{"recover itself", "adapters/a/a.go", `package a; func f() { go func() { defer func() { _ = recover() }() }() }`, ""},
		{"a test's goroutine", "adapters/a/a_test.go", `package a; func f() { go work() }`, ""},
		{"the host's clock", "adapters/a/a.go", `package a; import "time"; var x = time.Now`, "outside the clock"},
		{"the host's clock as a span", "bootstrap/a.go", `package a; import "time"; func f(t time.Time) { _ = time.Since(t) }`, "outside the clock"},
		{"the clock", "adapters/system/system.go", `package a; import "time"; var x = time.Now`, ""},
		{"math/rand", "adapters/a/a.go", `package a; import _ "math/rand"`, "no source"},
		{"math/rand/v2", "bootstrap/a.go", `package a; import _ "math/rand/v2"`, "no source"},
		{"a secret under ==", "adapters/a/a.go", `package a; func f(secret, given string) bool { return secret == given }`, "byte by byte"},
		{"a field under !=", "application/a/a.go", `package a; func f(s s, given string) bool { return given != s.RefreshToken }`, "byte by byte"},
		{"bytes.Equal", "application/a/a.go", `package a; import "bytes"; func f(mac, b []byte) bool { return bytes.Equal(b, mac) }`, "byte by byte"},
		{"an empty secret", "adapters/a/a.go", `package a; func f(secret string) bool { return secret == "" }`, ""},
		{"hmac.Equal", "adapters/a/a.go", `package a; import "crypto/hmac"; func f(mac, b []byte) bool { return hmac.Equal(b, mac) }`, ""},
	}
	for _, s := range seeded {
		t.Run(s.name, func(t *testing.T) {
			file, err := arch.Parse(s.path, s.source)
			require.NoError(t, err)
			found := arch.CheckHabits([]arch.File{file})
			if s.refused == "" {
				require.Empty(t, found)
				return
			}
			require.Len(t, found, 1)
			require.Contains(t, found[0].Text, s.refused)
		})
	}
	files, err := arch.Scan("../..")
	require.NoError(t, err)
	for _, v := range arch.CheckHabits(files) {
		t.Error(v)
	}
	sheet.Record(t, "F8", len(files)+len(seeded), fmt.Sprintf("files read %d; bare goroutines, clocks, math/rand and == on secrets 0; seeded %d of %d judged right", len(files), len(seeded), len(seeded)), "0")
}
