// What the pages gain from script. Everything they need works without it. Few files, for each is a request: this one
// holds the small things (copying, filters that apply while they are typed).
import "./requests.js";
import { toHeading } from "./dialogs.js";
import "./rows.js";
import "./toasts.js";
import { parts } from "./times.js";
import "./display.js";
import "./keys.js";
import "./live.js";

// Controls that only script can serve are rendered hidden, so that nobody meets a dead button without it.
function reveal(root) {
  for (const element of root.querySelectorAll("[data-script][hidden], [data-copy][hidden]")) element.hidden = false;
}

reveal(document);
document.addEventListener("htmx:after:swap", () => reveal(document));

// data-copy="#id, #other": copies the text of these elements, a line each, and says so by its icon for a moment.
document.addEventListener("click", async (event) => {
  const button = event.target.closest?.("[data-copy]");
  const sources = button ? [...document.querySelectorAll(button.dataset.copy)] : [];
  if (!sources.length) return;
  const done = await copy(sources.map((source) => source.textContent).join("\n"));
  if (!done) getSelection().setBaseAndExtent(sources[0], 0, sources.at(-1), sources.at(-1).childNodes.length);
  const show = (icon) => button.querySelector("use")?.setAttribute("href", icon);
  show(done ? "#i-check" : "#i-failed");
  setTimeout(show, 1500, "#i-copy");
});

// Plain http to another machine has no clipboard, only the command. Where that is refused too the text is selected, for
// Ctrl C.
async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const focused = document.activeElement;
    const area = document.createElement("textarea");
    area.value = text;
    area.className = "sr-only";
    document.body.append(area);
    area.select();
    const done = document.execCommand("copy");
    area.remove();
    focused.focus({ preventScroll: true });
    return done;
  }
}

// A figure that is edited in its row: what is typed takes its place, and Esc is Cancel.
document.addEventListener("focusin", (event) => {
  if (event.target.matches?.("[data-editing] input")) event.target.select();
});
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") event.target.closest?.("[data-editing]")?.querySelector("a").click();
});

// A select outside its form (form="filters") sends it at once; without script <noscript> holds a button.
document.addEventListener("change", (event) => {
  const field = event.target;
  if (field.matches?.("select") && field.form?.getAttribute("id") === "filters") field.form.requestSubmit();
});

// A filter applies while it is typed: it goes into the address, and the next tick brings the rows that match.
const AFTER_MS = 250;
let timer = 0;

document.addEventListener("input", (event) => {
  const field = event.target;
  if (!field.matches?.("input[type=search]") || field.form?.getAttribute("id") !== "filters") return;
  if (!document.getElementById("main")?.hasAttribute("hx-get")) return;
  clearTimeout(timer);
  timer = setTimeout(() => apply(field.form), AFTER_MS);
});

function apply(form) {
  const url = new URL(location.href);
  for (const field of form.querySelectorAll("input[type=search]")) {
    const value = field.value.trim();
    if (value) url.searchParams.set(field.name, value);
    else url.searchParams.delete(field.name);
  }
  // Another selection of rows begins at its first page.
  url.searchParams.delete("page");
  url.searchParams.delete("cursor");
  url.searchParams.delete("scan");
  if (url.href === location.href) return;
  history.replaceState(history.state, "", url);
  leadBackHere();
  document.dispatchEvent(new CustomEvent("omniq:refresh", { detail: "anew" }));
}

// Where the page's buttons lead back to.
function leadBackHere() {
  for (const back of document.querySelectorAll("input[name=back]")) back.value = back.value.split("?")[0] + location.search;
}

// Another page of the same list comes into <main> (macros/pager.html), and so does the one before when the browser goes
// back: it only keeps the address. How far the list was scrolled is noted when it is left.
const turning = (event) => event.detail.ctx?.select === "#main";

document.addEventListener("htmx:before:history:update", (event) => {
  if (event.detail.history.type === "push") history.replaceState({ ...history.state, y: scrollY }, "");
});
document.addEventListener("htmx:before:history:restore", (event) => {
  event.preventDefault();
  htmx.trigger("#main", "htmx:abort");
  htmx.ajax("GET", event.detail.path, { target: "#main", select: "#main", swap: "outerMorph" });
});
document.addEventListener("htmx:after:request", (event) => {
  const { push, request, response, text } = event.detail.ctx;
  if (!turning(event)) return;
  const overtaken = request.headers["HX-Current-URL"] !== location.href;
  if (!overtaken && response.status === 200 && text.includes('id="main"')) return;
  event.preventDefault();
  // Redis away is told on the page that is there (live.js); anything else is a page of its own.
  if (!overtaken && !(push && response.headers.get("X-Omniq-Away"))) location.assign(request.action);
});
document.addEventListener("htmx:error", (event) => {
  if (turning(event) && !event.detail.ctx.push) location.reload();
});
document.addEventListener("htmx:after:swap", (event) => {
  if (!turning(event)) return;
  leadBackHere();
  countOn();
  const { push } = event.detail.ctx;
  if (push) document.activeElement.blur();
  if (push || history.state.y !== undefined) scrollTo(0, push ? 0 : history.state.y);
  toHeading();
});

// What nobody asked for has no place in the address of a filtered page.
document.addEventListener("formdata", (event) => {
  if (event.target.getAttribute("id") !== "filters") return;
  const usual = (name) => event.target.elements.namedItem(name)?.dataset?.usual ?? "";
  for (const [name, value] of [...event.formData]) if (value === usual(name)) event.formData.delete(name);
});

// A search goes on by itself. The answer for a filter that is no longer the page's is dropped; one that did not come is
// asked for again.
const AGAIN_MS = 4000;

for (const step of ["htmx:before:request", "htmx:before:response"]) {
  document.addEventListener(step, (event) => {
    const { sourceElement, response } = event.detail.ctx;
    if (!sourceElement?.hasAttribute("data-counting")) return;
    if (!sourceElement.isConnected || response?.status >= 500) event.preventDefault();
  });
}
addEventListener("load", () => setTimeout(countOn));

function countOn() {
  for (const first of document.querySelectorAll("[data-counting]")) htmx.trigger(first, "omniq:again");
}

document.addEventListener("htmx:finally:request", (event) => {
  const { sourceElement: source, response } = event.detail.ctx;
  if (!source?.hasAttribute("data-counting") || !source.isConnected || response?.status < 500) return;
  setTimeout(() => source.isConnected && htmx.trigger(source, "omniq:again"), AGAIN_MS);
});

// A chart is read where the pointer is, or the slider that the keyboard moves. Its figures are those of the server.
const chartOf = (box) => box?.querySelector("[data-figures]");

function read(box, at) {
  const chart = chartOf(box);
  const [slider, line, tip] = [...box.children].slice(-3);
  if (!chart) return hush(box);
  const points = chart.dataset.figures.split(";");
  const last = points.length - 1;
  const place = Math.min(Math.max(Math.round(at), 0), last);
  slider.max = last;
  tip.dataset.at = place;
  const step = Number(chart.dataset.step);
  const when = parts(Number(chart.dataset.from) + place * step, document.documentElement.dataset.zone);
  tip.firstElementChild.textContent = `${step > 3e5 ? `${when.day} ` : ""}${when.clock.slice(0, step < 6e4 ? 8 : 5)}`;
  const rates = points[place].split(" ");
  tip.querySelectorAll("b").forEach((figure, nth) => { figure.textContent = /\d/.test(rates[nth]) ? `${rates[nth]}/s` : "–"; });
  slider.setAttribute("aria-valuetext", [...tip.children].map((one) => one.textContent.trim()).join(", "));
  line.setAttribute("viewBox", `0 0 ${last} 1`);
  line.firstElementChild.setAttribute("d", `M${place} 0v1`);
  tip.toggleAttribute("data-start", place * 2 > last);
  for (const part of [line, tip]) part.removeAttribute("hidden");
}

function hush(box) {
  for (const part of [...box.children].slice(-2)) part.setAttribute("hidden", "");
}

document.addEventListener("pointermove", (event) => {
  const box = event.target.closest?.(".chart-box");
  for (const other of document.querySelectorAll(".chart-box")) if (other !== box && !other.contains(document.activeElement)) hush(other);
  if (!chartOf(box)) return;
  const plot = chartOf(box).querySelector("svg").getBoundingClientRect();
  read(box, (event.clientX - plot.left) / plot.width * (chartOf(box).dataset.figures.split(";").length - 1));
});
for (const name of ["input", "focusin", "focusout"]) {
  document.addEventListener(name, (event) => {
    const box = event.target.closest?.(".chart-box");
    if (!chartOf(box)) return;
    if (name === "focusout") return hush(box);
    // It begins at the newest point.
    if (name === "focusin") event.target.value = event.target.max = chartOf(box).dataset.figures.split(";").length - 1;
    read(box, event.target.value);
  });
}
document.addEventListener("htmx:after:swap", () => {
  for (const tip of document.querySelectorAll(".chart-tip:not([hidden])")) read(tip.parentElement, tip.dataset.at);
});
