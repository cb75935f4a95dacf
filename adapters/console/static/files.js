// Files: bringing them, saving, parsing, and what became of them.
import { get, may, run, upload } from "./api.js";
import { opened } from "./artifact.js";
import { field, fill, h, load, notice, problem, table, when } from "./dom.js";
import { bytes, words } from "./format.js";
import { onMoves } from "./live.js";

/** @param {HTMLElement} main */
export function files(main) {
	const list = h("div"), under = h("div", { role: "status" });
	const again = () => load(list, run("list_files", { include_pending: true, limit: 100 }), (s) => {
		const found = s.artifacts.file_list.files;
		return found.length === 0 ? h("p.empty", null, "There are no files yet. Drop one above: CSV, XLSX, JSON, PDF, DOCX, BPMN and others are read.")
			: table("Files", ["Name", "Format", "Size", "Uploaded", "Status", "Next"], found.map((/** @type {any} */ f) => [
				h("a", { href: `#/artifact/${f.file_id}` }, f.ui_name), f.file_type ?? "–", bytes(f.file_size), when(f.created_at), f.status, next(f)]));
	});
	/** What can be done with a file now. @param {any} f */
	const next = (f) => {
		if (!may("write")) return null;
		const step = (/** @type {string} */ label, /** @type {() => Promise<any>} */ work) => h("button", { type: "button", onclick: async () => {
			try { await work(); } catch (err) { notice(/** @type {any} */ (err).detail, "bad"); }
			again();
		} }, label);
		if (f.status === "ingested") return step("Save", () => run("save_materialization", { file_id: f.file_id, boundary_contract_id: f.boundary_contract_id }));
		return step("Parse", async () => {
			const s = await run("parse_content", { file_id: f.file_id });
			if (s.artifacts?.parsed_file_id) location.hash = `#/artifact/${s.artifacts.parsed_file_id}`;
		});
	};
	const take = async (/** @type {Iterable<File>} */ chosen) => {
		for (const file of chosen) {
			const bar = /** @type {HTMLProgressElement} */ (h("progress", { max: 1, value: 0, "aria-label": `Uploading ${file.name}` }));
			const shown = h("span", null, "0 %");
			fill(under, h("p", null, `Uploading ${file.name} (${bytes(file.size)}) `, bar, " ", shown));
			try {
				const sent = await upload(file, (share) => { bar.value = share; shown.textContent = `${Math.round(100 * share)} %`; });
				fill(under, h("p", null, `${file.name} is uploaded; it is being looked at …`));
				const s = await settled(sent.execution_id);
				if (s.status !== "completed") throw { detail: s.error };
				const made = s.artifacts.file;
				await run("save_materialization", { file_id: made.file_id, boundary_contract_id: made.boundary_contract_id });
				fill(under, h("p", null, `${file.name} is saved. Parse it to see what is in it.`));
			} catch (err) { fill(under, problem(err)); }
			again();
		}
	};
	const everything = h("div");
	const input = /** @type {HTMLInputElement} */ (h("input", { type: "file", multiple: true, id: "choose" }));
	input.addEventListener("change", () => { if (input.files) take(input.files); input.value = ""; });
	const drop = h("div.drop", null, h("label", { htmlFor: "choose" }, "Choose files, or drop them here"), input);
	for (const type of ["dragover", "dragleave", "drop"]) {
		drop.addEventListener(type, (e) => {
			e.preventDefault();
			drop.classList.toggle("over", type === "dragover");
			if (type === "drop") take(/** @type {DragEvent} */ (e).dataTransfer?.files ?? []);
		});
	}
	fill(main, h("h1", null, "Files"), may("write") && drop, under, list, may("write") && together(), h("h2", null, "Everything made here"), everything);
	again();
	const off = onMoves(() => { again(); made(everything); }, (f) => /^artifact\./.test(f.event_type ?? ""));
	made(everything);
	return off;
}

/** What is made of everything that is here. */
function together() {
	const goals = /** @type {HTMLInputElement} */ (h("input", { type: "text", maxlength: 500, placeholder: "such as Clean the orders; answer customers within a day" }));
	const act = (/** @type {string} */ label, /** @type {() => Promise<any>} */ work) => h("button", { type: "button", onclick: async (/** @type {Event} */ e) => {
		const b = /** @type {HTMLButtonElement} */ (e.currentTarget);
		b.disabled = true;
		try { opened(await work()); } catch (err) { notice(/** @type {any} */ (err).detail, "bad"); }
		b.disabled = false;
	} }, label);
	return h("section.card", { "aria-label": "Bring it together" }, h("h2", null, "Bring it together"), field("Goals for a roadmap", goals, "Separate them with a semicolon; without any, what was found sets them."),
		h("div.actions", null, act("Plan a roadmap", () => {
			const list = goals.value.split(";").map((g) => g.trim()).filter(Boolean);
			return run("generate_roadmap", list.length > 0 ? { goals: list } : {});
		}), act("Sum up what was found", () => run("synthesize_outcome", {}))));
}

/** Waits for the end of an execution. @param {string} id */
async function settled(id) {
	for (;;) {
		const s = await get(`/api/execution/${id}/status`);
		if (["completed", "failed", "cancelled"].includes(s.status)) return s;
		await new Promise((go) => { setTimeout(go, 200); });
	}
}

/** @param {HTMLElement} box */
function made(box) {
	load(box, run("list_artifacts", { limit: 200 }), (s) => {
		const list = s.artifacts.artifact_list?.artifacts ?? [];
		return list.length === 0 ? h("p.empty", null, "Nothing has been made yet.")
			: table("Artifacts", ["What", "Name", "State", "Made"], list.map((/** @type {any} */ a) => [
				h("a", { href: `#/artifact/${a.artifact_id}` }, words(a.artifact_type)), a.name ?? a.ui_name ?? "–", words(a.lifecycle_state ?? "–"), when(a.created_at)]));
	});
}
