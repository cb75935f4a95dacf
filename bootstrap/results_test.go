package bootstrap_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/symphainy/symphainy/bootstrap"
)

func TestResultPoliciesAreChecked(t *testing.T) {
	t.Parallel()
	for setting, problem := range map[string]string{
		"roadmap=cache, sop=discard": "", "roadmap=persist": "", "roadmap=forget": "forget", "roadmap": "roadmap", "=cache": "cache", "sop=cache,sop=discard": "twice",
		"raodmap=cache": `no artifact type "raodmap"`,
	} {
		cfg, err := bootstrap.Load(bootstrap.Sources{Environ: []string{"SYMPHAINY_RESULTS_PER_TYPE=" + setting}})
		require.NoError(t, err)
		cfg.DataDir = t.TempDir()
		err = cfg.Validate()
		if problem == "" {
			require.NoError(t, err, setting)
			continue
		}
		require.ErrorContains(t, err, "results.per_type", setting)
		require.ErrorContains(t, err, problem, setting)
	}
}
