package sandbox_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/symphainy/symphainy/adapters/sandbox"
	"github.com/symphainy/symphainy/application/realms/content/parse/pdftext"
)

// The test program is its own second self.
func TestMain(m *testing.M) {
	if len(os.Args) > 2 && os.Args[1] == sandbox.Command {
		if err := sandbox.Main(context.Background(), os.Args[2:], os.Stdout); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

var limits = pdftext.Limits{Pages: 2_000, TextBytes: 1 << 20}

func read(ctx context.Context, t *testing.T, content []byte) (pdftext.Text, error) {
	t.Helper()
	program, err := os.Executable()
	require.NoError(t, err)
	return sandbox.NewPDF(program).Read(ctx, bytes.NewReader(content), int64(len(content)), limits)
}

func fixture(t *testing.T, name string) []byte {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("..", "..", "test", "fixtures", name))
	require.NoError(t, err)
	return raw
}

// The answers are those of the reader itself.
func TestSameAnswers(t *testing.T) {
	for _, name := range []string{"permit.pdf", "review.pdf", "scanned.pdf", "locked.pdf", "photo.png"} {
		content := fixture(t, name)
		want, wantErr := pdftext.Extract(t.Context(), bytes.NewReader(content), int64(len(content)), limits)
		got, err := read(t.Context(), t, content)
		require.Equal(t, want, got, name)
		for _, kind := range []error{pdftext.ErrEncrypted, pdftext.ErrMalformed} {
			require.Equal(t, wantErr != nil && strings.Contains(wantErr.Error(), kind.Error()), err != nil && strings.Contains(err.Error(), kind.Error()), "%s: %v", name, err)
		}
	}
}

// What would end a process that reads it ends only the other one.
func TestHostile(t *testing.T) {
	deep := func(s string) []byte {
		return []byte("%PDF-1.4\n1 0 obj\n" + strings.Repeat(s, 4<<20) + "\nxref\n0 2\n0000000000 65535 f \n0000000009 00000 n \ntrailer\n<< /Size 2 /Root 1 0 R >>\nstartxref\n" +
			fmt.Sprint(len("%PDF-1.4\n1 0 obj\n")+len(s)*(4<<20)+1) + "\n%%EOF\n")
	}
	huge := "%PDF-1.7\n1 0 obj\n<< /Type /XRef /Size 20000000000 /W [1 2 1] /Length 4 >>\nstream\nabcd\nendstream\nendobj\nstartxref\n9\n%%EOF\n" + strings.Repeat(" ", 40)
	table := "%PDF-1.7\n" + strings.Repeat("% nothing\n", 20) + "xref\n4000000000 1\n0000000009 00000 n \ntrailer\n<< /Size 2 /Root 1 0 R >>\nstartxref\n209\n%%EOF\n"
	for name, content := range map[string][]byte{"deep": deep("["), "deep dictionaries": deep("<</A"), "huge table": []byte(huge), "far table": []byte(table)} {
		t.Run(name, func(t *testing.T) {
			begun := time.Now()
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			_, err := read(t.Context(), t, content)
			runtime.ReadMemStats(&after)
			require.ErrorIs(t, err, pdftext.ErrMalformed)
			require.Less(t, time.Since(begun), 20*time.Second)
			require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(64<<20))
		})
	}
}

// A reader that does not come to an end is ended.
func TestTime(t *testing.T) {
	loop := fixture(t, "permit.pdf")
	// A page whose parent is itself, and which has no resources, is looked up for ever.
	loop = bytes.ReplaceAll(loop, []byte("/Parent 6 0 R"), []byte("/Parent 3 0 R"))
	loop = bytes.ReplaceAll(loop, []byte("/Resources"), []byte("/ResourceX"))
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
	defer cancel()
	begun := time.Now()
	_, err := read(ctx, t, loop)
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.Less(t, time.Since(begun), 10*time.Second)
}

func TestNoProgram(t *testing.T) {
	content := fixture(t, "permit.pdf")
	_, err := sandbox.NewPDF("/nonexistent").Read(t.Context(), bytes.NewReader(content), int64(len(content)), limits)
	require.Error(t, err)
	require.NotErrorIs(t, err, pdftext.ErrMalformed)
	require.Error(t, sandbox.Main(t.Context(), []string{"1"}, os.Stdout))
	require.Error(t, sandbox.Main(t.Context(), []string{"1", "x"}, os.Stdout))
}
