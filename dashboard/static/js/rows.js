// The rows of the page's table: are they held in place, and which of them did the last answer not contain?
import { isAway } from "./away.js";

// Rows that the page's own part of the answers lacks, and whether the server was asked for them by name.
const apart = new Map();
// Those that the last tick asked for.
let asked = new Set();
// A row of a tick whose job, queue, counter or group stands where the page shows it.
const LISTED = /<hx-partial id="((?:job|queue|child|group)-[0-9a-f]{16}(?:-\d+)?)"[^>]*>\s*<tr id="[^"]*" role="row"(?! data-gone)/g;

const hovers = matchMedia("(hover: hover)");

// The pointer, the focus or a selection is in a table: its rows must not move.
export function held() {
  if (hovers.matches && document.querySelector(".table-box:hover")) return true;
  if (document.activeElement?.closest?.(".table-box")) return true;
  if (document.querySelector(".table-box .row-check:checked")) return true;
  const selection = document.getSelection();
  if (!selection || selection.isCollapsed) return false;
  return [selection.anchorNode, selection.focusNode].some((node) => closest(node)?.closest(".table-box"));
}

// Rows that script has on the page and the answers no longer list: the server is asked how they fare, also whether one
// that is dim is back. At most 20, those that nobody asked for first.
export function missing() {
  const wanted = rows().filter((row) => apart.has(row.id));
  wanted.sort((a, b) => urgency(a) - urgency(b));
  const now = wanted.slice(0, 20);
  asked = new Set(now.map((row) => row.id));
  for (const id of asked) apart.set(id, true);
  return now.map(token);
}

function urgency(row) {
  if (!apart.get(row.id)) return 0;
  return row.hasAttribute("data-gone") ? 2 : 1;
}

// Did the last answer lack a row that the one before it had?
export function unasked() {
  return rows().some((row) => apart.get(row.id) === false);
}

// What an answer listed: every row right after a page was drawn, later those a region of the answer carried.
export function remember(event) {
  const ctx = event?.detail?.ctx;
  if (ctx?.response && (ctx.response.status !== 200 || ctx.response.headers.get("X-Omniq-More"))) return;
  const tick = ctx?.sourceElement?.getAttribute("id") === "main";
  if (!tick || /<hx-partial id="(jobs|queues|children|groups)"/.test(ctx.text)) return apart.clear();
  const listed = new Set([...ctx.text.matchAll(LISTED)].map((found) => found[1]));
  for (const row of rows()) {
    if (!listed.has(row.id)) apart.set(row.id, apart.get(row.id) ?? false);
    // One that was asked for by name is in the answer for that reason alone.
    else if (!asked.has(row.id)) apart.delete(row.id);
  }
}

function rows() {
  return [...document.querySelectorAll("#jobs > tr[id], #queues > tr[id], #children > tr[id], #groups > tr[id]")].filter(token);
}

function token(row) {
  return row.dataset.token ?? row.querySelector(".row-check")?.value ?? row.querySelector("[data-token]")?.dataset.token;
}

function closest(node) {
  return node?.nodeType === Node.ELEMENT_NODE ? node : node?.parentElement;
}

// The numbers of the bulk bar, and the boxes that take the whole page.
const ROW = ".row-check";

document.addEventListener("change", (event) => {
  const box = event.target;
  const form = box.form ?? box.closest?.("form");
  if (!box.matches?.(`#check-all, .check-page, ${ROW}`) || !form) return;
  if (!box.matches(ROW)) {
    for (const row of form.querySelectorAll(`${ROW}:enabled`)) row.checked = box.checked;
  }
  count(form);
});
// A reset changes the boxes after its event.
document.addEventListener("reset", (event) => setTimeout(() => count(event.target)));
addEventListener("pageshow", countAll);
document.addEventListener("htmx:after:swap", countAll);
countAll();

export function countAll() {
  for (const form of document.querySelectorAll("form:has(.bulk-bar)")) count(form);
}

function count(form) {
  // A row whose job has left is disabled: it is neither counted nor sent.
  const rows = [...form.querySelectorAll(`${ROW}:enabled`)];
  const checked = rows.filter((row) => row.checked).length;
  for (const all of form.querySelectorAll("#check-all, .check-page")) {
    all.checked = checked > 0 && checked === rows.length;
    all.indeterminate = checked > 0 && checked < rows.length;
  }
  // While Redis is away no button does anything, whatever is selected meanwhile.
  for (const button of form.querySelectorAll(".bulk-bar:not(.all) [formaction]")) button.disabled = checked === 0 || isAway();
  for (const place of form.querySelectorAll(".bulk-bar [data-count]")) {
    const text = checked.toLocaleString("en-US");
    if (place.textContent !== text) place.textContent = text;
  }
}
