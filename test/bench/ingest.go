package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"time"
)

// ingestBytes is the size of the file of S11.
const ingestBytes = 200 << 20

// ingest is S11: a CSV of 200 MiB is uploaded, saved and parsed by the real server; the rate counts all of it, and the memory is the most that
// the server ever held.
func ingest(ctx context.Context, d *deployment, _ settings) (string, error) {
	header := http.Header{"Authorization": {"Bearer " + d.token}}
	calm := resident(d.pids[d.url])
	began := time.Now()
	size, rows, made, err := d.upload(ctx, header)
	if err != nil {
		return "", err
	}
	uploaded := time.Now()
	file, err := d.completed(ctx, header, made)
	if err != nil {
		return "", err
	}
	ids := fmt.Sprintf(`"file_id":%q`, file.Artifacts.FileID)
	if _, err = d.intent(ctx, header, "save_materialization", fmt.Sprintf(`{%s,"boundary_contract_id":%q}`, ids, file.Artifacts.ContractID)); err != nil {
		return "", err
	}
	saved := time.Now()
	parsed, err := d.intent(ctx, header, "parse_content", "{"+ids+"}")
	if err != nil {
		return "", err
	}
	ended := time.Now()
	if got := parsed.Artifacts.Parsed.Records; got != rows {
		return "", fmt.Errorf("%d rows were sent, and %d read", rows, got)
	}
	rate := func(from, to time.Time) float64 { return float64(size) / 1e6 / to.Sub(from).Seconds() }
	return fmt.Sprintf("CSV %.1f MB, %d rows: %.1f MB/s in all (upload %.1f, parse %.1f MB/s), peak RSS %s (idle %s)",
		float64(size)/1e6, rows, rate(began, ended), rate(began, uploaded), rate(saved, ended), mib(peak(d.pids[d.url])), mib(calm)), nil
}

// upload sends the file as it is made, and gives how much it was and the execution that takes it in.
func (d *deployment) upload(ctx context.Context, header http.Header) (size, rows int, execution string, err error) {
	reader, writer := io.Pipe()
	form := multipart.NewWriter(writer)
	sent := make(chan error, 1)
	go func() {
		err := form.WriteField("session_id", d.session)
		var part io.Writer
		if err == nil {
			part, err = form.CreateFormFile("file", "orders.csv")
		}
		if err == nil {
			size, rows, err = orders(part)
		}
		err = errors.Join(err, form.Close())
		sent <- err
		_ = writer.CloseWithError(err)
	}()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, d.url+"/api/files", reader)
	if err != nil {
		return 0, 0, "", err
	}
	req.Header = header.Clone()
	req.Header.Set("Content-Type", form.FormDataContentType())
	res, err := d.http.Do(req)
	if err != nil {
		return 0, 0, "", err
	}
	defer func() { _ = res.Body.Close() }()
	answer, err := io.ReadAll(res.Body)
	if err = errors.Join(err, <-sent); err == nil && res.StatusCode != http.StatusAccepted {
		err = fmt.Errorf("upload: %d %s", res.StatusCode, answer)
	}
	var made struct {
		ID string `json:"execution_id"`
	}
	if err == nil {
		err = json.Unmarshal(answer, &made)
	}
	return size, rows, made.ID, err
}

// orders writes rows of text, numbers, dates and addresses until there are enough.
func orders(w io.Writer) (size, rows int, err error) {
	out := bufio.NewWriterSize(w, 1<<16)
	size, err = out.WriteString("order_id,customer,contact_email,order_date,product,quantity,unit_price,status\n")
	for ; err == nil && size < ingestBytes; rows++ {
		var n int
		n, err = fmt.Fprintf(out, "%d,Customer %d,c%d@shop.example,20%02d-%02d-%02d,\"Paper, %d sheets\",%d,%d.%02d,%s\n", 100_000+rows, rows%997, rows%997,
			rows%25, rows%12+1, rows%28+1, rows%7*100, rows%17, rows%300, rows%100, []string{"open", "paid", "shipped"}[rows%3])
		size += n
	}
	return size, rows, errors.Join(err, out.Flush())
}

// ended is what the bench reads of an execution.
type ended struct {
	ID        string `json:"execution_id"`
	Status    string `json:"status"`
	Error     string `json:"error"`
	Artifacts struct {
		FileID     string `json:"file_id"`
		ContractID string `json:"boundary_contract_id"`
		Parsed     struct {
			Records int `json:"record_count"`
		} `json:"parsed_content"`
	} `json:"artifacts"`
}

func (d *deployment) intent(ctx context.Context, header http.Header, intent, parameters string) (ended, error) {
	body := fmt.Sprintf(`{"session_id":%q,"intent_type":%q,"parameters":%s}`, d.session, intent, parameters)
	answer, err := d.call(ctx, http.MethodPost, d.url+"/api/intent/submit", header, []byte(body), http.StatusAccepted)
	if err != nil {
		return ended{}, err
	}
	var e ended
	if err := json.Unmarshal(answer, &e); err != nil {
		return e, err
	}
	return d.completed(ctx, header, e.ID)
}

// completed waits for the end of an execution.
func (d *deployment) completed(ctx context.Context, header http.Header, id string) (ended, error) {
	for {
		answer, err := d.call(ctx, http.MethodGet, d.url+"/api/execution/"+id+"/status", header, nil, http.StatusOK)
		if err != nil {
			return ended{}, err
		}
		var e ended
		if err := json.Unmarshal(answer, &e); err != nil {
			return e, err
		}
		switch e.Status {
		case "completed":
			return e, nil
		case "failed", "cancelled":
			return e, fmt.Errorf("%s: %s", e.Status, answer)
		}
		select {
		case <-ctx.Done():
			return e, context.Cause(ctx)
		case <-time.After(20 * time.Millisecond):
		}
	}
}
