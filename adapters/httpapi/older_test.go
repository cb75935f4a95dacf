package httpapi_test

import (
	"bytes"
	"mime/multipart"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestOlderPathsAreTranslations(t *testing.T) {
	w := newWorld(t)
	v := w.visit()
	as := func(method, path string, body any) call {
		return call{method: method, path: path, secret: v.secret, body: body}
	}
	w.do(as("GET", "/api/v1/content-pillar/list-parsed-files", nil)).is(200)
	require.Empty(t, w.do(as("GET", "/api/v1/content-pillar/list-parsed-files", nil)).json()["parsed_files"])

	custom := w.do(as("POST", "/api/v1/mvp-solution/customize", map[string]any{"goals": []string{"answer claims in a day"}})).is(200).json()
	require.Equal(t, "upload_files", custom["guidance"].(map[string]any)["recommended_action"])
	s := w.do(as("POST", "/api/v1/mvp-solution/session", map[string]any{"session_id": v.session})).is(200).json()
	require.Equal(t, v.session, s["session_id"])
	require.Contains(t, s["metadata"], "business_context")
	require.Equal(t, "content", w.do(as("POST", "/api/v1/mvp-solution/navigate", map[string]any{"target": "content_pillar"})).is(200).json()["pillar"])
	require.Equal(t, "content", w.do(as("POST", "/api/v1/mvp-solution/guidance", map[string]any{})).is(200).json()["recommended_pillar"])
	w.do(call{method: "GET", path: "/api/v1/content-pillar/list-parsed-files"}).fails(401, "unauthenticated")
}

func TestAnOlderUploadBringsItsCopybook(t *testing.T) {
	w := newWorld(t)
	v := w.visit()
	var form bytes.Buffer
	m := multipart.NewWriter(&form)
	require.NoError(t, m.WriteField("session_id", v.session))
	for name, text := range map[string]string{"copybook": "01 A. 05 B PIC X(3).", "file": "abcdef"} {
		part, err := m.CreateFormFile(name, name+".txt")
		require.NoError(t, err)
		_, err = part.Write([]byte(text))
		require.NoError(t, err)
	}
	require.NoError(t, m.Close())
	c := call{method: "POST", path: "/api/v1/content-pillar/upload-file", secret: v.secret, body: form.String(), header: map[string]string{"Content-Type": m.FormDataContentType()}}
	up := w.do(c).is(http.StatusAccepted)
	status := w.settle(call{secret: v.secret}, up.str("execution_id"))
	require.Equal(t, "completed", status["status"], status)
	c.path = "/api/files"
	w.do(c).fails(http.StatusBadRequest, "unknown_field")

	list := w.do(call{method: "POST", path: "/api/intent/submit", secret: v.secret, header: map[string]string{"Prefer": "wait=5"},
		body: map[string]any{"intent_type": "list_files", "parameters": map[string]any{"include_pending": true}}}).is(200).json()
	require.EqualValues(t, 2, list["artifacts"].(map[string]any)["file_list"].(map[string]any)["count"], "the copybook is a file of its own")
}
