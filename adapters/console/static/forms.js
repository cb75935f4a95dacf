// Forms made of JSON Schemas, for the parameters of intents.
import { field, h } from "./dom.js";
import { words } from "./format.js";

/**
 * A fieldset for an object's schema and what reads it.
 * @param {any} schema @param {any} example
 * @returns {{node: HTMLElement, read: () => any}}
 */
export function form(schema, example) {
	const required = new Set(schema.required ?? []);
	/** @type {Array<() => void>} */
	const readers = [];
	/** @type {any} */
	let out = {};
	const fields = Object.entries(schema.properties ?? {}).map(([name, s]) => {
		const p = /** @type {any} */ (s);
		const one = control(p, required.has(name) ? example?.[name] : undefined);
		readers.push(() => { const v = one.read(); if (v !== undefined) out[name] = v; });
		return field(words(name) + (required.has(name) ? " (needed)" : ""), one.node, p.description);
	});
	return { node: h("div", null, fields.length > 0 ? fields : h("p.hint", null, "It takes no parameters.")), read: () => { out = {}; readers.forEach((r) => r()); return out; } };
}

/** @param {any} p @param {any} value @returns {{node: HTMLElement, read: () => any}} */
function control(p, value) {
	const type = Array.isArray(p.type) ? p.type[0] : p.type;
	if (p.enum) {
		const node = /** @type {HTMLSelectElement} */ (h("select", null, h("option", { value: "" }, "–"), p.enum.map((/** @type {any} */ v) => h("option", { value: v }, String(v)))));
		if (value !== undefined) node.value = value;
		return { node, read: () => node.value || undefined };
	}
	if (type === "boolean") {
		const node = /** @type {HTMLSelectElement} */ (h("select", null, h("option", { value: "" }, "–"), h("option", { value: "true" }, "Yes"), h("option", { value: "false" }, "No")));
		return { node, read: () => (node.value ? node.value === "true" : undefined) };
	}
	if (type === "integer" || type === "number") {
		const node = /** @type {HTMLInputElement} */ (h("input", { type: "number", step: type === "integer" ? 1 : "any", min: p.minimum, max: p.maximum }));
		if (value !== undefined) node.value = String(value);
		return { node, read: () => (node.value === "" ? undefined : Number(node.value)) };
	}
	if (type === "object" || type === "array") {
		const node = /** @type {HTMLTextAreaElement} */ (h("textarea", { rows: 4, spellcheck: "false", placeholder: type === "object" ? "{ }" : "[ ]" }));
		if (value !== undefined) node.value = JSON.stringify(value, null, 2);
		return { node, read: () => (node.value.trim() === "" ? undefined : JSON.parse(node.value)) };
	}
	const node = /** @type {HTMLInputElement} */ (h("input", { type: "text", maxlength: p.maxLength }));
	if (value !== undefined) node.value = String(value);
	return { node, read: () => node.value || undefined };
}
