package httpapi

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gin-gonic/gin"

	"github.com/symphainy/symphainy/adapters/internal/wire"
	"github.com/symphainy/symphainy/application/trafficcop"
	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/domain/identity"
	"github.com/symphainy/symphainy/ports"
)

// Bounds of a multipart upload besides the file.
const (
	maxParts      = 32
	maxField      = 64 << 10
	maxFieldBytes = 256 << 10
	maxPartHeader = 16 << 10
	uploadMargin  = 1 << 20
)

// Errors of uploads.
var (
	errNotMultipart = fault.New(fault.Unsupported, "unsupported_media_type", "Send the file as multipart/form-data.")
	errMultipart    = fault.New(fault.Malformed, "malformed_request", "The multipart body cannot be read to its end.")
	errNoFile       = fault.New(fault.Invalid, "invalid_parameters", "The upload has no file.").
			WithFields(fault.Field{Pointer: "/file", Code: "missing", Message: "Send the file in a part called file."})
	errTooManyParts = fault.New(fault.TooLarge, "limit_exceeded", "The upload has too many or too large fields besides its file.")
	errTwice        = fault.New(fault.Malformed, "conflicting_values", "The upload has a field twice.")
	errLateSession  = fault.New(fault.Malformed, "field_order", "Send session_id before the file.")
)

func (s *Server) fileRoutes() {
	str := func(doc string) *huma.Schema { return &huma.Schema{Type: huma.TypeString, Description: doc} }
	form := &huma.Schema{Type: huma.TypeObject, Required: []string{"file"}, AdditionalProperties: false, Properties: map[string]*huma.Schema{
		"file": {Type: huma.TypeString, Format: "binary"}, "session_id": str("Before the file"), "ui_name": str("Default: the file's name"), "filename": str(""),
		"file_type": str(""), "mime_type": str(""), "content_type": str(""), "file_type_category": str(""), "copybook_reference": str(""),
		"ingestion_profile": str(""), "solution_id": str(""), "metadata": str("A JSON object"), "source_metadata": str("A JSON object"),
		"intent_id": str(""), "idempotency_key": str(""), "tenant_id": str("The credential's"), "user_id": str("The credential's"),
	}}
	accepted := jsonOf[wire.Accepted](s, "Accepted: ingest_file is stored, and about to run")
	s.plain(huma.Operation{Method: http.MethodPost, Path: "/api/files", Summary: "Upload a file", Tags: []string{"artifacts"},
		Description: "Streams the file to the store and submits ingest_file.",
		Parameters:  []*huma.Param{{Name: "Idempotency-Key", In: "header", Schema: str("")}, {Name: "session_id", In: "query", Schema: str("")}},
		RequestBody: &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{"multipart/form-data": {Schema: form}}},
		Responses:   map[string]*huma.Response{"202": accepted}}, s.upload)
	s.plain(s.download("/api/files/{id}/content", "Download a file"), s.content)
}

// download documents a route that gives bytes.
func (s *Server) download(path, summary string) huma.Operation {
	binary := &huma.Response{Description: "The bytes, as an attachment", Content: map[string]*huma.MediaType{
		"*/*": {Schema: &huma.Schema{Type: huma.TypeString, Format: "binary"}},
	}}
	return huma.Operation{Method: http.MethodGet, Path: path, Summary: summary, Tags: []string{"artifacts"}, Parameters: pathParams(path),
		Responses: map[string]*huma.Response{"200": binary, "206": binary, "304": {Description: "Not Modified"}, "410": {Description: "Gone"}, "416": {Description: "Range Not Satisfiable"}}}
}

// form is what an upload says besides its bytes.
type form struct {
	fields map[string]string
	size   int
	fileID string
	info   ports.BlobInfo
	// owner is whose file it is.
	owner identity.Principal
	// name is the label that the client gave the file.
	name string
}

func knownField(name string) bool {
	switch name {
	case "session_id", "ui_name", "filename", "file_type", "mime_type", "content_type", "file_type_category", "copybook_reference",
		"ingestion_profile", "solution_id", "metadata", "source_metadata", "intent_id", "idempotency_key", "tenant_id", "user_id":
		return true
	}
	return false
}

// upload streams a file to the store and submits ingest_file for it. Bytes that nothing follows up are swept.
func (s *Server) upload(c *gin.Context) {
	if c.Request.ContentLength > s.cfg.MaxUpload+uploadMargin {
		s.fail(c, ports.ErrBlobTooLarge)
		return
	}
	rc := http.NewResponseController(c.Writer)
	c.Request.Body = &pacedReader{
		r: http.MaxBytesReader(c.Writer, c.Request.Body, s.cfg.MaxUpload+uploadMargin), rc: rc, pace: s.cfg.SlowRead,
	}
	if err := rc.SetWriteDeadline(time.Time{}); err != nil && !errors.Is(err, http.ErrNotSupported) {
		s.fail(c, err)
		return
	}
	receipt, fileID, err := s.ingest(c)
	if err != nil {
		s.fail(c, err)
		return
	}
	out := wire.NewAccepted(receipt.Execution)
	out.FileID = fileID
	c.Header("Location", "/api/execution/"+receipt.Execution.ID+"/status")
	s.json(c, http.StatusAccepted, out)
}

// ingest receives an upload and submits ingest_file for it. Of an upload that is refused nothing is left, and nothing of one that was
// taken before under the same key. Where it is not known whether it was taken the sweep finds out.
func (s *Server) ingest(c *gin.Context) (ports.Receipt, string, error) {
	f := &form{fields: map[string]string{}}
	who, err := s.receive(c, f)
	var receipt ports.Receipt
	var taken string
	if err == nil {
		receipt, taken, err = s.submitIngest(c, who, f)
		if kind := fault.KindOf(err); err != nil && (kind == fault.Internal || kind == fault.Unavailable) {
			return ports.Receipt{}, "", err
		}
	}
	if f.fileID != "" && f.fileID != taken {
		discarded := s.d.Uploads.Discard(context.WithoutCancel(c.Request.Context()), f.owner, f.fileID)
		if err == nil {
			return receipt, taken, nil // What could not be deleted now is swept; the first upload is what it was.
		}
		err = errors.Join(err, discarded)
	}
	return receipt, taken, err
}

func (s *Server) receive(c *gin.Context, f *form) (*caller, error) {
	reader, err := c.Request.MultipartReader()
	if err != nil {
		return nil, errNotMultipart.Because(err)
	}
	var who *caller
	for n := 0; ; n++ {
		part, err := reader.NextPart()
		if errors.Is(err, io.EOF) {
			break
		}
		switch {
		case err != nil:
			return nil, brokenUpload(err)
		case n >= maxParts || headerSize(part) > maxPartHeader:
			return nil, errTooManyParts
		case part.FormName() == copybookPart && c.FullPath() == olderUpload:
			err = s.takeCopybook(c, f, part)
		case part.FormName() != "file":
			err = f.take(part)
		case f.fileID != "":
			err = errTwice
		default:
			if who, err = s.uploader(c, f.fields); err == nil {
				err = s.stage(c.Request.Context(), who, f, part)
			}
		}
		if err != nil {
			return nil, err
		}
	}
	if f.fileID == "" {
		if _, err := s.uploader(c, f.fields); err != nil {
			return nil, err
		}
		return nil, errNoFile
	}
	if !namesOf(c, f.fields).agree(who.principal) {
		return nil, fault.ErrTenantMismatch
	}
	if err := untimed(c.Writer); err != nil {
		return nil, err
	}
	if err := s.still(c, who); err != nil {
		return nil, err
	}
	return who, nil
}

// headerSize gives the bytes of a part's header, about.
func headerSize(part *multipart.Part) (size int) {
	for name, values := range part.Header {
		for _, v := range values {
			size += len(name) + len(v)
		}
	}
	return size
}

// still looks again at who uploads: an upload takes as long as it takes, and a logout, an upgrade or the end of the session meanwhile
// counts. That an access token ran out on the way does not.
func (s *Server) still(c *gin.Context, who *caller) error {
	p := who.principal
	p.ExpiresAt = time.Time{}
	if err := s.d.Guard.Check(c.Request.Context(), p); err != nil {
		return err
	}
	found, err := s.d.Sessions.Resolve(c.Request.Context(), p, who.session.ID())
	if err != nil {
		return err
	}
	route, _ := s.policyOf(c)
	return s.usable(route, found)
}

// take reads a field. Its name is known, it is short, it comes once, and a session comes before the file.
func (f *form) take(part *multipart.Part) error {
	name := part.FormName()
	if !knownField(name) {
		pointer := strings.ToValidUTF8(name, "")
		if len(pointer) > 100 {
			pointer = strings.ToValidUTF8(pointer[:100], "")
		}
		return wire.ErrUnknownField.WithFields(fault.Field{Pointer: "/" + pointer, Code: "unknown_field", Message: "This field is not known here."})
	}
	if _, twice := f.fields[name]; twice {
		return errTwice
	}
	if name == "session_id" && f.fileID != "" {
		return errLateSession
	}
	raw, err := io.ReadAll(io.LimitReader(part, maxField+1))
	if err != nil {
		return brokenUpload(err)
	}
	if f.size += len(raw); len(raw) > maxField || f.size > maxFieldBytes {
		return errTooManyParts
	}
	if !utf8.Valid(raw) || bytes.IndexByte(raw, 0) >= 0 {
		return errMultipart
	}
	if strings.HasPrefix(string(raw), wire.SecretPrefix) || strings.EqualFold(name, "session_secret") {
		return wire.ErrSecretInURL
	}
	f.fields[name] = string(raw)
	return nil
}

// brokenUpload tells a body that is too large from one that breaks off.
func brokenUpload(err error) error {
	var over *http.MaxBytesError
	if errors.As(err, &over) {
		return ports.ErrBlobTooLarge.Because(err)
	}
	return errMultipart.Because(err)
}

// namesOf joins what the URL and the form name.
func namesOf(c *gin.Context, fields map[string]string) names {
	n := callerOf(c.Request.Context()).names
	n.tenants, n.users = append(n.tenants, fields["tenant_id"]), append(n.users, fields["user_id"])
	return n
}

// uploader finds who uploads and for which session, before a byte of the file is kept.
func (s *Server) uploader(c *gin.Context, fields map[string]string) (*caller, error) {
	n := namesOf(c, fields)
	if id := fields["session_id"]; id != "" {
		if n.session != "" && n.session != id {
			return nil, wire.ErrConflict
		}
		n.session = id
	}
	p, _ := s.policyOf(c)
	return s.actingFor(c.Request, p, callerOf(c.Request.Context()).credentials, n)
}

func (s *Server) stage(ctx context.Context, who *caller, f *form, part *multipart.Part) error {
	p := who.principal
	// The bytes belong to the session that is acted for, which of a user need not be the one they signed in with.
	p.SessionID = who.session.ID()
	read := &uploadReader{r: part}
	var err error
	f.name = part.FileName()
	f.owner = p
	f.fileID, f.info, err = s.d.Uploads.Stage(ctx, p, read)
	if read.err != nil && !errors.Is(err, ports.ErrBlobTooLarge) {
		return brokenUpload(read.err)
	}
	return err
}

func (s *Server) submitIngest(c *gin.Context, who *caller, f *form) (ports.Receipt, string, error) {
	ctx := c.Request.Context()
	parameters, err := f.parameters()
	if err != nil {
		return ports.Receipt{}, "", err
	}
	inForm := f.fields["idempotency_key"]
	k, err := idempotencyKey(c.GetHeader("Idempotency-Key"), &inForm)
	if err != nil {
		return ports.Receipt{}, "", err
	}
	var metadata []byte
	if f.fields["metadata"] != "" {
		metadata = []byte(f.fields["metadata"])
		if err := wire.Check(metadata); err != nil {
			return ports.Receipt{}, "", err
		}
	}
	parameters["file_id"] = f.info.SHA256
	same, err := wire.Marshal(parameters)
	if err != nil {
		return ports.Receipt{}, "", err
	}
	parameters["file_id"] = f.fileID
	raw, err := wire.Marshal(parameters)
	if err != nil {
		return ports.Receipt{}, "", err
	}
	receipt, err := s.d.Admission.Submit(ctx, who.principal, trafficcop.SubmitCommand{
		SessionID: who.session.ID(), IntentType: "ingest_file", Parameters: raw, Metadata: metadata, SolutionID: f.fields["solution_id"],
		TenantID: f.fields["tenant_id"], UserID: f.fields["user_id"], IntentID: f.fields["intent_id"], IdempotencyKey: k, Same: same,
		TraceID: wire.TraceID(ctx),
	})
	if err != nil {
		return ports.Receipt{}, "", err
	}
	// A repeated key answers for the first upload, with the first file.
	var stored struct {
		FileID string `json:"file_id"`
	}
	if err := json.Unmarshal(receipt.Execution.Intent.Parameters, &stored); err != nil {
		return ports.Receipt{}, "", fmt.Errorf("parameters of an accepted upload: %w", err)
	}
	return receipt, stored.FileID, nil
}

// parameters gives those of ingest_file, without the file's id.
func (f *form) parameters() (map[string]any, error) {
	out := map[string]any{"ingestion_type": "upload"}
	for _, name := range []string{"ui_name", "filename", "file_type", "mime_type", "content_type", "file_type_category", "copybook_reference"} {
		if v := f.fields[name]; v != "" {
			out[name] = v
		}
	}
	if out["ui_name"] == nil && out["filename"] == nil {
		out["ui_name"] = label(f.name)
	}
	if profile := f.fields["ingestion_profile"]; profile != "" {
		out["ingestion_options"] = map[string]any{"ingestion_profile": profile}
	}
	if source := f.fields["source_metadata"]; source != "" {
		if err := wire.Check([]byte(source)); err != nil {
			return nil, err
		}
		out["source_metadata"] = json.RawMessage(source)
	}
	return out, nil
}

// label makes a name for people of the name that a client gave its file.
func label(name string) string {
	name = strings.ToValidUTF8(name[strings.LastIndexAny(name, `/\`)+1:], "")
	name = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return -1
		}
		return r
	}, name)
	if len(name) > 200 {
		name = strings.ToValidUTF8(name[len(name)-200:], "")
	}
	if name == "" || name == "." || name == ".." {
		return "upload"
	}
	return name
}

// attachment gives the Content-Disposition of a download (RFC 6266).
func attachment(name string) string {
	if v := mime.FormatMediaType("attachment", map[string]string{"filename": name}); v != "" {
		return v
	}
	return "attachment"
}
