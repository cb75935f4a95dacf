package parse

import (
	"context"
	"fmt"
	"io"
	"runtime/debug"
	"slices"
	"strings"

	"github.com/symphainy/symphainy/application/realms/content/parse/pdftext"
	"github.com/symphainy/symphainy/domain/document"
	"github.com/symphainy/symphainy/domain/fault"
)

// The profiles that say how a file is to be read.
const (
	ProfileStructured   = "structured"
	ProfileUnstructured = "unstructured"
	ProfileHybrid       = "hybrid"
	ProfileWorkflow     = "workflow"
	ProfileSOP          = "sop"
	ProfileDataModel    = "data_model"
)

// Input is a file to parse.
type Input struct {
	// Body is read from its start, several times.
	Body io.ReadSeeker
	// Filename is only used for its extension and as the table's name.
	Filename string
	MIME     string
	// Profile is the ingestion profile or parsing type; empty: the parser's own.
	Profile string
	// Copybook is the text of the copybook by which a file of fixed-width records is read.
	Copybook string
	// FileID and SHA256 are copied to the document.
	FileID string
	SHA256 string
}

// Job is one run of a parser.
type Job struct {
	Input   Input
	Options Options
	Limits  Limits

	src    *source
	sink   RowSink
	parser Parser
}

// newDocument starts the document of this run.
func (j *Job) newDocument(format string) *document.Document {
	encoding := j.src.encoding
	if isBinary(j.parser) {
		encoding = ""
	}
	return &document.Document{
		FileID: j.Input.FileID, Format: format, ParsingType: j.parser.Profile(),
		ParserVersion: document.ParserVersion, SourceSHA256: j.Input.SHA256,
		Metadata: document.Metadata{Encoding: encoding, Bytes: j.src.size, Counts: map[string]int{}},
	}
}

// Parser reads one family of formats.
type Parser interface {
	// Format is the name by which the family is known to users.
	Format() string
	// Extensions are the endings of file names, without the dot, lower case.
	Extensions() []string
	// Profile is how the files are read: one of the profiles.
	Profile() string
	// Probe says whether content without a telling name looks like this format.
	Probe(s *source) bool
	// Parse makes the document and sends the rows of its tables to the sink. It may panic on broken input.
	Parse(job *Job) (*document.Document, error)
}

// binaryParser is a parser of bytes that are no text: no encoding is guessed, and a NUL is nothing special.
type binaryParser interface{ binary() bool }

func isBinary(p Parser) bool {
	b, ok := p.(binaryParser)
	return ok && b.binary()
}

// Registry holds the parsers. It is safe for concurrent use.
type Registry struct {
	parsers []Parser
	limits  Limits
}

// Option changes how a registry reads.
type Option func(*choices)

// choices are what can be changed.
type choices struct{ pdf PDFReader }

// WithPDFReader reads PDF files with read; nil is pdftext.Extract, in this process.
func WithPDFReader(read PDFReader) Option {
	return func(c *choices) {
		if read != nil {
			c.pdf = read
		}
	}
}

// NewRegistry makes the registry of all formats that this build reads. The order is the order of probing.
func NewRegistry(limits Limits, options ...Option) *Registry {
	c := choices{pdf: pdftext.Extract}
	for _, o := range options {
		o(&c)
	}
	return &Registry{limits: limits.withDefaults(), parsers: []Parser{
		newXLSX(),
		newDOCX(),
		newPDF(c.pdf),
		newImage(),
		newFixed(),
		newHTML(),
		newBPMN(),
		newXML(),
		newSchema(),
		newMarkdown(),
		newYAML(),
		newJSON(),
		newCSV(),
		newText(),
	}}
}

// Limits are the limits in force.
func (r *Registry) Limits() Limits { return r.limits }

// Formats are the names of the supported formats, sorted.
func (r *Registry) Formats() []string {
	names := make([]string, 0, len(r.parsers))
	for _, p := range r.parsers {
		names = append(names, p.Format())
	}
	slices.Sort(names)
	return names
}

// Parse reads the file, streams the rows of its tables to sink (nil: nobody wants them) and returns the document without rows.
//
// Failures are *fault.Error: ErrEmpty, ErrMalformed, ErrUnsupported, ErrLimit, ErrOptions. Errors of the body, of the sink and of a cancelled
// context come back as they are; a deadline that passes is ErrLimit. On failure the sink may have seen rows, which are worthless.
func (r *Registry) Parse(ctx context.Context, in Input, opts Options, sink RowSink) (doc *document.Document, err error) {
	if err := opts.Validate(); err != nil {
		return nil, err
	}
	if sink == nil {
		sink = discard{}
	}
	ctx, cancel := context.WithTimeout(ctx, r.limits.Time)
	defer cancel()
	defer func() {
		if p := recover(); p != nil {
			doc, err = nil, malformed("The content broke the parser.").Because(fmt.Errorf("panic: %v\n%s", p, debug.Stack()))
		}
		err = classify(err, r.limits)
	}()
	src, err := inspect(ctx, in.Body, opts.Encoding)
	if err != nil {
		return nil, err
	}
	if src.blank() {
		return nil, ErrEmpty.WithMsg("The file has no content.")
	}
	parser, warning, err := r.choose(in, src)
	if err != nil {
		return nil, err
	}
	if src.nulAt >= 0 && !src.wide() && !isBinary(parser) {
		return nil, malformed("There is a NUL byte at offset %d: this is not a text file.", src.nulAt)
	}
	job := &Job{Input: in, Options: opts, Limits: r.limits, src: src, sink: sink, parser: parser}
	doc, err = parser.Parse(job)
	if err != nil {
		return nil, err
	}
	if warning != "" {
		doc.Warn("type_mismatch", warning)
	}
	if !isBinary(parser) {
		src.warn(doc)
	}
	doc.Metadata.Counts["tables"] = len(doc.Tables)
	return doc, nil
}

// ParseAll reads a small file with all its rows in memory.
func (r *Registry) ParseAll(ctx context.Context, in Input, opts Options) (*document.Document, error) {
	var rows Memory
	doc, err := r.Parse(ctx, in, opts, &rows)
	if err != nil {
		return nil, err
	}
	for i := range doc.Tables {
		doc.Tables[i].Rows = rows.Tables[i]
	}
	return doc, nil
}

// warn notes what reading the characters has shown.
func (s *source) warn(doc *document.Document) {
	switch {
	case s.cleanup:
		doc.Warn("invalid_utf8", "Some bytes are not UTF-8; they were replaced by U+FFFD.")
	case s.encoding == encWindows && !s.validUTF && s.assumed:
		doc.Warn("encoding_assumed", "The file is not UTF-8; it was read as Windows-1252.")
	}
}

// choose finds the parser: what the content certainly is, then the profile, then the extension, then probing.
func (r *Registry) choose(in Input, src *source) (Parser, string, error) {
	ext := extension(in.Filename)
	if in.Copybook != "" {
		return r.byFormat("fixed_width"), "", nil
	}
	named := r.byExtension(ext)
	if proven := r.proven(src); proven != nil {
		if named == nil && foreignExtensions[ext] != "" && !isBinary(proven) {
			return nil, "", r.unsupported("not what the name says, but "+proven.Format(), ext)
		}
		if named != nil && named.Format() == "bpmn" && proven.Format() == "xml" {
			return named, "", nil // which says what is missing
		}
		if named == nil || named.Format() == proven.Format() || related(named, proven) {
			return proven, "", nil
		}
		if isBinary(named) && !isBinary(proven) {
			return nil, "", r.unsupported("not what the name says, but "+proven.Format(), ext)
		}
		return proven, lie(ext, proven), nil
	}
	if src.encryptedOffice() {
		return nil, "", ErrEncrypted
	}
	if format := magic(src); format != "" && !r.claims(named, src) {
		return nil, "", r.unsupported(format, ext)
	}
	switch {
	case named != nil && named.Format() == "fixed_width":
		return named, "", nil // which asks for the copybook
	case named == nil && foreignExtensions[ext] != "":
		return nil, "", r.unsupported(foreignExtensions[ext], ext)
	case isBinary(named) && !r.claims(named, src):
		return nil, "", r.unsupported("not what the name says", ext)
	case in.Profile == ProfileUnstructured && (named == nil || named.Profile() == ProfileStructured) && !isBinary(named):
		return r.byFormat("text"), "", nil
	}
	parser, warning, err := r.guess(in, src, named, ext)
	if in.Profile == ProfileDataModel && parser != nil && parser.Format() == "json" {
		parser = r.byFormat("json_schema")
	}
	return parser, warning, err
}

// guess decides between the name and what the text looks like.
func (r *Registry) guess(in Input, src *source, named Parser, ext string) (Parser, string, error) {
	probed := r.probe(src)
	switch {
	case named == nil:
		if src.nulAt >= 0 && !src.wide() {
			return nil, "", r.unsupported("binary data", ext)
		}
		if probed == nil {
			probed = r.byMIME(in.MIME)
		}
		return probed, "", nil
	case probed == nil, probed.Format() == named.Format(), !r.lies(named, probed, in.Profile):
		return named, "", nil
	case named.Format() == "text": // a .txt with a table in it is read as one on request, and tells no lie
		return probed, "", nil
	default:
		return probed, lie(ext, probed), nil
	}
}

func lie(ext string, p Parser) string {
	return fmt.Sprintf("The name ends in .%s, the content is %s; it was read as %s.", clip(ext), p.Format(), p.Format())
}

// proven is the parser whose format the first bytes prove, nil if they prove none.
func (r *Registry) proven(src *source) Parser {
	for _, p := range r.parsers {
		if c, ok := p.(interface{ certain(s *source) bool }); ok && c.certain(src) {
			return p
		}
	}
	return nil
}

// claims says that content which proves nothing by itself is still for this parser: a damaged container under the right name.
func (r *Registry) claims(named Parser, src *source) bool {
	if named == nil {
		return false
	}
	c, ok := named.(interface{ signature() string })
	return ok && strings.HasPrefix(string(src.sample[:min(len(src.sample), 16)]), c.signature())
}

// related says that the extension of one format is a usual name of the other too.
func related(named, proven Parser) bool {
	if proven.Format() == "json_schema" {
		return named.Format() == "json"
	}
	return named.Format() == "xml" || (named.Format() == "html" && proven.Format() == "xml")
}

// lies says whether the content overrules the extension.
func (r *Registry) lies(named, probed Parser, profile string) bool {
	switch named.Format() {
	case "text": // text may hold anything; only who asks for structure gets it
		return profile == ProfileStructured
	case "csv":
		return probed.Format() == "json"
	case "json": // .json with a table in it; prose in a .json is broken JSON
		return probed.Format() == "csv"
	default: // the name is the only way to tell Markdown or YAML from text
		return false
	}
}

func (r *Registry) probe(src *source) Parser {
	for _, p := range r.parsers {
		if p.Probe(src) {
			return p
		}
	}
	return nil
}

func (r *Registry) byExtension(ext string) Parser {
	for _, p := range r.parsers {
		if ext != "" && slices.Contains(p.Extensions(), ext) {
			return p
		}
	}
	return nil
}

func (r *Registry) byFormat(format string) Parser {
	for _, p := range r.parsers {
		if p.Format() == format {
			return p
		}
	}
	return nil
}

// byMIME is the last resort for content that looks like nothing: what the sender called it, else text.
func (r *Registry) byMIME(mime string) Parser {
	mime, _, _ = strings.Cut(strings.ToLower(mime), ";")
	switch strings.TrimSpace(mime) {
	case "text/csv", "text/tab-separated-values":
		return r.byFormat("csv")
	case "application/json":
		return r.byFormat("json")
	default:
		return r.byFormat("text")
	}
}

func (r *Registry) unsupported(format, ext string) error {
	what := "This is " + format
	if ext != "" {
		what += " (." + clip(ext) + ")"
	}
	return ErrUnsupported.WithMsg("%s, which is not supported. Supported formats: %s.", what, strings.Join(r.Formats(), ", ")).
		WithFields(fault.Field{Pointer: "/parameters/file_id", Code: "unsupported_format", Message: format})
}

// extension is the ending of a name, lower case, without the dot.
func extension(name string) string {
	base := name[strings.LastIndexAny(name, `/\`)+1:]
	i := strings.LastIndexByte(base, '.')
	if i < 0 {
		return ""
	}
	return strings.ToLower(base[i+1:])
}
