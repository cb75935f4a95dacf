package arch

import (
	"fmt"
	"path"
	"slices"
	"strings"
)

// Violation is one breach of a rule, at a place.
type Violation struct {
	Path string
	Line int
	Text string
}

func (v Violation) String() string { return fmt.Sprintf("%s:%d: %s", v.Path, v.Line, v.Text) }

// layers says, for each top-level folder, which top-level folders its production
// files and its test files may import. Arrows point inwards only. Tests of the
// inner rings may stand on the outer ones' doubles: a use case is tested on
// memstore, a driving adapter on the real application.
func layers() map[string]struct{ production, tests []string } {
	return map[string]struct{ production, tests []string }{
		"domain":      {production: []string{"domain"}},
		"ports":       {production: []string{"domain", "ports"}, tests: []string{"mocks"}},
		"application": {production: []string{"domain", "ports", "application"}, tests: []string{"adapters", "mocks", "test"}},
		"adapters":    {production: []string{"domain", "ports", "application", "adapters"}, tests: []string{"mocks", "test"}},
		"bootstrap":   {production: []string{"domain", "ports", "application", "adapters", "bootstrap"}, tests: []string{"mocks", "test"}},
		"cmd":         {production: []string{"domain", "ports", "application", "adapters", "bootstrap", "cmd"}, tests: []string{"mocks", "test"}},
		"mocks":       {production: []string{"domain", "ports"}},
		"test":        {production: []string{"domain", "ports", "application", "adapters", "bootstrap", "mocks", "test"}},
	}
}

// confined lists libraries and the only folders that may import them. Tests are
// free where the library is also a client or a tool of tests.
func confined() []confinement {
	return []confinement{
		{"go.uber.org/fx", []string{"bootstrap"}, false},
		{"go.uber.org/dig", []string{"bootstrap"}, false},
		{"gorm.io", []string{"adapters/gormstore"}, false},
		{"github.com/gin-gonic", []string{"adapters/httpapi"}, false},
		{"github.com/danielgtaylor/huma", []string{"adapters/httpapi"}, false},
		{"github.com/gorilla/websocket", []string{"adapters/wsapi", "cmd"}, true}, // cmd: the tour is a client
		{"github.com/golang-jwt/jwt", []string{"adapters/jwtauth"}, true},
		{"github.com/riverqueue/river", []string{"adapters/riverqueue", "adapters/gormstore"}, true}, // one transaction for both
		{"github.com/nats-io", []string{"adapters/natsbus"}, true},
		{"modernc.org/sqlite", []string{"adapters/gormstore"}, true},
		{"github.com/spf13/cobra", []string{"cmd"}, true},
		{"github.com/stretchr/testify", []string{"test", "mocks"}, true},
	}
}

type confinement struct {
	library string
	folders []string
	tests   bool
}

// pure lists what the production files of the inner layers must not import, over
// and above "nothing from outside"; an entry covers what lies below it.
func pure() map[string][]string {
	domain := []string{
		"context", "crypto/rand", "database/sql", "encoding/json", "log", "math/rand", "net/http", "os", "syscall", "testing",
	}
	return map[string][]string{
		"domain": domain,
		"ports":  {"database/sql", "log", "net/http", "os", "syscall", "testing"},
		"application": {
			"crypto/rand", "database/sql", "log", "math/rand", "net/http", "os/exec", "syscall", "testing",
			"github.com/google/uuid", "github.com/jackc/pgx", "gocloud.dev", "github.com/prometheus", "go.opentelemetry.io",
			"github.com/knadh/koanf", "github.com/openai", "github.com/modelcontextprotocol",
		},
	}
}

// impure lists calls that the inner layers must not make: the clock and the
// environment come in as arguments and ports. Waiting is the application's
// business (its tests run in synctest's time), but not the domain's.
func impure() map[string][]string {
	application := []string{"time.Now", "time.Since", "time.Until", "time.Sleep", "os.Getenv", "os.LookupEnv", "os.Environ", "os.ExpandEnv"}
	waiting := []string{"time.After", "time.AfterFunc", "time.Tick", "time.NewTimer", "time.NewTicker"}
	return map[string][]string{"domain": slices.Concat(application, waiting), "application": application}
}

// vague are names that say nothing about what is inside.
func vague() []string {
	return []string{"util", "utils", "common", "helper", "helpers", "misc", "models", "types", "shared"}
}

// Check applies every rule to every file.
func Check(files []File) []Violation {
	var all []Violation
	for _, file := range files {
		all = append(all, checkPlace(file)...)
		for _, imported := range file.Imports {
			if text := checkImport(file, imported.Path); text != "" {
				all = append(all, Violation{file.Path, imported.Line, text})
			}
		}
		all = append(all, checkPurity(file)...)
		all = append(all, checkStore(file)...)
	}
	return all
}

// checkPlace holds the top-level folders and the names of packages.
func checkPlace(file File) []Violation {
	var found []Violation
	if _, known := layers()[top(file.Path)]; !known {
		found = append(found, Violation{file.Path, 1, "Go code lives in one of the layers' folders, not in " + top(file.Path)})
	}
	names := append(strings.Split(file.Dir(), "/"), strings.TrimSuffix(file.Package, "_test"))
	for _, name := range vague() {
		if slices.Contains(names, name) {
			found = append(found, Violation{file.Path, 1, "the package name " + name + " says nothing; name what is inside"})
		}
	}
	return found
}

// checkImport returns what is wrong with one import, or "".
func checkImport(file File, imported string) string {
	layer := layers()[top(file.Path)]
	if inner, ok := strings.CutPrefix(imported, Module+"/"); ok {
		allowed := slices.Contains(layer.production, top(inner)) || file.Test() && slices.Contains(layer.tests, top(inner))
		if !allowed {
			return fmt.Sprintf("%s must not import %s", kind(file), inner)
		}
		return checkSiblings(file, inner)
	}
	if !file.Test() {
		if forbidden := slices.IndexFunc(pure()[top(file.Path)], func(p string) bool { return within(imported, p) }); forbidden >= 0 {
			return fmt.Sprintf("%s must not import %s", kind(file), imported)
		}
		if inner := top(file.Path); (inner == "domain" || inner == "ports") && strings.Contains(top(imported), ".") {
			return fmt.Sprintf("%s imports the standard library only, not %s", inner, imported)
		}
	}
	for _, c := range confined() {
		// The folder test/ is test code although its files are not _test.go.
		if !within(imported, c.library) || c.tests && (file.Test() || top(file.Path) == "test") {
			continue
		}
		if !slices.ContainsFunc(c.folders, func(folder string) bool { return within(file.Dir(), folder) }) {
			return fmt.Sprintf("%s is for %s only", c.library, strings.Join(c.folders, ", "))
		}
	}
	return ""
}

// checkSiblings keeps adapters apart: each stands alone on the ports, except for
// what driving adapters share in adapters/internal. Tests may use another
// adapter as a double.
func checkSiblings(file File, inner string) string {
	if file.Test() || top(file.Path) != "adapters" || top(inner) != "adapters" {
		return ""
	}
	own, other := second(file.Dir()), second(inner)
	if own == other || other == "internal" {
		return ""
	}
	return fmt.Sprintf("adapter %s must not import adapter %s; what both need is a port, or lies in adapters/internal", own, other)
}

func checkPurity(file File) []Violation {
	inner := top(file.Path)
	if file.Test() {
		return nil
	}
	var found []Violation
	for _, call := range file.Calls {
		if slices.Contains(impure()[inner], call.Name) {
			found = append(found, Violation{file.Path, call.Line, inner + " must not use " + call.Name + "; it is an argument or a port"})
		}
	}
	if inner == "domain" {
		for _, line := range file.Tags {
			found = append(found, Violation{file.Path, line, "domain types carry no tags: wire and row forms are the adapters'"})
		}
	}
	return found
}

func kind(file File) string {
	if file.Test() {
		return "a test in " + file.Dir()
	}
	return file.Dir()
}

// top is the first element of a slash-separated path.
func top(p string) string {
	first, _, _ := strings.Cut(p, "/")
	return first
}

// second is the second element, which in adapters/ names the adapter.
func second(p string) string {
	_, rest, _ := strings.Cut(p, "/")
	return top(rest)
}

// within reports whether p is folder or lies below it, element by element; a
// trailing version as in pgx/v5 counts as below.
func within(p, folder string) bool {
	return p == folder || strings.HasPrefix(path.Clean(p)+"/", folder+"/")
}
