package meaning_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/symphainy/symphainy/application/realms/insights/meaning"
	"github.com/symphainy/symphainy/domain/document"
)

func TestMeanings(t *testing.T) {
	for name, want := range map[string]string{
		"policy_number": "identifier of a policy", "customerID": "identifier of a customer", "dob": "date of birth", "e-mail": "e-mail address", "Qty": "quantity",
		"order_date": "date of an order", "zip": "postal code", "department": "organizational unit", "xyzzy": "", "--": "", "id": "identifier",
	} {
		require.Equal(t, want, meaning.Of(name, "").Text, name)
	}
	m := meaning.Of("xyzzy", document.FormatPhone)
	require.Equal(t, "telephone number", m.Text)
	require.Equal(t, meaning.Format, m.Basis)
}

func TestWhatIsSaidHasABasis(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := meaning.Of(rapid.String().Draw(t, "name"), "")
		require.Equal(t, m.Text == "", m.Basis == "")
		require.Equal(t, m.Text == "", m.Domain == "")
	})
}
