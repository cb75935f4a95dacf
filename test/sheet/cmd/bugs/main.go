// Command bugs builds each seeded bug of the sheet into its package and shows that the row's test sees it: the test passes without the bug
// and fails with it. It fails if a bug is not seen.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"

	"github.com/symphainy/symphainy/test/sheet"
)

func main() {
	if err := run(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, "bugs: "+err.Error())
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	only := flag.String("bugs", "all", "bugs to try, with commas between them")
	flag.Parse()
	caught, tried := 0, 0
	for _, b := range sheet.Bugs() {
		if *only != "all" && !slices.Contains(strings.Split(*only, ","), b.ID) {
			continue
		}
		tried++
		finding, err := b.Caught(test(ctx, b, ""), test(ctx, b, b.Tag()))
		if err != nil {
			fmt.Printf("%s\tNOT SEEN\t%s\t%v\n", b.ID, b.Row, err)
			continue
		}
		caught++
		fmt.Printf("%s\tcaught\t%s\t%s: %s\n", b.ID, b.Row, b.Test, finding)
	}
	fmt.Printf("\n%d of %d seeded bugs caught\n", caught, tried)
	if tried == 0 || caught < tried {
		return errors.New("a seeded bug is not seen")
	}
	return nil
}

// test gives what go test prints. That it fails is what is hoped for, and told by the output.
func test(ctx context.Context, b sheet.Bug, tag string) []byte {
	out, err := exec.CommandContext(ctx, "go", "test", "-json", "-vet=off", "-count=1", "-tags="+tag, "-run", "^"+b.Test+"$", b.Package).Output() //nolint:gosec // of the table
	var failed *exec.ExitError
	if err != nil && !errors.As(err, &failed) {
		fmt.Fprintln(os.Stderr, "bugs: "+err.Error())
	}
	return out
}
