package httpapi_test

import (
	"fmt"
	"os"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.Cleanup(func(code int) {
		if err := answers.report(code); err != nil {
			fmt.Fprintln(os.Stderr, "sheet:", err)
			code = 1
		}
		os.Exit(code)
	}))
}
