// Small charts. Each is also a list that can be read without seeing it.
import { h } from "./dom.js";
import { number } from "./format.js";

/** @param {string} title @param {Array<{name: string, value: number, of: number}>} data of = 0 takes the largest as the whole */
export function bars(title, data) {
	if (data.length === 0) return null;
	const most = Math.max(...data.map((d) => d.of || d.value), Number.EPSILON);
	return h("figure", null, h("figcaption", null, title), h("ul.bars", null, data.map((d) => {
		const bar = h("span.bar");
		bar.style.width = `${(100 * d.value) / most}%`;
		return h("li", null, h("span.name", null, d.name), h("span.track", { "aria-hidden": "true" }, bar), h("span.took", null, number(d.value)));
	})));
}
