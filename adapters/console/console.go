// Package console holds the pages of the console: plain HTML, CSS and JavaScript modules that run in the browser and use the public API,
// with the browser's cookies, like any other client. There is no build step; what is here is what is served.
package console

import (
	"embed"
	"io/fs"
)

//go:embed static
var static embed.FS

// Files gives the console's files in one flat folder, index.html among them.
func Files() (fs.FS, error) { return fs.Sub(static, "static") }
