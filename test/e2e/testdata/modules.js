// Tests of the console's pure functions, run inside its page. Gives how many checks hold, or throws the first that does not.
(async () => {
	const load = (/** @type {string} */ name) => import(`/console/${name}.js`);
	const [decision, execs, format, forms, lineage, operations, plot, rows, stream, timeline, artifact] = await Promise.all(
		["decision", "executions", "format", "forms", "lineage", "operations", "plot", "rows", "stream", "timeline", "artifact"].map(load));
	let held = 0;
	const is = (/** @type {unknown} */ got, /** @type {unknown} */ want, /** @type {string} */ what) => {
		const a = JSON.stringify(got), b = JSON.stringify(want);
		if (a !== b) throw new Error(`${what}: ${a}, not ${b}`);
		held++;
	};

	is(format.took(999), "999 ms", "below a second");
	is(format.took(61500), "1 min 1 s", "a minute");
	is(format.took(7260000), "2 h 1 min", "hours");
	is(format.took(90000000), "1 d 1 h", "days");
	is(format.took(-5), "0 ms", "clocks that differ");
	is(format.bytes(1536), "1.5 KiB", "bytes");
	is(format.bytes(undefined), "–", "no bytes");
	is(format.words("data_quality.issue"), "Data quality issue", "words");
	is(format.short([]), "–", "nothing");
	is(format.short({ a: "x".repeat(200) }).length, 118, "long values are cut");
	is(format.time(null), "–", "no time");
	is(format.time("2026-03-01T00:30:00Z"), new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium" }).format(new Date(Date.UTC(2026, 2, 1, 0, 30))), "the viewer's zone");

	const half = stream.divide('id: 1\nevent: a\ndata: {"seq":1}\n\n: ping\n\ndata: {"se');
	is(half.events, [{ seq: 1 }], "one whole event");
	is(stream.divide(`${half.rest}q":2}\n\n`).events, [{ seq: 2 }], "the other half");
	is(stream.ends("execution.failed") && !stream.ends("execution.step.failed"), true, "ends");

	const at = (/** @type {number} */ s) => new Date(1000 * s).toISOString();
	const e = (/** @type {number} */ s, /** @type {string} */ event_type, data = {}) => ({ event_type, data, timestamp: at(s) });
	const bars = timeline.barsOf([
		e(0, "execution.accepted"), e(1, "execution.started", { attempt: 1 }), e(1, "execution.step.started", { step: "look" }), e(2, "execution.step.failed", { step: "look" }),
		e(2, "execution.retrying"), e(4, "execution.started", { attempt: 2 }), e(4, "execution.step.started", { step: "look" }), e(5, "execution.step.completed", { step: "look" }),
		e(5, "execution.waiting", { waiting: { for: "decision" } }), e(8, "execution.decided"), e(8, "agent.tool_result", { tool: "t", ok: true, tool_execution_id: "exe_1" }), e(9, "execution.completed"),
	], 99000);
	is(bars.map((/** @type {any} */ b) => [b.name, b.kind, b.state, b.from / 1000, b.to / 1000]), [
		["Attempt 1", "attempt", "failed", 1, 2], ["Look", "step", "failed", 1, 2], ["Waits for its next attempt", "wait", "completed", 2, 4], ["Attempt 2", "attempt", "completed", 4, 9],
		["Look", "step", "completed", 4, 5], ["Waits for decision", "wait", "completed", 5, 8], ["Tool t", "child", "completed", 8, 8],
	], "steps, attempts, waits and children");
	is(timeline.barsOf([e(0, "execution.started", { attempt: 1 })], 7000)[0].to, 7000, "what is open ends now");

	const places = lineage.layout([{ artifact_id: "a" }, { artifact_id: "b" }, { artifact_id: "c" }, { artifact_id: "d" }], [{ from: "a", to: "b" }, { from: "b", to: "d" }, { from: "a", to: "d" }, { from: "x", to: "c" }]);
	is([...places], [["a", { column: 0, row: 0 }], ["b", { column: 1, row: 0 }], ["c", { column: 0, row: 1 }], ["d", { column: 2, row: 0 }]], "after the last of its parents");
	is(lineage.layout([{ artifact_id: "a" }, { artifact_id: "b" }], [{ from: "a", to: "b" }, { from: "b", to: "a" }]).size, 2, "a circle ends");

	const marked = rows.marks([{ code: "x", column: "n", rows: [1, 2] }, { code: "y", column: null, rows: [2] }, { code: "z" }]);
	is([...marked].map(([row, cells]) => [row, [...cells.keys()]]), [[1, ["n"]], [2, ["n", ""]]], "issues at their cells");

	is(operations.matrix([
		{ tenant_id: "t", intent_type: "a", state: "running", count: 2, stuck: 0, oldest_at: at(5) }, { tenant_id: "t", intent_type: "a", state: "waiting", count: 1, stuck: 0, oldest_at: at(3) },
		{ tenant_id: "t", intent_type: "b", state: "accepted", count: 1, stuck: 1, oldest_at: at(9) },
	]).map((/** @type {any} */ r) => [r.type, r.counts, r.stuck, r.oldest]), [["b", { accepted: 1 }, 1, at(9)], ["a", { running: 2, waiting: 1 }, 0, at(3)]], "the stuck ones first");

	is(plot.points([0, 5, 10], 100, 10), "0.0,10.0 50.0,5.0 100.0,0.0", "a line");
	is(plot.points([4], 100, 10), "50.0,0.0", "one point");
	is(plot.points([0, 0], 100, 10), "0.0,5.0 100.0,5.0", "nothing happens");

	is(execs.tally([{ status: "failed" }, { status: "running" }, { status: "failed" }]).filter(([, n]) => n > 0), [["running", 1], ["failed", 2]], "counts");
	is(decision.editable({ tool: "t", arguments: { a: 1 }, agent_id: "g" }), { a: 1 }, "of a call its arguments");
	is(decision.editable({ a: 1 }), { a: 1 }, "of anything else all");
	is(artifact.offers({ artifact_type: "parsed_content", artifact_id: "p", format: "bpmn" }).map((/** @type {any} */ o) => o[1]), ["assess_data_quality", "analyze_structured_data", "create_workflow"], "what is next");
	is(artifact.offers({ artifact_type: "export" }), [], "nothing is next");

	const f = forms.form({ required: ["name"], properties: { name: { type: "string" }, n: { type: "integer" }, how: { enum: ["a", "b"] }, yes: { type: "boolean" }, more: { type: "object" } } }, { name: "Ada", n: 3 });
	is(f.read(), { name: "Ada" }, "what is not filled in is left out");
	const [, n, how, yes, more] = f.node.querySelectorAll("input, select, textarea");
	n.value = "7"; how.value = "b"; yes.value = "false"; more.value = '{"x":1}';
	is(f.read(), { name: "Ada", n: 7, how: "b", yes: false, more: { x: 1 } }, "by the schema's types");
	more.value = "{";
	let thrown = false;
	try { f.read(); } catch (err) { thrown = err instanceof SyntaxError; }
	is(thrown, true, "what is no JSON is said");
	return `${held} checks hold`;
})()
