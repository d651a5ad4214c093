// Keeps every time on the page true, by the server's clock: "2 min ago", lengths that grow or shrink, and the zone.
// Formats are those of formatting.py.
const SIZES = [["d", 86400000], ["h", 3600000], ["min", 60000], ["s", 1000]];
const CLOCK = /^\d\d:\d\d(:\d\d(\.\d{3})?)?$/;
let served = Number(document.querySelector('meta[name="omniq-now"]')?.content) || Date.now();
let loaded = performance.now();

// The server's now, in ms since the epoch; a live answer tells it again, for computers sleep.
export function now() {
  return served + (performance.now() - loaded);
}

export function syncNow(ms) {
  if (!(ms > 0)) return;
  served = ms;
  loaded = performance.now();
}

export function relative(ms, from) {
  const gap = Math.abs(from - ms);
  if (gap < 1000) return "now";
  const [unit, size] = SIZES.find(([, size]) => gap >= size);
  const text = `${Math.floor(gap / size).toLocaleString("en-US")} ${unit}`;
  return ms <= from ? `${text} ago` : `in ${text}`;
}

export function duration(given) {
  const ms = Math.floor(given);
  const whole = (size, within = Infinity) => Math.floor((ms % within) / size);
  const two = (number) => String(number).padStart(2, "0");
  if (ms < 1000) return `${ms} ms`;
  const tenths = Math.floor((ms + 50) / 100);
  if (tenths < 600) return `${Math.floor(tenths / 10)}${tenths % 10 ? `.${tenths % 10}` : ""} s`;
  if (ms < 60000) return "1 min";
  if (ms < 3600000) return `${whole(60000)} min${whole(1000, 60000) ? ` ${two(whole(1000, 60000))} s` : ""}`;
  if (ms < 86400000) return `${whole(3600000)} h ${two(whole(60000, 3600000))} min`;
  const hours = whole(3600000, 86400000);
  return `${whole(86400000)} d${hours && ms < 864000000 ? ` ${two(hours)} h` : ""}`;
}

export function age(ms) {
  if (ms >= 60000) return duration(ms);
  return ms >= 100 && ms < 1000 ? `0.${Math.floor(ms / 100)} s` : `${Math.floor(ms / 1000)} s`;
}

const formats = new Map();

function formatOf(zone) {
  if (!formats.has(zone)) {
    const two = "2-digit";
    formats.set(zone, new Intl.DateTimeFormat("en-GB", {
      year: "numeric", month: two, day: two, hour: two, minute: two, second: two, fractionalSecondDigits: 3,
      hourCycle: "h23", timeZoneName: "longOffset", timeZone: zone === "local" ? undefined : "UTC",
    }));
  }
  return formats.get(zone);
}

// The parts of a moment in the chosen zone: day, time to the millisecond, and what the zone is called.
export function parts(ms, zone) {
  const of = Object.fromEntries(formatOf(zone).formatToParts(ms).map((part) => [part.type, part.value]));
  return {
    day: `${of.year.padStart(4, "0")}-${of.month}-${of.day}`,
    clock: `${of.hour}:${of.minute}:${of.second}.${of.fractionalSecond}`,
    zone: of.timeZoneName.replace("GMT", "UTC").replace("+00:00", ""),
  };
}

const shown = new WeakMap();

// A moment in the zone: its title, and its text where that is a day or a time of day. The server writes both in UTC.
function inZone(time, ms, zone) {
  const state = () => `${zone} ${ms} ${time.title} ${time.hasAttribute("data-ago") || time.textContent}`;
  if (shown.get(time) === state()) return;
  const at = parts(ms, zone);
  if (time.title) time.title = `${at.day} ${at.clock} ${at.zone}`;
  const text = CLOCK.exec(time.textContent);
  if (text) set(time, "textContent", at.clock.slice(0, text[0].length));
  if (time.hasAttribute("data-day")) set(time, "textContent", dayText(at.day));
  shown.set(time, state());
}

function dayText(day) {
  const [year, month, date] = day.split("-").map(Number);
  const name = new Intl.DateTimeFormat("en-US", { month: "short", timeZone: "UTC" }).format(Date.UTC(2000, month - 1, 1));
  return `${date} ${name} ${year}`;
}

export function showTimes(root = document) {
  const zone = document.documentElement.dataset.zone;
  const at = now();
  for (const time of root.querySelectorAll("time[datetime]")) {
    const ms = Date.parse(time.dateTime);
    if (Number.isNaN(ms)) continue;
    if (time.hasAttribute("data-ago")) set(time, "textContent", relative(ms, at));
    inZone(time, ms, zone);
  }
  for (const name of root.querySelectorAll("[data-zone-name]")) set(name, "textContent", parts(at, zone).zone);
  for (const span of root.querySelectorAll("[data-since]")) show(span, at - Number(span.dataset.since), age);
  for (const span of root.querySelectorAll("[data-until]")) show(span, Number(span.dataset.until) - at, duration);
}

function set(element, property, text) {
  if (element[property] !== text) element[property] = text;
}

function show(element, ms, format) {
  if (Number.isNaN(ms)) return;
  if (element.localName === "progress") return set(element, "value", Math.max(0, ms));
  const text = format(Math.max(0, ms));
  if ("figure" in element.dataset) figure(element, text, element.dataset.figure);
  else set(element, "textContent", text);
}

// Numbers large, units small: the markup of macros/durations.html. Nodes are kept, for a selection may stand in them.
function figure(element, text, suffix) {
  const words = text.split(" ");
  if (suffix) words[words.length - 1] += ` ${suffix}`;
  const tags = words.map((_, nth) => (nth % 2 ? "SMALL" : nth ? "B" : "#text"));
  const nodes = [...element.childNodes];
  if (nodes.length !== tags.length || nodes.some((node, nth) => node.nodeName !== tags[nth])) {
    element.replaceChildren(...tags.map((tag) => (tag === "#text" ? document.createTextNode("") : document.createElement(tag))));
  }
  words.forEach((word, nth) => set(element.childNodes[nth], "textContent", word));
}

function refresh() {
  if (!document.hidden) showTimes();
}

document.addEventListener("htmx:after:swap", () => showTimes());
document.addEventListener("omniq:display", () => showTimes());
document.addEventListener("visibilitychange", refresh);
setInterval(refresh, 1000);
showTimes();
