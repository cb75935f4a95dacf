package sandbox

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"strconv"

	"github.com/symphainy/symphainy/application/realms/content/parse/pdftext"
)

// inherited is the descriptor of the file that the process is given.
const inherited = 3

// Main is the process's whole life: it reads the file that it was given within args' limits (pages, bytes of text) and writes the answer. An
// error is one of the process, not of the file.
func Main(ctx context.Context, args []string, out io.Writer) error {
	if len(args) != 2 {
		return errors.New("usage: " + Command + " PAGES BYTES")
	}
	var limits pdftext.Limits
	for i, p := range []*int64{&limits.Pages, &limits.TextBytes} {
		n, err := strconv.ParseInt(args[i], 10, 64)
		if err != nil {
			return fmt.Errorf("read a limit: %w", err)
		}
		*p = n
	}
	debug.SetMaxStack(stack)
	debug.SetMemoryLimit(memory * 3 / 4)
	if err := confine(memory); err != nil {
		return fmt.Errorf("limit the memory: %w", err)
	}
	file := os.NewFile(inherited, "document")
	if file == nil {
		return errors.New("there is no file to read")
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return fmt.Errorf("look at the file: %w", err)
	}
	text, err := pdftext.Extract(ctx, file, info.Size(), limits)
	return json.NewEncoder(out).Encode(answerOf(text, err))
}

func answerOf(text pdftext.Text, err error) answer {
	var much *pdftext.TooMuch
	switch {
	case err == nil:
		return answer{Text: text}
	case errors.As(err, &much):
		return answer{TooMuch: much}
	case errors.Is(err, pdftext.ErrEncrypted):
		return answer{Encrypted: true}
	}
	return answer{Malformed: err.Error()}
}
