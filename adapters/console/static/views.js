// What the kinds of artifacts look like.
import { h, table } from "./dom.js";
import { number, short, words } from "./format.js";
import { bars, histogram } from "./plot.js";
import { rows } from "./rows.js";

// Texts over this length are folded away.
const long = 300;

/** @param {any} a the kind's own view */
export function view(a) {
	switch (a.artifact_type) {
	case "parsed_content": return parsed(a);
	case "quality_assessment": return quality(a);
	case "structured_analysis":
	case "analysis_report": return [analysis(a), plain(a.semantic_payload ?? {}, ["insights", "numeric", "categorical", "anomalies"])];
	default: return plain(a.semantic_payload ?? {}, []);
	}
}

/** A value, and a link where it names an artifact. @param {any} v */
const cell = (v) => (typeof v === "string" && /^(art|par|fil)_[0-9a-z]{26}$/.test(v) ? h("a", { href: `#/artifact/${v}` }, "Open") : Array.isArray(v) && v[0] !== null && typeof v[0] === "object" ? number(v.length) : short(v));

/** Facts, lists and texts of any object; what is not there is left out. @param {Record<string, any>} p @param {string[]} without */
function plain(p, without) {
	const entries = Object.entries(p).filter(([k, v]) => !without.includes(k) && v !== null && v !== "");
	const facts = entries.filter(([, v]) => typeof v !== "object" && String(v).length <= long);
	const texts = entries.filter(([, v]) => typeof v === "string" && v.length > long);
	const lists = entries.filter(([, v]) => Array.isArray(v) && v.length > 0);
	return [facts.length > 0 && h("dl.facts", null, facts.map(([k, v]) => [h("dt", null, words(k)), h("dd", null, typeof v === "boolean" ? (v ? "Yes" : "No") : cell(v))])),
		lists.map(([k, v]) => [h("h2", null, words(k)), v[0] !== null && typeof v[0] === "object" ? objects(words(k), v) : h("ul", null, v.slice(0, 200).map((/** @type {any} */ x) => h("li", null, cell(x))))]),
		texts.map(([k, v]) => h("details", null, h("summary", null, words(k)), h("pre.text", { tabindex: 0, "aria-label": words(k) }, v)))];
}

// What tells most about a thing stands first in its row.
const first = ["name", "title", "field", "about", "risk", "step", "date"];
const rank = (/** @type {string} */ k) => (first.includes(k) ? first.indexOf(k) : k.endsWith("_id") ? 99 : 50);

/** A table of equal objects; what none of them has is left out. @param {string} caption @param {any[]} list */
function objects(caption, list) {
	const head = [...new Set(list.slice(0, 50).flatMap((r) => Object.keys(r)))].filter((k) => list.some((r) => r[k] !== null && r[k] !== "" && !(Array.isArray(r[k]) && r[k].length === 0)))
		.sort((a, b) => rank(a) - rank(b)).slice(0, 12);
	return table(caption, head.map(words), list.slice(0, 200).map((r) => head.map((k) => cell(r[k]))));
}

/** @param {any} a */
function parsed(a) {
	const columns = a.columns ?? [], tables = a.tables ?? [];
	const preview = a.parsed_data_preview ?? a.renderings?.preview ?? [];
	return [h("p", null, `${number(a.record_count ?? 0)} records, format ${a.format}.`),
		columns.length > 0 && [h("h2", null, "Columns"), table("Columns", ["Name", "Type", "Format", "Empty"], columns.map((/** @type {any} */ c) => [c.label ?? c.name, c.type, c.format ?? "–", c.null_count ?? 0]))],
		columns.length > 0 && tables.length > 0 ? tables.map((/** @type {any} */ t) => [h("h2", null, tables.length > 1 ? `Rows of ${t.name}` : "Rows"), rows(a.artifact_id, t.name)])
			: Array.isArray(preview) && preview.length > 0 && [h("h2", null, "How it begins"), preview[0] !== null && typeof preview[0] === "object" ? objects("How it begins", preview) : h("pre.text", { tabindex: 0, "aria-label": "How it begins" }, preview.map(short).join("\n"))]];
}

/** @param {any} a */
function quality(a) {
	const issues = a.issues ?? [];
	/** @type {Map<string, any[]>} */
	const byTable = new Map();
	for (const i of issues) byTable.set(i.table ?? "", [...(byTable.get(i.table ?? "") ?? []), i]);
	return [h("p", null, h("b.grade", null, `Grade ${a.grade}`), ` overall ${short(a.overall_score ?? a.overall_quality)} · ${number(a.rows_assessed ?? 0)} rows`),
		bars("Scores by dimension", Object.entries(a.scores ?? {}).filter(([, v]) => typeof v === "number").map(([k, v]) => ({ name: words(k), value: /** @type {number} */ (v), of: 1 }))),
		h("h2", null, "Issues"),
		issues.length === 0 ? h("p.empty", null, "No issues were found.")
			: table("Issues", ["Issue", "Severity", "Column", "Cells", "Rows", "What to do"], issues.map((/** @type {any} */ i) => [
				[h("b", null, words(i.code)), h("br"), i.description], h(`span.badge.${i.severity}`, null, i.severity), i.column ?? "–", i.count, (i.rows ?? []).map((/** @type {number} */ r) => r + 1).join(", "), i.suggestion ?? ""])),
		[...byTable].map(([name, list]) => a.parsed_file_id && list.some((i) => (i.rows ?? []).length > 0) && [h("h2", null, byTable.size > 1 ? `Where they are in ${name}` : "Where they are"), rows(a.parsed_file_id, name || undefined, list)])];
}

/** @param {any} a */
function analysis(a) {
	const texts = (a.insights ?? []).map((/** @type {any} */ i) => (typeof i === "string" ? i : i.text ?? short(i)));
	return [texts.length > 0 && h("ul", null, texts.map((/** @type {string} */ t) => h("li", null, t))),
		(a.numeric ?? []).length > 0 && [h("h2", null, "Numbers"), table("Numbers", ["Field", "Count", "Least", "Median", "Mean", "Most", "Deviation"], a.numeric.map((/** @type {any} */ n) => [n.field, n.count, n.min, n.median, n.mean, n.max, n.std_dev].map(short)))],
		(a.trends?.columns ?? []).filter((/** @type {any} */ c) => !(a.numeric ?? []).find((/** @type {any} */ n) => n.field === c.field)?.identifier).map((/** @type {any} */ c) => (c.monthly ?? []).length > 1 && histogram(`${words(c.field)}: mean by month`, c.monthly.map((/** @type {any} */ m) => ({ name: m.month, value: Number(m.mean) })))),
		(a.categorical ?? []).map((/** @type {any} */ c) => (c.most_common ?? []).length > 0 && bars(`Most common in ${c.field}`, c.most_common.map((/** @type {any} */ m) => ({ name: short(m.value), value: Number(m.count), of: 0 })))),
		(a.anomalies ?? []).length > 0 && [h("h2", null, "Outliers"), objects("Outliers", a.anomalies)]];
}
