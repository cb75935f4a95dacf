// Who is here: signing up, in and out, and the sessions of a person.
import { arrive, call, enter, get, leave, may, who } from "./api.js";
import { confirmed, field, fill, h, load, notice, problem, table, when } from "./dom.js";

/** @param {HTMLElement} main */
export function account(main) {
	if (who.is_anonymous) { door(main); return; }
	const list = h("div");
	const again = () => load(list, get("/api/sessions", { limit: 50 }), (page) => table("Sessions", ["Session", "State", "Begun", "Used", ""], page.sessions.map((/** @type {any} */ s) => [
		s.session_id === who.session_id ? h("b", null, "This one") : h("code", null, s.session_id), s.status, when(s.created_at), when(s.updated_at),
		s.status === "active" && s.session_id !== who.session_id && h("button", { type: "button", onclick: async () => {
			if (!await confirmed("End this session? Its pages and sockets close at once.", "End it")) return;
			try { await call("DELETE", `/api/session/${s.session_id}`, {}); } catch (err) { notice(/** @type {any} */ (err).detail, "bad"); }
			again();
		} }, "End")])));
	fill(main, h("h1", null, "Account"), h("dl.facts", null, h("dt", null, "Name"), h("dd", null, who.user?.name ?? "–"), h("dt", null, "E-mail"), h("dd", null, who.user?.email ?? "–"),
		h("dt", null, "Roles"), h("dd", null, who.roles.join(", "))), h("div.actions", null, h("button", { type: "button", onclick: async () => {
		try { await leave(); location.hash = "#/chat"; } catch (err) { notice(/** @type {any} */ (err).detail, "bad"); }
	} }, "Sign out")), h("h2", null, "Your sessions"), list);
	if (may("read")) again();
}

/** What is shown when the session ended while its page was open. @param {HTMLElement} main */
export function ended(main) {
	fill(main, h("h1", null, "This session has ended"), h("p", { role: "alert" }, "It was ended from somewhere else, or its time is over. Nothing more happens in it; what was begun goes on or was cancelled with it."),
		h("div.actions", null, h("button", { type: "button", onclick: async () => {
			location.hash = "#/chat";
			try { await arrive(); } catch (err) { notice(/** @type {any} */ (err).detail, "bad"); }
		} }, "Go on")), signIn("login", "Sign in again"));
}

/** The door for visitors. @param {HTMLElement} main */
function door(main) {
	fill(main, h("h1", null, "Sign up or in"), h("p.hint", null, "The session you are in goes on, with everything in it."), h("div.pair", null, signIn("register", "Sign up"), signIn("login", "Sign in")));
}

/** A form to sign in or up with. @param {"login"|"register"} how @param {string} verb */
function signIn(how, verb) {
	const say = h("div", { role: "status" });
	const name = /** @type {HTMLInputElement} */ (h("input", { type: "text", required: true, maxlength: 100, autocomplete: "name" }));
	const email = /** @type {HTMLInputElement} */ (h("input", { type: "email", required: true, maxlength: 254, autocomplete: "username" }));
	const password = /** @type {HTMLInputElement} */ (h("input", { type: "password", required: true, minlength: 8, maxlength: 1024, autocomplete: how === "login" ? "current-password" : "new-password" }));
	return h("form.card", { "aria-label": verb, onsubmit: async (/** @type {Event} */ e) => {
		e.preventDefault();
		try {
			const kept = who.is_anonymous && !who.ended;
			await enter(how, { email: email.value, password: password.value, ...(how === "register" ? { name: name.value } : {}) });
			notice(kept ? "Welcome. What you made as a visitor is yours now." : "Welcome back.");
			location.hash = "#/chat";
		} catch (err) { fill(say, problem(err)); }
	} }, h("h2", null, verb), how === "register" && field("Your name", name), field("E-mail", email),
	field("Password", password, how === "register" ? "At least 8 characters; 15 or more are better." : undefined), say, h("div.actions", null, h("button.primary", null, verb)));
}

/** The corner of the page. @param {HTMLElement} box */
export function corner(box) {
	fill(box, h("span.dot", { "aria-hidden": "true" }), who.is_anonymous || who.ended ? h("a.button", { href: "#/account" }, "Sign up or in") : h("a", { href: "#/account" }, who.user?.name ?? "Account"));
}

