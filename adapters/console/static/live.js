// One socket for the whole page: what runs is told here, whichever page is open.
import { alive, who } from "./api.js";
import { AgentSocket } from "./socket.js";

/** @typedef {import("./socket.js").Frame} Frame */
/** @typedef {"open"|"connecting"|"changed"|"refused"|"ended"} State */

/** @type {Set<(f: Frame) => void>} */
const listeners = new Set();
/** @type {Set<(s: State) => void>} */
const lines = new Set();
/** @type {Map<string, Frame[]>} what was told of executions that have not ended, for pages that are opened later */
const open = new Map();
/** @type {AgentSocket | undefined} */
let socket;
/** @type {State} */
let state = "connecting";

/** @param {State} next */
function become(next) {
	state = next;
	for (const fn of lines) fn(state);
}

/** Opens the line of whoever is at the page now; the one before is closed. */
export function connect() {
	socket?.close();
	open.clear();
	if (who.ended) { become("ended"); return; }
	let tries = 0;
	const mine = new AgentSocket({
		frame: (f) => {
			if (f.event_type === "connection.established") tries = 0;
			keep(f);
			for (const fn of listeners) fn(f);
		},
		state: (s) => {
			become(s);
			// What does not open, or is another session now: the API says what has become of it.
			if (s === "changed" || s === "refused" || s === "connecting" && ++tries > 2) {
				alive().then((yes) => { if (s === "changed" && yes && socket === mine) connect(); });
			}
		},
	});
	socket = mine;
}

/** Calls back with each frame, until the function that it gives is called. @param {(f: Frame) => void} fn */
export function onFrame(fn) {
	listeners.add(fn);
	return () => { listeners.delete(fn); };
}

/** Tells how the line is, now and whenever that changes. @param {(s: State) => void} fn */
export function onLine(fn) {
	lines.add(fn);
	fn(state);
	return () => { lines.delete(fn); };
}

/** Sends now, or when the line is up again. @param {any} message */
export const send = (message) => socket?.send(message);

/** @param {Frame} f */
function keep(f) {
	if (!f.execution_id) return;
	if (/^execution\.(completed|failed|cancelled)$/.test(f.event_type)) { open.delete(f.execution_id); return; }
	const told = open.get(f.execution_id) ?? [];
	if (told.length < 5000) told.push(f);
	open.set(f.execution_id, told);
}

/** Tells again what was told of executions that have not ended. @param {(f: Frame) => void} fn */
export function again(fn) {
	for (const told of open.values()) for (const f of told) fn(f);
}

/**
 * Calls back soon after executions moved, once for many events.
 * @param {() => void} fn @param {(f: Frame) => boolean} [which]
 */
export function onMoves(fn, which = (f) => /^(execution|artifact)\./.test(f.event_type ?? "")) {
	/** @type {ReturnType<typeof setTimeout> | undefined} */
	let soon;
	const off = onFrame((f) => {
		if (soon || !which(f)) return;
		soon = setTimeout(() => { soon = undefined; if (!document.hidden) fn(); }, 300);
	});
	return () => { off(); clearTimeout(soon); };
}
