// Package sandbox reads files of strangers with libraries that can be made to loop, to recurse without end or to use up memory: in a process of
// its own, this program's second self, which has one file, no environment and little memory, and which is killed when its time is over.
package sandbox

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"time"

	"github.com/symphainy/symphainy/application/realms/content/parse/pdftext"
)

// Command is the name of the program's command that calls Main.
const Command = "read-pdf"

const (
	// memory is what the process may use, stack what a call may go down.
	memory = 512 << 20
	stack  = 64 << 20
	// escaped is how many bytes of JSON a byte of text can need.
	escaped = 6
)

// answer is what the process says.
type answer struct {
	Text      pdftext.Text     `json:"text"`
	TooMuch   *pdftext.TooMuch `json:"too_much,omitempty"`
	Encrypted bool             `json:"encrypted,omitempty"`
	Malformed string           `json:"malformed,omitempty"`
}

// PDF reads PDF files in processes of a program whose command is Command. It is safe for concurrent use.
type PDF struct {
	program string
	args    []string
}

// NewPDF makes a reader; arguments go before the command.
func NewPDF(program string, arguments ...string) PDF { return PDF{program, append(arguments, Command)} }

// Read is pdftext.Extract in another process: the same answers, and a file that breaks the process is a broken file.
func (p PDF) Read(ctx context.Context, in io.ReaderAt, size int64, limits pdftext.Limits) (pdftext.Text, error) {
	file, err := spool(in, size)
	if err != nil {
		return pdftext.Text{}, err
	}
	defer file.Close()
	args := append(append([]string(nil), p.args...), strconv.FormatInt(limits.Pages, 10), strconv.FormatInt(limits.TextBytes, 10))
	cmd := exec.CommandContext(ctx, p.program, args...) //nolint:gosec // the program is this one, the arguments are two numbers
	cmd.ExtraFiles = []*os.File{file}
	cmd.Env = []string{"GOMAXPROCS=1", "GOTRACEBACK=none"}
	cmd.WaitDelay = time.Second
	out, err := cmd.StdoutPipe()
	if err != nil {
		return pdftext.Text{}, err
	}
	if err := cmd.Start(); err != nil {
		return pdftext.Text{}, fmt.Errorf("start the reader of PDF files: %w", err)
	}
	var a answer
	decoding := json.NewDecoder(io.LimitReader(out, escaped*limits.TextBytes+1<<20)).Decode(&a)
	if decoding != nil {
		// What is left unread would keep the process waiting.
		decoding = errors.Join(decoding, cmd.Process.Kill())
	}
	ended := cmd.Wait()
	if err := ctx.Err(); err != nil {
		return pdftext.Text{}, err
	}
	if decoding != nil {
		return pdftext.Text{}, fmt.Errorf("%w: the reader ended early: %w", pdftext.ErrMalformed, errors.Join(decoding, ended))
	}
	return a.result()
}

func (a answer) result() (pdftext.Text, error) {
	switch {
	case a.TooMuch != nil:
		return pdftext.Text{}, a.TooMuch
	case a.Encrypted:
		return pdftext.Text{}, pdftext.ErrEncrypted
	case a.Malformed != "":
		return pdftext.Text{}, fmt.Errorf("%w: %s", pdftext.ErrMalformed, a.Malformed)
	}
	return a.Text, nil
}

// spool copies the file to one without a name, at its start.
func spool(in io.ReaderAt, size int64) (*os.File, error) {
	file, err := os.CreateTemp("", "symphainy-*.pdf")
	if err != nil {
		return nil, err
	}
	err = os.Remove(file.Name())
	if err == nil {
		_, err = io.Copy(file, io.NewSectionReader(in, 0, size))
	}
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return file, nil
}
