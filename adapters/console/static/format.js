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

/** A length of time as a person says it. @param {number} ms */
export function took(ms) {
	if (ms < 1000) return `${Math.max(0, Math.round(ms))} ms`;
	if (ms < 60000) return `${(ms / 1000).toFixed(1)} s`;
	if (ms < 3600000) return `${Math.floor(ms / 60000)} min ${Math.floor((ms % 60000) / 1000)} s`;
	if (ms < 86400000) return `${Math.floor(ms / 3600000)} h ${Math.floor((ms % 3600000) / 60000)} min`;
	return `${Math.floor(ms / 86400000)} d ${Math.floor((ms % 86400000) / 3600000)} h`;
}

/** The time between two instants, or until now. @param {string|null|undefined} from @param {string|null|undefined} [to] */
export const span = (from, to) => (from ? took((to ? Date.parse(to) : Date.now()) - Date.parse(from)) : "–");

/** A word for a name of the machine: data_quality → Data quality, READY → Ready. @param {string} name */
export const words = (name) => {
	const text = (/[a-z]/.test(name) ? name : name.toLowerCase()).replaceAll("_", " ").replaceAll(".", " ");
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
