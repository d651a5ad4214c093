// The keyboard map. Keys press what is on the page ([data-key] buttons, links), so they can do no more than a pointer.
const TYPED_IN = "input:not([type='checkbox']), select, textarea, [contenteditable]";
const SECOND_KEY_MS = 1500;
let pendingUntil = 0;

const ACTIONS = {
  "?": () => document.getElementById("show-shortcuts")?.click(),
  "/": find,
  j: () => step(1, "j"),
  k: () => step(-1, "k"),
  x: () => focusedRow()?.querySelector(".row-check")?.click(),
  r: () => press("r"),
  "#": () => press("#"),
  p: () => document.getElementById("live")?.click(),
  Escape: clear,
};
const AFTER_G = {
  o: () => document.querySelector(".brand[href]")?.getAttribute("href"),
  f: () => document.querySelector(".topbar[data-failed]")?.dataset.failed,
};

document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  if (document.documentElement.dataset.keys === "off" || document.querySelector("dialog[open]:modal")) return;
  if (event.target.closest?.(TYPED_IN)) return;
  // A held key repeats: fine for moving, not for pressing.
  if (event.repeat && !["j", "k"].includes(event.key)) return;
  const pending = performance.now() < pendingUntil;
  pendingUntil = event.key === "g" && !pending ? performance.now() + SECOND_KEY_MS : 0;
  const to = pending && Object.hasOwn(AFTER_G, event.key) && AFTER_G[event.key]();
  if (to) location.assign(to);
  // A key that finds nothing to do stays the browser's.
  else if (!Object.hasOwn(ACTIONS, event.key) || ACTIONS[event.key]() === false) return;
  event.preventDefault();
});

function find() {
  const field = [...document.querySelectorAll("input[type='search']")].find((one) => one.offsetParent !== null);
  if (!field) return false;
  field.focus();
  field.select();
}

// The rows of the table the focus is in, else of the page's first one, that have a link (or a button) to stand on.
function rows() {
  const body = document.activeElement?.closest("tbody") ?? document.querySelector("main table.table:not(.raw) > tbody");
  return [...(body?.rows ?? [])].map((row) => [row, row.querySelector("a[href], button")]).filter(([, link]) => link);
}

function focusedRow() {
  return document.activeElement?.closest("tbody > tr");
}

// On a job's page the keys turn the pages of its lane; in a list they move the focus.
function step(by, key) {
  const turn = document.querySelector(`main a[data-key="${key}"]`);
  if (turn) return turn.hasAttribute("href") && turn.click();
  const all = rows();
  const at = all.findIndex(([row]) => row === focusedRow());
  const to = at < 0 ? 0 : Math.min(Math.max(at + by, 0), all.length - 1);
  all[to]?.[1].focus();
}

// Acts on the selection, else on the focused row, else (a job's page) on what the page is about.
function press(key) {
  const named = `[data-key="${key}"]`;
  const selection = selected();
  const row = focusedRow();
  const place = selection ? selection.querySelector(".bulk-bar") : (row ?? document.querySelector(".page-head .actions"));
  place?.querySelector(named)?.click();
}

function selected() {
  return document.querySelector("main form:has(.row-check:checked, .bulk-bar.all)");
}

function clear() {
  selected()?.querySelector(".bulk-bar :is(button[type='reset'], a[data-clear])")?.click();
}
