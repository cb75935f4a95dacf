package parse_test

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"hash/crc32"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/symphainy/symphainy/application/realms/content/parse"
	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/test/sheet"
)

// picture is the head of a PNG that says that it is so large.
func picture(width, height uint32) []byte {
	head := append([]byte("IHDR"), make([]byte, 13)...)
	binary.BigEndian.PutUint32(head[4:], width)
	binary.BigEndian.PutUint32(head[8:], height)
	copy(head[12:], []byte{8, 2, 0, 0, 0})
	out := append([]byte("\x89PNG\r\n\x1a\n\x00\x00\x00\x0d"), head...)
	return binary.BigEndian.AppendUint32(out, crc32.ChecksumIEEE(head))
}

// U4: a file that is not what it is called is refused, or read as text that does nothing.
func TestDisguises(t *testing.T) {
	sheet.Record(t, "U4", 18, "refused or inert", "as the row says")
	const page = "<!DOCTYPE html><html><body><h1>Title</h1><p>Some text.</p><script>alert(1)</script></body></html>"
	const drawing = `<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"><script>alert(1)</script><title>Chart</title></svg>`
	gif := "GIF89a\x01\x00\x01\x00\x80\x00\x00\x00\x00\x00\xff\xff\xff"
	program := "\x7fELF\x02\x01\x01" + strings.Repeat("\x00", 64)
	windows := "MZ\x90\x00\x03\x00\x00\x00" + strings.Repeat("\x00", 64)
	png, book, permit := string(picture(10, 10)), string(fixtureBytes(t, "policies.xlsx")), string(fixtureBytes(t, "permit.pdf"))
	cases := map[string]struct {
		file, content string
		// codes are the refusals that are right; none: it is read, as this format.
		codes  []string
		format string
	}{
		"HTML as PNG":                 {"a.png", page, []string{"unsupported_format"}, ""},
		"HTML as PDF":                 {"a.pdf", page, []string{"unsupported_format"}, ""},
		"HTML as CSV":                 {"a.csv", page, nil, "html"},
		"a drawing with a script":     {"a.svg", drawing, nil, "xml"},
		"a drawing as PNG":            {"a.png", drawing, []string{"unsupported_format"}, ""},
		"GIF and script":              {"a.gif", gif + "/*<script>alert(1)</script>*/", []string{"capability_unavailable", "malformed_content"}, ""},
		"GIF and script, as text":     {"a.txt", gif + "=1;alert(1)", []string{"capability_unavailable", "malformed_content", "unsupported_format"}, ""},
		"PNG and page":                {"a.html", png + page, []string{"capability_unavailable", "malformed_content"}, ""},
		"PDF and container":           {"a.pdf", permit + book, []string{"malformed_content"}, ""},
		"container called a table":    {"a.csv", book, nil, "xlsx"},
		"two extensions":              {"a.png.html", page, nil, "html"},
		"two extensions, a program":   {"report.pdf.exe", windows, []string{"unsupported_format", "malformed_content"}, ""},
		"a program as a table":        {"a.csv", program, []string{"unsupported_format"}, ""},
		"another program as a table":  {"a.csv", windows, []string{"unsupported_format", "malformed_content"}, ""},
		"nothing":                     {"a.png", "", []string{"empty_content"}, ""},
		"nothing but blanks":          {"a.xml", " \r\n\t ", []string{"empty_content"}, ""},
		"a picture of 50,000 squared": {"a.png", string(picture(50_000, 50_000)), []string{"limit_exceeded"}, ""},
		"a picture of no size":        {"a.png", string(picture(0, 10)), []string{"malformed_content"}, ""},
	}
	turnedAway, inert := 0, 0
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			if c.codes != nil {
				code, took, allocated := measured(t, c.file, []byte(c.content), parse.Options{})
				require.Contains(t, c.codes, code)
				require.Less(t, took, refusalTime)
				require.Less(t, allocated, uint64(refusalMemory))
				turnedAway++
				return
			}
			doc := mustRead(t, c.file, c.content)
			require.Equal(t, c.format, doc.Format)
			if c.format == "html" {
				require.NotContains(t, doc.Text, "alert", "a script is no text of a page")
			}
			inert++
		})
	}
	t.Logf("U4: %d of %d refused, %d read as what they are", turnedAway, len(cases), inert)
}

// U5: no entity is looked up or multiplied, whatever kind of file holds the XML.
func TestNoEntities(t *testing.T) {
	sheet.Record(t, "U5", 12, "refused or inert, canary hits 0", "as the row says")
	secret := filepath.Join(t.TempDir(), "secret.txt")
	const canary = "canary-5f3a"
	require.NoError(t, os.WriteFile(secret, []byte(canary), 0o600))
	port, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	var hits atomic.Int64
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			conn, err := port.Accept()
			if err != nil {
				return
			}
			hits.Add(1)
			_ = conn.Close() // nobody should be there
		}
	}()
	web := "http://" + port.Addr().String() + "/canary"
	var laughs strings.Builder
	laughs.WriteString(`<!DOCTYPE a [<!ENTITY l0 "lol">`)
	for i := '1'; i <= '9'; i++ {
		laughs.WriteString(`<!ENTITY l` + string(i) + ` "` + strings.Repeat("&l"+string(i-1)+";", 10) + `">`)
	}
	// Without a code the XML is in order; what it points to is not looked at.
	attacks := map[string]struct{ xml, code string }{
		"entity of a file":      {`<!DOCTYPE a [<!ENTITY x SYSTEM "file://` + secret + `">]><a>&x;</a>`, "malformed_content"},
		"entity of the web":     {`<!DOCTYPE a [<!ENTITY x SYSTEM "` + web + `">]><a>&x;</a>`, "malformed_content"},
		"parameter entity":      {`<!DOCTYPE a [<!ENTITY % x SYSTEM "` + web + `"> %x;]><a/>`, "malformed_content"},
		"DTD of the web":        {`<!DOCTYPE a SYSTEM "` + web + `"><a/>`, "malformed_content"},
		"a billion laughs":      {laughs.String() + `]><a>&l9;</a>`, "malformed_content"},
		"quadratic":             {`<!DOCTYPE a [<!ENTITY x "` + strings.Repeat("x", 50_000) + `">]><a>` + strings.Repeat("&x;", 50_000) + "</a>", "malformed_content"},
		"a depth of 1,000,000":  {strings.Repeat("<a>", 1_000_000), "limit_exceeded"},
		"1,000,000 attributes":  {"<a" + attributes(1_000_000) + "/>", "limit_exceeded"},
		"DTD of nothing":        {`<!DOCTYPE a><a/>`, "malformed_content"},
		"an unknown entity":     {`<a>&x;</a>`, "malformed_content"},
		"include of a file":     {`<a xmlns:xi="http://www.w3.org/2001/XInclude"><xi:include href="file://` + secret + `" parse="text"/></a>`, ""},
		"style sheet of a file": {`<?xml-stylesheet href="file://` + secret + `"?><a/>`, ""},
	}
	ran := 0
	refuse := func(file string, content []byte, title string, codes ...string) {
		doc, err := read(file, content, parse.Options{}, parse.Limits{})
		require.Error(t, err, "%s %s", file, title)
		require.Nil(t, doc)
		require.Contains(t, codes, fault.As(err).Code, "%s %s: %v", file, title, err)
		require.NotContains(t, err.Error(), canary)
		ran++
	}
	for title, a := range attacks {
		if a.code == "" {
			doc, err := read("a.xml", []byte(`<?xml version="1.0"?>`+a.xml), parse.Options{}, parse.Limits{})
			shown, encoding := json.Marshal(doc)
			require.NoError(t, encoding)
			require.False(t, strings.Contains(string(shown), canary) || err != nil && strings.Contains(err.Error(), canary), title)
			ran++
			continue
		}
		code, took, allocated := measured(t, "a.xml", []byte(`<?xml version="1.0"?>`+a.xml), parse.Options{})
		require.Equal(t, a.code, code, title)
		require.Less(t, took, refusalTime, title)
		require.Less(t, allocated, uint64(refusalMemory), title)
		ran++
		refuse("a.bpmn", []byte(`<?xml version="1.0"?>`+a.xml), title, a.code, "malformed_content", "empty_content")
		if title == "an unknown entity" || len(a.xml) > 100_000 {
			continue // in a container that is nothing to complain about, or tried with the others
		}
		for _, name := range containers {
			refuse("x"+filepath.Ext(name), repack(t, fixtureBytes(t, name), map[string]string{"[Content_Types].xml": a.xml}, nil), title, a.code)
		}
	}
	// A reference to the web in a model is a name, not an address to look at.
	model := mustRead(t, "m.schema.json", `{"$schema":"https://json-schema.org/draft/2020-12/schema","title":"T","type":"object","properties":{"a":{"$ref":"`+web+`"},"b":{"type":"string"}}}`)
	shown, err := json.Marshal(model)
	require.NoError(t, err)
	require.False(t, bytes.Contains(shown, []byte(canary)))
	require.NoError(t, port.Close())
	<-done
	require.Zero(t, hits.Load())
	t.Logf("U5: %d attacks in %d files refused or inert; canary hits 0", len(attacks), ran)
}
