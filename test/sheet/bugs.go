package sheet

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"fmt"
	"strings"
)

// Bug is a mistake that a build tag puts into the code, and the row whose test has to see it.
type Bug struct{ ID, Row, Package, Test string }

// Tag is the build tag that seeds the mistake.
func (b Bug) Tag() string { return "bug" + b.ID }

//go:embed bugs.txt
var bugs string

// Bugs gives the seeded bugs that tests of one process catch.
func Bugs() []Bug {
	var list []Bug
	for line := range strings.Lines(bugs) {
		f := strings.Split(strings.TrimSpace(line), "|")
		if len(f) == 4 && !strings.HasPrefix(line, "#") {
			list = append(list, Bug{f[0], f[1], f[2], f[3]})
		}
	}
	return list
}

// Verdict reads what `go test -json` printed about one test: whether it ran to an end, whether it passed, and the first lines of what it found. What
// did not compile, or has no such test, did not run.
func Verdict(output []byte, test string) (ran, passed bool, finding string) {
	for line := range bytes.Lines(output) {
		var e struct{ Action, Test, Output string }
		if json.Unmarshal(line, &e) != nil || e.Test != test && !strings.HasPrefix(e.Test, test+"/") {
			continue
		}
		switch {
		case e.Action == "output" && strings.Contains(e.Output, "Error:") && finding == "":
			finding = strings.Join(strings.Fields(strings.TrimPrefix(strings.TrimSpace(e.Output), "Error:")), " ")
		case e.Test == test && (e.Action == "pass" || e.Action == "fail"):
			ran, passed = true, e.Action == "pass"
		}
	}
	return ran, passed, finding
}

// Caught reports whether a bug is seen: its test passes without it, and runs and fails with it.
func (b Bug) Caught(without, with []byte) (finding string, err error) {
	if ran, passed, found := Verdict(without, b.Test); !ran || !passed {
		return "", fmt.Errorf("%s does not pass without the bug: %s", b.Test, found)
	}
	ran, passed, finding := Verdict(with, b.Test)
	switch {
	case !ran:
		return "", fmt.Errorf("%s does not run with the bug", b.Test)
	case passed:
		return "", fmt.Errorf("%s does not see it", b.Test)
	}
	return finding, nil
}
