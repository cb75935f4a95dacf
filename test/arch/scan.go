// Package arch holds the architecture to its word: a plain test reads every Go
// file of the module and refuses imports, names and calls that the layers do not
// allow. It parses and does not compile, so it is done in a moment.
package arch

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"path/filepath"
	"strconv"
	"strings"
)

// Module is the import path in front of every package of this repository.
const Module = "github.com/symphainy/symphainy"

// File is what the rules look at in one Go file.
type File struct {
	// Path is relative to the module's root, with slashes.
	Path string
	// Package is the name in the package clause.
	Package string
	Imports []Import
	// Calls are the references to names of imported packages, as in time.Now,
	// written with the import's path: "time.Now", "os.Getenv".
	Calls []Call
	// Tags are the lines that carry a struct tag.
	Tags []int
	// Tree is the parsed file, for rules that need more than the lists above.
	Tree *ast.File
	// Fset translates the positions in Tree.
	Fset *token.FileSet
}

// Import is one import of a file.
type Import struct {
	Path string
	Line int
}

// Call is one use of a name of an imported package.
type Call struct {
	Name string
	Line int
}

// Dir is the folder of the file's package, "." for the root.
func (f File) Dir() string { return path.Dir(f.Path) }

// Test reports whether only `go test` compiles the file.
func (f File) Test() bool { return strings.HasSuffix(f.Path, "_test.go") }

// Scan reads every Go file below root, except in folders that the go command
// ignores too: those that begin with a dot or an underscore, testdata and
// vendored code. A file that does not parse is an error.
func Scan(root string) ([]File, error) {
	var files []File
	err := filepath.WalkDir(root, func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		base := entry.Name()
		if entry.IsDir() {
			if name != root && (strings.HasPrefix(base, ".") || strings.HasPrefix(base, "_") || base == "testdata" || base == "vendor") {
				return filepath.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(base, ".go") {
			return nil
		}
		relative, err := filepath.Rel(root, name)
		if err != nil {
			return fmt.Errorf("place %s: %w", name, err)
		}
		fset := token.NewFileSet()
		tree, err := parser.ParseFile(fset, name, nil, parser.SkipObjectResolution|parser.ParseComments)
		if err != nil {
			return fmt.Errorf("parse %s: %w", relative, err)
		}
		file, err := describe(filepath.ToSlash(relative), fset, tree)
		if err != nil {
			return fmt.Errorf("read %s: %w", relative, err)
		}
		files = append(files, file)
		return nil
	})
	return files, err
}

// Parse describes one file given as text; tests of the rules use it.
func Parse(relative, source string) (File, error) {
	fset := token.NewFileSet()
	tree, err := parser.ParseFile(fset, relative, source, parser.SkipObjectResolution|parser.ParseComments)
	if err != nil {
		return File{}, fmt.Errorf("parse %s: %w", relative, err)
	}
	return describe(relative, fset, tree)
}

func describe(relative string, fset *token.FileSet, tree *ast.File) (File, error) {
	file := File{Path: relative, Package: tree.Name.Name, Tree: tree, Fset: fset}
	byName := map[string]string{}
	for _, spec := range tree.Imports {
		imported, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			return file, fmt.Errorf("import %s: %w", spec.Path.Value, err)
		}
		file.Imports = append(file.Imports, Import{Path: imported, Line: fset.Position(spec.Pos()).Line})
		name := importName(imported)
		if spec.Name != nil {
			name = spec.Name.Name
		}
		byName[name] = imported
	}
	ast.Inspect(tree, func(node ast.Node) bool {
		switch n := node.(type) {
		case *ast.SelectorExpr:
			if id, ok := n.X.(*ast.Ident); ok && byName[id.Name] != "" {
				file.Calls = append(file.Calls, Call{Name: byName[id.Name] + "." + n.Sel.Name, Line: fset.Position(n.Pos()).Line})
			}
		case *ast.Field:
			if n.Tag != nil {
				file.Tags = append(file.Tags, fset.Position(n.Tag.Pos()).Line)
			}
		}
		return true
	})
	return file, nil
}

// importName guesses the name a package declares; good enough for the standard
// library, which is all the rules about calls are about.
func importName(imported string) string {
	base := path.Base(imported)
	if len(base) > 1 && base[0] == 'v' && strings.Trim(base[1:], "0123456789") == "" {
		return path.Base(path.Dir(imported))
	}
	return base
}
