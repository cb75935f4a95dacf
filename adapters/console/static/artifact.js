// One artifact: what it says, drawn the way its kind is best seen.
import { at, get, may, run } from "./api.js";
import { fill, h, load, notice, table } from "./dom.js";
import { number, short, time, words } from "./format.js";
import { bars } from "./plot.js";

/** @param {HTMLElement} main @param {string} id */
export function artifact(main, id) {
	const box = h("div");
	fill(main, h("h1", null, "Artifact"), box);
	load(box, get(`/api/artifacts/${id}`), (a) => {
		fill(main.querySelector("h1") ?? main, a.ui_name ?? a.name ?? a.workflow_name ?? a.sop_title ?? a.title ?? words(a.artifact_type));
		const r = a.renderings ?? {};
		return [
			h("p", null, h("span.badge", null, words(a.artifact_type)), ` ${a.lifecycle_state ?? ""} · version ${a.version ?? 1} · ${time(a.created_at)}`),
			next(a), pictures(r), seen(a), typeof r.markdown === "string" && h("pre.text", null, r.markdown),
			relations(id, a), h("details", null, h("summary", null, "Everything, as JSON"), h("pre", null, JSON.stringify(a, null, 2))),
		];
	});
}

/** @param {any} a the kind's own view */
function seen(a) {
	switch (a.artifact_type) {
	case "parsed_content": return parsed(a);
	case "quality_assessment": return quality(a);
	case "structured_analysis": return analysis(a);
	default: {
		const p = a.semantic_payload ?? {};
		const plain = Object.entries(p).filter(([, v]) => v === null || typeof v !== "object" && String(v).length <= long);
		const texts = Object.entries(p).filter(([, v]) => typeof v === "string" && v.length > long);
		const lists = Object.entries(p).filter(([, v]) => Array.isArray(v) && v.length > 0 && typeof v[0] === "object");
		return [h("dl.facts", null, plain.map(([k, v]) => [h("dt", null, words(k)), h("dd", null, short(v))])),
			lists.map(([k, v]) => [h("h2", null, words(k)), rows(words(k), /** @type {any[]} */ (v))]),
			texts.map(([k, v]) => h("details", null, h("summary", null, words(k)), h("pre.text", null, /** @type {string} */ (v))))];
	}
	}
}

// Texts over this length are folded away.
const long = 300;

/** A table of equal objects. @param {string} caption @param {any[]} list */
function rows(caption, list) {
	const head = [...new Set(list.slice(0, 50).flatMap((r) => Object.keys(r)))].slice(0, 12);
	return table(caption, head.map(words), list.slice(0, 200).map((r) => head.map((k) => short(r[k]))));
}

/** @param {any} a */
function parsed(a) {
	const preview = a.parsed_data_preview ?? a.renderings?.preview ?? [];
	const columns = a.columns ?? [];
	return [h("p", null, `${number(a.record_count ?? 0)} records, format ${a.format}.`),
		columns.length > 0 && table("Columns", ["Name", "Type", "Format", "Empty"], columns.map((/** @type {any} */ c) => [c.label ?? c.name, c.type, c.format ?? "–", c.null_count ?? 0])),
		Array.isArray(preview) && preview.length > 0 && [h("h2", null, "First rows"), typeof preview[0] === "object" ? rows("First rows", preview) : h("pre.text", null, preview.map(short).join("\n"))]];
}

/** @param {any} a */
function quality(a) {
	const scores = a.scores ?? a.dimensions ?? {};
	return [h("p", null, h("b.grade", null, `Grade ${a.grade}`), ` overall ${short(a.overall_score ?? a.overall ?? a.overall_quality)}`),
		bars("Scores by dimension", Object.entries(scores).filter(([, v]) => typeof v === "number").map(([k, v]) => ({ name: words(k), value: /** @type {number} */ (v), of: 1 }))),
		(a.issues ?? []).length === 0 ? h("p.empty", null, "No issues were found.")
			: table("Issues", ["Issue", "Severity", "Column", "Cells", "Rows", "What to do"], a.issues.map((/** @type {any} */ i) => [
				[h("b", null, words(i.code)), h("br"), i.description], h(`span.badge.${i.severity}`, null, i.severity), i.column ?? "–", i.count, (i.rows ?? []).map((/** @type {number} */ r) => r + 1).join(", "), i.suggestion ?? ""]))];
}

/** @param {any} a */
function analysis(a) {
	const most = (a.categorical ?? []).map((/** @type {any} */ c) => (c.most_common ?? []).length > 0 && bars(`Most common in ${c.field}`,
		c.most_common.map((/** @type {any} */ m) => ({ name: short(m.value), value: Number(m.count), of: 0 }))));
	return [(a.insights ?? []).length > 0 && h("ul", null, a.insights.map((/** @type {any} */ i) => h("li", null, typeof i === "string" ? i : i.text ?? short(i)))),
		(a.numeric ?? []).length > 0 && [h("h2", null, "Numbers"), rows("Numbers", a.numeric)], most,
		(a.anomalies ?? []).length > 0 && [h("h2", null, "Outliers"), rows("Outliers", a.anomalies)]];
}

/** Pictures are shown as images, which run no script whatever is in them. @param {any} r */
function pictures(r) {
	return Object.entries(r).filter(([, v]) => typeof v === "string" && v.trimStart().startsWith("<svg")).map(([name, v]) => {
		const url = URL.createObjectURL(new Blob([/** @type {string} */ (v)], { type: "image/svg+xml" }));
		return h("figure", null, h("img.diagram", { src: url, alt: `${words(name)} of this artifact` }), h("figcaption", null, h("a", { href: url, download: `${name}.svg` }, "Download the picture")));
	});
}

/** What can be made of it next. @param {any} a */
function next(a) {
	if (!may("write")) return null;
	/** @type {Record<string, Array<[string, string, Record<string, string>]>>} */
	const offers = {
		file: [["Parse", "parse_content", { file_id: a.artifact_id }]],
		parsed_content: [["Check the quality", "assess_data_quality", { parsed_file_id: a.artifact_id }], ["Analyse", "analyze_structured_data", { parsed_file_id: a.artifact_id }],
			...(a.format === "bpmn" || a.format === "md" ? [/** @type {any} */ (["Make a workflow", "create_workflow", { parsed_file_id: a.artifact_id }])] : [])],
		workflow: [["Write the SOP", "generate_sop", { workflow_id: a.artifact_id }], ["Where can AI help?", "analyze_coexistence", { workflow_id: a.artifact_id }], ["Make a blueprint", "create_blueprint", { workflow_id: a.artifact_id }]],
		roadmap: [["Make a solution", "create_solution", /** @type {any} */ ({ solution_source: "roadmap", source_id: a.artifact_id })]],
		blueprint: [["Make a solution", "create_solution", /** @type {any} */ ({ solution_source: "blueprint", source_id: a.artifact_id })]],
	};
	const act = (/** @type {string} */ label, /** @type {string} */ type, /** @type {any} */ parameters) => h("button", { type: "button", onclick: async (/** @type {Event} */ e) => {
		const b = /** @type {HTMLButtonElement} */ (e.currentTarget);
		b.disabled = true;
		try {
			const s = await run(type, parameters);
			const result = Object.values(s.artifacts ?? {}).find((v) => v && typeof v === "object" && /** @type {any} */ (v).artifact_id);
			location.hash = result ? `#/artifact/${/** @type {any} */ (result).artifact_id}` : `#/execution/${s.execution_id}`;
		} catch (err) { notice(/** @type {any} */ (err).detail, "bad"); b.disabled = false; }
	} }, label);
	const exported = ["roadmap", "sop", "blueprint", "poc", "synthesis", "workflow", "solution", "structured_analysis", "quality_assessment", "matching_result"].includes(a.artifact_type);
	return h("div.actions", null, (offers[a.artifact_type] ?? []).map((o) => act(...o)),
		exported && ["docx", "md", "json"].map((f) => act(`Export as ${f}`, "export_artifact", { artifact_id: a.artifact_id, export_format: f })),
		(a.download_url || a.content_url) && h("a.button", { href: at(a.download_url ?? a.content_url), download: "" }, "Download"));
}

/** @param {string} id @param {any} a */
function relations(id, a) {
	const box = h("div");
	load(box, get(`/api/artifacts/${id}/lineage`), (g) => g.nodes.length < 2 ? null : [h("h2", null, "Where it comes from, and what became of it"),
		h("ul", null, g.nodes.filter((/** @type {any} */ n) => (n.id ?? n.artifact_id) !== id).map((/** @type {any} */ n) => h("li", null,
			h("a", { href: `#/artifact/${n.id ?? n.artifact_id}` }, n.label ?? words(n.type ?? n.artifact_type)), ` ${words(n.type ?? n.artifact_type ?? "")}`)))]);
	return [box, a.produced_by?.execution_id && h("p.hint", null, "Made by ", h("a", { href: `#/execution/${a.produced_by.execution_id}` }, words(a.produced_by.intent ?? "an execution")))];
}
