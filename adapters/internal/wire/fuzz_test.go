package wire_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/symphainy/symphainy/adapters/internal/wire"
	"github.com/symphainy/symphainy/domain/fault"
)

// Whatever an error is made of, its answer is one JSON object that says the status it has, in a header that stays one line, and never its cause;
// of a server's failure it says nothing of the error's own.
func FuzzProblem(f *testing.F) {
	for kind := range int(fault.Quota) + 3 {
		f.Add(kind, "a_code", "Do it otherwise.", "/a~1b/0", "pq: password of x", int64(1500))
	}
	f.Add(int(fault.Invalid), "\xff", "a\r\nb\u2028</script>\x00", "/\xc3\x28", "", int64(-1))
	f.Add(int(fault.Limited), "", "", "", "cause", int64(1)<<62)
	f.Fuzz(func(t *testing.T, kind int, code, text, pointer, secret string, wait int64) {
		cause := "cause<" + strconv.Quote(secret) + ">"
		err := fault.New(fault.Kind(kind), code, text).WithFields(fault.Field{Pointer: pointer, Code: code, Message: text}).After(time.Duration(wait)).
			Because(errors.New(cause))
		p := wire.NewProblem(err, "0123456789abcdef")
		w := httptest.NewRecorder()
		p.Write(w)
		require.Equal(t, wire.Status(fault.Kind(kind)), w.Code)
		require.GreaterOrEqual(t, w.Code, 400)
		require.Equal(t, strconv.Itoa(w.Body.Len()), w.Header().Get("Content-Length"))
		require.Equal(t, "no-store", w.Header().Get("Cache-Control"))
		require.Equal(t, w.Code == http.StatusUnauthorized, w.Header().Get("WWW-Authenticate") != "")
		for _, values := range w.Header() {
			require.False(t, strings.ContainsAny(strings.Join(values, ""), "\r\n\x00"))
		}
		var said map[string]any
		require.NoError(t, json.Unmarshal(w.Body.Bytes(), &said))
		require.InDelta(t, w.Code, said["status"], 0)
		require.Equal(t, "0123456789abcdef", said["trace_id"])
		require.NotContains(t, w.Body.String(), "cause<")
		if w.Code >= http.StatusInternalServerError {
			require.NotContains(t, said, "errors")
			require.NotEqual(t, text, said["detail"])
			return
		}
		if utf8.ValidString(text) {
			require.Equal(t, text, said["detail"])
		}
	})
}
