// Toasts leave after six seconds, but not under the pointer or the focus; errors stay. At most three.
const STAY_MS = 6000;
const MOST = 3;
const until = new WeakMap();

export function showLost() {
  raise("toast-lost");
}

// A message that the page carries in a <template>, for when the server cannot be asked for one.
export function raise(id) {
  const template = document.getElementById(id);
  const box = document.getElementById("toasts");
  if (!template || !box) return;
  box.append(template.content.cloneNode(true));
  settle();
}

function settle() {
  const toasts = [...document.querySelectorAll("#toasts > .toast")];
  const now = performance.now();
  for (const toast of toasts) if (!until.has(toast)) until.set(toast, now + STAY_MS);
  const passing = toasts.filter((toast) => toast.getAttribute("role") !== "alert");
  for (let over = toasts.length - MOST; over > 0 && passing.length; over--) passing.shift().remove();
}

setInterval(() => {
  const now = performance.now();
  for (const toast of document.querySelectorAll("#toasts > .toast:not([role='alert'])")) {
    if (toast.matches(":hover, :focus-within")) until.set(toast, now + STAY_MS);
    else if (now > (until.get(toast) ?? Infinity)) toast.remove();
  }
}, 500);

document.addEventListener("htmx:after:swap", settle);
// What its button offered is done: "Undo works for 15 min" is not true any more.
document.addEventListener("htmx:finally:request", (event) => {
  const ctx = event.detail?.ctx;
  if (ctx?.response?.status === 200) ctx.sourceElement?.closest(".toast")?.remove();
});
document.addEventListener("click", (event) => {
  const button = event.target.closest?.("[data-close]");
  if (button) button.closest(".toast, .task, .banner")?.remove();
});
settle();
