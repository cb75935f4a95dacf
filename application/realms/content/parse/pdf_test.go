package parse_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"image"
	"image/png"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/symphainy/symphainy/application/realms/content/parse"
	"github.com/symphainy/symphainy/domain/fault"
)

// The permit says the same on paper as in plain text.
func TestPDF(t *testing.T) {
	doc := fixture(t, "permit.pdf")
	require.Equal(t, []string{"pdf", "unstructured"}, []string{doc.Format, doc.ParsingType})
	require.Len(t, doc.Pages, 2)
	require.True(t, strings.HasPrefix(doc.Text, "--- Page 1 ---\nCONSTRUCTION PERMIT\n\nPermit Number: PER-2024-001234\n"), doc.Text)
	require.Contains(t, doc.Text, "Hand in a final report.\n\n--- Page 2 ---\nFirst Report Due: 2024-02-15\n")
	plain := fixture(t, "permit.txt")
	require.Len(t, doc.Labels, len(plain.Labels))
	for i, l := range doc.Labels {
		require.Equal(t, [2]string{plain.Labels[i].Label, plain.Labels[i].Value}, [2]string{l.Label, l.Value})
	}
	require.Equal(t, 2, doc.Labels[len(doc.Labels)-1].Page)
	require.Equal(t, 1, doc.Labels[len(doc.Labels)-1].Line)
	var texts, want []string
	for _, p := range doc.Paragraphs {
		texts = append(texts, p.Text)
	}
	for _, p := range plain.Paragraphs {
		want = append(want, p.Text)
	}
	require.Equal(t, want, texts)
	require.Equal(t, plain.Structure, doc.Structure)
	require.Len(t, fixture(t, "review.pdf").Sections, len(fixture(t, "review.txt").Sections))
}

func TestPDFRefusals(t *testing.T) {
	whole := fixtureBytes(t, "permit.pdf")
	for name, c := range map[string]struct {
		content []byte
		code    string
		says    string
	}{
		"encrypted":    {fixtureBytes(t, "locked.pdf"), "encrypted_content", "password"},
		"no text":      {fixtureBytes(t, "scanned.pdf"), "capability_unavailable", "ocr"},
		"cut off":      {whole[:len(whole)-40], "malformed_content", ""},
		"half":         {whole[:len(whole)/2], "malformed_content", ""},
		"header only":  {[]byte("%PDF-1.4\n"), "malformed_content", ""},
		"no such root": {bytes.ReplaceAll(whole, []byte("/Root 7"), []byte("/Root 9")), "malformed_content", ""},
		"loop":         {bytes.ReplaceAll(whole, []byte("/Kids [3 0 R 5 0 R]"), []byte("/Kids [6 0 R 6 0 R]")), "limit_exceeded", "pages"},
		"many pages":   {manyPages(2_001, 1), "limit_exceeded", "2001"},
	} {
		t.Run(name, func(t *testing.T) {
			f := refused(t, "x.pdf", c.content, c.code)
			require.Contains(t, f.Msg, c.says)
		})
	}
}

// What comes after the end, and a version that the reader does not know, do not matter.
func TestPDFTolerance(t *testing.T) {
	whole := fixtureBytes(t, "permit.pdf")
	for name, content := range map[string][]byte{
		"tail":    append(bytes.Clone(whole), bytes.Repeat([]byte{'\n', 0}, 300)...),
		"version": bytes.Replace(whole, []byte("%PDF-1.4\n"), []byte("%PDF-2.0\n"), 1),
	} {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, fixture(t, "permit.pdf").Paragraphs, mustRead(t, "x.pdf", string(content)).Paragraphs)
		})
	}
}

func TestPictures(t *testing.T) {
	f := refused(t, "photo.png", fixtureBytes(t, "photo.png"), "capability_unavailable")
	require.Contains(t, f.Msg, "120 × 80")
	require.Equal(t, fault.Unavailable, f.Kind)
	refused(t, "photo.bin", fixtureBytes(t, "photo.png"), "capability_unavailable")
	refused(t, "photo.png", fixtureBytes(t, "photo.png")[:20], "malformed_content")
	refused(t, "page.png", fixtureBytes(t, "handbook.html"), "unsupported_format")
	refused(t, "photo.html", fixtureBytes(t, "photo.png"), "capability_unavailable")

	// 50,000 × 50,000 pixels are refused by what the header says.
	var b bytes.Buffer
	require.NoError(t, png.Encode(&b, image.NewGray(image.Rect(0, 0, 1, 1))))
	giant := b.Bytes()
	copy(giant[16:], []byte{0, 0, 0xC3, 0x50, 0, 0, 0xC3, 0x50})
	sum := crc(giant[12:29])
	copy(giant[29:], sum[:])
	require.Contains(t, refused(t, "giant.png", giant, "limit_exceeded").Msg, "2500000000")
}

func BenchmarkPDF(b *testing.B) {
	content := manyPages(200, 40)
	b.SetBytes(int64(len(content)))
	for b.Loop() {
		_, err := read("x.pdf", content, parse.Options{}, parse.Limits{Time: time.Minute})
		require.NoError(b, err)
	}
}

// manyPages is a document of n pages.
func manyPages(n, lines int) []byte {
	var out bytes.Buffer
	var offsets []int
	object := func(body string) {
		offsets = append(offsets, out.Len())
		fmt.Fprintf(&out, "%d 0 obj\n%s\nendobj\n", len(offsets), body)
	}
	out.WriteString("%PDF-1.4\n")
	object("<< /Type /Catalog /Pages 2 0 R >>")
	kids := ""
	for i := range n {
		kids += fmt.Sprintf("%d 0 R ", 4+2*i)
	}
	object("<< /Type /Pages /Kids [" + kids + "] /Count " + fmt.Sprint(n) + " >>")
	for i := range n {
		text := "BT /F1 11 Tf 72 800 Td\n"
		for l := range lines {
			text += fmt.Sprintf("(Line %d of page %d says nothing new to anybody who reads it.) Tj 0 -14 Td\n", l, i)
		}
		text += "ET"
		object(fmt.Sprintf("<< /Length %d >>\nstream\n%s\nendstream", len(text), text))
		object(fmt.Sprintf("<< /Type /Page /Parent 2 0 R /Contents %d 0 R /Resources << /Font << /F1 << /Type /Font /BaseFont /Helvetica /Encoding /WinAnsiEncoding >> >> >> >>", 3+2*i))
	}
	start := out.Len()
	fmt.Fprintf(&out, "xref\n0 %d\n0000000000 65535 f \n", len(offsets)+1)
	for _, o := range offsets {
		fmt.Fprintf(&out, "%010d 00000 n \n", o)
	}
	fmt.Fprintf(&out, "trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n", len(offsets)+1, start)
	return out.Bytes()
}

func crc(b []byte) [4]byte {
	var out [4]byte
	binary.BigEndian.PutUint32(out[:], crc32.ChecksumIEEE(b))
	return out
}
