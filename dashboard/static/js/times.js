// Keeps "2 min ago" true, by the server's clock.
const SIZES = [["d", 86400000], ["h", 3600000], ["min", 60000], ["s", 1000]];
const served = Number(document.querySelector('meta[name="omniq-now"]')?.content) || Date.now();
const loaded = performance.now();

export function relative(ms, now) {
  const gap = Math.abs(now - ms);
  if (gap < 1000) return "now";
  const [unit, size] = SIZES.find(([, size]) => gap >= size);
  const text = `${Math.floor(gap / size).toLocaleString("en-US")} ${unit}`;
  return ms <= now ? `${text} ago` : `in ${text}`;
}

function refresh() {
  if (document.hidden) return;
  const now = served + (performance.now() - loaded);
  for (const time of document.querySelectorAll("time[data-ago]")) {
    const ms = Date.parse(time.dateTime);
    const text = relative(ms, now);
    if (!Number.isNaN(ms) && time.textContent !== text) time.textContent = text;
  }
}

document.addEventListener("htmx:after:swap", refresh);
document.addEventListener("visibilitychange", refresh);
setInterval(refresh, 1000);
