// Forms that post go through htmx: the answer is a list of regions, and the page stays. A form is a plain form in the
// page, so its buttons' formaction, name and value count here exactly as they do for the browser.
import { showLost } from "./toasts.js";
import { rememberPlace } from "./dialogs.js";

const busy = new Set();

// The second press of a double click may find the next row under it, once the first has taken its own away.
document.addEventListener("click", (event) => {
  const button = event.target.closest?.("button");
  if (event.detail < 2 || button?.form?.getAttribute("method") !== "post" || button.form.hasAttribute("data-plain")) return;
  event.preventDefault();
  event.stopPropagation();
}, true);

// htmx keeps a press with Ctrl, Cmd or Shift from opening a link elsewhere, and does nothing with it itself.
document.addEventListener("click", (event) => {
  if ((event.ctrlKey || event.metaKey || event.shiftKey) && event.target.closest?.("a[hx-get]")) event.stopPropagation();
}, true);

document.addEventListener("submit", (event) => {
  const form = event.target;
  const button = event.submitter;
  const method = (button?.getAttribute("formmethod") || form.getAttribute("method") || "get").toLowerCase();
  if (event.defaultPrevented || method !== "post" || form.hasAttribute("data-plain")) return;
  event.preventDefault();
  // The shared form of the rows may have several requests under way, one per button; any other form only one.
  const key = form.getAttribute("id") === "row" ? button : form;
  if (!busy.has(key)) send(form, button, event, key);
});

async function send(form, button, event, key) {
  const action = button?.getAttribute("formaction") || form.getAttribute("action") || location.href;
  const restoreFocus = rememberPlace(button || form);
  busy.add(key);
  button?.setAttribute("aria-busy", "true");
  try {
    await htmx.ajax("POST", action, { source: button || form, event, swap: "none" });
  } finally {
    busy.delete(key);
    button?.removeAttribute("aria-busy");
  }
  restoreFocus();
}

// Our answers are regions, also those that say what went wrong. Anything else came from a proxy, or did not come.
document.addEventListener("htmx:finally:request", (event) => {
  const ctx = event.detail?.ctx;
  // The application around the dashboard has a token of its own, which ends sooner than a page does.
  const token = ctx?.response?.headers.get("X-Omniq-Host-Token");
  if (token) for (const field of document.querySelectorAll("[data-host-token]")) field.value = token;
  // A tick or a search that got no answer asked for no change: live.js shows the outage.
  if (ctx?.sourceElement?.matches("#main, [data-counting]")) return;
  if (ctx?.swap !== "none" || ctx.hx?.redirect || [204, 304].includes(ctx.response?.status)) return;
  if (!ctx.text?.includes("<hx-partial")) showLost();
});
