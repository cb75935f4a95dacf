package e2e_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/getkin/kin-openapi/openapi3filter"

	// What the binary is made of, so that cached results of these tests do not outlive a change of it.
	_ "github.com/symphainy/symphainy/bootstrap"
)

// binary is the program under test, built once for all tests.
var binary string

func TestMain(m *testing.M) {
	code, err := run(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, "e2e:", err)
	}
	os.Exit(code)
}

func run(m *testing.M) (int, error) {
	// A stream of events is text to the validator.
	openapi3filter.RegisterBodyDecoder("text/event-stream", openapi3filter.FileBodyDecoder)
	dir, err := os.MkdirTemp("", "symphainy-e2e-")
	if err != nil {
		return 1, err
	}
	defer os.RemoveAll(dir)
	binary = filepath.Join(dir, "symphainy")
	args := []string{"build", "-buildvcs=false", "-ldflags", "-X main.version=e2e", "-o", binary}
	if underRace {
		args = append(args, "-race")
	}
	build := exec.Command("go", append(args, "github.com/symphainy/symphainy/cmd/symphainy")...)
	if out, err := build.CombinedOutput(); err != nil {
		return 1, fmt.Errorf("build the binary: %w\n%s", err, out)
	}
	return m.Run(), nil
}
