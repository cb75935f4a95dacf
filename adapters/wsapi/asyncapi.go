package wsapi

import (
	_ "embed"
	"slices"
)

//go:generate cp asyncapi.json ../../docs/api/asyncapi.json

//go:embed asyncapi.json
var asyncAPI []byte

// AsyncAPI gives the AsyncAPI 3 document of the sockets, which /api/asyncapi.json serves. The tests hold every frame that goes over a
// socket to its schemas.
func AsyncAPI() []byte { return slices.Clone(asyncAPI) }
