// Command licences reads the SBOM of a release (CycloneDX) and lists its modules with their licences. One without a licence, or with one that asks more
// of who uses it than its text and its notice, ends it with an error.
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
)

// fine are the licences under which modules may be part of the program.
func fine() []string {
	return []string{"MIT", "MIT-0", "BSD-2-Clause", "BSD-3-Clause", "Apache-2.0", "ISC", "MPL-2.0", "0BSD"}
}

// readByHand gives what the LICENSE of a module says that the detector does not recognise, or takes for another one.
func readByHand(module string) string {
	switch {
	case module == "github.com/pressly/goose/v3":
		return "MIT"
	case module == "github.com/modelcontextprotocol/go-sdk": // CC-BY-4.0 is its documentation's
		return "Apache-2.0, MIT"
	case module == "std", strings.HasPrefix(module, "golang.org/x/"):
		return "BSD-3-Clause"
	}
	return ""
}

type bom struct {
	Components []struct {
		Name, Version string
		Evidence      struct{ Licenses []choice }
		Licenses      []choice
	}
}

type choice struct {
	License    struct{ ID, Name string }
	Expression string
}

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "licences:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) != 1 {
		return errors.New("usage: licences SBOM")
	}
	raw, err := os.ReadFile(args[0])
	if err != nil {
		return err
	}
	var b bom
	if err := json.Unmarshal(raw, &b); err != nil {
		return fmt.Errorf("read %s: %w", args[0], err)
	}
	if len(b.Components) == 0 {
		return errors.New("the SBOM names no module")
	}
	var bad []string
	for _, c := range b.Components {
		var ids []string
		for _, l := range slices.Concat(c.Licenses, c.Evidence.Licenses) {
			ids = append(ids, l.License.ID+l.License.Name+l.Expression)
		}
		if known := readByHand(c.Name); known != "" {
			ids = strings.Split(known, ", ")
		}
		slices.Sort(ids)
		ids = slices.Compact(ids)
		if len(ids) == 0 || slices.ContainsFunc(ids, func(id string) bool { return !slices.Contains(fine(), id) }) {
			bad = append(bad, fmt.Sprintf("%s %s: %q", c.Name, c.Version, strings.Join(ids, ", ")))
		}
		_, _ = fmt.Fprintln(os.Stdout, c.Name, c.Version, strings.Join(ids, ", "))
	}
	if len(bad) > 0 {
		return fmt.Errorf("no licence, or none of those that are fine:\n%s", strings.Join(bad, "\n"))
	}
	return nil
}
