package parse

import (
	"archive/zip"
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/symphainy/symphainy/domain/fault"
)

// packed makes a container.
func packed(tb testing.TB, entries ...[2]string) []byte {
	tb.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, e := range entries {
		out, err := w.Create(e[0])
		require.NoError(tb, err)
		_, err = io.WriteString(out, e[1])
		require.NoError(tb, err)
	}
	require.NoError(tb, w.Close())
	return b.Bytes()
}

// A container that passes has few entries, each name once, no link, nothing encrypted and no archive in it, and unpacks to no more than it says
// and than is allowed.
func FuzzZip(f *testing.F) {
	good := packed(f, [2]string{"[Content_Types].xml", `<a b="1"/>`}, [2]string{"word/document.xml", "<w><p>text</p></w>"})
	for _, raw := range [][]byte{
		{}, []byte("PK"), good, good[:len(good)-4], good[4:], append([]byte("MZ"), good...), append(bytes.Clone(good), "tail"...),
		packed(f, [2]string{"a.xml", "<a/>"}, [2]string{"a.xml", "<b/>"}), packed(f, [2]string{"inner.zip", string(good)}), packed(f, [2]string{"inner.dat", string(good)}),
		packed(f, [2]string{"a.txt", strings.Repeat("0", 2<<20)}), packed(f, [2]string{"../../a.xml", "<!DOCTYPE a>"}), packed(f, [2]string{"a.xml", "<a><b></a>"}),
	} {
		f.Add(raw)
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		a, err := openArchive(&source{ctx: t.Context(), body: bytes.NewReader(raw), size: int64(len(raw))})
		if err == nil {
			err = a.verify(DefaultLimits())
		}
		if err != nil {
			require.NotEqual(t, fault.Internal, fault.KindOf(err), err)
			return
		}
		require.LessOrEqual(t, len(a.all), zipEntryLimit)
		require.Len(t, a.files, len(a.all), "each name once")
		var total int64
		for _, file := range a.all {
			require.Zero(t, file.Flags&zipEncrypted)
			require.True(t, file.Mode().IsRegular() || file.Mode().IsDir())
			r, err := file.Open()
			require.NoError(t, err)
			content, err := io.ReadAll(r)
			require.NoError(t, err)
			require.Len(t, content, int(file.UncompressedSize64))
			total += int64(len(content))
			if !embedded(file.Name) {
				require.False(t, bytes.HasPrefix(content, []byte("PK\x03\x04")))
			}
		}
		require.LessOrEqual(t, total, int64(zipUnpackedLimit))
		require.False(t, total > zipSmall && total/int64(len(raw)) > zipRatioLimit)
	})
}

// What the guard lets through to the decoder is, as the decoder counts it, never deeper, wider or longer than allowed, and has no DTD.
func FuzzXML(f *testing.F) {
	for _, text := range []string{
		"", "<a/>", `<a b="1" c='2'>x<b/></a>`, "<!DOCTYPE a [<!ENTITY x 'y'>]><a>&x;</a>", "<?xml version='1.0'?><!-- c --><a><![CDATA[<]]></a>", strings.Repeat("<a>", 101),
		"<a" + strings.Repeat(" b=''", 1001) + "/>", "<a b='" + strings.Repeat("x", 2000) + "'/>", "<a><!ENTITY x></a>", "<!--><!DOCTYPE a>--><a/>", "<a b=\"/\"><c/></a>",
		strings.Repeat("<a b='/'>", 101), strings.Repeat("<a / >", 101), "<a b=c=d/>", "<a></a></a>", "<?x <!DOCTYPE a> ?><a/>", "<![CDATA[]]><!DOCTYPE a>",
	} {
		f.Add([]byte(text))
	}
	limits := DefaultLimits()
	limits.RecordBytes = 1000
	f.Fuzz(func(t *testing.T, raw []byte) {
		s := newXMLStream(bytes.NewReader(raw), limits)
		depth := 0
		for {
			token, err := s.next()
			if err != nil {
				if !errors.Is(err, io.EOF) {
					require.NotEqual(t, fault.Internal, fault.KindOf(err), err)
				}
				return
			}
			switch token := token.(type) {
			case xml.StartElement:
				depth++
				require.LessOrEqual(t, depth, xmlDepthLimit)
				require.LessOrEqual(t, len(token.Attr), xmlAttributeLimit)
				length := len(token.Name.Local)
				for _, a := range token.Attr {
					length += len(a.Name.Local)
				}
				require.LessOrEqual(t, int64(length), limits.RecordBytes)
			case xml.EndElement:
				depth--
			case xml.Directive:
				t.Fatalf("a declaration passed: %q", token)
			}
		}
	})
}
