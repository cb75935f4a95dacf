package httpapi

import (
	"embed"
	"net/http"
	"slices"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gin-gonic/gin"
	"github.com/swaggest/swgui/v5emb"

	"github.com/symphainy/symphainy/domain/fault"
)

//go:embed assets
var assets embed.FS

const assetBase = "/api/docs/assets/"

// Policies of the pages: only what this server serves itself, no script in the page, nothing inline. Swagger UI sets styles on elements,
// which needs unsafe-inline for styles, and draws its icons from data URLs.
const (
	pageCSP = "default-src 'none'; style-src 'self'; img-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
	docsCSP = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self' data:; " +
		"connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
)

func (s *Server) pageRoutes() {
	html := &huma.Response{Description: "A page", Content: map[string]*huma.MediaType{"text/html": {}}}
	file := &huma.Response{Description: "A file of the page", Content: map[string]*huma.MediaType{"text/css": {}, "text/javascript": {}, "application/javascript": {}, "image/png": {}}}
	object := &huma.Schema{Type: huma.TypeObject, AdditionalProperties: true}
	doc := &huma.Response{Description: "The document", Content: map[string]*huma.MediaType{"application/json": {Schema: object}}}
	tags := []string{"platform"}
	page := func(path, summary string, h gin.HandlerFunc, answer *huma.Response) {
		s.plain(huma.Operation{Method: http.MethodGet, Path: path, Summary: summary, Tags: tags, Parameters: pathParams(path),
			Responses: map[string]*huma.Response{"200": answer}}, h)
	}
	page("/", "Where to start", s.page("assets/index.html", pageCSP), html)
	page("/api/docs", "This interface, to read and try", s.page("assets/docs.html", docsCSP), html)
	page(assetBase+"{file}", "Files of the pages", s.asset(), file)
	page("/api/openapi.json", "This interface as OpenAPI 3.1", func(c *gin.Context) {
		text, err := s.document()
		if err != nil {
			s.fail(c, err)
			return
		}
		c.Data(http.StatusOK, "application/json", text)
	}, doc)
	page("/api/asyncapi.json", "The sockets as AsyncAPI 3", func(c *gin.Context) {
		if len(s.d.AsyncAPI) == 0 {
			s.fail(c, fault.ErrNotFound)
			return
		}
		c.Data(http.StatusOK, "application/json", s.d.AsyncAPI)
	}, doc)
}

func (s *Server) page(name, csp string) gin.HandlerFunc {
	raw, err := assets.ReadFile(name)
	if err != nil {
		s.wrong = append(s.wrong, err)
	}
	return func(c *gin.Context) {
		c.Header("Content-Security-Policy", csp)
		c.Data(http.StatusOK, "text/html; charset=utf-8", raw)
	}
}

// asset serves the pages' own files and, by exact name, those of Swagger UI.
func (s *Server) asset() gin.HandlerFunc {
	swagger := v5emb.New("", "", assetBase)
	theirs := []string{"swagger-ui.css", "swagger-ui-bundle.js", "favicon-32x32.png"}
	kinds := map[string]string{"page.css": "text/css; charset=utf-8", "docs.js": "text/javascript; charset=utf-8"}
	return func(c *gin.Context) {
		name := c.Param("file")
		if kind, ours := kinds[name]; ours {
			raw, err := assets.ReadFile("assets/" + name)
			if err != nil {
				s.fail(c, err)
				return
			}
			c.Data(http.StatusOK, kind, raw)
			return
		}
		if !slices.Contains(theirs, name) {
			s.fail(c, fault.ErrNotFound)
			return
		}
		swagger.ServeHTTP(c.Writer, c.Request)
	}
}
