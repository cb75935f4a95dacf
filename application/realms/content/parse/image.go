package parse

import (
	"image"
	_ "image/gif"  // the formats whose size is read
	_ "image/jpeg" // the formats whose size is read
	_ "image/png"  // the formats whose size is read
	"strings"

	"github.com/symphainy/symphainy/domain/document"
)

// imagePixels is the largest picture that is taken for one; its pixels are never unpacked.
const imagePixels = 100_000_000

// imageParser reads how large a picture is. What is written on it needs a capability that this build does not have, so that there is
// nothing for a document.
type imageParser struct{}

func newImage() Parser { return imageParser{} }

func (imageParser) Format() string       { return "image" }
func (imageParser) Extensions() []string { return []string{"png", "jpg", "jpeg", "gif"} }
func (imageParser) Profile() string      { return ProfileUnstructured }
func (imageParser) binary() bool         { return true }
func (imageParser) Probe(*source) bool   { return false }

func (imageParser) certain(s *source) bool {
	head := string(s.sample[:min(len(s.sample), 8)])
	for _, signature := range []string{"\x89PNG\r\n\x1a\n", "\xFF\xD8\xFF", "GIF87a", "GIF89a"} {
		if strings.HasPrefix(head, signature) {
			return true
		}
	}
	return false
}

func (imageParser) Parse(job *Job) (*document.Document, error) {
	in, err := job.src.raw()
	if err != nil {
		return nil, err
	}
	size, format, err := image.DecodeConfig(in)
	if err != nil {
		if job.src.ctx.Err() != nil {
			return nil, job.src.ctx.Err()
		}
		return nil, malformed("The picture cannot be read; the file is damaged or cut off.").Because(err)
	}
	if size.Width <= 0 || size.Height <= 0 {
		return nil, malformed("The picture has no pixels.")
	}
	if pixels := int64(size.Width) * int64(size.Height); pixels > imagePixels {
		return nil, exceeded("pixels", imagePixels, pixels, "")
	}
	return nil, ErrOCR.WithMsg("This is a %s picture of %d × %d pixels; reading the text on it needs the capability \"ocr\", which this server does not have.",
		strings.ToUpper(format), size.Width, size.Height)
}
