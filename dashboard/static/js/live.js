// The live refresh: one clock, one request. It ticks while somebody can see it and nobody is in the middle of something.
import * as away from "./away.js";
import { toHeading } from "./dialogs.js";
import { countAll, held, missing, remember, unasked } from "./rows.js";
import { showTimes, syncNow } from "./times.js";

const main = document.getElementById("main");
const root = document.documentElement;
let running = 0;
let focused = null;
let timer = 0;
let last = Date.now();
let forced = false;
let anew = false;
let askedAnew = false;
let again = false;
let loose = false;
let overtaken = false;
let askedForced = false;

if (main?.hasAttribute("hx-get")) start();

function start() {
  remember();
  // A search that goes on by itself is in nobody's way.
  const counts = (event) => !event.detail.ctx.sourceElement?.hasAttribute("data-counting");
  document.addEventListener("htmx:before:request", (event) => { if (counts(event)) running += 1; });
  document.addEventListener("htmx:finally:request", (event) => { if (counts(event)) running = Math.max(0, running - 1); });
  document.addEventListener("htmx:config:request", (event) => {
    const ctx = event.detail.ctx;
    if (ctx.sourceElement === main) ask(ctx);
  });
  document.addEventListener("htmx:after:request", (event) => {
    const ctx = event.detail.ctx;
    if (ctx.sourceElement !== main) return;
    // The pointer came into the table while the answer was under way, and it would move the rows: ask again, held.
    overtaken = loose && ctx.response.status === 200 && held();
    if (overtaken) event.preventDefault();
    else answered(ctx.response);
  });
  document.addEventListener("htmx:error", (event) => {
    const ctx = event.detail.ctx;
    if (ctx?.sourceElement === main || ctx?.push) failed("dashboard");
  });
  document.addEventListener("htmx:after:swap", remember);
  // A control that a tick takes away, like Stop when a check ends, gives the focus to the heading; one that was left does not.
  document.addEventListener("focusin", (event) => { focused = event.target; });
  document.addEventListener("focusout", () => setTimeout(() => {
    if (focused?.isConnected && document.activeElement === document.body) focused = null;
  }));
  // A row that has left is asked for by name at once, not at the next tick: it goes dim when it is found to be gone.
  document.addEventListener("htmx:finally:request", (event) => {
    if (event.detail.ctx.sourceElement !== main) return;
    if (focused && !focused.isConnected) toHeading();
    const response = event.detail.ctx.response;
    // An answer with a chart leaves the rows for the next one.
    const more = !overtaken && Boolean(response?.headers.get("X-Omniq-More"));
    forced ||= more && askedForced;
    again = overtaken || more || (!again && response?.status === 200 && unasked());
    overtaken = false;
    if (again) setTimeout(tick);  // htmx drops a request while it still ends the one before
  });
  // A button that found Redis away tells the page, also while updates are off; one that found it back has it look again.
  document.addEventListener("htmx:finally:request", (event) => {
    const ctx = event.detail.ctx;
    if (ctx.sourceElement === main || !ctx.response) return;
    const why = ctx.response.headers.get("X-Omniq-Away");
    if (why) return away.isAway() || failed(why);
    if (away.isAway() && ctx.response.status < 400) plan(0);
    // What a press has begun may be over in a moment; the tick of before may be seconds away.
    else if (atWork()) plan();
  });
  document.addEventListener("omniq:display", () => { show(); plan(); });
  document.addEventListener("visibilitychange", () => { if (!document.hidden) tick(); });
  addEventListener("pageshow", (event) => { if (event.persisted) tick(); });
  document.addEventListener("omniq:refresh", (event) => {
    forced = true;
    anew ||= event.detail === "anew";
    tick();
  });
  for (const name of ["pointerover", "focusin", "change", "selectionchange"]) document.addEventListener(name, show);
  setInterval(show, 1000);
  show();
  plan();
}

// The reader's choice, but a page that changes slowly has a pace of its own.
function rate() {
  if (atWork()) return 1000;
  return Math.max(Number(root.dataset.refresh) || 2, Number(main.dataset.every) || 0) * 1000;
}

// A bulk task or the check of queues is shown, and it changes each second.
function atWork() {
  return document.querySelector(":is(#tasks, #task, #health-state) [data-running]") !== null;
}

// What the page is about changes no more.
function final() {
  return !atWork() && document.querySelector("#main [data-final]") !== null;
}

function on() {
  return root.dataset.live !== "off";
}

function plan(ms = away.isAway() ? away.delay() : rate()) {
  clearTimeout(timer);
  timer = setTimeout(tick, ms);
}

// Somebody is in the middle of something: a tick now would be in their way.
function busy() {
  return running > 0 || paused();
}

function paused() {
  return document.querySelector("dialog[open], details.menu[open], [data-editing]") !== null;
}

function tick() {
  if (busy()) return plan(Math.min(rate(), 500));
  plan();
  if (((on() && !final()) || forced || away.isAway()) && !document.hidden) htmx.trigger(document.body, "omniq:tick");
}

// The address of a tick is the page's own, with its filters and its place; the rest is what the page knows.
function ask(ctx) {
  ctx.request.action = location.pathname + location.search;
  const body = ctx.request.body;
  body.set("live", "1");
  body.set("v", main.dataset.version ?? "");
  body.delete("task");
  for (const card of document.querySelectorAll("#tasks > [data-task]")) body.append("task", card.dataset.task);
  const mark = document.getElementById("newer")?.dataset.mark;
  for (const name of ["mark", "counting", "hold", "sel"]) body.delete(name);
  // Without its mark the page is drawn anew, for another filter.
  if (mark && !anew) body.set("mark", mark);
  if (!anew && document.querySelector("[data-counting]")) body.set("counting", "1");
  const hold = held();
  if (hold && !forced) body.set("hold", "1");
  loose = !hold && !forced;
  if (!anew) for (const token of missing()) body.append("sel", token);
  askedForced = forced;
  forced = false;
  askedAnew = anew;
  anew = false;
}

function answered(response) {
  const version = response.headers.get("X-Omniq-Version");
  if (response.status >= 400 && response.status < 500) return over();
  // What is not ours (a sign-in page of a proxy, say) is no answer either.
  if (response.status >= 500 || !version) return failed(response.headers.get("X-Omniq-Away") ?? "dashboard");
  main.dataset.version = version;
  last = Date.now();
  stamp(Number(response.headers.get("X-Omniq-Now")));
  if (away.isAway()) {
    away.back();
    countAll();
    plan();
  }
  show();
}

function failed(what) {
  anew ||= askedAnew;
  away.gone(what, last, () => { clearTimeout(timer); tick(); });
  plan();
  show();
}

// What the page is about is gone, or may no longer be read: the banner of the answer says so. It may come back.
function over() {
  anew ||= askedAnew;
  away.gone("", last);
  plan();
  show();
}

function stamp(now) {
  const time = document.querySelector("#live time");
  if (!time || !now) return;
  syncNow(now);
  time.dateTime = new Date(now).toISOString();
  time.textContent = time.dateTime.slice(11, 19);
  showTimes();
}

function show() {
  const button = document.getElementById("live");
  if (!button) return;
  const late = !paused() && !final() && Date.now() - last > 3 * rate() + 1000;
  const isHeld = on() && !away.isAway() && held();
  const [word, tone] = away.isAway() ? ["Offline", "danger"]
    : !on() ? ["Updates off", ""]
    : isHeld ? ["Held", late ? "warn" : ""]
    : ["Live", late ? "warn" : ""];
  if (button.firstChild?.nodeType === Node.TEXT_NODE && button.firstChild.data !== `${word} `) button.firstChild.data = `${word} `;
  button.setAttribute("aria-pressed", String(on()));
  button.toggleAttribute("data-held", isHeld);
  button.dataset.usual ??= button.title;
  const title = final() ? "What this page shows has ended and changes no more, so it is not refreshed."
    : isHeld ? "Figures go on, rows stay while you point, focus or select"
    : late && !away.isAway() ? "3 rounds missed"
    : button.dataset.usual;
  if (button.title !== title) button.title = title;
  if (tone) button.dataset.tone = tone;
  else delete button.dataset.tone;
}
