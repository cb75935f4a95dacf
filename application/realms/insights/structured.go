package insights

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/symphainy/symphainy/application/artifacts"
	"github.com/symphainy/symphainy/application/realms/insights/structured"
	"github.com/symphainy/symphainy/application/realms/say"
	"github.com/symphainy/symphainy/application/realms/steps"
	"github.com/symphainy/symphainy/domain/artifact"
	"github.com/symphainy/symphainy/domain/document"
	"github.com/symphainy/symphainy/domain/event"
	"github.com/symphainy/symphainy/domain/identity"
	"github.com/symphainy/symphainy/domain/realm"
	"github.com/symphainy/symphainy/domain/typeid"
	"github.com/symphainy/symphainy/ports"
)

const (
	analyzeStructured      = "analyze_structured_data"
	keyStructuredAnalysis  = "structured_analysis"
	keyAnalysis            = "analysis"
	keyAnalysisReport      = "analysis_report"
	eventStructuredData    = "structured_data_analyzed"
	schemaStructured       = "structured_analysis_v1"
	schemaReport           = "analysis_report_v1"
	insightsBudget         = 24 << 10
	numericBudget          = 40 << 10
	categoricalBudget      = 48 << 10
	groupsBudget           = 32 << 10
	correlationsBudget     = 16 << 10
	anomaliesBudget        = 16 << 10
	trendsBudget           = 32 << 10
	smallBudget            = 8 << 10
	valueMost              = 120
	monthsShown            = 60
	structuredOptionSchema = `{"type":"object","additionalProperties":false,"properties":{"statistical":{"type":"boolean"},"patterns":{"type":"boolean"},"anomalies":{"type":"boolean"},"trends":{"type":"boolean"}}}`
)

const structuredSchema = `{"type":"object","additionalProperties":false,"required":["parsed_file_id"],
"properties":{
 "parsed_file_id":` + idSchema + `,
 "table":{"type":"string","minLength":1,"maxLength":500},
 "analysis_options":` + structuredOptionSchema + `}}`

func structuredSpec() realm.IntentSpec {
	return realm.IntentSpec{
		Type: analyzeStructured, Title: "Analyze a table", Tier: 1, Anonymous: true,
		Summary:          "Computes figures, groups, correlations, outliers and trends of a table, and says in sentences what stands out.",
		Schema:           []byte(structuredSchema),
		ParameterAliases: map[string]string{"parsed_result_id": "parsed_file_id"},
		Permission:       identity.PermWrite, Retry: realm.RetryPure,
		ResultKeys: []string{keyStructuredAnalysis, keyAnalysis, keyAnalysisReport}, Events: []string{eventStructuredData},
		Example: []byte(`{"parsed_file_id":"par_01jd8h0000exampe0000000000","analysis_options":{"trends":false}}`),
	}
}

type structuredParameters struct {
	ParsedFileID string `json:"parsed_file_id"`
	Table        string `json:"table"`
	Options      struct {
		Statistical *bool `json:"statistical"`
		Patterns    *bool `json:"patterns"`
		Anomalies   *bool `json:"anomalies"`
		Trends      *bool `json:"trends"`
	} `json:"analysis_options"`
}

func (p structuredParameters) options() (structured.Options, error) {
	on := func(b *bool) bool { return b == nil || *b }
	o := structured.Options{Statistical: on(p.Options.Statistical), Patterns: on(p.Options.Patterns), Anomalies: on(p.Options.Anomalies), Trends: on(p.Options.Trends)}
	if o == (structured.Options{}) {
		return o, wrong("analysis_options", "nothing_asked", "at least one kind of analysis must be left on.")
	}
	return o, nil
}

// analyzed is what the one step stores: the analysis and its report.
type analyzed struct{ Analysis, Report made }

func (r *Realm) analyzeStructured(ctx context.Context, call ports.IntentCall) (ports.IntentResult, error) {
	in, err := steps.Parameters[structuredParameters](call)
	if err != nil {
		return ports.IntentResult{}, err
	}
	opts, err := in.options()
	if err != nil {
		return ports.IntentResult{}, err
	}
	source, err := r.document(ctx, call, in.ParsedFileID)
	if err != nil {
		return ports.IntentResult{}, err
	}
	done, err := steps.Run(ctx, call, "analyze", func(ctx context.Context, _ string) (analyzed, error) {
		return r.computeStructured(ctx, source, in, opts)
	})
	if err != nil {
		return ports.IntentResult{}, err
	}
	analysis := outcome(call, keyStructuredAnalysis, schemaStructured, done.Analysis, source)
	return ports.IntentResult{
		Artifacts: []ports.ResultArtifact{
			{Key: keyStructuredAnalysis, Aliases: []string{keyAnalysis}, Artifact: analysis},
			{Key: keyAnalysisReport, Artifact: outcome(call, keyAnalysisReport, schemaReport, done.Report, analysis, source)},
		},
		Values: map[string]string{"analysis_id": done.Analysis.ID, "analysis_report_id": done.Report.ID, "parsed_file_id": source.ID},
		Events: []event.Draft{{Type: eventStructuredData, Data: done.Analysis.Event}},
	}, nil
}

func (r *Realm) computeStructured(ctx context.Context, source artifact.Snapshot, in structuredParameters, opts structured.Options) (analyzed, error) {
	doc, err := r.documents.Open(ctx, source)
	if err != nil {
		return analyzed{}, err
	}
	index, err := tableOf(doc.Document, "table", in.Table)
	if err != nil {
		return analyzed{}, err
	}
	if index < 0 {
		return analyzed{}, structured.ErrInsufficient.WithMsg("The document has no table to analyze; analyze_unstructured_data works on text.")
	}
	rows := rowsOf(ctx, doc)
	result, err := structured.Analyze(structured.Input{
		Table: &doc.Tables[index], FirstLine: doc.Metadata.Counts[document.CountFirstLine],
		Rows: func(visit func(row document.Row) error) error { return rows(index, visit) },
	}, opts)
	if err != nil {
		return analyzed{}, err
	}
	s := structuredShape{
		id: r.IDs.NewID(typeid.Artifact), report: r.IDs.NewID(typeid.Artifact),
		source: source, doc: doc.Document, table: index, result: result, opts: opts, named: in.Table != "",
	}
	return analyzed{
		Analysis: made{ID: s.id, Payload: s.payload(), Metadata: s.metadata(schemaStructured), Event: s.event()},
		Report:   made{ID: s.report, Payload: s.reportPayload(), Metadata: s.metadata(schemaReport), Renderings: s.markdown()},
	}, nil
}

type structuredShape struct {
	id, report string
	source     artifact.Snapshot
	doc        *document.Document
	table      int
	result     *structured.Analysis
	opts       structured.Options
	named      bool
}

func (s structuredShape) metadata(schema string) json.RawMessage {
	var assumptions []string
	if n := len(s.doc.Tables); n > 1 && !s.named {
		assumptions = append(assumptions, fmt.Sprintf("The document has %d tables; the one with the most rows was analyzed.", n))
	}
	if s.opts.Trends {
		order := "Trends follow the order of the rows, because no column holds dates."
		if s.result.Trends.ByDate {
			order = "Trends follow the first column of dates; rows of the same date keep their order."
		}
		assumptions = append(assumptions, order)
	}
	warnings := truncations(s.doc.Tables[s.table])
	for _, l := range s.result.Limits[:min(len(s.result.Limits), 50)] {
		warnings = append(warnings, warning("limited", l))
	}
	return described(schema, assumptions, warnings)
}

func (s structuredShape) event() json.RawMessage {
	return artifacts.Encode(map[string]any{
		"analysis_id": s.id, "parsed_file_id": s.source.ID, "name": s.source.Name, "table": clip(s.result.Table, nameMost),
		"rows_analyzed": s.result.Rows, "anomaly_count": len(s.result.Anomalies), "insights": sentences(s.result.Insights[:min(len(s.result.Insights), 3)], smallBudget),
	})
}

func (s structuredShape) reportPayload() json.RawMessage {
	return artifacts.Encode(map[string]any{
		"analysis_report_id": s.report, "analysis_id": s.id, "parsed_file_id": s.source.ID, "file_id": fileOf(s.source), "name": s.source.Name,
		"title": "Analysis of " + say.Plain(s.source.Name, 100), "table": clip(s.result.Table, nameMost), "rows_analyzed": s.result.Rows,
		"insights": sentences(s.result.Insights, insightsBudget),
	})
}

// markdown is the report as a text, in which nothing of the user's is more than text.
func (s structuredShape) markdown() json.RawMessage {
	var b strings.Builder
	fmt.Fprintf(&b, "# Analysis of %s\n\n", say.Markdown(say.Plain(s.source.Name, 100)))
	fmt.Fprintf(&b, "Computed from %s of table %s.\n\n## What stands out\n\n", say.Plural(s.result.Rows, "row", "rows"), say.Markdown(say.Plain(s.result.Table, 100)))
	for _, x := range sentences(s.result.Insights, insightsBudget) {
		fmt.Fprintf(&b, "- %s\n", say.Markdown(x))
	}
	if n := s.result.Numeric; len(n) > 0 {
		b.WriteString("\n## Figures\n\n| column | count | mean | median | deviation | min | max |\n|---|---:|---:|---:|---:|---:|---:|\n")
		for _, x := range n[:min(len(n), 100)] {
			deviation := "–"
			if x.StdDev != nil {
				deviation = say.Number(*x.StdDev)
			}
			fmt.Fprintf(&b, "| %s | %d | %s | %s | %s | %s | %s |\n", say.Markdown(say.Plain(x.Column, 60)), x.Count, say.Number(x.Mean), say.Number(x.Median),
				deviation, say.Number(x.Min), say.Number(x.Max))
		}
	}
	return artifacts.Encode(map[string]any{"markdown": b.String()})
}
