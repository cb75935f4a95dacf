package arch

import (
	"go/ast"
	"go/token"
	"strings"
)

// storeFolder is the one place that talks gorm.
const storeFolder = "adapters/gormstore"

// checkStore looks in the store for gorm's quiet traps. A struct as condition
// ignores its zero fields, so that an empty tenant would mean every tenant; text
// from a variable as condition or order is SQL; a bare value after the target of
// First or Find is read as SQL too when it is a string. It goes by the shape of
// a chain (a receiver that ends in a *gorm.DB is named db, tx, conn, reader or
// writer, or is itself a call of such a chain), because it does not compile.
func checkStore(file File) []Violation {
	if file.Dir() != storeFolder && !strings.HasPrefix(file.Dir(), storeFolder+"/") || file.Test() {
		return nil
	}
	constants := packageConstants(file.Tree)
	grouped := insideGroups(file.Tree)
	var found []Violation
	ast.Inspect(file.Tree, func(node ast.Node) bool {
		call, ok := node.(*ast.CallExpr)
		if !ok {
			return true
		}
		method, ok := call.Fun.(*ast.SelectorExpr)
		if !ok || !chain(method.X) {
			return true
		}
		text := storeTrap(method.Sel.Name, call.Args, constants)
		if method.Sel.Name == "Or" && !grouped[call] && text == "" {
			text = ".Or outside of a group: it also holds without the conditions before it"
		}
		if text != "" {
			found = append(found, Violation{file.Path, file.Fset.Position(method.Sel.Pos()).Line, text})
		}
		return true
	})
	return found
}

// insideGroups gives the calls that are written as an argument of a condition, where an Or stays among its own.
func insideGroups(tree *ast.File) map[ast.Node]bool {
	inside := map[ast.Node]bool{}
	ast.Inspect(tree, func(node ast.Node) bool {
		call, ok := node.(*ast.CallExpr)
		if !ok {
			return true
		}
		if method, ok := call.Fun.(*ast.SelectorExpr); !ok || method.Sel.Name != "Where" && method.Sel.Name != "Not" || !chain(method.X) {
			return true
		}
		for _, arg := range call.Args {
			ast.Inspect(arg, func(n ast.Node) bool {
				if n != nil {
					inside[n] = true
				}
				return true
			})
		}
		return true
	})
	return inside
}

func storeTrap(method string, args []ast.Expr, constants map[string]bool) string {
	switch method {
	case "Save", "Unscoped", "FirstOrCreate", "FirstOrInit":
		return "." + method + " is forbidden in the store: it touches more than it says"
	case "First", "Take", "Last", "Find", "Delete":
		if len(args) > 1 && !literal(args[1], constants) {
			return "." + method + " with a variable as condition; use Where with a constant text and arguments"
		}
	case "Where", "Not", "Having", "Or", "Order", "Group", "Joins":
		if len(args) > 0 && !literal(args[0], constants) && !expression(args[0]) {
			return "." + method + " with a variable or a struct as condition; use a constant text and arguments"
		}
	}
	return ""
}

// chain reports whether an expression looks like a *gorm.DB.
func chain(e ast.Expr) bool {
	switch x := e.(type) {
	case *ast.Ident:
		return handle(x.Name)
	case *ast.SelectorExpr:
		return handle(x.Sel.Name)
	case *ast.CallExpr:
		switch f := x.Fun.(type) {
		case *ast.SelectorExpr:
			return chain(f.X) || handle(f.Sel.Name)
		case *ast.Ident:
			return handle(f.Name)
		}
	}
	return false
}

func handle(name string) bool {
	switch strings.ToLower(name) {
	case "db", "tx", "conn", "reader", "writer", "gdb", "query", "q", "gorm", "scoped":
		return true
	}
	return false
}

// literal reports whether an expression is text fixed in the source: a literal,
// a constant of the file, or a concatenation of those.
func literal(e ast.Expr, constants map[string]bool) bool {
	switch x := e.(type) {
	case *ast.BasicLit:
		return x.Kind == token.STRING
	case *ast.Ident:
		return constants[x.Name]
	case *ast.BinaryExpr:
		return x.Op == token.ADD && literal(x.X, constants) && literal(x.Y, constants)
	case *ast.ParenExpr:
		return literal(x.X, constants)
	}
	return false
}

// expression reports whether gorm gets a typed clause or a group of conditions,
// whose parts are checked where they are written.
func expression(e ast.Expr) bool {
	switch x := e.(type) {
	case *ast.CompositeLit:
		return clauseType(x.Type)
	case *ast.CallExpr:
		selector, ok := x.Fun.(*ast.SelectorExpr)
		if !ok {
			return false
		}
		id, isIdent := selector.X.(*ast.Ident)
		return isIdent && (id.Name == "clause" || id.Name == "gorm" && selector.Sel.Name == "Expr") || chain(x)
	}
	return false
}

func clauseType(e ast.Expr) bool {
	selector, ok := e.(*ast.SelectorExpr)
	if !ok {
		return false
	}
	id, ok := selector.X.(*ast.Ident)
	return ok && id.Name == "clause"
}

// packageConstants collects the names that const declarations of the file bind,
// at the top and inside functions.
func packageConstants(tree *ast.File) map[string]bool {
	names := map[string]bool{}
	ast.Inspect(tree, func(node ast.Node) bool {
		decl, ok := node.(*ast.GenDecl)
		if !ok || decl.Tok != token.CONST {
			return true
		}
		for _, spec := range decl.Specs {
			if value, ok := spec.(*ast.ValueSpec); ok {
				for _, name := range value.Names {
					names[name.Name] = true
				}
			}
		}
		return true
	})
	return names
}
