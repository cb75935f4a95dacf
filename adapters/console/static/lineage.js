// Where an artifact comes from and what became of it, as a picture whose boxes are links.
import { h } from "./dom.js";
import { words } from "./format.js";

/** @typedef {{artifact_id: string, artifact_type: string, name: string}} Node_ */
/** @typedef {{from: string, to: string}} Edge */

/**
 * Puts each artifact into the column after the last of its parents.
 * @param {Array<{artifact_id: string}>} nodes @param {Edge[]} edges
 * @returns {Map<string, {column: number, row: number}>}
 */
export function layout(nodes, edges) {
	/** @type {Map<string, number>} */
	const column = new Map(nodes.map((n) => [n.artifact_id, 0]));
	// A graph of n nodes without a cycle is settled after n rounds at most.
	for (let round = 0, moved = true; moved && round < nodes.length; round++) {
		moved = false;
		for (const e of edges) {
			const from = column.get(e.from), to = column.get(e.to);
			if (from !== undefined && to !== undefined && to <= from) { column.set(e.to, from + 1); moved = true; }
		}
	}
	/** @type {number[]} */
	const rows = [];
	return new Map(nodes.map((n) => {
		const c = column.get(n.artifact_id) ?? 0;
		rows[c] = (rows[c] ?? -1) + 1;
		return [n.artifact_id, { column: c, row: rows[c] }];
	}));
}

const width = 180, height = 46, between = 56, under = 16;

/** @param {string} tag @param {Record<string, string|number>} props @param {...(Node|string)} children */
function s(tag, props, ...children) {
	const node = document.createElementNS("http://www.w3.org/2000/svg", tag);
	for (const [k, v] of Object.entries(props)) node.setAttribute(k, String(v));
	node.append(...children);
	return node;
}

/** @param {{artifact_id: string, nodes: Node_[], edges: Edge[], truncated: boolean}} g */
export function lineage(g) {
	const at = layout(g.nodes, g.edges);
	const x = (/** @type {string} */ id) => 4 + (at.get(id)?.column ?? 0) * (width + between), y = (/** @type {string} */ id) => 4 + (at.get(id)?.row ?? 0) * (height + under);
	const w = Math.max(...g.nodes.map((n) => x(n.artifact_id))) + width + 4, tall = Math.max(...g.nodes.map((n) => y(n.artifact_id))) + height + 4;
	const lines = g.edges.filter((e) => at.has(e.from) && at.has(e.to)).map((e) => {
		const x1 = x(e.from) + width, y1 = y(e.from) + height / 2, x2 = x(e.to), y2 = y(e.to) + height / 2, bend = between / 2;
		return s("path", { d: `M${x1} ${y1}C${x1 + bend} ${y1} ${x2 - bend} ${y2} ${x2} ${y2}` });
	});
	const cut = (/** @type {string} */ t) => (t.length > 24 ? `${t.slice(0, 23)}…` : t);
	const boxes = g.nodes.map((n) => s("a", { href: `#/artifact/${n.artifact_id}`, ...(n.artifact_id === g.artifact_id ? { class: "self", "aria-current": "true" } : {}) },
		s("title", {}, `${words(n.artifact_type)}: ${n.name}`), s("rect", { x: x(n.artifact_id), y: y(n.artifact_id), width, height, rx: 6 }),
		s("text", { x: x(n.artifact_id) + 10, y: y(n.artifact_id) + 19 }, cut(words(n.artifact_type))), s("text", { x: x(n.artifact_id) + 10, y: y(n.artifact_id) + 36, class: "soft" }, cut(n.name))));
	return h("figure", null, h("div.scroll.drawing", { tabindex: 0, role: "region", "aria-label": "Lineage" },
		s("svg", { class: "lineage", width: w, height: tall, viewBox: `0 0 ${w} ${tall}`, role: "group", "aria-label": "Lineage, from left to right" }, ...lines, ...boxes)),
	g.truncated && h("figcaption", null, "There is more than is drawn."));
}
