// Redis, or this dashboard, does not answer: the figures stay, grey and with their age, and no button does anything.
import { duration, showTimes } from "./times.js";

const STEPS = [1000, 2000, 4000, 8000];
let tries = 0;
let since = 0;
let next = 0;
let clock = 0;
let stood = null;

export function isAway() {
  return tries > 0;
}

// How long until the next try, in ms.
export function delay() {
  return STEPS[Math.min(tries, STEPS.length) - 1];
}

// what: what the header said of Redis, or "dashboard", or "" where the answer brought a banner of its own.
export function gone(what, last, tryNow) {
  tries += 1;
  since ||= last;
  next = Date.now() + delay();
  document.body.dataset.stale = "";
  const box = document.getElementById("banners");
  if (what && !box.querySelector("[data-away-since]")) {
    box.append(document.getElementById("banner-away").content.cloneNode(true));
    box.querySelector("[data-try-now]").addEventListener("click", (event) => {
      event.preventDefault();
      tryNow();
    });
    const time = box.querySelector("[data-away-since]");
    time.dateTime = document.querySelector("#live time")?.dateTime ?? new Date(since).toISOString();
    time.textContent = time.dateTime.slice(11, 19);
    showTimes(box);
  }
  for (const words of box.querySelectorAll("[data-what]")) words.hidden = words.dataset.what !== what;
  switchOff();
  clearInterval(clock);
  clock = setInterval(count, 1000);
  count();
}

export function back() {
  tries = 0;
  since = 0;
  clearInterval(clock);
  delete document.body.dataset.stale;
  document.getElementById("banners").replaceChildren();
  for (const control of document.querySelectorAll("[data-was-on]")) {
    if (control.localName === "a") control.removeAttribute("aria-disabled");
    else control.disabled = false;
    control.removeAttribute("data-was-on");
  }
  if (document.activeElement === document.body && stood?.isConnected) stood.focus();
  stood = null;
}

// Buttons that post, and links that open the dialog of an action. An open dialog keeps its own: no tick runs behind it
// that could switch them on again, and what is typed in it would wait for good. A press that comes too early is answered.
function switchOff() {
  const posts = "button[formaction]:not(dialog *)";
  // A button that goes off loses the focus; it gets it back with its use.
  stood ??= document.activeElement;
  for (const control of document.querySelectorAll(`${posts}, main a.button[hx-get]`)) {
    if (control.disabled || control.getAttribute("aria-disabled")) continue;
    if (control.localName === "a") control.setAttribute("aria-disabled", "true");
    else control.disabled = true;
    control.setAttribute("data-was-on", "");
  }
}

document.addEventListener("click", (event) => {
  if (!event.target.closest?.("a[data-was-on]")) return;
  event.preventDefault();
  event.stopPropagation();
}, true);

function count() {
  const age = document.querySelector("[data-away-age]");
  const wait = document.querySelector("[data-next-try]");
  if (age) age.textContent = duration(Math.floor((Date.now() - since) / 1000) * 1000);
  if (wait) wait.textContent = `Next try in ${Math.max(1, Math.ceil((next - Date.now()) / 1000))} s`;
}
