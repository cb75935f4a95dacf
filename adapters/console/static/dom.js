// Small helpers to build pages. Text always becomes text: nothing here parses HTML.
import { time } from "./format.js";

/**
 * Makes an element.
 * @param {string} tag a tag, with classes after dots: "p.empty"
 * @param {Record<string, unknown>|null} [props] attributes; on… are listeners, false and null are left out
 * @param {...(Node|string|number|null|undefined|false|Array<any>)} children
 * @returns {HTMLElement}
 */
export function h(tag, props, ...children) {
	const [name, ...classes] = tag.split(".");
	const node = document.createElement(name);
	if (classes.length > 0) node.className = classes.join(" ");
	for (const [key, value] of Object.entries(props ?? {})) {
		if (value === null || value === undefined || value === false) continue;
		if (key.startsWith("on")) node.addEventListener(key.slice(2), /** @type {EventListener} */ (value));
		else if (key === "value" || key === "checked" || key === "disabled" || key === "htmlFor") /** @type {any} */ (node)[key] = value;
		else node.setAttribute(key, value === true ? "" : String(value));
	}
	add(node, children);
	return node;
}

/** @param {Node} node @param {Array<any>} children */
function add(node, children) {
	for (const child of children.flat(Infinity)) {
		if (child === null || child === undefined || child === false) continue;
		node.appendChild(child instanceof Node ? child : document.createTextNode(String(child)));
	}
}

/** Puts other children into a node. @param {Element} node @param {...any} children */
export function fill(node, ...children) {
	node.replaceChildren();
	add(node, children);
}

/** An instant in the viewer's zone. @param {string|null|undefined} iso */
export const when = (iso) => (iso ? h("time", { datetime: iso }, time(iso)) : "–");

let ids = 0;
/** Gives an id that no other element has. */
export const newID = () => `x${++ids}`;

/** A labelled control. @param {string} text @param {HTMLElement} control @param {string} [hint] */
export function field(text, control, hint) {
	control.id ||= newID();
	const note = hint ? h("small", { id: newID() }, hint) : null;
	if (note) control.setAttribute("aria-describedby", note.id);
	return h("div.field", null, h("label", { htmlFor: control.id }, text), control, note);
}

/** A table with a caption for screen readers. @param {string} caption @param {string[]} head @param {Array<Array<any>>} rows */
export function table(caption, head, rows) {
	return h("div.scroll", { tabindex: 0, role: "region", "aria-label": caption },
		h("table", null, h("caption.sr", null, caption),
			h("thead", null, h("tr", null, head.map((t) => h("th", { scope: "col" }, t)))),
			h("tbody", null, rows.map((row) => h("tr", null, row.map((cell) => h("td", null, cell)))))));
}

/** Says something in the corner, and to screen readers. @param {string} text @param {"ok"|"bad"} [kind] */
export function notice(text, kind = "ok") {
	const box = /** @type {HTMLElement} */ (document.getElementById("notices"));
	const note = h(`div.notice.${kind}`, null, text, h("button.plain", { type: "button", "aria-label": "Dismiss", onclick: () => note.remove() }, "×"));
	box.append(note);
	setTimeout(() => note.remove(), 8000);
}

/** An error as a person reads it. @param {unknown} err */
export function problem(err) {
	const p = /** @type {any} */ (err);
	const more = (p.errors ?? []).map((/** @type {any} */ e) => h("li", null, `${e.pointer}: ${e.message}`));
	return h("div.problem", { role: "alert" }, h("strong", null, p.detail ?? p.message ?? "Something went wrong."),
		more.length > 0 && h("ul", null, more), p.trace_id && h("small", null, `Trace ${p.trace_id}`));
}

/**
 * Shows what a promise gives, its waiting and its failure. Where drawing gives undefined, everything stays as it is; what has the focus keeps it.
 * @param {Element} into @param {Promise<any>} promise @param {(v: any) => any} draw
 */
export async function load(into, promise, draw) {
	if (into.childElementCount === 0) fill(into, h("p.empty", { "aria-busy": "true" }, "Loading …"));
	try {
		const drawn = draw(await promise);
		if (drawn === undefined) return;
		const at = [...into.querySelectorAll(stops)].indexOf(/** @type {Element} */ (document.activeElement));
		fill(into, drawn);
		if (at >= 0) /** @type {HTMLElement | undefined} */ (into.querySelectorAll(stops)[at])?.focus({ preventScroll: true });
	} catch (err) {
		fill(into, problem(err));
	}
}

// Where the keyboard stops.
const stops = "a[href], button, input, select, textarea, summary, [tabindex]";

/** Asks before something is done that cannot be undone. @param {string} question @param {string} verb @returns {Promise<boolean>} */
export function confirmed(question, verb) {
	return new Promise((done) => {
		const box = /** @type {HTMLDialogElement} */ (h("dialog", { "aria-label": question }, h("form", { method: "dialog" }, h("p", null, question),
			h("div.actions", null, h("button", { value: "no" }, "Leave it"), h("button.primary", { value: "yes" }, verb)))));
		box.addEventListener("close", () => { done(box.returnValue === "yes"); box.remove(); });
		document.body.append(box);
		box.showModal();
	});
}
