package bootstrap_test

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/symphainy/symphainy/bootstrap"
)

// The examples of deployments set what can be set.
func TestDeploymentsNameKnownSettings(t *testing.T) {
	t.Parallel()
	known := map[string]bool{}
	for _, s := range bootstrap.Settings(bootstrap.Production) {
		known[s.Env] = true
	}
	for _, file := range []string{"compose.yaml", "Dockerfile", "symphainy.service"} {
		raw, err := os.ReadFile(filepath.Join("..", "docs", "deploy", file))
		require.NoError(t, err)
		names := regexp.MustCompile(`\bSYMPHAINY_[A-Z_]+`).FindAllString(string(raw), -1)
		require.NotEmpty(t, names)
		for _, name := range names {
			require.True(t, known[name], "%s sets %s", file, name)
		}
	}
}
