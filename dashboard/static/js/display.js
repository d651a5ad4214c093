// The display menu: a change takes effect at once, is kept by a POST in the background, and `omniq:display` tells the
// rest of the script. The settings stand in data attributes of <html>, where no morph comes.
import { raise } from "./toasts.js";

const COOKIE = "omniq_display";
const NAMES = ["theme", "refresh", "zone", "keys", "live"];
const root = document.documentElement;
let sending = null;

document.addEventListener("change", (event) => {
  const form = event.target.form;
  if (form?.getAttribute("id") !== "display") return;
  adopt(valuesOf(form));
  save(form);
});

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.getAttribute("id") !== "display") return;
  event.preventDefault();
  const values = valuesOf(form);
  if (event.submitter?.name === "live") values.live = values.live === "on" ? "off" : "on";
  adopt(values);
  save(form);
});

function valuesOf(form) {
  const given = new FormData(form);
  return Object.fromEntries(NAMES.map((name) => [name, given.get(name) ?? root.dataset[name] ?? ""]));
}

// Puts the settings into the page, as the server would have rendered it with them.
function adopt(values) {
  for (const name of NAMES) {
    if (root.dataset[name] !== values[name]) root.dataset[name] = values[name];
  }
  // Without the attribute the system decides.
  if (values.theme === "auto") delete root.dataset.theme;
  showLive(values);
  for (const control of document.querySelectorAll("[data-key][data-title]")) {
    control.title = control.dataset.title + (values.keys === "on" ? ` (${control.dataset.key})` : "");
  }
  document.dispatchEvent(new CustomEvent("omniq:display"));
}

function showLive({ live, refresh, keys }) {
  const button = document.getElementById("live");
  if (!button) return;
  const on = live === "on";
  const pace = Math.max(refresh, document.getElementById("main")?.dataset.every ?? 0);
  const key = keys === "on" ? `. Press p to turn them ${on ? "off" : "on"}.` : ".";
  button.value = on ? "off" : "on";
  button.setAttribute("aria-pressed", String(on));
  button.title = button.dataset.usual = `Updates ${on ? `every ${pace} s` : "off"}${key}`;
  button.firstChild.data = on ? "Live " : "Updates off ";
}

// A later change carries everything, so an earlier one that is still under way need not arrive.
async function save(form) {
  sending?.abort();
  const mine = (sending = new AbortController());
  const body = new URLSearchParams(new FormData(form));
  body.set("live", root.dataset.live);
  let kept = false;
  try {
    const headers = { "HX-Request": "true", "HX-Request-Type": "partial" };
    const answer = await fetch(form.action, { method: "POST", body, headers, keepalive: true, signal: mine.signal });
    kept = answer.ok;
  } catch {
    kept = mine.signal.aborted;
  }
  if (sending === mine) sending = null;
  if (!kept) raise("toast-unsaved");
}

// A page that the browser kept in its memory, or another tab, may show older settings than the cookie holds.
function lookAgain() {
  const form = document.getElementById("display");
  const kept = document.cookie.split("; ").find((part) => part.startsWith(`${COOKIE}=`));
  if (!form || !kept || sending) return;
  const values = Object.fromEntries(kept.slice(COOKIE.length + 1).split(".").map((value, nth) => [NAMES[nth], value]));
  const own = valuesOf(form);
  if (!NAMES.every((name) => values[name]) || NAMES.every((name) => values[name] === own[name])) return;
  for (const name of NAMES) {
    const field = form.elements.namedItem(name);
    if (field) field.value = values[name];
  }
  adopt(values);
}

addEventListener("pageshow", (event) => {
  if (event.persisted) lookAgain();
});
document.addEventListener("visibilitychange", () => {
  if (!document.hidden) lookAgain();
});
