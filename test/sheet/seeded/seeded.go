// Package seeded makes the platform wrong on purpose, one mistake at a time, to show that the rows of the security sheet see it. A mistake is an
// edit of a source file that only the compiler of one test run gets to see (go test -overlay), or a build tag where the wrong code is more than
// a line. Nothing of it is in any other build.
package seeded

import (
	"context"
	"encoding/json"
	"fmt"
	"go/format"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// Mistake is a seeded bug (B…), or one of the hard rules of the platform broken (H…).
type Mistake struct {
	ID, What string
	// Row is the row of the sheet that has to see it; Package and Run are its test.
	Row, Package, Run string
	// Edits are what is wrong; Tag is the build tag of what is wrong instead.
	Edits []Edit
	Tag   string
}

// Edit replaces a text, which must be in the file exactly once.
type Edit struct{ File, Old, New string }

// Apply gives the edited files, formatted, so that edits that make no Go are an error.
func (m Mistake) Apply(root string) (map[string][]byte, error) {
	files := map[string][]byte{}
	for _, e := range m.Edits {
		raw, known := files[e.File]
		if !known {
			var err error
			if raw, err = os.ReadFile(filepath.Join(root, filepath.FromSlash(e.File))); err != nil {
				return nil, fmt.Errorf("%s: read what to edit: %w", m.ID, err)
			}
		}
		if n := strings.Count(string(raw), e.Old); n != 1 {
			return nil, fmt.Errorf("%s: %s has %q %d times, not once", m.ID, e.File, e.Old, n)
		}
		files[e.File] = []byte(strings.Replace(string(raw), e.Old, e.New, 1))
	}
	for name, raw := range files {
		out, err := format.Source(raw)
		if err != nil {
			return nil, fmt.Errorf("%s: edit %s: %w", m.ID, name, err)
		}
		files[name] = out
	}
	return files, nil
}

// Sight is what the row's test said of a mistake.
type Sight struct {
	Mistake

	// Caught tells that the test ran and failed.
	Caught bool
	// Why says how: the first test that failed, or why nothing is shown.
	Why string
}

// Look runs the row's test with the mistake. root is the module's folder, dir one of its own for the edited files.
func (m Mistake) Look(ctx context.Context, root, dir string) (Sight, error) {
	s := Sight{Mistake: m}
	args := []string{"test", "-vet=off", "-count=1", "-timeout=5m", "-run", m.Run}
	if m.Tag != "" {
		args = append(args, "-tags", m.Tag)
	}
	if len(m.Edits) > 0 {
		overlay, err := m.overlay(root, dir)
		if err != nil {
			return s, err
		}
		args = append(args, "-overlay", overlay)
	}
	cmd := exec.CommandContext(ctx, "go", append(args, m.Package)...)
	cmd.Dir = root
	out, err := cmd.CombinedOutput()
	text := string(out)
	switch {
	case err == nil:
		s.Why = "NOT CAUGHT: the test passes"
		if strings.Contains(text, "no tests to run") {
			s.Why = "NOTHING SHOWN: there is no such test"
		}
	case strings.Contains(text, "[build failed]"), strings.Contains(text, "[setup failed]"):
		s.Why = "NOTHING SHOWN: it does not compile: " + first(text, "")
	default:
		s.Caught, s.Why = true, "caught: "+first(text, "--- FAIL:", "panic:", "FAIL")
	}
	return s, nil
}

// overlay writes the edited files and the table by which the compiler finds them.
func (m Mistake) overlay(root, dir string) (string, error) {
	files, err := m.Apply(root)
	if err != nil {
		return "", err
	}
	replace := map[string]string{}
	for name, out := range files {
		file := filepath.Join(dir, m.ID+"-"+strings.ReplaceAll(name, "/", "-"))
		if err := os.WriteFile(file, out, 0o600); err != nil {
			return "", fmt.Errorf("%s: %w", m.ID, err)
		}
		replace[filepath.Join(root, filepath.FromSlash(name))] = file
	}
	raw, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		return "", fmt.Errorf("%s: %w", m.ID, err)
	}
	file := filepath.Join(dir, m.ID+".json")
	return file, os.WriteFile(file, raw, 0o600)
}

// first gives the first line with one of the marks, the earlier mark first.
func first(text string, marks ...string) string {
	for _, mark := range marks {
		for line := range strings.Lines(text) {
			if line = strings.TrimSpace(line); strings.Contains(line, mark) && !strings.HasPrefix(line, "#") {
				return line
			}
		}
	}
	return ""
}
