package insights

import (
	"encoding/json"
	"math"

	"github.com/symphainy/symphainy/application/artifacts"
	"github.com/symphainy/symphainy/application/realms/insights/structured"
)

// payload is the analysis as it is stored. Each list has a budget; the counts beside them tell how much there is.
func (s structuredShape) payload() json.RawMessage {
	r := s.result
	strong := []structured.Correlation{}
	for _, c := range r.Correlations {
		if math.Abs(c.R) >= structured.Strong {
			strong = append(strong, c)
		}
	}
	fields := map[string]any{
		"analysis_id": s.id, "structured_analysis_id": s.id, "parsed_file_id": s.source.ID, "file_id": fileOf(s.source), "name": s.source.Name,
		"table": clip(r.Table, nameMost), "rows_analyzed": r.Rows, "column_count": r.Columns,
		"analysis_options": map[string]any{
			"statistical": s.opts.Statistical, "patterns": s.opts.Patterns, "anomalies": s.opts.Anomalies, "trends": s.opts.Trends,
		},
		"insights": sentences(r.Insights, insightsBudget),
	}
	cut := false
	put := func(key string, list []json.RawMessage, truncated bool) {
		fields[key] = list
		cut = cut || truncated
	}
	if s.opts.Statistical {
		numeric, c1 := bounded(r.Numeric, numericBudget, numericOf)
		put("numeric", numeric, c1)
		categorical, c2 := bounded(r.Categorical, categoricalBudget, categoricalOf)
		put("categorical", categorical, c2)
		dates, c3 := bounded(r.Dates, smallBudget, dateOf)
		put("dates", dates, c3)
		groups, c4 := bounded(r.Groups, groupsBudget, groupingOf)
		put("group_by", groups, c4)
	}
	if s.opts.Patterns {
		correlations, c1 := bounded(strong, correlationsBudget/2, correlationOf)
		matrix, c2 := bounded(r.Correlations, correlationsBudget, correlationOf)
		constant, c3 := bounded(r.Constant, smallBudget, constantOf)
		empty := sentences(r.Empty, smallBudget)
		fields["patterns"] = map[string]any{
			"correlations": correlations, "correlation_matrix": matrix, "constant_columns": constant, "empty_columns": empty,
			"repeated_rows": map[string]any{
				"count": r.Repeats.Count, "share": r.Repeats.Share, "rows": append([]int{}, r.Repeats.Rows...), "of": append([]int{}, r.Repeats.Of...),
			},
		}
		cut = cut || c1 || c2 || c3 || len(empty) < len(r.Empty)
	}
	if s.opts.Anomalies {
		anomalies, c := bounded(r.Anomalies, anomaliesBudget, anomalyOf)
		put("anomalies", anomalies, c)
		fields["anomaly_count"] = len(r.Anomalies)
	}
	if s.opts.Trends {
		trends, c := bounded(r.Trends.Columns, trendsBudget, trendOf)
		fields["trends"] = map[string]any{"order": clip(r.Trends.Order, nameMost), "by_date": r.Trends.ByDate, "undated_rows": r.Trends.Undated, "columns": trends}
		cut = cut || c
	}
	fields["truncated"] = cut
	return artifacts.Encode(fields)
}

func numericOf(n structured.Numeric) map[string]any {
	out := map[string]any{
		"field": clip(n.Column, nameMost), "identifier": n.Identifier, "count": n.Count, "non_numeric": n.NonNumeric, "sum": figure(n.Sum),
		"mean": figure(n.Mean), "median": figure(n.Median), "mode": optional(n.Mode), "mode_count": n.ModeCount, "std_dev": optional(n.StdDev),
		"min": figure(n.Min), "max": figure(n.Max), "range": figure(n.Range), "quartiles": nil,
	}
	if q := n.Quartiles; q != nil {
		out["quartiles"] = map[string]any{"q1": figure(q[0]), "q2": figure(q[1]), "q3": figure(q[2])}
	}
	return out
}

func categoricalOf(c structured.Categorical) map[string]any {
	out := map[string]any{
		"field": clip(c.Column, nameMost), "count": c.Count, "unique_values": c.Unique, "most_common": sharesOf(c.MostCommon), "distribution": nil,
	}
	if c.Unique < 0 {
		out["unique_values"] = nil
	}
	if c.Distribution != nil {
		out["distribution"] = sharesOf(c.Distribution)
	}
	return out
}

func sharesOf(list []structured.Share) []any {
	out := make([]any, 0, len(list))
	for _, s := range list {
		out = append(out, map[string]any{"value": clip(s.Value, valueMost), "count": s.Count, "share": s.Share})
	}
	return out
}

func dateOf(d structured.DateRange) map[string]any {
	return map[string]any{"field": clip(d.Column, nameMost), "count": d.Count, "earliest": d.Earliest, "latest": d.Latest}
}

func groupingOf(g structured.Grouping) map[string]any {
	groups := make([]any, 0, len(g.Groups))
	for _, x := range g.Groups {
		groups = append(groups, map[string]any{
			"value": clip(x.Value, valueMost), "count": x.Count, "sum": figure(x.Sum), "mean": figure(x.Mean), "min": figure(x.Min), "max": figure(x.Max),
		})
	}
	return map[string]any{"by": clip(g.By, nameMost), "field": clip(g.Column, nameMost), "groups": groups}
}

func correlationOf(c structured.Correlation) map[string]any {
	return map[string]any{"fields": []string{clip(c.A, nameMost), clip(c.B, nameMost)}, "r": figure(c.R), "pairs": c.Pairs}
}

func constantOf(c structured.Constant) map[string]any {
	return map[string]any{"field": clip(c.Column, nameMost), "value": clip(c.Value, valueMost)}
}

func anomalyOf(a structured.Anomaly) map[string]any {
	return map[string]any{
		"field": clip(a.Column, nameMost), "outlier_count": a.Count, "share": a.Share, "outlier_values": figures(a.Values), "rows": append([]int{}, a.Rows...),
		"bounds": map[string]any{"low": figure(a.Low), "high": figure(a.High)},
	}
}

func trendOf(t structured.Trend) map[string]any {
	months := []any{}
	for _, m := range t.Months[max(0, len(t.Months)-monthsShown):] {
		months = append(months, map[string]any{"month": m.Month, "count": m.Count, "sum": figure(m.Sum), "mean": figure(m.Mean)})
	}
	return map[string]any{
		"field": clip(t.Column, nameMost), "direction": t.Direction, "ups": t.Ups, "downs": t.Downs, "first": figure(t.First), "last": figure(t.Last), "monthly": months,
	}
}
