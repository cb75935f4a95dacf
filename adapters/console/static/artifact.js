// One artifact: what it says, drawn the way its kind is best seen, and what can be made of it next.
import { at, get, may, run } from "./api.js";
import { confirmed, fill, h, load, notice } from "./dom.js";
import { time, words } from "./format.js";
import { lineage } from "./lineage.js";
import { view } from "./views.js";

/** @param {HTMLElement} main @param {string} id */
export function artifact(main, id) {
	const title = h("h1", null, "Artifact"), box = h("div");
	fill(main, title, box);
	load(box, get(`/api/artifacts/${id}`), (a) => {
		fill(title, a.ui_name ?? a.name ?? a.workflow_name ?? a.sop_title ?? a.title ?? words(a.artifact_type));
		const r = a.renderings ?? {};
		return [
			h("p", null, h("span.badge", null, words(a.artifact_type)), ` ${words(a.lifecycle_state ?? "")} · version ${a.version ?? 1} · ${time(a.created_at)}`),
			next(a), pictures(r), view(a), typeof r.markdown === "string" && h("details", null, h("summary", null, "As a text"), h("pre.text", { tabindex: 0, "aria-label": "Text" }, r.markdown)),
			relations(id, a), h("details", null, h("summary", null, "Everything, as JSON"), h("pre", { tabindex: 0, "aria-label": "JSON" }, JSON.stringify(a, null, 2))),
		];
	});
}

/** Pictures are shown as images, which run no script whatever is in them. @param {any} r */
function pictures(r) {
	return Object.entries(r).filter(([, v]) => typeof v === "string" && v.trimStart().startsWith("<svg")).map(([name, v]) => {
		const url = URL.createObjectURL(new Blob([/** @type {string} */ (v)], { type: "image/svg+xml" }));
		return h("figure", null, h("div.scroll.drawing", { tabindex: 0, role: "region", "aria-label": "Picture" }, h("img.diagram", { src: url, alt: `${words(name)} of this artifact; what it shows is told below in words` })),
			h("figcaption", null, h("a", { href: url, download: `${name}.svg` }, "Download the picture")));
	});
}

/** @typedef {[string, string, any]} Offer label, intent, parameters */

/** What can be made of an artifact next. @param {any} a @returns {Offer[]} */
export function offers(a) {
	const id = a.artifact_id;
	switch (a.artifact_type) {
	case "file": return [["Parse", "parse_content", { file_id: id }]];
	case "parsed_content": return [
		["Check the quality", "assess_data_quality", { parsed_file_id: id }],
		a.parsing_type === "unstructured" ? ["Analyse", "analyze_unstructured_data", { parsed_file_id: id }] : ["Analyse", "analyze_structured_data", { parsed_file_id: id }],
		...(["bpmn", "md", "txt", "docx"].includes(a.format) ? [/** @type {Offer} */ (["Make a workflow", "create_workflow", { parsed_file_id: id }])] : [])];
	case "workflow": return [["Write the SOP", "generate_sop", { workflow_id: id }], ["Where can AI help?", "analyze_coexistence", { workflow_id: id }], ["Make a blueprint", "create_blueprint", { workflow_id: id }]];
	case "roadmap":
	case "blueprint": return [["Make a solution", "create_solution", { solution_source: a.artifact_type, source_id: id }]];
	default: return [];
	}
}

const exported = ["roadmap", "sop", "blueprint", "poc", "synthesis", "workflow", "solution", "structured_analysis", "quality_assessment", "matching_result"];

/** @param {any} a */
function next(a) {
	const act = (/** @type {string} */ label, /** @type {string} */ type, /** @type {any} */ parameters) => h("button", { type: "button", onclick: async (/** @type {Event} */ e) => {
		const b = /** @type {HTMLButtonElement} */ (e.currentTarget);
		b.disabled = true;
		try { opened(await run(type, parameters)); } catch (err) { notice(/** @type {any} */ (err).detail, "bad"); }
		b.disabled = false;
	} }, label);
	return h("div.actions", null, may("write") && offers(a).map((o) => act(...o)),
		may("write") && exported.includes(a.artifact_type) && ["docx", "md", "json"].map((f) => act(`Export as ${f}`, "export_artifact", { artifact_id: a.artifact_id, export_format: f })),
		(a.download_url || a.content_url) && h("a.button", { href: at(a.download_url ?? a.content_url), download: "" }, "Download"),
		may("write") && a.artifact_type === "file" && h("button", { type: "button", onclick: async () => {
			if (!await confirmed("Delete this file, what it holds, and what was read from it?", "Delete")) return;
			try { await run("delete_file", { file_id: a.artifact_id, reason: "deleted in the console" }); notice("It is deleted."); location.hash = "#/files"; } catch (err) { notice(/** @type {any} */ (err).detail, "bad"); }
		} }, "Delete …"));
}

/** Shows what an intent made; the execution if it has not ended. @param {any} s its status */
export function opened(s) {
	const made = /** @type {any} */ (Object.values(s.artifacts ?? {}).find((v) => v && typeof v === "object" && /** @type {any} */ (v).artifact_id));
	location.hash = made ? `#/artifact/${made.artifact_id}` : `#/execution/${s.execution_id}`;
}

/** @param {string} id @param {any} a */
function relations(id, a) {
	const box = h("div");
	load(box, get(`/api/artifacts/${id}/lineage`), (g) => (g.nodes.length < 2 ? null : [h("h2", null, "Where it comes from, and what became of it"), lineage(g)]));
	return [box, a.produced_by?.execution_id && h("p.hint", null, "Made by ", h("a", { href: `#/execution/${a.produced_by.execution_id}` }, words(a.produced_by.intent || "an execution")))];
}
