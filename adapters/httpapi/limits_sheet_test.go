package httpapi_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/symphainy/symphainy/test/sheet"
)

// A8: no header, spelling of the mail or of the path gives a client another try.
func TestHeadersLiftNoLimit(t *testing.T) {
	w := newWorld(t)
	w.register("ada")
	headers := []string{
		"X-Forwarded-For", "X-Real-IP", "Forwarded", "True-Client-IP", "CF-Connecting-IP", "X-Client-IP", "X-Cluster-Client-IP", "X-Originating-IP",
		"X-Test-Mode", "X-Original-URL", "X-HTTP-Method-Override", "X-Forwarded-Host",
	}
	mails := []string{"ada@example.org", "ADA@example.org", " ada@example.org ", "ａｄａ@example.org", "ada@EXAMPLE.org"}
	try := func(w *world, i int, mail string) (judged int) {
		value := fmt.Sprintf("6.6.%d.%d", i/250, i%250)
		if headers[i%len(headers)] == "Forwarded" {
			value = "for=" + value
		}
		got := w.do(call{
			method: "POST", path: "/api/auth/login", header: map[string]string{headers[i%len(headers)]: value},
			body: map[string]any{"email": mail, "password": "wrong password"},
		})
		if got.status == 401 {
			return 1
		}
		got.fails(429, "rate_limited")
		return 0
	}
	spray, account, address := newWorld(t), 0, 0
	for i := range 500 {
		account += try(w, i, mails[i%len(mails)])
		address += try(spray, i, fmt.Sprintf("user%d@example.org", i))
	}
	require.Equal(t, []int{5, 5}, []int{account, address}, "as many as without, at one account and from one address")
	for _, path := range []string{"//api/auth/login", "/api/auth/login/", "/api/auth//login", "/API/auth/login", "/api/auth/login;x=1", "/api/auth/%6cogin/"} {
		got := w.do(call{method: "POST", path: path, body: map[string]any{"email": "ada@example.org", "password": "wrong password"}})
		require.Equal(t, 404, got.status, path)
	}
	sheet.Record(t, "A8", 1006, fmt.Sprintf("tries that counted: at one account %d, from one address %d, as without; extra 0", account, address), "0")
}
