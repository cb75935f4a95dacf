package parsed_test

import (
	"context"
	"errors"
	"io"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/symphainy/symphainy/application/realms/content/parse"
	"github.com/symphainy/symphainy/application/realms/content/parsed"
	"github.com/symphainy/symphainy/domain/artifact"
	"github.com/symphainy/symphainy/domain/document"
	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/ports"
	"github.com/symphainy/symphainy/test/realmtest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const id = "par_1"

var key = parsed.DocumentKey("ses_1", id, 1)

// numbers fills a document with n rows, and fails at the end with err.
func numbers(n int, err error) func(parse.RowSink) (*document.Document, error) {
	return func(sink parse.RowSink) (*document.Document, error) {
		doc := &document.Document{Format: "csv", Tables: []document.Table{{Name: "t", RowCount: n, Columns: []document.Column{{Name: "n", Type: document.TypeInteger}}}}}
		if err := sink.BeginTable(0, &doc.Tables[0]); err != nil {
			return nil, err
		}
		for i := range n {
			if err := sink.Row(document.Row{document.Integer(int64(i))}); err != nil {
				return nil, err
			}
		}
		return doc, err
	}
}

func TestRoundTripAndWindow(t *testing.T) {
	blobs := &realmtest.Blobs{}
	s := parsed.NewStore(blobs, 1<<20)
	for range 2 { // what an earlier attempt left is replaced
		_, info, err := s.Write(t.Context(), key, id, numbers(5000, nil))
		require.NoError(t, err)
		require.Positive(t, info.Size)
	}
	doc, err := s.Open(t.Context(), artifact.Snapshot{BlobKey: key})
	require.NoError(t, err)
	require.Equal(t, id, doc.ParsedFileID)
	var got []int64
	require.NoError(t, doc.Rows(t.Context(), 0, 4998, 10, func(n int, row document.Row) error {
		v, _ := row[0].Int()
		require.Equal(t, int64(n), v)
		got = append(got, v)
		return nil
	}))
	require.Equal(t, []int64{4998, 4999}, got)

	stop := errors.New("enough")
	require.ErrorIs(t, doc.Rows(t.Context(), 0, 0, -1, func(int, document.Row) error { return stop }), stop)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.Error(t, doc.Rows(ctx, 0, 0, -1, func(int, document.Row) error { return nil }))

	require.NoError(t, s.Delete(t.Context(), key))
	require.Empty(t, blobs.Keys())
	_, err = s.Open(t.Context(), artifact.Snapshot{BlobKey: key})
	require.ErrorIs(t, err, artifact.ErrExpired)
	_, err = s.Open(t.Context(), artifact.Snapshot{})
	require.ErrorIs(t, err, fault.ErrNotFound)
}

func TestFailuresLeaveNothing(t *testing.T) {
	broken := errors.New("broken content")
	down := fault.ErrUnavailable
	cases := map[string]struct {
		limit int64
		fail  string
		fill  func(parse.RowSink) (*document.Document, error)
		want  error
	}{
		"parser":         {1 << 20, "", numbers(100000, broken), broken},
		"parser, no row": {1 << 20, "", numbers(0, broken), broken},
		"rows too large": {100, "", numbers(500000, nil), ports.ErrBlobTooLarge},
		"rows refused":   {1 << 20, "parsed/ses_1/par_1/1/rows", numbers(500000, nil), down},
		"document":       {1 << 20, key, numbers(10, nil), down},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			blobs := &realmtest.Blobs{Fail: func(op, k string) error {
				if op == "put" && k == c.fail {
					return down
				}
				return nil
			}}
			_, _, err := parsed.NewStore(blobs, c.limit).Write(t.Context(), key, id, c.fill)
			require.ErrorIs(t, err, c.want)
			require.Empty(t, blobs.Keys())
		})
	}
}

func TestAPanicEndsTheWriter(t *testing.T) {
	blobs := &realmtest.Blobs{}
	require.Panics(t, func() {
		_, _, err := parsed.NewStore(blobs, 100).Write(t.Context(), key, id, func(parse.RowSink) (*document.Document, error) { panic("bug") })
		require.NoError(t, err)
	})
	require.Empty(t, blobs.Keys())
}

// bursting is a blob store whose client panics.
type bursting struct{ *realmtest.Blobs }

func (bursting) Put(context.Context, string, io.Reader, int64) (ports.BlobInfo, error) {
	panic("nil map")
}

// A blob store that panics fails the write, in whatever goroutine it was asked, and does not end the process.
func TestABlobStoreThatPanicsFailsTheWrite(t *testing.T) {
	_, _, err := parsed.NewStore(bursting{&realmtest.Blobs{}}, 1<<20).Write(t.Context(), key, id, numbers(5000, nil))
	require.ErrorContains(t, err, "nil map")
}
