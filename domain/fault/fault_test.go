package fault_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/symphainy/symphainy/domain/fault"
)

func TestCopiesStillAreTheSentinel(t *testing.T) {
	cause := errors.New("driver text")
	err := fmt.Errorf("store: %w", fault.ErrUnavailable.Because(cause).After(time.Second).WithMsg("Try in %d s.", 1).WithFields(fault.Field{Code: "x"}))
	require.ErrorIs(t, err, fault.ErrUnavailable)
	require.ErrorIs(t, err, cause)
	require.NotErrorIs(t, err, fault.ErrNotFound)
	require.Equal(t, fault.Unavailable, fault.KindOf(err))
	require.Equal(t, "Try in 1 s.", fault.As(err).Msg)
	require.NotContains(t, fault.As(err).Msg, "driver")
	require.Empty(t, fault.ErrUnavailable.Fields, "the sentinel is not changed")
}

func TestAsOfAnythingElseIsInternal(t *testing.T) {
	f := fault.As(errors.New("secret detail"))
	require.Equal(t, fault.Internal, f.Kind)
	require.NotContains(t, f.Msg, "secret")
	require.Nil(t, fault.As(nil))
	for kind := fault.Internal; kind <= fault.Quota; kind++ {
		require.NotEqual(t, kind, fault.KindOf(nil))
	}
}
