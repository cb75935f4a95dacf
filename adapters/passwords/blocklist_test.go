package passwords

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestBlocklistHoldsMoreThanTheSpecificationAsks(t *testing.T) {
	require.Greater(t, NewBlocklist().Len(), 3000)
}

func TestBlocklistIgnoresCaseAndCompatibilityForms(t *testing.T) {
	b := NewBlocklist("Straße Berlin", "short")
	for _, p := range []string{
		"12345678", "password", "PASSWORD", "PaSsWoRd", "qwertyuiop", "1234567890", "iloveyou", "sunshine", "princess", "trustno1",
		"baseball", "football", "superman", "ｐａｓｓｗｏｒｄ", "straße berlin", "STRASSE BERLIN",
	} {
		require.True(t, b.Blocked(p), p)
	}
	for _, p := range []string{"", "short", "correct horse battery staple", "xk7-violet-armchair", "password of mine"} {
		require.False(t, b.Blocked(p), p)
	}
}

func TestBlocklistServesManyAtOnce(t *testing.T) {
	b := NewBlocklist()
	done := make(chan bool)
	for range 8 {
		go func() { done <- b.Blocked("PassWord") && !b.Blocked("Straße am Meer 12") }()
	}
	for range 8 {
		require.True(t, <-done)
	}
}
