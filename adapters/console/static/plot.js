// Small charts. Each is also something that can be read without seeing it.
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

/** Columns beside each other, for what has an order, such as months. @param {string} title @param {Array<{name: string, value: number}>} data */
export function histogram(title, data) {
	if (data.length === 0) return null;
	const most = Math.max(...data.map((d) => d.value), Number.EPSILON);
	return h("figure", null, h("figcaption", null, title), h("ol.columns", null, data.map((d) => {
		const bar = h("span.bar", { "aria-hidden": "true" });
		bar.style.height = `${Math.max(1, (100 * d.value) / most)}%`;
		return h("li", { title: `${d.name}: ${number(d.value)}` }, h("span.stand", null, bar), h("span.name", null, d.name), h("span.took", null, number(d.value)));
	})));
}

/**
 * The points of a line in a box, from the left to the right; a box without height or with one value has its line in the middle.
 * @param {number[]} values @param {number} width @param {number} height
 */
export function points(values, width, height) {
	const most = Math.max(...values), least = Math.min(0, ...values);
	return values.map((v, i) => {
		const x = values.length === 1 ? width / 2 : (width * i) / (values.length - 1);
		const y = most === least ? height / 2 : height - (height * (v - least)) / (most - least);
		return `${x.toFixed(1)},${y.toFixed(1)}`;
	}).join(" ");
}

/** What a number did in the last minutes. @param {string} title @param {number[]} values the newest last @param {(n: number) => string} [say] */
export function spark(title, values, say = number) {
	const now = values.length > 0 ? say(values[values.length - 1]) : "–";
	const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
	svg.setAttribute("viewBox", "0 -2 160 40");
	svg.setAttribute("preserveAspectRatio", "none");
	svg.setAttribute("class", "spark");
	svg.setAttribute("aria-hidden", "true");
	if (values.length > 0) {
		const line = document.createElementNS("http://www.w3.org/2000/svg", "polyline");
		line.setAttribute("points", points(values, 160, 36));
		svg.append(line);
	}
	const least = values.length > 0 ? say(Math.min(...values)) : now, most = values.length > 0 ? say(Math.max(...values)) : now;
	return h("figure.tile", null, h("figcaption", null, title), h("b", null, now), svg, h("small", null, least === most ? "steady" : `between ${least} and ${most}`));
}
