package arch

import (
	"go/ast"
	"go/token"
	"path"
	"regexp"
	"slices"
	"strings"
)

// CheckHabits applies the rules of F8 to the production files of the layers: goroutines that recover, one clock, one source of randomness, and
// secrets that are compared in constant time. Each exception stands in a list with its reason.
func CheckHabits(files []File) []Violation {
	functions := map[string][]*ast.FuncDecl{}
	for _, f := range files {
		for _, d := range f.Tree.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok && !f.Test() {
				name := f.Dir() + "." + fn.Name.Name
				functions[name] = append(functions[name], fn)
			}
		}
	}
	var all []Violation
	for _, f := range files {
		if f.Test() || top(f.Path) == "test" || top(f.Path) == "mocks" || within(f.Dir(), "adapters/chaos") || tagged(f) {
			continue
		}
		all = append(all, checkGoroutines(f, functions)...)
		all = append(all, checkSources(f)...)
		all = append(all, checkComparisons(f)...)
	}
	return all
}

// tagged reports whether a file is built only with a tag that no release has.
func tagged(f File) bool {
	for _, group := range f.Tree.Comments {
		for _, c := range group.List {
			if regexp.MustCompile(`^//go:build (chaos|b\d+|realmodel)\b`).MatchString(c.Text) {
				return true
			}
		}
	}
	return false
}

// unguarded are goroutines that need no guard of their own: the function in which they start, and why.
func unguarded() map[string]string {
	return map[string]string{
		"application/runtime.follow": "beat only waits; look guards what it asks the store",
		"adapters/riverqueue.Start":  "serveWakes only waits; run recovers each job",
		"adapters/riverqueue.Stop":   "waits for River and the wakers",
		"adapters/riverqueue.giveUp": "closes a pool",
		"adapters/localqueue.Start":  "keepTime only waits; guarded runs each job",
		"adapters/localqueue.Stop":   "waits for the workers",
		"adapters/natsbus.New":       "send only waits; hand guards what goes out",
		"bootstrap.start":            "net/http recovers each request",
	}
}

// checkGoroutines refuses a goroutine that neither recovers nor is listed: a panic in it would end the process, and everybody's work.
func checkGoroutines(f File, functions map[string][]*ast.FuncDecl) []Violation {
	var found []Violation
	for _, d := range f.Tree.Decls {
		fn, ok := d.(*ast.FuncDecl)
		if !ok || fn.Body == nil {
			continue
		}
		ast.Inspect(fn.Body, func(n ast.Node) bool {
			started := startedBy(n)
			if started == nil || unguarded()[f.Dir()+"."+fn.Name.Name] != "" {
				return true
			}
			if !recovers(started) && !slices.ContainsFunc(functions[f.Dir()+"."+nameOf(started)], func(d *ast.FuncDecl) bool { return recovers(d.Body) }) {
				found = append(found, Violation{f.Path, f.Fset.Position(n.Pos()).Line, "a goroutine that does not recover: run it under fault.Guard"})
			}
			return true
		})
	}
	return found
}

// startedBy gives what a go statement, or the Go of a group, runs.
func startedBy(n ast.Node) ast.Node {
	switch n := n.(type) {
	case *ast.GoStmt:
		return inner(n.Call.Fun)
	case *ast.CallExpr:
		if s, ok := n.Fun.(*ast.SelectorExpr); ok && s.Sel.Name == "Go" && len(n.Args) == 1 {
			return inner(n.Args[0])
		}
	}
	return nil
}

// inner gives what a function calls that does nothing else.
func inner(n ast.Node) ast.Node {
	if f, ok := n.(*ast.FuncLit); ok && len(f.Body.List) == 1 {
		if e, ok := f.Body.List[0].(*ast.ExprStmt); ok && !recovers(f) {
			if call, ok := e.X.(*ast.CallExpr); ok {
				return call.Fun
			}
		}
	}
	return n
}

// nameOf gives the last name of a call or a reference.
func nameOf(n ast.Node) string {
	switch n := n.(type) {
	case *ast.Ident:
		return n.Name
	case *ast.SelectorExpr:
		return n.Sel.Name
	}
	return ""
}

// recovers reports whether a guard, or recover itself, stands in a function.
func recovers(n ast.Node) bool {
	yes := false
	ast.Inspect(n, func(n ast.Node) bool {
		if call, ok := n.(*ast.CallExpr); ok {
			yes = yes || slices.Contains([]string{"Guard", "guarded", "recover"}, nameOf(call.Fun))
		}
		return !yes
	})
	return yes
}

// clocks are the files that may ask the host for the time: the clock itself, its stand-ins, and deadlines of sockets.
func clocks() []string {
	return []string{
		"adapters/system/system.go", "adapters/gormstore/engine.go", "adapters/localqueue/config.go", "adapters/riverqueue/queue.go", "adapters/wsapi/serve.go",
		"adapters/httpapi/events.go", "adapters/httpapi/pace.go", "adapters/runtimehttp/serverstream.go", "cmd/symphainy/tour/socket.go",
	}
}

// checkSources refuses a clock beside the clock, and math/rand but for the pauses between two tries of a transaction.
func checkSources(f File) []Violation {
	var found []Violation
	for _, c := range f.Calls {
		if slices.Contains([]string{"time.Now", "time.Since", "time.Until"}, c.Name) && !slices.Contains(clocks(), f.Path) {
			found = append(found, Violation{f.Path, c.Line, c.Name + " outside the clock"})
		}
	}
	for _, i := range f.Imports {
		if within(i.Path, "math/rand") && f.Path != "adapters/gormstore/unit.go" {
			found = append(found, Violation{f.Path, i.Line, "math/rand is no source of ids, secrets or choices"})
		}
	}
	return found
}

// secretName finds names of values that nobody may guess byte by byte.
var secretName = regexp.MustCompile(`(?i)(secret|password|passwd|token|mac|digest|cookie|signature|credential|ticket)s?$`)

// compared are functions that compare and stop at the first difference.
var compared = []string{"bytes.Equal", "bytes.Compare", "strings.Compare", "strings.EqualFold", "slices.Equal", "reflect.DeepEqual"}

// publicNames end like secrets and are none: each with its reason.
func publicNames() map[string]string {
	twice := "the caller's own token, given twice"
	return map[string]string{
		"adapters/httpapi/sessions.go token":                     twice,
		"adapters/wsapi/handshake.go token":                      twice,
		"application/agents/log.go AgentToken":                   "the name of an event",
		"application/agents/tools.go token":                      "a token of JSON",
		"application/realms/content/parse/html.go ErrorToken":    "a kind of HTML token",
		"application/realms/content/parse/html.go StartTagToken": "a kind of HTML token",
	}
}

// checkComparisons refuses ==, != and their like on secrets; comparing with a constant, "" and nil is asking for a form, and fine.
func checkComparisons(f File) []Violation {
	var found []Violation
	refuse := func(n ast.Node, names ...ast.Expr) {
		for _, e := range names {
			name := nameOf(e)
			if secretName.MatchString(name) && publicNames()[f.Path+" "+name] == "" {
				found = append(found, Violation{f.Path, f.Fset.Position(n.Pos()).Line, name + " is compared byte by byte: use crypto/subtle or hmac.Equal"})
				return
			}
		}
	}
	ast.Inspect(f.Tree, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.BinaryExpr:
			if (n.Op == token.EQL || n.Op == token.NEQ) && !constant(n.X) && !constant(n.Y) {
				refuse(n, n.X, n.Y)
			}
		case *ast.CallExpr:
			if s, ok := n.Fun.(*ast.SelectorExpr); ok && slices.Contains(compared, path.Base(nameOf(s.X))+"."+s.Sel.Name) && len(n.Args) == 2 {
				refuse(n, n.Args...)
			}
		}
		return true
	})
	return found
}

// constant reports whether an expression is a literal, nil, or a name that stands for one.
func constant(e ast.Expr) bool {
	switch e := e.(type) {
	case *ast.BasicLit:
		return true
	case *ast.Ident:
		return slices.Contains([]string{"nil", "true", "false"}, e.Name)
	case *ast.CallExpr:
		return strings.HasPrefix(nameOf(e.Fun), "len")
	}
	return false
}
