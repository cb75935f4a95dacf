package parse_test

import (
	"archive/zip"
	"bytes"
	"compress/flate"
	"compress/gzip"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/symphainy/symphainy/application/realms/content/parse"
	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/test/sheet"
)

// A bomb is refused within refusalTime, which on an idle machine is a hundred times what it takes, and without more than refusalMemory: so
// many bytes are allocated in all, and the process cannot have grown by more.
const (
	refusalTime   = 20 * time.Second
	refusalMemory = 64 << 20
)

// measured parses what has to be refused, and gives the code, the time and the bytes that were allocated.
func measured(t *testing.T, name string, content []byte, opts parse.Options) (code string, took time.Duration, allocated uint64) {
	t.Helper()
	debug.FreeOSMemory()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	start := time.Now()
	doc, err := read(name, content, opts, parse.Limits{})
	took = time.Since(start)
	runtime.ReadMemStats(&after)
	require.Error(t, err, name)
	require.Nil(t, doc)
	require.NotEqual(t, fault.Internal, fault.KindOf(err), "%v", err)
	return fault.As(err).Code, took, after.TotalAlloc - before.TotalAlloc
}

// large writes n bytes of a repeated text as a compressed entry, without ever holding them.
func large(t testing.TB, w *zip.Writer, name, head, unit string, n int) {
	t.Helper()
	w.RegisterCompressor(zip.Deflate, func(out io.Writer) (io.WriteCloser, error) { return flate.NewWriter(out, flate.BestSpeed) })
	out, err := w.Create(name)
	require.NoError(t, err)
	_, err = io.WriteString(out, head)
	require.NoError(t, err)
	block := strings.Repeat(unit, 1<<16/len(unit)+1)
	for written := 0; written < n; written += len(block) {
		_, err = io.WriteString(out, block)
		require.NoError(t, err)
	}
}

// without copies a container without an entry, and with more.
func without(t testing.TB, old []byte, name string, more func(w *zip.Writer)) []byte {
	t.Helper()
	r, err := zip.NewReader(bytes.NewReader(old), int64(len(old)))
	require.NoError(t, err)
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, f := range r.File {
		if f.Name != name {
			require.NoError(t, w.Copy(f))
		}
	}
	more(w)
	require.NoError(t, w.Close())
	return b.Bytes()
}

// million is a container whose directory has a million entries, written by hand: 47 bytes each.
func million() []byte {
	const n = 1_000_000
	head := make([]byte, 46, 47)
	copy(head, "PK\x01\x02\x14\x00\x14\x00")
	binary.LittleEndian.PutUint16(head[28:], 1)
	entries := bytes.Repeat(append(head, 'a'), n)
	end := make([]byte, 22)
	copy(end, "PK\x05\x06")
	binary.LittleEndian.PutUint16(end[8:], n&0xffff)
	binary.LittleEndian.PutUint16(end[10:], n&0xffff)
	binary.LittleEndian.PutUint32(end[12:], uint32(len(entries)))
	local := append([]byte("PK\x03\x04"), make([]byte, 27)...)
	binary.LittleEndian.PutUint32(end[16:], uint32(len(local)))
	return append(append(local, entries...), end...)
}

// overlapping is a container of n entries that all are the same bytes: size bytes unpacked each.
func overlapping(t testing.TB, n, size int) []byte {
	t.Helper()
	var packed bytes.Buffer
	fw, err := flate.NewWriter(&packed, flate.BestCompression)
	require.NoError(t, err)
	plain := bytes.Repeat([]byte("0"), size)
	_, err = fw.Write(plain)
	require.NoError(t, err)
	require.NoError(t, fw.Close())
	local := make([]byte, 30)
	copy(local, "PK\x03\x04\x14\x00\x00\x00\x08\x00")
	binary.LittleEndian.PutUint32(local[14:], crc32.ChecksumIEEE(plain))
	binary.LittleEndian.PutUint32(local[18:], uint32(packed.Len()))
	binary.LittleEndian.PutUint32(local[22:], uint32(size))
	binary.LittleEndian.PutUint16(local[26:], 4)
	out := slices.Concat(local, []byte("0000"), packed.Bytes())
	start := len(out)
	for i := range n {
		entry := make([]byte, 46)
		copy(entry, "PK\x01\x02\x14\x00\x14\x00\x00\x00\x08\x00")
		copy(entry[16:28], local[14:26])
		binary.LittleEndian.PutUint16(entry[28:], 4)
		out = append(append(out, entry...), fmt.Sprintf("%04d", i)...)
	}
	end := make([]byte, 22)
	copy(end, "PK\x05\x06")
	binary.LittleEndian.PutUint16(end[8:], uint16(n))
	binary.LittleEndian.PutUint16(end[10:], uint16(n))
	binary.LittleEndian.PutUint32(end[12:], uint32(len(out)-start))
	binary.LittleEndian.PutUint32(end[16:], uint32(start))
	return append(out, end...)
}

// tenGigabytes is gzip data of members that unpack to 10 GB together.
func tenGigabytes(t testing.TB) []byte {
	t.Helper()
	var member bytes.Buffer
	w := gzip.NewWriter(&member)
	block := make([]byte, 1<<20)
	for range 10 {
		_, err := w.Write(block)
		require.NoError(t, err)
	}
	require.NoError(t, w.Close())
	return bytes.Repeat(member.Bytes(), 1000)
}

// U2: what is small and would become large is refused, quickly and without becoming large.
func TestBombs(t *testing.T) {
	sheet.Record(t, "U2", 13, "refused within 64 MiB allocated in all", "as the row says")
	book, manual := fixtureBytes(t, "policies.xlsx"), fixtureBytes(t, "manual.docx")
	zeros := func(name string, n int) func(w *zip.Writer) {
		return func(w *zip.Writer) { large(t, w, name, "", "0", n) }
	}
	for name, c := range map[string]struct {
		file    string
		content func() []byte
		codes   []string
	}{
		"zip × 1000":     {"a.xlsx", func() []byte { return without(t, book, "", zeros("bomb.bin", 64<<20)) }, []string{"limit_exceeded"}},
		"zip alone":      {"a.zip", func() []byte { return without(t, book, "[Content_Types].xml", zeros("bomb.bin", 64<<20)) }, []string{"unsupported_format", "limit_exceeded"}},
		"nested by name": {"a.docx", func() []byte { return without(t, manual, "", func(w *zip.Writer) { entry(t, w, "inner.zip", "PK") }) }, []string{"limit_exceeded"}},
		"nested by content": {"a.docx", func() []byte {
			return without(t, manual, "", func(w *zip.Writer) { entry(t, w, "inner.bin", string(book)) })
		}, []string{"limit_exceeded"}},
		"overlapping entries":  {"a.xlsx", func() []byte { return overlapping(t, 9_999, 100_000) }, []string{"limit_exceeded", "malformed_content", "unsupported_format"}},
		"a million entries":    {"a.xlsx", million, []string{"limit_exceeded"}},
		"gzip of 10 GB":        {"a.csv", func() []byte { return tenGigabytes(t) }, []string{"unsupported_format"}},
		"gzip of 10 GB, named": {"a.csv.gz", func() []byte { return tenGigabytes(t) }, []string{"unsupported_format"}},
		"xlsx rows": {"a.xlsx", func() []byte {
			return without(t, book, "xl/worksheets/sheet1.xml", func(w *zip.Writer) {
				large(t, w, "xl/worksheets/sheet1.xml", `<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>`, `<row><c t="n"><v>1</v></c></row>`, 100<<20)
			})
		}, []string{"limit_exceeded"}},
		"xlsx shared strings": {"a.xlsx", func() []byte {
			return without(t, book, "xl/sharedStrings.xml", func(w *zip.Writer) {
				large(t, w, "xl/sharedStrings.xml", `<sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">`, `<si><t>x</t></si>`, 100<<20)
			})
		}, []string{"limit_exceeded"}},
		"xlsx of a far cell": {"a.xlsx", func() []byte {
			return without(t, book, "xl/worksheets/sheet1.xml", func(w *zip.Writer) {
				entry(t, w, "xl/worksheets/sheet1.xml", `<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData><row r="1"><c r="A1"><v>1</v></c><c r="XFD1"><v>1</v></c></row><row r="1048576"><c r="XFD1048576"><v>1</v></c></row></sheetData></worksheet>`)
			})
		}, []string{"limit_exceeded"}},
		"docx text": {"a.docx", func() []byte {
			return without(t, manual, "word/document.xml", func(w *zip.Writer) {
				large(t, w, "word/document.xml", `<w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:body><w:p><w:r><w:t>`, "x", 100<<20)
			})
		}, []string{"limit_exceeded"}},
		"docx depth": {"a.docx", func() []byte {
			return without(t, manual, "word/document.xml", func(w *zip.Writer) { entry(t, w, "word/document.xml", strings.Repeat("<w:p>", 10_000)) })
		}, []string{"limit_exceeded"}},
	} {
		t.Run(name, func(t *testing.T) {
			content := c.content()
			code, took, allocated := measured(t, c.file, content, parse.Options{})
			require.Contains(t, c.codes, code)
			require.Less(t, took, refusalTime)
			require.Less(t, allocated, uint64(refusalMemory))
			t.Logf("U2: %s, %d bytes: %s after %v and %d KiB", name, len(content), code, took.Round(time.Millisecond), allocated>>10)
		})
	}
}
