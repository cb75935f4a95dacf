// The public API, with the browser's cookies. No token is kept in JavaScript.

/** @typedef {{status: number, code: string, detail: string, trace_id?: string, errors?: Array<{pointer: string, message: string}>}} Problem */
/** @typedef {{session_id: string, is_anonymous: boolean, user?: any, tenant?: any, roles: string[], permissions: string[], ended?: boolean}} Who */

const key = "symphainy.session";

/** Who is at the page. @type {Who} */
export let who = { session_id: "", is_anonymous: true, roles: [], permissions: [] };

/** @type {Set<() => void>} */
const watchers = new Set();
/** Calls back whenever somebody else is at the page. @param {() => void} fn */
export const onWho = (fn) => { watchers.add(fn); };

/** @param {Who} next */
function become(next) {
	who = next;
	localStorage.setItem(key, who.session_id);
	for (const fn of watchers) fn();
}

/**
 * Calls the API; anything but 2xx is thrown as its problem.
 * @param {string} method @param {string} path @param {any} [body] @param {Record<string, string>} [headers]
 */
export async function call(method, path, body, headers = {}) {
	let answer;
	try {
		answer = await fetch(path, {
			method, credentials: "same-origin",
			headers: body === undefined || body instanceof FormData ? headers : { "Content-Type": "application/json", ...headers },
			body: body === undefined ? undefined : body instanceof FormData ? body : JSON.stringify(body),
		});
	} catch {
		throw { status: 0, code: "unreachable", detail: "The server cannot be reached. It may be restarting; try again." };
	}
	const data = parsed(await answer.text(), answer.status);
	if (answer.ok) return data;
	if (answer.status === 401 && !path.startsWith("/api/auth/") && !path.startsWith("/api/session")) await alive();
	throw data;
}

/** What was answered; something before the server, such as a proxy, may answer in another language. @param {string} text @param {number} status */
function parsed(text, status) {
	try {
		return text ? JSON.parse(text) : {};
	} catch {
		return { status, code: "not_json", detail: `The server answered with status ${status} and no explanation.` };
	}
}

/** A sign-in or sign-out that is under way, which ends the visitor's credential before it is answered. @type {Promise<void> | undefined} */
let entering;

/** Asks whether the session of this page still lives; if not, the page becomes one that has ended. @returns {Promise<boolean>} */
export async function alive() {
	if (who.ended) return false;
	if (entering) { await entering; return !who.ended; }
	if (!who.session_id) return true;
	try {
		const s = await call("GET", at(`/api/session/${encodeURIComponent(who.session_id)}`));
		if (s.is_anonymous !== who.is_anonymous) await arrive(); // somebody signed up in another tab
		if (s.status === "active" || s.status === "anonymous") return true;
	} catch (err) {
		// A server that is away has ended nothing.
		if (![401, 403, 404].includes(/** @type {Problem} */ (err).status)) return true;
	}
	if (entering) return true; // it began meanwhile, and says itself who is here then
	localStorage.removeItem(key);
	who = { ...who, ended: true, permissions: [], roles: [] };
	for (const fn of watchers) fn();
	return false;
}

/** Names the session, which a visitor with several tabs has to. @param {string} path @param {Record<string, any>} [query] */
export function at(path, query = {}) {
	const all = new URLSearchParams();
	for (const [name, value] of Object.entries({ session_id: who.session_id, ...query })) {
		if (value !== undefined && value !== null && value !== "") all.set(name, String(value));
	}
	return `${path}?${all}`;
}

/** @param {string} path @param {Record<string, any>} [query] */
export const get = (path, query) => call("GET", at(path, query));
/** @param {string} path @param {any} [body] @param {Record<string, string>} [headers] */
export const post = (path, body, headers) => call("POST", at(path), body ?? {}, headers);

/** @param {string} permission */
export const may = (permission) => who.permissions.includes(permission);

/** Finds out who is here, and makes a visitor of nobody. */
export async function arrive() {
	try {
		const me = await call("GET", "/api/auth/me");
		const kept = localStorage.getItem(key);
		let session = me.session_id;
		if (kept && kept !== session) {
			// The session that this page worked in may be another one of the same person.
			try { session = (await call("GET", `/api/session/${encodeURIComponent(kept)}`)).session_id; } catch { /* it is gone, or a visitor's */ }
		}
		become({ session_id: session, is_anonymous: false, user: me.user, tenant: me.tenant, roles: me.roles, permissions: me.permissions });
		return;
	} catch (err) {
		if (/** @type {Problem} */ (err).status !== 401) throw err;
	}
	const kept = localStorage.getItem(key);
	if (kept) {
		try {
			const s = await call("GET", `/api/session/${encodeURIComponent(kept)}?session_id=${encodeURIComponent(kept)}`);
			if (s.is_anonymous && s.status === "anonymous") { become(visitor(kept)); return; }
		} catch (err) {
			if (![401, 404].includes(/** @type {Problem} */ (err).status)) throw err;
		}
	}
	become(visitor((await call("POST", "/api/session/create-anonymous", {})).session_id));
}

/** @param {string} id @returns {Who} */
const visitor = (id) => ({ session_id: id, is_anonymous: true, roles: [], permissions: ["read", "write"] });

/** Does what changes who is here; until it is done nobody asks whether the session lives. @param {() => Promise<void>} work */
async function changing(work) {
	/** @type {() => void} */
	let over = () => {};
	entering = new Promise((done) => { over = done; });
	try { await work(); } finally {
		entering = undefined;
		over();
	}
}

/** Signs in or up; a visitor's session becomes theirs and keeps its id. @param {"login"|"register"} how @param {Record<string, string>} fields */
export const enter = (how, fields) => changing(async () => {
	const body = who.is_anonymous && who.session_id && !who.ended ? { ...fields, session_id: who.session_id } : fields;
	const a = await call("POST", `/api/auth/${how}`, body);
	localStorage.setItem(key, a.session_id);
	await arrive();
});

/** Signs out everywhere this sign-in reaches, and goes on as a visitor. */
export const leave = () => changing(async () => {
	await call("POST", "/api/auth/logout", {});
	localStorage.removeItem(key);
	await arrive();
});

/**
 * Submits an intent and waits a little for its end.
 * @param {string} type @param {any} parameters @param {number} [wait] seconds
 * @returns {Promise<any>} the status if it has ended, else what was accepted
 */
export const submit = (type, parameters, wait = 15) => post("/api/intent/submit",
	{ session_id: who.session_id, intent_type: type, parameters }, { Prefer: `wait=${wait}`, "Idempotency-Key": crypto.randomUUID() });

/** Submits, and throws the failure of an execution as an error. @param {string} type @param {any} parameters */
export async function run(type, parameters) {
	const s = await submit(type, parameters);
	if (s.status === "failed" || s.status === "cancelled") throw { status: 0, code: s.error_code, detail: s.error ?? "It was cancelled." };
	return s;
}

/** Uploads a file with progress. @param {File} file @param {(share: number) => void} progress */
export function upload(file, progress) {
	return new Promise((done, fail) => {
		const form = new FormData();
		form.set("session_id", who.session_id);
		form.set("ui_name", file.name);
		form.set("file", file);
		const x = new XMLHttpRequest();
		x.open("POST", at("/api/files"));
		x.setRequestHeader("Idempotency-Key", crypto.randomUUID());
		x.upload.addEventListener("progress", (e) => { if (e.lengthComputable) progress(e.loaded / e.total); });
		x.addEventListener("load", () => {
			const data = JSON.parse(x.responseText || "{}");
			if (x.status < 300) done(data); else fail(data);
		});
		x.addEventListener("error", () => fail({ detail: "The connection broke while the file was sent; try again." }));
		x.send(form);
	});
}
