// How values are shown. Times are stored in UTC and shown in the viewer's zone.

const clock = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium" });
const numbers = new Intl.NumberFormat(undefined, { maximumFractionDigits: 4 });

/** @param {string|null|undefined} iso */
export const time = (iso) => (iso ? clock.format(new Date(iso)) : "–");

/** @param {number} n */
export const number = (n) => numbers.format(n);

/** @param {number} n bytes */
export function bytes(n) {
	if (!Number.isFinite(n)) return "–";
	const units = ["B", "KiB", "MiB", "GiB"];
	let i = 0;
	while (n >= 1024 && i < units.length - 1) { n /= 1024; i++; }
	return `${i === 0 ? n : n.toFixed(1)} ${units[i]}`;
}

/** The time between two instants. @param {string|null|undefined} from @param {string|null|undefined} to */
export function span(from, to) {
	if (!from) return "–";
	const ms = (to ? Date.parse(to) : Date.now()) - Date.parse(from);
	if (ms < 1000) return `${Math.max(0, Math.round(ms))} ms`;
	if (ms < 60000) return `${(ms / 1000).toFixed(1)} s`;
	return `${Math.floor(ms / 60000)} min ${Math.round((ms % 60000) / 1000)} s`;
}

/** A word for a name of the machine: data_quality → Data quality. @param {string} name */
export const words = (name) => {
	const text = name.replaceAll("_", " ").replaceAll(".", " ");
	return text.charAt(0).toUpperCase() + text.slice(1);
};

/** Any JSON value as a short text. @param {unknown} v @returns {string} */
export function short(v) {
	if (v === null || v === undefined) return "–";
	if (typeof v === "number") return number(v);
	if (Array.isArray(v) && v.every((x) => x === null || typeof x !== "object")) return v.length === 0 ? "–" : v.slice(0, 20).map(short).join(", ");
	if (typeof v === "object") { const t = JSON.stringify(v); return t.length > 120 ? `${t.slice(0, 117)}…` : t; }
	return String(v);
}
