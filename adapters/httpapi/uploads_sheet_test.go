package httpapi_test

import (
	"encoding/hex"
	"fmt"
	"io"
	"mime"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/symphainy/symphainy/test/sheet"
)

// U1: uploads that lie about their size or shape are refused, and leave nothing in the store.
func TestHostileUploadsLeaveNothing(t *testing.T) {
	sheet.Record(t, "U1", 1, "refused, files left 0", "as the row says")
	w := newWorld(t)
	v := w.visit()
	before := w.files.Keys()
	part := func(head, body string) string { return "--x\r\n" + head + "\r\n\r\n" + body + "\r\n" }
	const end = "--x--\r\n"
	file := `Content-Disposition: form-data; name="file"; filename="a.csv"`
	field := func(name string) string { return `Content-Disposition: form-data; name="` + name + `"` }
	attacks := map[string]struct {
		body   string
		status []int
	}{
		"10,000 parts":         {strings.Repeat(part(field("ui_name"), "x"), 10_000) + end, []int{400, 413}},
		"10,000 unknown parts": {strings.Repeat(part(field("x"), "x"), 10_000) + end, []int{400, 413}},
		"a field name of 1 MB": {part(field(strings.Repeat("n", 1<<20)), "x") + part(file, csv) + end, []int{400, 413}},
		"a field of 1 MB":      {part(field("ui_name"), strings.Repeat("x", 1<<20)) + part(file, csv) + end, []int{413}},
		"100,000 headers":      {part(file+strings.Repeat("\r\nA: b", 100_000), csv) + end, []int{400, 413}},
		"file over its limit":  {part(file, strings.Repeat("x", 64<<10+1)) + end, []int{413}},
		"file far over it":     {part(file, strings.Repeat("x", 3<<20)) + end, []int{413}},
		"two files":            {part(file, csv) + part(file, csv) + end, []int{400}},
		"no end":               {part(file, csv), []int{400}},
		"cut within the file":  {"--x\r\n" + file + "\r\n\r\n" + csv, []int{400}},
		"another boundary":     {strings.ReplaceAll(part(file, csv)+end, "--x", "--y"), []int{400, 422}},
	}
	ran := 0
	for name, a := range attacks {
		res := w.do(call{method: "POST", path: "/api/files", secret: v.secret, body: a.body, header: map[string]string{"Content-Type": "multipart/form-data; boundary=x"}})
		require.Contains(t, a.status, res.status, "%s: %s", name, res.body)
		ran++
	}
	// What lies to the server about the length never gets to an answer of success.
	for name, head := range map[string]string{
		"more announced than sent": "Content-Length: 1000\r\n\r\n" + part(file, csv),
		"less announced than sent": "Content-Length: 20\r\n\r\n" + part(file, csv) + end,
		"chunks that do not end":   "Transfer-Encoding: chunked\r\n\r\n5\r\n--x\r\n\r\nffff\r\n",
		"a chunk of no size":       "Transfer-Encoding: chunked\r\n\r\nzz\r\n",
	} {
		conn := w.dial()
		_, err := fmt.Fprintf(conn, "POST /api/files HTTP/1.1\r\nHost: x\r\nConnection: close\r\nX-Session-Secret: %s\r\nContent-Type: multipart/form-data; boundary=x\r\n%s", v.secret, head)
		require.NoError(t, err)
		closer, ok := conn.(interface{ CloseWrite() error })
		require.True(t, ok)
		require.NoError(t, closer.CloseWrite())
		all, err := io.ReadAll(conn)
		require.NoError(t, err)
		require.NotContains(t, string(all), "HTTP/1.1 2", name)
		ran++
	}
	require.Equal(t, before, w.files.Keys(), "nothing is left of them")
	t.Logf("U1: %d of %d refused; blobs left: 0", ran, ran)
}

// U6 and U7: whatever a file is called, its key is the server's, nobody else reads it, and its download is inert.
func TestHostileNamesAreOnlyLabels(t *testing.T) {
	sheet.Record(t, "U6", 1, "keys are the server's", "as the row says")
	sheet.Record(t, "U7", 1, "downloads are inert", "as the row says")
	w := newWorld(t)
	v, other := w.visit(), w.visit()
	as := call{secret: v.secret}
	names := []string{
		"../../etc/passwd", `..\..\windows\win.ini`, "/etc/passwd", `C:\a.csv`, "a\x00.csv", strings.Repeat("n", 4096), "a\r\nSet-Cookie: x=1", "\u202egnp.exe",
		"CON", "NUL.csv", "%2e%2e%2fa", "..", ".", "a;b.csv", `a"b.csv`, "a'b.csv", "<script>alert(1)</script>.html", "a.png.html", "files/" + v.session + "/x",
		"~root", "$(id).csv", "`id`.csv", "-rf", "a/../../b",
	}
	foreign, kept, refused := 0, 0, 0
	for i, name := range names {
		res := w.do(call{method: "POST", path: "/api/intent/submit", secret: v.secret, body: map[string]any{
			"intent_type": "ingest_file", "parameters": map[string]any{"ui_name": name, "file_content": hex.EncodeToString([]byte(csv + fmt.Sprintf("%d,x,1\n", 100+i)))},
		}})
		if res.status != 202 {
			require.Contains(t, []int{400, 422}, res.status, "%q", name)
			refused++
			continue
		}
		id := res.str("execution_id")
		got := w.settle(as, id)
		if got["status"] != "completed" {
			require.Equal(t, "failed", got["status"], "%q", name)
			refused++
			continue
		}
		file := got["artifacts"].(map[string]any)["file"].(map[string]any)
		fileID := file["file_id"].(string)
		require.True(t, strings.HasPrefix(fileID, "fil_"), fileID)
		w.do(call{method: "POST", path: "/api/content/save_materialization", secret: v.secret, header: map[string]string{"Prefer": "wait=5"},
			body: map[string]any{"boundary_contract_id": file["boundary_contract_id"], "file_id": fileID}}).is(200)
		res = w.do(call{method: "GET", path: "/api/files/" + fileID + "/content", secret: v.secret}).is(200)
		disposition, options, err := mime.ParseMediaType(res.header.Get("Content-Disposition"))
		require.NoError(t, err, "%q", name)
		require.Equal(t, "attachment", disposition)
		require.NotRegexp(t, `[/\\"\x00-\x1f]`, options["filename"])
		require.Equal(t, "nosniff", res.header.Get("X-Content-Type-Options"))
		require.Contains(t, res.header.Get("Content-Security-Policy"), "sandbox")
		require.NotContains(t, res.header.Get("Content-Type"), "html")
		require.Empty(t, res.header.Get("Set-Cookie"))
		for _, path := range []string{fileID, url.PathEscape(name)} {
			if got := w.do(call{method: "GET", path: "/api/files/" + path + "/content", secret: other.secret}); got.status == 200 {
				foreign++
			}
		}
		kept++
	}
	for _, key := range w.files.Keys() {
		require.Regexp(t, `^[a-z]+(/[a-z]+_[0-9a-z]+)+(/[0-9a-z]+)*$`, key, "the server's key")
	}
	require.Zero(t, foreign)
	t.Logf("U6: %d names, %d kept as labels, %d refused, foreign reads %d; U7: %d downloads inert", len(names), kept, refused, foreign, kept)
}
