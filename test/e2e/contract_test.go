package e2e_test

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/legacy"
	"github.com/stretchr/testify/require"
)

// contract is the server's OpenAPI document, with which answers are compared.
type contract struct{ router routers.Router }

// loadContract asks the server for its document.
func loadContract(t *testing.T, a *api) *contract {
	t.Helper()
	res, _, err := a.try(request{method: http.MethodGet, path: "/api/openapi.json"})
	require.NoError(t, err)
	res.is(http.StatusOK)
	doc, err := openapi3.NewLoader().LoadFromData(res.body)
	require.NoError(t, err)
	// Requests carry the test's address; the document need not name it.
	doc.Servers = openapi3.Servers{{URL: a.base}}
	router, err := legacy.NewRouter(doc)
	require.NoError(t, err)
	return &contract{router}
}

// check holds an answer against the document. A path that the document does not have may only answer that it is not there.
func (c *contract) check(t *testing.T, sent *http.Request, res response) {
	t.Helper()
	route, params, err := c.router.FindRoute(sent)
	if err != nil {
		require.Contains(t, []int{http.StatusNotFound, http.StatusMethodNotAllowed}, res.status, "%s is not in the OpenAPI document: %v", res.what, err)
		return
	}
	err = openapi3filter.ValidateResponse(context.Background(), &openapi3filter.ResponseValidationInput{
		RequestValidationInput: &openapi3filter.RequestValidationInput{Request: sent, PathParams: params, Route: route},
		Status:                 res.status, Header: res.header, Body: io.NopCloser(bytes.NewReader(res.body)),
		Options: &openapi3filter.Options{IncludeResponseStatus: true},
	})
	require.NoError(t, err, "%s: %.600s", res.what, res.body)
}
