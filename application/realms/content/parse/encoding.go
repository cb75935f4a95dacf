package parse

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"
)

// The encodings that are read.
const (
	encUTF8    = "utf-8"
	encUTF16   = "utf-16"
	encUTF16LE = "utf-16le"
	encUTF16BE = "utf-16be"
	encWindows = "windows-1252"
	encLatin1  = "iso-8859-1"
)

const (
	sampleBytes = 256 << 10
	readBuffer  = 64 << 10
)

// encodingName brings the usual spellings to one; empty if the encoding is not known.
func encodingName(s string) string {
	switch strings.ReplaceAll(strings.ToLower(strings.TrimSpace(s)), "_", "-") {
	case "utf-8", "utf8", "utf-8-sig", "ascii", "us-ascii":
		return encUTF8
	case "utf-16", "utf16":
		return encUTF16
	case "utf-16le", "utf16le", "utf-16-le":
		return encUTF16LE
	case "utf-16be", "utf16be", "utf-16-be":
		return encUTF16BE
	case "windows-1252", "cp1252", "cp-1252", "win-1252":
		return encWindows
	case "iso-8859-1", "latin1", "latin-1":
		return encLatin1
	default:
		return ""
	}
}

// source is the file as the parsers see it: seekable bytes, and what one look over all of them has shown.
type source struct {
	ctx      context.Context
	body     io.ReadSeeker
	size     int64
	encoding string
	bom      int
	sample   []byte // the head of the raw bytes
	head     string // the sample, decoded
	nulAt    int64  // offset of the first NUL byte, −1 if none
	validUTF bool   // all bytes are UTF-8
	assumed  bool   // the encoding is a guess
	cleanup  bool   // invalid UTF-8 is replaced because UTF-8 was asked for
}

// contextReader makes every read honour the deadline.
type contextReader struct {
	ctx context.Context
	r   io.Reader
}

func (c contextReader) Read(p []byte) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	return c.r.Read(p)
}

// inspect reads the file once: its size, encoding, head, and whether there is a NUL in it.
func inspect(ctx context.Context, body io.ReadSeeker, asked string) (*source, error) {
	s := &source{ctx: ctx, body: body, nulAt: -1, validUTF: true}
	if err := s.scan(); err != nil {
		return nil, err
	}
	s.chooseEncoding(asked)
	r, err := s.open()
	if err != nil {
		return nil, err
	}
	head := make([]byte, sampleBytes)
	n, err := io.ReadFull(r, head)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return nil, err
	}
	s.head = string(head[:n])
	return s, nil
}

func (s *source) scan() error {
	r, err := s.raw()
	if err != nil {
		return err
	}
	buf := make([]byte, readBuffer)
	held := 0 // bytes of a rune that the last read cut off
	for {
		n, err := r.Read(buf[held:])
		chunk := buf[held : held+n]
		if s.nulAt < 0 {
			if i := bytes.IndexByte(chunk, 0); i >= 0 {
				s.nulAt = s.size + int64(i)
			}
		}
		if room := sampleBytes - len(s.sample); room > 0 {
			s.sample = append(s.sample, chunk[:min(room, n)]...)
		}
		s.size += int64(n)
		held = s.checkUTF8(buf[:held+n], err != nil)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// checkUTF8 checks all of b but an unfinished rune at its end, which it moves to the front and whose length it returns.
func (s *source) checkUTF8(b []byte, last bool) int {
	if !s.validUTF {
		return 0
	}
	end := len(b)
	if !last {
		for i := 1; i < utf8.UTFMax && i <= len(b); i++ {
			if c := b[len(b)-i]; utf8.RuneStart(c) {
				if c >= utf8.RuneSelf && !utf8.FullRune(b[len(b)-i:]) {
					end = len(b) - i
				}
				break
			}
		}
	}
	s.validUTF = utf8.Valid(b[:end])
	return copy(b, b[end:])
}

func (s *source) chooseEncoding(asked string) {
	switch b := s.sample; {
	case bytes.HasPrefix(b, []byte{0xEF, 0xBB, 0xBF}):
		s.encoding, s.bom = encUTF8, 3
	case bytes.HasPrefix(b, []byte{0xFF, 0xFE}):
		s.encoding, s.bom = encUTF16LE, 2
	case bytes.HasPrefix(b, []byte{0xFE, 0xFF}):
		s.encoding, s.bom = encUTF16BE, 2
	}
	if name := encodingName(asked); name != "" && !(name == encUTF16 && s.bom == 2) {
		if name == encUTF16 {
			name = encUTF16LE
		}
		if s.encoding != name {
			s.encoding, s.bom = name, 0
		}
	}
	if s.encoding == "" {
		s.encoding, s.assumed = encWindows, true
		if s.validUTF {
			s.encoding = encUTF8
		}
	}
	s.cleanup = s.encoding == encUTF8 && !s.validUTF
}

// blank says that there is nothing but white space in the file, as far as its head can tell.
func (s *source) blank() bool { return s.size <= sampleBytes && strings.TrimSpace(s.head) == "" }

// wide says that the text has two bytes per unit, so that NUL bytes are normal.
func (s *source) wide() bool { return s.encoding == encUTF16LE || s.encoding == encUTF16BE }

func (s *source) raw() (io.Reader, error) {
	if _, err := s.body.Seek(0, io.SeekStart); err != nil {
		return nil, err
	}
	return contextReader{s.ctx, s.body}, nil
}

// open reads the file from its start as UTF-8, without a byte order mark.
func (s *source) open() (io.Reader, error) {
	r, err := s.raw()
	if err != nil {
		return nil, err
	}
	if s.bom > 0 {
		if _, err := io.CopyN(io.Discard, r, int64(s.bom)); err != nil {
			return nil, err
		}
	}
	var enc encoding.Encoding
	switch s.encoding {
	case encUTF16LE:
		enc = unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM)
	case encUTF16BE:
		enc = unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM)
	case encWindows:
		enc = charmap.Windows1252
	case encLatin1:
		enc = charmap.ISO8859_1
	default:
		if !s.cleanup {
			return r, nil
		}
		enc = unicode.UTF8
	}
	decoded := transform.NewReader(r, enc.NewDecoder())
	if s.wide() {
		return &nulReader{r: decoded}, nil
	}
	return decoded, nil
}

// nulReader refuses a NUL in decoded text, where the raw bytes could not tell.
type nulReader struct {
	r    io.Reader
	read int64
}

func (n *nulReader) Read(p []byte) (int, error) {
	k, err := n.r.Read(p)
	if i := bytes.IndexByte(p[:k], 0); i >= 0 {
		return 0, malformed("There is a NUL character at offset %d of the text: this is not a text file.", n.read+int64(i))
	}
	n.read += int64(k)
	return k, err
}
