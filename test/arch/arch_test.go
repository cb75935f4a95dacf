package arch_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/symphainy/symphainy/test/arch"
	"github.com/symphainy/symphainy/test/sheet"
)

func TestArchitecture(t *testing.T) {
	root, err := filepath.Abs("../..")
	require.NoError(t, err)
	require.FileExists(t, filepath.Join(root, "go.mod"))
	files, err := arch.Scan(root)
	require.NoError(t, err)
	require.Greater(t, len(files), 30, "the scan did not reach the tree")
	for _, violation := range arch.Check(files) {
		t.Error(violation)
	}
}

// Every rule is shown to refuse something, and to let its neighbour pass.
func TestRulesRefuse(t *testing.T) {
	const own = arch.Module + "/"
	cases := []struct {
		name, path, imports string // imports: space-separated
		refused             string // part of the message; empty = allowed
	}{
		{"domain on domain", "domain/session/a.go", own + "domain/fault strings time", ""},
		{"domain on ports", "domain/session/a.go", own + "ports", "must not import ports"},
		{"domain with context", "domain/session/a.go", "context", "must not import context"},
		{"domain with slog", "domain/session/a.go", "log/slog", "must not import log/slog"},
		{"domain with json", "domain/session/a.go", "encoding/json", "must not import encoding/json"},
		{"domain with a library", "domain/session/a.go", "github.com/google/uuid", "standard library only"},
		{"domain's test with testify", "domain/session/a_test.go", "github.com/stretchr/testify/require context", ""},
		{"domain's test on memstore", "domain/session/a_test.go", own + "adapters/memstore", "must not import adapters/memstore"},
		{"ports on domain", "ports/a.go", own + "domain/session context io", ""},
		{"ports on application", "ports/a.go", own + "application/intents", "must not import"},
		{"ports with sql", "ports/a.go", "database/sql", "must not import database/sql"},
		{"application inwards", "application/intents/a.go", own + "ports " + own + "domain/intent context", ""},
		{"application on an adapter", "application/intents/a.go", own + "adapters/memstore", "must not import adapters/memstore"},
		{"application's test on an adapter", "application/intents/a_test.go", own + "adapters/memstore " + own + "mocks " + own + "test/faulty", ""},
		{"application's test on bootstrap", "application/intents/a_test.go", own + "bootstrap", "must not import bootstrap"},
		{"application with http", "application/intents/a.go", "net/http", "must not import net/http"},
		{"application with url", "application/intents/a.go", "net/url", ""},
		{"application with randomness", "application/intents/a.go", "crypto/rand", "must not import crypto/rand"},
		{"application with hashes", "application/intents/a.go", "crypto/sha256", ""},
		{"application with math/rand/v2", "application/intents/a.go", "math/rand/v2", "must not import math/rand/v2"},
		{"application with slog", "application/intents/a.go", "log/slog", "must not import log/slog"},
		{"application with pgx", "application/intents/a.go", "github.com/jackc/pgx/v5", "must not import"},
		{"adapter on application", "adapters/httpapi/a.go", own + "application/intents github.com/gin-gonic/gin", ""},
		{"adapter on its own parts", "adapters/gormstore/a.go", own + "adapters/gormstore/rows", ""},
		{"adapter on a sibling", "adapters/httpapi/a.go", own + "adapters/wsapi", "must not import adapter wsapi"},
		{"adapter on a sibling with its name in front", "adapters/http/a.go", own + "adapters/httpapi", "must not import adapter httpapi"},
		{"adapter on what adapters share", "adapters/httpapi/a.go", own + "adapters/internal/edge", ""},
		{"what adapters share on an adapter", "adapters/internal/edge/a.go", own + "adapters/httpapi", "must not import adapter httpapi"},
		{"adapter's test on a sibling", "adapters/httpapi/a_test.go", own + "adapters/memstore", ""},
		{"adapter on bootstrap", "adapters/httpapi/a.go", own + "bootstrap", "must not import bootstrap"},
		{"gorm in gormstore", "adapters/gormstore/a.go", "gorm.io/gorm gorm.io/driver/postgres", ""},
		{"gorm elsewhere", "adapters/memstore/a.go", "gorm.io/gorm/clause", "gorm.io is for adapters/gormstore only"},
		{"gorm in a test elsewhere", "adapters/memstore/a_test.go", "gorm.io/gorm", "gorm.io is for"},
		{"gin elsewhere", "adapters/wsapi/a.go", "github.com/gin-gonic/gin", "is for adapters/httpapi only"},
		{"huma elsewhere", "bootstrap/a.go", "github.com/danielgtaylor/huma/v2", "is for adapters/httpapi only"},
		{"websocket in wsapi", "adapters/wsapi/a.go", "github.com/gorilla/websocket", ""},
		{"websocket elsewhere", "adapters/httpapi/a.go", "github.com/gorilla/websocket", "is for adapters/wsapi"},
		{"websocket in a test", "test/e2e/client.go", "github.com/gorilla/websocket", ""},
		{"fx in bootstrap", "bootstrap/http.go", "go.uber.org/fx", ""},
		{"fx in cmd", "cmd/symphainy/main.go", "go.uber.org/fx", "is for bootstrap only"},
		{"fx in a test", "test/e2e/a_test.go", "go.uber.org/fx/fxtest", "is for bootstrap only"},
		{"mocks in production", "bootstrap/a.go", own + "mocks", "must not import mocks"},
		{"test code in production", "adapters/httpapi/a.go", own + "test/faulty", "must not import test/faulty"},
		{"assertions in production", "adapters/httpapi/a.go", "github.com/stretchr/testify/require", "is for test, mocks only"},
		{"test code on everything", "test/e2e/a.go", own + "bootstrap " + own + "adapters/gormstore", ""},
		{"test code on a command", "test/e2e/a.go", own + "cmd/symphainy", "must not import cmd"},
		{"a vague folder", "application/utils/a.go", "", "utils says nothing"},
		{"a vague folder above", "application/shared/keys/a.go", "", "shared says nothing"},
		{"a folder of its own", "pkg/a.go", "", "one of the layers' folders"},
		{"a file in the root", "main.go", "", "one of the layers' folders"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			source := "package a\n"
			for _, imported := range strings.Fields(c.imports) {
				source += "import _ \"" + imported + "\"\n"
			}
			requireVerdict(t, c.path, source, c.refused)
		})
	}
}

func TestRulesAboutCodeRefuse(t *testing.T) {
	cases := []struct{ name, path, source, refused string }{
		{"a vague clause", "domain/session/a.go", "package helpers", "helpers says nothing"},
		{"the clock in the domain", "domain/session/a.go", `package a; import "time"; var x = time.Now()`, "must not use time.Now"},
		{"the clock under another name", "application/intents/a.go", `package a; import clock "time"; var x = clock.Now`, "must not use time.Now"},
		{"time as a value", "domain/session/a.go", `package a; import "time"; const x = time.Second`, ""},
		{"the clock in a test", "domain/session/a_test.go", `package a; import "time"; var x = time.Now()`, ""},
		{"the clock in its adapter", "adapters/system/a.go", `package a; import "time"; var x = time.Now()`, ""},
		{"a timer in the domain", "domain/session/a.go", `package a; import "time"; var x = time.NewTimer`, "must not use time.NewTimer"},
		{"a timer in the application", "application/runtime/a.go", `package a; import "time"; var x = time.NewTimer`, ""},
		{"the environment", "application/intents/a.go", `package a; import "os"; var x = os.Getenv("X")`, "must not use os.Getenv"},
		{"a tag in the domain", "domain/session/a.go", "package a; type x struct { y int `json:\"y\"` }", "carry no tags"},
		{"a tag at the edge", "adapters/httpapi/a.go", "package a; type x struct { y int `json:\"y\"` }", ""},
		{"a save", "adapters/gormstore/a.go", `package a; func f() { tx.Save(&row) }`, ".Save is forbidden"},
		{"a save of something else", "adapters/gormstore/a.go", `package a; func f() { sessions.Save(ctx, s) }`, ""},
		{"a struct condition", "adapters/gormstore/a.go", `package a; func f() { s.db.WithContext(ctx).Where(&row{ID: id}).First(&r) }`, ".Where with"},
		{"a text condition", "adapters/gormstore/a.go", `package a; func f() { s.db.WithContext(ctx).Where("tenant_id = ?", t).First(&r) }`, ""},
		{"a variable condition", "adapters/gormstore/a.go", `package a; func f() { tx.Where(sql, t) }`, ".Where with"},
		{"a built condition", "adapters/gormstore/a.go", `package a; func f() { tx.Where("a = "+b) }`, ".Where with"},
		{"a constant condition", "adapters/gormstore/a.go", `package a; const own = "id = ?"; func f() { tx.Where(own+" AND x = ?", t) }`, ""},
		{"an inline condition", "adapters/gormstore/a.go", `package a; func f() { tx.First(&r, id) }`, ".First with"},
		{"a variable order", "adapters/gormstore/a.go", `package a; func f() { tx.Order(by) }`, ".Order with"},
		{"a clause", "adapters/gormstore/a.go", `package a; func f() { tx.Where(clause.Eq{Column: "a", Value: b}).Order(clause.OrderByColumn{}) }`, ""},
		{"a group", "adapters/gormstore/a.go", `package a; func f() { tx.Where(tx.Where("a").Or("b")) }`, ""},
		{"a trap in a group", "adapters/gormstore/a.go", `package a; func f() { tx.Where(tx.Where("a").Or(b)) }`, ".Or with"},
		{"the same elsewhere", "adapters/memstore/a.go", `package a; func f() { tx.Save(&row) }`, ""},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) { requireVerdict(t, c.path, c.source, c.refused) })
	}
}

// T5: twelve ways in which the ORM does more than it says, each found in the store and none there.
func TestTrapsOfTheORMAreFound(t *testing.T) {
	seeded := map[string]string{
		"a zero struct":          `db.Where(&row{TenantID: ""}).Find(&rows)`,
		"an or outside a group":  `db.Where("tenant_id = ?", a).Or("owner = ?", b).Find(&rows)`,
		"a save":                 `db.Where("tenant_id = ?", a).Save(&row)`,
		"text as a key":          `db.First(&row, id)`,
		"text to find":           `tx.Find(&rows, filter)`,
		"text to take":           `tx.Take(&row, id)`,
		"text to delete":         `tx.Delete(&row, id)`,
		"text as order":          `db.Order(by).Find(&rows)`,
		"a built condition":      `db.Where("name = '" + name + "'").Find(&rows)`,
		"without scopes":         `db.Unscoped().Find(&rows)`,
		"first or create":        `db.Where("id = ?", id).FirstOrCreate(&row)`,
		"a variable in a having": `db.Group("a").Having(filter).Find(&rows)`,
	}
	require.Len(t, seeded, 12)
	for name, statement := range seeded {
		file, err := arch.Parse("adapters/gormstore/a.go", "package a; func f() { "+statement+" }")
		require.NoError(t, err)
		require.NotEmpty(t, arch.Check([]arch.File{file}), name)
	}
	sheet.Record(t, "T5", len(seeded), "seeded traps found; in the store 0 (TestArchitecture)", "12/12, 0")
}

func requireVerdict(t *testing.T, path, source, refused string) {
	t.Helper()
	file, err := arch.Parse(path, source)
	require.NoError(t, err)
	found := arch.Check([]arch.File{file})
	if refused == "" {
		require.Empty(t, found)
		return
	}
	require.Len(t, found, 1)
	require.Contains(t, found[0].String(), refused)
	require.True(t, strings.HasPrefix(found[0].String(), path+":"))
}

func TestScanFindsABreachInATree(t *testing.T) {
	root := t.TempDir()
	for name, source := range map[string]string{
		"domain/a/a.go":          "package a\n\nimport _ \"log/slog\"\n",
		"domain/a/testdata/x.go": "package x\n\nimport _ \"log/slog\"\n",
		".cache/x/x.go":          "this is not Go",
		"docs/readme.md":         "nor is this",
	} {
		require.NoError(t, os.MkdirAll(filepath.Dir(filepath.Join(root, name)), 0o755))
		require.NoError(t, os.WriteFile(filepath.Join(root, name), []byte(source), 0o600))
	}
	files, err := arch.Scan(root)
	require.NoError(t, err)
	found := arch.Check(files)
	require.Len(t, found, 1)
	require.Equal(t, "domain/a/a.go:3: domain/a must not import log/slog", found[0].String())

	require.NoError(t, os.WriteFile(filepath.Join(root, "domain", "b.go"), []byte("package"), 0o600))
	_, err = arch.Scan(root)
	require.ErrorContains(t, err, "parse domain/b.go")
}
