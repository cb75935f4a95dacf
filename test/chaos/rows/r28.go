package rows

import (
	"context"
	"encoding/hex"
	"fmt"
	"net/http"
	"time"

	"github.com/symphainy/symphainy/test/chaos/bed"
)

func r28() Row {
	row := Row{
		ID: "R28", Title: "the file store refuses, or does not answer", Short: true,
		Goal: "typed failure within the retry budget, other realms' p99 < 1.5× (full tier)",
	}
	row.Run = func(ctx context.Context, r *Run) Result {
		o := r.outcome(row)
		b, err := r.bed(ctx, func(o *bed.Options) { o.Vars = nil })
		if err != nil {
			o.wrong(err)
			return o.result(nil)
		}
		c, err := b.Anonymous(ctx, "client")
		if err != nil {
			o.wrong(err)
			return o.result(b)
		}
		file, err := savedFile(ctx, b, c)
		if err != nil {
			o.wrong(err)
			return o.result(b)
		}
		parse := func(key string) (string, error) {
			return c.Insist(ctx, bed.Intent{Type: "parse_content", Parameters: map[string]any{"file_id": file}, Key: key})
		}
		n := r.pick(60, 20)
		o.latency(ctx, c, "warm", n)
		calm := o.latency(ctx, c, "calm", n)

		hang := time.Duration(r.pick(30, 3)) * time.Second
		for _, mode := range []string{"error", "sleep:" + hang.String()} {
			o.wrong(b.Restart(ctx, "CHAOS_POINTS=blob.open="+mode))
			var ids []string
			for i := range r.pick(12, 6) {
				id, err := parse(fmt.Sprintf("%s-%d", mode, i))
				o.wrong(err)
				ids = append(ids, id)
			}
			rough := o.latency(ctx, c, mode, n)
			ratio := float64(quantile(rough, 0.99)) / float64(max(quantile(calm, 0.99), time.Millisecond))
			o.figure("%s: others' p99 %s, × %.2f", mode, round(quantile(rough, 0.99)), ratio)
			if r.Full { // the ratio of two short samples says little
				o.want(ratio < 1.5, "%s: others' p99 is × %.2f", mode, ratio)
			}
			o.ended(ctx, b, c, mode, ids)
		}
		o.judge(ctx, b, nil, 0)
		return o.result(b)
	}
	return row
}

// ended waits for parses: refused ones fail with a type after three attempts, those that were only held up complete.
func (o *outcome) ended(ctx context.Context, b *bed.Bed, c *bed.Client, mode string, ids []string) {
	states := map[string]int{}
	for _, id := range ids {
		state, err := c.Ended(ctx, id)
		o.wrong(err)
		a, err := c.Call(ctx, b.Any(), http.MethodGet, "/api/execution/"+id+"/status", nil)
		o.wrong(err)
		code := a.Text("error_code")
		states[state+" "+code]++
		if mode == "error" {
			o.want(state == "failed" && code != "" && code != "internal", "refused: %s is %s %q", id, state, code)
			attempts, err := b.Int(ctx, "SELECT attempt FROM executions WHERE id = '"+id+"'")
			o.wrong(err)
			o.want(attempts == 3, "refused: %s had %d attempts", id, attempts)
		}
	}
	o.count("parses under "+mode, len(ids))
	o.figure("%s: %v", mode, states)
}

// latency measures how long executions of another realm take from submission to their end.
func (o *outcome) latency(ctx context.Context, c *bed.Client, name string, n int) []time.Duration {
	var out []time.Duration
	for i := range n {
		began := time.Now()
		id, err := c.Insist(ctx, bed.Intent{Type: "chaos_run", Parameters: map[string]any{"steps": 2}, Key: fmt.Sprintf("other-%s-%d", name, i)})
		o.wrong(err)
		if _, err := c.Ended(ctx, id); err != nil {
			o.wrong(err)
			return out
		}
		out = append(out, time.Since(began))
	}
	return out
}

// savedFile takes a file in and saves it, so that it can be parsed.
func savedFile(ctx context.Context, b *bed.Bed, c *bed.Client) (string, error) {
	ask := func(intent string, parameters map[string]any, key string) (map[string]any, error) {
		id, err := c.Insist(ctx, bed.Intent{Type: intent, Parameters: parameters, Key: intent})
		if err != nil {
			return nil, err
		}
		if _, err := c.Ended(ctx, id); err != nil {
			return nil, err
		}
		a, err := c.Call(ctx, b.Any(), http.MethodGet, "/api/execution/"+id+"/status", nil)
		if err != nil {
			return nil, err
		}
		artifact, ok := a.Object()["artifacts"].(map[string]any)[key].(map[string]any)
		if !ok {
			return nil, fmt.Errorf("%s: no %s in %s", intent, key, a.Body)
		}
		return artifact, nil
	}
	text := "id,name\n"
	for i := range 200 {
		text += fmt.Sprintf("%d,Name %d\n", i, i)
	}
	file, err := ask("ingest_file", map[string]any{"ui_name": "people.csv", "file_type": "csv", "file_content": hex.EncodeToString([]byte(text))}, "file")
	if err != nil {
		return "", err
	}
	if _, err := ask("save_materialization", map[string]any{"file_id": file["file_id"], "boundary_contract_id": file["boundary_contract_id"]}, "materialization"); err != nil {
		return "", err
	}
	id, _ := file["file_id"].(string)
	return id, nil
}
