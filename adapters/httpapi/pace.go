package httpapi

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gin-gonic/gin"
)

// pacedReader gives each read of a body its own time, so that a large upload may take long and a stuck one may not.
type pacedReader struct {
	r    io.ReadCloser
	rc   *http.ResponseController
	pace time.Duration
}

// Read reads within the pace.
func (p *pacedReader) Read(b []byte) (int, error) {
	err := p.rc.SetReadDeadline(time.Now().Add(p.pace)) //nolint:forbidigo // the deadline of a socket is wall time
	if err != nil && !errors.Is(err, http.ErrNotSupported) {
		return 0, err
	}
	return p.r.Read(b)
}

// Close closes the body.
func (p *pacedReader) Close() error { return p.r.Close() }

// uploadReader remembers why reading a part ended, so that a broken upload is not taken for a broken store.
type uploadReader struct {
	r   io.Reader
	err error
}

// Read reads on.
func (u *uploadReader) Read(b []byte) (int, error) {
	n, err := u.r.Read(b)
	if err != nil && !errors.Is(err, io.EOF) {
		u.err = err
	}
	return n, err
}

// slowWriter gives each write of a download its own time, and leaves errors (a range that cannot be) to the server's own form.
type slowWriter struct {
	http.ResponseWriter
	rc      *http.ResponseController
	pace    time.Duration
	fail    func(status int)
	refused bool
}

// WriteHeader passes success on.
func (w *slowWriter) WriteHeader(status int) {
	if status >= http.StatusBadRequest {
		w.refused = true
		w.fail(status)
		return
	}
	w.ResponseWriter.WriteHeader(status)
}

// Write writes within the pace.
func (w *slowWriter) Write(b []byte) (int, error) {
	if w.refused {
		return len(b), nil
	}
	err := w.rc.SetWriteDeadline(time.Now().Add(w.pace)) //nolint:forbidigo // the deadline of a socket is wall time
	if err != nil && !errors.Is(err, http.ErrNotSupported) {
		return 0, err
	}
	return w.ResponseWriter.Write(b)
}

// pathParams documents the parameters of a path.
func pathParams(path string) []*huma.Param {
	var out []*huma.Param
	for _, segment := range strings.Split(path, "/") {
		if name, ok := strings.CutPrefix(segment, "{"); ok {
			out = append(out, &huma.Param{Name: strings.TrimSuffix(name, "}"), In: "path", Required: true, Schema: &huma.Schema{Type: huma.TypeString}})
		}
	}
	return out
}

// mount hands a request over to a handler that knows nothing of gin, with the path's parameters as net/http gives them.
func mount(h http.Handler) gin.HandlerFunc {
	return func(c *gin.Context) {
		for _, p := range c.Params {
			c.Request.SetPathValue(p.Key, p.Value)
		}
		h.ServeHTTP(c.Writer, c.Request)
	}
}
