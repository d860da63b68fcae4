"use strict";
// The views of the page are linked by one state: what is chosen, sorted and selected. It is kept in the address, so that
// a page that reloads, or is sent as a link, shows the same.
const data = JSON.parse(document.getElementById("data").textContent);
const PAGE = 25;
const RUNS_MAX = 2000; // that are drawn one by one
const CURVES_MAX = 20; // learning curves beside that of the selected run
const DRAWN = ["run_id", "study", "variant", "train_images", "method", "seed", "status"]; // of a run, in the chart
const FILTERS = ["seed", "epochs", "settings", "study", "model"];
const by = (id) => document.getElementById(id);
const dark = matchMedia("(prefers-color-scheme: dark)");
const runs = data.rows.map((row, index) => Object.assign({ index }, Object.fromEntries(data.columns.map((name, n) => [name, row[n]]))));
if (runs.some((run) => run.settings)) for (const run of runs) run.settings = run.settings || "as in the recipe";
const state = Object.assign({ cost: "flops", response: "top1", seed: "", epochs: "", settings: "", study: "", model: "", off: "", filter: "", sort: "", down: "", place: "0", run: "" },
  Object.fromEntries(new URLSearchParams(location.hash.slice(1))));
if (!(state.cost in data.costs)) state.cost = Object.keys(data.costs)[0];
if (!(state.response in data.responses)) state.response = Object.keys(data.responses)[0];

const remember = () => history.replaceState(null, "", "#" + new URLSearchParams(Object.entries(state).filter((pair) => pair[1] !== "")));
const off = () => new Set(state.off.split("|").filter(Boolean));
const text = (value) => (value === null || value === undefined ? "" : String(value));
const shown = (name, value) => (typeof value === "number" && !Number.isInteger(value) ? value.toPrecision(5).replace(/\.?0+$/, "") : text(value));

function element(name, attributes, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes || {})) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

// Runs that the controls choose: all of the views show these.
function chosen() {
  const without = off();
  return runs.filter((run) => !without.has(text(run.method)) && FILTERS.every((key) => state[key] === "" || text(run[key]) === state[key]));
}

function listed() {
  const wanted = state.filter.toLowerCase();
  const rows = chosen().filter((run) => !wanted || data.columns.some((name) => text(run[name]).toLowerCase().includes(wanted)));
  if (!state.sort) return rows;
  const sign = state.down ? -1 : 1;
  const missing = (value) => value === null || value === undefined;
  return rows.sort((one, other) => {
    const a = one[state.sort], b = other[state.sort];
    if (missing(a) || missing(b)) return missing(a) - missing(b);
    return sign * (typeof a === "number" && typeof b === "number" ? a - b : text(a).localeCompare(text(b), "en", { numeric: true }));
  });
}

// Means over the runs of a variant; lines join those of a method, from the baseline on.
function plotted() {
  const points = chosen().filter((run) => run.status === "done" && run[state.cost] > 0 && run[state.response] !== null)
    .map((run) => ({ ...Object.fromEntries(DRAWN.map((name) => [name, run[name]])), x: run[state.cost], y: run[state.response] }));
  const groups = new Map();
  for (const point of points) {
    const key = JSON.stringify([point.study, point.variant, point.train_images]);
    if (!groups.has(key)) groups.set(key, []);
    groups.get(key).push(point);
  }
  const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const means = [...groups.values()].map((group) => {
    const values = group.map((point) => point.y);
    return { ...group[0], n: group.length, x: mean(group.map((point) => point.x)), y: mean(values), low: Math.min(...values), high: Math.max(...values) };
  });
  const bases = means.filter((point) => point.method === "baseline");
  const lines = means.filter((point) => data.lines.includes(point.method));
  const kinds = new Set(lines.map((point) => point.method));
  if (bases.length === 1) for (const method of kinds) lines.push({ ...bases[0], method });
  return { count: points.length, runs: points.length > RUNS_MAX ? points.filter((point) => point.run_id === state.run) : points, means, lines };
}

function themed(spec, titles) {
  const made = JSON.parse(JSON.stringify(spec), (key, value) => {
    if (dark.matches && (value === "#000000" || value === "black") && /^(color|stroke|\d+)$/.test(key)) return "#f0f0f0";
    if (value && typeof value === "object" && value.field in titles && key !== "y2") value.title = titles[key === "y" && titles.y ? "y" : value.field];
    return value;
  });
  const front = dark.matches ? "#ececec" : "#1b1b1b", grid = dark.matches ? "#3a3d42" : "#e2e2e2";
  made.background = null;
  made.config = {
    font: "system-ui, sans-serif", view: { stroke: grid },
    axis: { labelColor: front, titleColor: front, gridColor: grid, domainColor: grid, tickColor: grid, labelFontSize: 12, titleFontSize: 13 },
    legend: { labelColor: front, titleColor: front, labelFontSize: 12 },
    title: { color: front, fontSize: 13 }, text: { color: front }, rule: { color: front },
  };
  return made;
}

// One chart is drawn at a time; of several that wait, the last. The first waits until the table is shown.
let view = null, asked = 0, drawn = new Promise((resolve) => setTimeout(resolve, 50));
function draw() {
  const mine = ++asked;
  drawn = drawn.then(() => (mine === asked ? drawNow() : null));
}

async function drawNow() {
  const parts = plotted();
  const x = data.costs[state.cost], y = data.responses[state.response];
  const spec = themed(data.chart, { x: x + ", log scale", y, low: "lowest", high: "highest", n: "runs" });
  spec.datasets = { runs: parts.runs, means: parts.means, lines: parts.lines };
  const range = (key) => [Math.min, Math.max].map((most) => parts.means.reduce((end, point) => most(end, point[key]), parts.means[0][key]));
  const marks = parts.count > RUNS_MAX ? `marks are means over runs, which are too many to be drawn one by one (more than ${RUNS_MAX})` : "large marks are means over runs";
  by("chart-note").textContent = parts.count
    ? `${parts.count} finished runs of ${parts.means.length} variants; ${marks}, bars their range. Mean ${y}: ${range("y").map((value) => shown("", value)).join(" to ")}.`
    : "No finished run with these choices.";
  if (view) view.finalize();
  view = null;
  by("chart").replaceChildren();
  if (!parts.count) return;
  view = await vegaEmbed("#chart", spec, { actions: false, ast: true, renderer: parts.runs.length + parts.means.length > 500 ? "canvas" : "svg" });
  view.view.signal("picked", state.run).run();
  view.view.addEventListener("click", (event, item) => { if (item && item.datum && item.datum.run_id) select(item.datum.run_id); });
}

function table() {
  const rows = listed(), pages = Math.max(1, Math.ceil(rows.length / PAGE));
  const place = Math.min(Number(state.place) || 0, pages - 1);
  const head = element("tr");
  for (const name of data.shown) {
    const sorted = state.sort === name ? (state.down ? "descending" : "ascending") : "none";
    const button = element("button", { type: "button" }, name + (sorted === "ascending" ? " ▲" : sorted === "descending" ? " ▼" : ""));
    button.addEventListener("click", () => { state.down = state.sort === name && !state.down ? "1" : ""; state.sort = name; state.place = "0"; update(false); by("table").querySelectorAll("th button")[data.shown.indexOf(name)].focus(); });
    head.append(element("th", { scope: "col", "aria-sort": sorted }, button));
  }
  by("table").tHead.replaceChildren(head);
  by("table").tBodies[0].replaceChildren(...rows.slice(place * PAGE, (place + 1) * PAGE).map((run) => {
    const line = element("tr", { "aria-selected": String(run.run_id === state.run) });
    for (const [n, name] of data.shown.entries()) {
      const cell = element("td", typeof run[name] === "number" ? { class: "number" } : { title: text(run[name]) });
      if (n === 0) {
        const button = element("button", { type: "button" }, text(run[name]));
        button.addEventListener("click", () => select(run.run_id));
        cell.append(button);
      } else cell.textContent = shown(name, run[name]);
      line.append(cell);
    }
    return line;
  }));
  by("count").textContent = `${rows.length} of ${runs.length} runs`;
  by("place").textContent = `page ${place + 1} of ${pages}`;
  by("previous").disabled = place === 0;
  by("next").disabled = place === pages - 1;
}

function detail() {
  const run = runs.find((one) => one.run_id === state.run);
  by("selected").hidden = !run;
  if (!run) return;
  by("selected-title").textContent = run.run_id;
  by("error").textContent = text(run.error);
  by("command").textContent = run.command || "The tables do not tell how to train this run.";
  by("copied").textContent = "";
  const others = runs.filter((one) => one.variant === run.variant && one.study === run.study && one !== run && data.history[one.run_id]).map((one) => one.run_id);
  by("learning-note").textContent = others.length > CURVES_MAX ? `Thin: the first ${CURVES_MAX} of the ${others.length} other runs of this variant.` : "";
  const rows = [];
  for (const id of [run.run_id, ...others.slice(0, CURVES_MAX)]) {
    const curve = data.history[id];
    if (!curve) continue;
    curve.epoch.forEach((epoch, n) => { if (curve.val_top1[n] !== null) rows.push({ run_id: id, epoch, value: curve.val_top1[n], quantity: "validation top-1 (%)", selected: id === run.run_id }); });
  }
  by("learning").hidden = !rows.length;
  if (!rows.length) return;
  const spec = themed(data.learning, { value: "validation top-1 (%)" });
  spec.datasets = { epochs: rows };
  const last = Math.max(...rows.map((row) => row.epoch)), step = Math.ceil(last / 10);
  spec.encoding.x.axis.values = Array.from({ length: Math.floor(last / step) }, (none, n) => (n + 1) * step);
  vegaEmbed("#learning", spec, { actions: false, ast: true, renderer: "svg" });
}

function select(id) {
  state.run = id;
  const place = listed().findIndex((run) => run.run_id === id);
  if (place >= 0) state.place = String(Math.floor(place / PAGE));
  update(false);
  by("selected").scrollIntoView({ block: "nearest" });
  if (!view) return;
  if (chosen().length > RUNS_MAX) draw(); // of which the selected run alone is drawn
  else view.view.signal("picked", id).run();
}

function update(redraw) {
  remember();
  table();
  detail();
  if (redraw) draw();
}

function save(name, type, content) {
  const link = element("a", { href: "data:" + type + ";charset=utf-8," + encodeURIComponent(content), download: name });
  document.body.append(link);
  link.click();
  link.remove();
}

const quoted = (value) => (/[",\n\r]/.test(value) ? '"' + value.replace(/"/g, '""') + '"' : value);

function choices(id, name) {
  const values = [...new Set(runs.map((run) => text(run[name])))].filter((value) => value !== "").sort((a, b) => a.localeCompare(b, "en", { numeric: true }));
  const list = by(id);
  list.replaceChildren(element("option", { value: "" }, "all"), ...values.map((value) => element("option", { value }, value)));
  list.value = values.includes(state[id]) ? state[id] : "";
  state[id] = list.value;
  list.closest("label").hidden = values.length < 2;
}

// A figure that is opened becomes a chart that tells its values; where that fails it stays the picture.
for (const place of document.querySelectorAll("[data-figure]")) {
  const details = place.closest("details");
  details.addEventListener("toggle", async () => {
    if (!details.open || place.childElementCount || !data.figures[place.dataset.figure]) return;
    place.hidden = false;
    for (const panel of data.figures[place.dataset.figure]) {
      const spot = element("div", { class: "chart" });
      place.append(spot);
      await vegaEmbed(spot, themed(panel, {}), { actions: false, ast: true, renderer: "svg" });
    }
    details.querySelector("img").hidden = true;
  });
}
for (const id of ["explore", "runs"]) by(id).hidden = !runs.length;
for (const id of FILTERS) choices(id, id);
for (const id of ["cost", "response"]) by(id).value = state[id];
for (const id of ["cost", "response", ...FILTERS]) by(id).addEventListener("change", () => { state[id] = by(id).value; state.place = "0"; update(true); });
for (const method of data.methods) {
  const box = element("input", { type: "checkbox", value: method });
  box.checked = !off().has(method);
  box.addEventListener("change", () => {
    const without = off();
    if (box.checked) without.delete(method); else without.add(method);
    state.off = [...without].join("|");
    state.place = "0";
    update(true);
  });
  by("methods").append(element("label", {}, box, method));
}
by("controls").addEventListener("submit", (event) => event.preventDefault());
by("filter").value = state.filter;
by("filter").addEventListener("input", () => { state.filter = by("filter").value; state.place = "0"; update(false); });
by("previous").addEventListener("click", () => { state.place = String((Number(state.place) || 0) - 1); update(false); });
by("next").addEventListener("click", () => { state.place = String((Number(state.place) || 0) + 1); update(false); });
by("download").addEventListener("click", () => save("runs.csv", "text/csv", [data.columns.map(quoted).join(","), ...listed().map((run) => data.columns.map((name) => quoted(text(run[name]))).join(","))].join("\n") + "\n"));
by("commands").addEventListener("click", () => save("runs.sh", "text/x-shellscript", listed().map((run) => run.command).filter(Boolean).join("\n") + "\n"));
by("copy").addEventListener("click", async () => {
  const range = document.createRange();
  range.selectNodeContents(by("command"));
  getSelection().removeAllRanges();
  getSelection().addRange(range);
  try { await navigator.clipboard.writeText(by("command").textContent); by("copied").textContent = "Copied."; }
  catch { by("copied").textContent = document.execCommand("copy") ? "Copied." : "Selected; copy it with the keyboard."; }
});
addEventListener("beforeprint", () => { for (const part of document.querySelectorAll("details")) part.open = true; });
dark.addEventListener("change", () => update(true));
update(true);
