package realm_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/symphainy/symphainy/domain/realm"
)

func TestRetryClassesHaveTheNumbersOfTheSpecification(t *testing.T) {
	for _, class := range []realm.RetryClass{realm.RetryPure, realm.RetryHuman, realm.RetryBulk} {
		p := class.Policy()
		require.Equal(t, 3, p.Attempts)
		require.Equal(t, 200*time.Millisecond, p.Delay(2))
		require.Equal(t, 400*time.Millisecond, p.Delay(3))
	}
	external := realm.RetryExternal.Policy()
	require.Equal(t, 3, external.Attempts)
	require.Equal(t, time.Second, external.Delay(2))
	require.Equal(t, 2*time.Second, external.Delay(3))
	require.Equal(t, 30*time.Second, external.Delay(20), "capped")
}
