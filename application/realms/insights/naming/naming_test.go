package naming_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/symphainy/symphainy/application/realms/insights/naming"
)

func TestWords(t *testing.T) {
	require.Equal(t, []string{"customer", "id"}, naming.Words("customerID"))
	require.Equal(t, []string{"date", "of", "birth"}, naming.Words("Date-of_birth "))
	require.Empty(t, naming.Words("--"))
	for name, want := range map[string]bool{"id": true, "orderNo": true, "policy_number": true, "key": true, "number": false, "no": false, "idea": false, "": false} {
		require.Equal(t, want, naming.IDLike(name), name)
	}
}

func TestSimilarity(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want float64
	}{
		{"customer_id", "CustomerID", 1},
		{"First Name", "firstName", 1},
		{"policy_number", "policy_no", naming.Synonym},
		{"client id", "customerNumber", naming.Synonym},
		{"dob", "date_of_birth", naming.Synonym},
		{"expiry_date", "Expiration Date", naming.Synonym},
		{"amt", "amount", naming.Synonym},
		{"issue_date", "expiry_date", 0.4},
		{"name", "salary", 1.0 / 6},
		{"permit_type", "permit_status", 7.0 / 12},
		{"color", "colour", 5.0 / 6},
		{"", "x", 0}, {"-", "-", 0},
	} {
		require.InDelta(t, c.want, naming.Similarity(c.a, c.b), 1e-6, "%s : %s", c.a, c.b)
	}
}

func TestSimilarityIsSymmetricAndBounded(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := rapid.String().Draw(t, "a"), rapid.String().Draw(t, "b")
		s := naming.Similarity(a, b)
		require.InDelta(t, s, naming.Similarity(b, a), 0)
		require.GreaterOrEqual(t, s, 0.0)
		require.LessOrEqual(t, s, 1.0)
		if len(naming.Words(a)) > 0 {
			require.InDelta(t, 1, naming.Similarity(a, a), 0)
		}
	})
}
