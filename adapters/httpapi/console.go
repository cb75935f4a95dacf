package httpapi

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"path"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gin-gonic/gin"

	"github.com/symphainy/symphainy/domain/fault"
)

// consoleCSP lets the console's own files run and nothing else; blob: is for the pictures that it makes of artifacts.
const consoleCSP = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; connect-src 'self'; " +
	"frame-ancestors 'none'; base-uri 'none'; form-action 'none'"

// consoleKinds are the files that a console may have.
func consoleKinds(name string) string {
	switch path.Ext(name) {
	case ".html":
		return "text/html; charset=utf-8"
	case ".js":
		return "text/javascript; charset=utf-8"
	case ".css":
		return "text/css; charset=utf-8"
	case ".svg":
		return "image/svg+xml"
	}
	return ""
}

// consoleRoutes serve the files of Deps.Console; without it there is no console.
func (s *Server) consoleRoutes() {
	if s.d.Console == nil {
		return
	}
	files, err := consoleFiles(s.d.Console)
	if err != nil {
		s.wrong = append(s.wrong, err)
		return
	}
	tags := []string{"platform"}
	answer := &huma.Response{Description: "A file of the console", Content: map[string]*huma.MediaType{
		"text/html": {}, "text/css": {}, "text/javascript": {}, "image/svg+xml": {},
	}}
	s.plain(huma.Operation{Method: http.MethodGet, Path: "/console", Summary: "The console", Tags: tags,
		Responses: map[string]*huma.Response{"200": answer, "304": {Description: "Not Modified"}}}, s.consoleFile(files, func(*gin.Context) string { return "index.html" }))
	s.plain(huma.Operation{Method: http.MethodGet, Path: "/console/{file}", Summary: "Files of the console", Tags: tags, Parameters: pathParams("/console/{file}"),
		Responses: map[string]*huma.Response{"200": answer, "304": {Description: "Not Modified"}}}, s.consoleFile(files, func(c *gin.Context) string { return c.Param("file") }))
}

// consoleContent is a file as it is, and compressed for browsers that take it so, which all do.
type consoleContent struct{ plain, packed []byte }

// consoleFiles reads and compresses all files once; one of a kind that is not known is an error.
func consoleFiles(from fs.FS) (map[string]consoleContent, error) {
	entries, err := fs.ReadDir(from, ".")
	if err != nil {
		return nil, err
	}
	files := map[string]consoleContent{}
	for _, e := range entries {
		if consoleKinds(e.Name()) == "" {
			return nil, fmt.Errorf("httpapi: the console's %q is of no kind that is served", e.Name())
		}
		plain, err := fs.ReadFile(from, e.Name())
		if err != nil {
			return nil, err
		}
		var packed bytes.Buffer
		w := gzip.NewWriter(&packed)
		_, err = w.Write(plain)
		if err = errors.Join(err, w.Close()); err != nil {
			return nil, err
		}
		files[e.Name()] = consoleContent{plain: plain, packed: packed.Bytes()}
	}
	if _, there := files["index.html"]; !there {
		return nil, fmt.Errorf("httpapi: the console has no index.html: %w", fs.ErrNotExist)
	}
	return files, nil
}

func (s *Server) consoleFile(files map[string]consoleContent, name func(*gin.Context) string) gin.HandlerFunc {
	return func(c *gin.Context) {
		file, known := files[name(c)]
		if !known {
			s.fail(c, fault.ErrNotFound)
			return
		}
		c.Header("Content-Type", consoleKinds(name(c)))
		c.Header("Content-Security-Policy", consoleCSP)
		// Asked for again at every visit, and answered with 304 until the server is another one.
		c.Header("Cache-Control", "no-cache")
		c.Header("Vary", "Accept-Encoding")
		tag, content := strings.Trim(s.cfg.Version, `"`), file.plain
		if strings.Contains(c.GetHeader("Accept-Encoding"), "gzip") {
			c.Header("Content-Encoding", "gzip")
			tag, content = tag+"-gzip", file.packed
		}
		c.Header("ETag", `"`+tag+`"`)
		http.ServeContent(c.Writer, c.Request, "", time.Time{}, bytes.NewReader(content))
	}
}
