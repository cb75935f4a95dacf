package httpapi_test

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"io"
	"io/fs"
	"mime"
	"mime/multipart"
	"net/url"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/symphainy/symphainy/adapters/blobstore"
	"github.com/symphainy/symphainy/test/sheet"
)

// attacks are uploads whose body is whole, and wrong.
func attacks() map[string]struct {
	body   string
	status []int
} {
	part := func(head, body string) string { return "--x\r\n" + head + "\r\n\r\n" + body + "\r\n" }
	const end = "--x--\r\n"
	file := `Content-Disposition: form-data; name="file"; filename="a.csv"`
	field := func(name string) string { return `Content-Disposition: form-data; name="` + name + `"` }
	return map[string]struct {
		body   string
		status []int
	}{
		"10,000 parts":               {strings.Repeat(part(field("ui_name"), "x"), 10_000) + end, []int{400, 413}},
		"10,000 parts after a file":  {part(file, csv) + strings.Repeat(part(field("ui_name"), "x"), 10_000) + end, []int{400, 413}},
		"10,000 unknown parts":       {strings.Repeat(part(field("x"), "x"), 10_000) + end, []int{400, 413}},
		"a field name of 1 MB":       {part(field(strings.Repeat("n", 1<<20)), "x") + part(file, csv) + end, []int{400, 413}},
		"a file's name of 1 MB":      {part(`Content-Disposition: form-data; name="file"; filename="`+strings.Repeat("n", 1<<20)+`"`, csv) + end, []int{400, 413}},
		"a part header of 1 MB":      {part(file+"\r\nX-Long: "+strings.Repeat("h", 1<<20), csv) + end, []int{400, 413}},
		"a field of 1 MB":            {part(field("ui_name"), strings.Repeat("x", 1<<20)) + part(file, csv) + end, []int{413}},
		"100,000 headers":            {part(file+strings.Repeat("\r\nA: b", 100_000), csv) + end, []int{400, 413}},
		"file one byte over":         {part(file, strings.Repeat("x", 64<<10+1)) + end, []int{413}},
		"file far over it":           {part(file, strings.Repeat("x", 3<<20)) + end, []int{413}},
		"two files":                  {part(file, csv) + part(file, csv) + end, []int{400}},
		"no end":                     {part(file, csv), []int{400}},
		"cut within the file":        {"--x\r\n" + file + "\r\n\r\n" + csv, []int{400}},
		"another boundary":           {strings.ReplaceAll(part(file, csv)+end, "--x", "--y"), []int{400, 422}},
		"an unknown field after it":  {part(file, csv) + part(field("x"), "x") + end, []int{400}},
		"metadata that is no object": {part(file, csv) + part(field("metadata"), "[") + end, []int{400, 422}},
	}
}

// lies are requests that say one thing about their length and do another.
func lies() map[string]string {
	body := "--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.csv\"\r\n\r\n" + csv + "\r\n"
	chunk := func(s string) string { return fmt.Sprintf("%x\r\n%s\r\n", len(s), s) }
	return map[string]string{
		"more announced than sent":     "Content-Length: 1000\r\n\r\n" + body,
		"less announced than sent":     "Content-Length: 20\r\n\r\n" + body + "--x--\r\n",
		"a negative length":            "Content-Length: -1\r\n\r\n" + body,
		"a length beyond any number":   "Content-Length: 99999999999999999999\r\n\r\n" + body,
		"a length of 1 TB":             "Content-Length: 1099511627776\r\n\r\n" + body,
		"two lengths":                  "Content-Length: 10\r\nContent-Length: 1000\r\n\r\n" + body,
		"length and chunks":            "Content-Length: 10\r\nTransfer-Encoding: chunked\r\n\r\n" + chunk(body),
		"chunks that do not end":       "Transfer-Encoding: chunked\r\n\r\n" + chunk(body) + strings.Repeat(chunk("x"), 3),
		"chunks without an end of 3MB": "Transfer-Encoding: chunked\r\n\r\n" + chunk(body[:len(body)-2]) + strings.Repeat(chunk(strings.Repeat("x", 64<<10)), 48),
		"a chunk of no size":           "Transfer-Encoding: chunked\r\n\r\nzz\r\n",
		"a chunk larger than it is":    "Transfer-Encoding: chunked\r\n\r\nffff\r\n" + body,
	}
}

// U1: uploads that lie about their size or shape are refused, and leave no file, not even a temporary one, and no room taken.
func TestHostileUploadsLeaveNothing(t *testing.T) {
	sheet.Record(t, "U1", 27, "refused, files and temporary files left 0", "as the row says")
	folder := t.TempDir()
	blobs, err := blobstore.OpenFolder(folder)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, blobs.Close()) })
	w := newWorldOn(t, blobs)
	v := w.visit()
	ran := 0
	for name, a := range attacks() {
		res := w.do(call{method: "POST", path: "/api/files", secret: v.secret, body: a.body, header: map[string]string{"Content-Type": "multipart/form-data; boundary=x"}})
		require.Contains(t, a.status, res.status, "%s: %s", name, res.body)
		ran++
	}
	for name, head := range lies() {
		conn := w.dial()
		_, err := fmt.Fprintf(conn, "POST /api/files HTTP/1.1\r\nHost: x\r\nConnection: close\r\nX-Session-Secret: %s\r\nContent-Type: multipart/form-data; boundary=x\r\n%s", v.secret, head)
		if err == nil {
			closer, ok := conn.(interface{ CloseWrite() error })
			require.True(t, ok)
			err = closer.CloseWrite()
		}
		// A server that has seen enough may close while the rest is sent.
		all, reading := io.ReadAll(conn)
		require.NotContains(t, string(all), "HTTP/1.1 2", "%s: %v %v", name, err, reading)
		ran++
	}
	files := 0
	require.NoError(t, filepath.WalkDir(folder, func(_ string, e fs.DirEntry, err error) error {
		if err == nil && !e.IsDir() {
			files++
		}
		return err
	}))
	require.Zero(t, files, "nothing is left of them")
	require.Equal(t, 202, w.fill(v, 16).status, "no room is taken by them")
	t.Logf("U1: %d of %d refused; files and temporary files left: %d", ran, ran, files)
}

// fill uploads n files of 64 KiB and gives the last answer.
func (w *world) fill(v visitor, n int) (last reply) {
	w.t.Helper()
	for i := range n {
		last = w.upload(call{secret: v.secret}, "fill.csv", strings.Repeat(string(rune('a'+i)), 64<<10), nil)
	}
	return last
}

// U1: a tenant without room is told so, gets the room of what it purges, and nobody else notices.
func TestUploadsEndWhereTheRoomEnds(t *testing.T) {
	w := newWorld(t)
	v, other := w.visit(), w.visit()
	first := w.upload(call{secret: v.secret}, "first.csv", strings.Repeat("x", 64<<10), nil).is(202)
	w.settle(call{secret: v.secret}, first.str("execution_id"))
	require.Equal(t, 202, w.fill(v, 15).status)
	w.upload(call{secret: v.secret}, "more.csv", csv, nil).fails(507, "quota_exceeded")
	w.do(call{method: "POST", path: "/api/intent/submit", secret: v.secret, body: map[string]any{
		"intent_type": "ingest_file", "parameters": map[string]any{"ui_name": "more.csv", "file_content": hex.EncodeToString([]byte(csv))},
	}}).fails(507, "quota_exceeded")
	w.upload(call{secret: other.secret}, "more.csv", csv, nil).is(202)
	purged := w.submit(call{secret: v.secret}, "purge_file", map[string]any{"file_id": first.str("file_id"), "confirm": true})
	require.Equal(t, "completed", w.settle(call{secret: v.secret}, purged)["status"])
	w.upload(call{secret: v.secret}, "more.csv", csv, nil).is(202)
}

// U12: of 64 uploads at once as many are taken as there is room for, and not one more.
func TestManyUploadsAtOnceStayWithinTheRoom(t *testing.T) {
	sheet.Record(t, "U12", 64, "over 0", "as the row says")
	w := newWorld(t)
	v := w.visit()
	var form bytes.Buffer
	mw := multipart.NewWriter(&form)
	part, err := mw.CreateFormFile("file", "a.csv")
	require.NoError(t, err)
	_, err = part.Write(bytes.Repeat([]byte("x"), 60<<10))
	require.NoError(t, err)
	require.NoError(t, mw.Close())
	var taken, full atomic.Int64
	var all sync.WaitGroup
	for range 64 {
		req := w.request(call{method: "POST", path: "/api/files", secret: v.secret, body: form.String(), header: map[string]string{"Content-Type": mw.FormDataContentType()}})
		all.Go(func() {
			res, err := w.client.Do(req)
			if err != nil {
				assert.Fail(t, err.Error())
				return
			}
			defer res.Body.Close()
			switch res.StatusCode {
			case 202:
				taken.Add(1)
			case 507:
				full.Add(1)
			default:
				assert.Fail(t, res.Status)
			}
		})
	}
	all.Wait()
	require.Equal(t, int64(visitorSpace/(60<<10)), taken.Load())
	require.Equal(t, int64(64), taken.Load()+full.Load())
	require.Len(t, w.files.Keys(), int(taken.Load()), "what was refused left no bytes")
	t.Logf("U12: 64 uploads at the quota: %d taken, %d refused, over 0", taken.Load(), full.Load())
}

// U6 and U7: whatever a file is called, its key is the server's, nobody else reads it, and its download is inert.
func TestHostileNamesAreOnlyLabels(t *testing.T) {
	sheet.Record(t, "U6", 27, "keys are the server's", "as the row says")
	sheet.Record(t, "U7", 27, "downloads are inert", "as the row says")
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
		names = append(names, key, "/"+key, "file:"+v.session+":"+v.session+":"+key)
		break // the key of a file of theirs is no way to it either
	}
	references := 0
	for _, name := range names {
		for intentType, parameters := range map[string]map[string]any{
			"parse_content": {"file_reference": name}, "visualize_lineage": {"file_id": name}, "retrieve_file": {"file_id": name, "include_contents": true},
		} {
			res := w.do(call{method: "POST", path: "/api/intent/submit", secret: other.secret, body: map[string]any{"intent_type": intentType, "parameters": parameters}})
			if res.status == 202 {
				got := w.settle(call{secret: other.secret}, res.str("execution_id"))
				require.Equal(t, []any{"failed", "not_found"}, []any{got["status"], got["error_code"]}, "%s %q", intentType, name)
			} else {
				require.Contains(t, []int{400, 422}, res.status, "%s %q: %s", intentType, name, res.body)
			}
			references++
		}
		for _, path := range []string{"/api/artifacts/" + url.PathEscape(name), "/api/artifacts/" + url.PathEscape(name) + "/content"} {
			res := w.do(call{method: "GET", path: path, secret: other.secret})
			require.Contains(t, []int{400, 404, 405}, res.status, "%q: %s", name, res.body)
			references++
		}
	}
	t.Logf("U6: %d paths as references, foreign reads 0", references)
	for _, key := range w.files.Keys() {
		require.Regexp(t, `^[a-z]+(/[a-z]+_[0-9a-z]+)+(/[0-9a-z]+)*$`, key, "the server's key")
	}
	require.Zero(t, foreign)
	kinds := []struct{ name, body string }{
		{"page.html", "<!DOCTYPE html><script>alert(1)</script>"}, {"drawing.svg", `<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>`},
		{"page.xhtml", `<?xml version="1.0"?><html xmlns="http://www.w3.org/1999/xhtml"><script>1</script></html>`}, {"script.js", "alert(1)"}, {"page.png", "<html>"},
	}
	for _, k := range kinds {
		res := w.upload(as, k.name, k.body, map[string]string{"mime_type": "text/html"}).is(202)
		file := w.settle(as, res.str("execution_id"))["artifacts"].(map[string]any)["file"].(map[string]any)
		w.do(call{method: "POST", path: "/api/content/save_materialization", secret: v.secret, header: map[string]string{"Prefer": "wait=5"},
			body: map[string]any{"boundary_contract_id": file["boundary_contract_id"], "file_id": file["file_id"]}}).is(200)
		res = w.do(call{method: "GET", path: "/api/files/" + file["file_id"].(string) + "/content?inline=1&disposition=inline", secret: v.secret})
		if res.status != 200 {
			res.is(400)
			res = w.do(call{method: "GET", path: "/api/files/" + file["file_id"].(string) + "/content", secret: v.secret}).is(200)
		}
		require.Regexp(t, `^attachment; `, res.header.Get("Content-Disposition"), k.name)
		require.Equal(t, "nosniff", res.header.Get("X-Content-Type-Options"))
		require.Contains(t, res.header.Get("Content-Security-Policy"), "sandbox")
		kept++
	}
	t.Logf("U6: %d names, %d kept as labels, %d refused, foreign reads %d; U7: %d downloads inert", len(names), kept, refused, foreign, kept)
}
