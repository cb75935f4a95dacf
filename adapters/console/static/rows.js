// The rows of a parsed table, page by page, with what an assessment says of their cells.
import { run } from "./api.js";
import { fill, h, load, table } from "./dom.js";
import { number, short } from "./format.js";

/** @typedef {{code: string, severity: string, column?: string|null, rows?: number[], description: string}} Issue */

/**
 * What is said of each cell: row → column → issues; the column "" is the whole row.
 * @param {Issue[]} issues
 */
export function marks(issues) {
	/** @type {Map<number, Map<string, Issue[]>>} */
	const found = new Map();
	for (const issue of issues) {
		for (const row of issue.rows ?? []) {
			const cells = found.get(row) ?? new Map();
			found.set(row, cells.set(issue.column ?? "", [...(cells.get(issue.column ?? "") ?? []), issue]));
		}
	}
	return found;
}

const size = 20;

/**
 * A pager over a table.
 * @param {string} id the parsed file @param {string|undefined} name its table, else the first
 * @param {Issue[]} [issues] marks their cells
 */
export function rows(id, name, issues = []) {
	const box = h("div"), marked = marks(issues), bad = [...marked.keys()].sort((a, b) => a - b);
	/** @param {number} offset */
	const show = (offset) => load(box, run("get_parsed_file", { parsed_file_id: id, offset, limit: size, ...(name ? { table: name } : {}) }), (s) => draw(s.artifacts.parsed_file.renderings.document));
	/** @param {any} d */
	const draw = (d) => {
		if (!Array.isArray(d?.rows) || d.rows.length === 0) return h("p.empty", null, "There are no rows.");
		const columns = d.columns.map((/** @type {any} */ c) => c.name);
		const last = d.offset + d.rows.length, after = bad.find((r) => r >= last), before = bad.filter((r) => r < d.offset).pop();
		const to = (/** @type {string} */ label, /** @type {number|undefined} */ offset) => h("button", { type: "button", disabled: offset === undefined, onclick: () => show(/** @type {number} */ (offset)) }, label);
		return [table(`Rows of ${d.table ?? "the table"}`, ["Row", ...d.columns.map((/** @type {any} */ c) => c.label ?? c.name)], d.rows.map((/** @type {any} */ row, /** @type {number} */ i) => {
			const cells = marked.get(d.offset + i);
			return [mark(String(d.offset + i + 1), cells?.get("")), ...columns.map((/** @type {string} */ c) => mark(short(row[c]), cells?.get(c)))];
		})), h("div.actions", null, to("First", d.offset > 0 ? 0 : undefined), to("Before", d.offset > 0 ? Math.max(0, d.offset - size) : undefined), to("Next", last < d.row_count ? last : undefined),
			bad.length > 0 && [to("Issue before", before === undefined ? undefined : Math.floor(before / size) * size), to("Next issue", after === undefined ? undefined : Math.floor(after / size) * size)],
			h("span.hint", { role: "status" }, `Rows ${number(d.offset + 1)} to ${number(last)} of ${number(d.row_count)}`))];
	};
	show(bad.length > 0 ? Math.floor(bad[0] / size) * size : 0);
	return box;
}

/** A cell with what is wrong with it. @param {string} text @param {Issue[]|undefined} issues */
function mark(text, issues) {
	if (!issues) return text;
	const cell = h("span.issue", { title: issues.map((i) => i.description).join("\n") }, text === "–" ? "missing" : text);
	fill(cell, [...cell.childNodes], h("span.sr", null, ` (${issues.map((i) => i.code.replaceAll("_", " ")).join(", ")})`));
	return cell;
}
