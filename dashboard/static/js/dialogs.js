// A dialog that was swapped into #dialog opens; an empty #dialog has closed it. Its opener gets the focus back; when
// that has left the page, the same control of the next row gets it.
let pressed = null;
let giveBack = null;

document.addEventListener("click", (event) => {
  const control = event.target.closest?.("button, a[href]");
  if (control && !control.closest("dialog")) pressed = control;
}, true);

document.addEventListener("htmx:after:swap", openArrived);
document.addEventListener("htmx:finally:request", (event) => {
  closeOwn(event.detail?.ctx);
  if (event.detail?.ctx?.sourceElement?.closest?.("#dialog")) sayInside();
  returnFocus();
});

// While a dialog is open all else is inert, so what went wrong with its own request is said inside it.
function sayInside() {
  const body = document.querySelector("#dialog > dialog[open] .dialog-body");
  const toast = body && [...document.querySelectorAll("#toasts > .toast[role='alert']")].at(-1);
  if (!toast) return;
  const alert = document.createElement("p");
  const words = document.createElement("span");
  alert.className = "alert";
  alert.dataset.tone = "danger";
  alert.setAttribute("role", "alert");
  words.textContent = [...toast.querySelector("p").childNodes].map((node) => node.textContent.trim()).filter(Boolean).join(". ");
  alert.append(words);
  body.querySelector(".alert")?.remove();
  body.prepend(alert);
  toast.remove();
}

function openArrived() {
  const dialog = document.querySelector("#dialog > dialog:not([open])");
  if (!dialog) return;
  remember();
  dialog.addEventListener("close", () => {
    dialog.remove();
    returnFocus();
  });
  dialog.showModal();
}

// A dialog that is part of the page (command="show-modal") stays in it: it closes when its request went well.
function closeOwn(ctx) {
  const dialog = ctx?.sourceElement?.closest?.("dialog[open]");
  if (!dialog?.isConnected || dialog.parentElement.id === "dialog" || !ctx.response || ctx.response.status >= 400) return;
  remember();
  dialog.close();
}

// Before the answer takes the opener's row away.
function remember() {
  const opener = pressed;
  const place = opener && rememberPlace(opener);
  giveBack = opener && (() => (opener.isConnected ? opener.focus() : place()));
}

function returnFocus() {
  if (!giveBack || document.querySelector("dialog[open]")) return;
  const back = giveBack;
  giveBack = null;
  if (document.activeElement && document.activeElement !== document.body) return;
  back();
}

// After a request the focus is where it was; when that control is gone, on the same control of the next row, else on
// the page's heading.
export function rememberPlace(control) {
  const row = control.closest("tr");
  // A key pressed the row's button while the focus stood elsewhere in the row: it goes on standing there.
  if (row?.contains(document.activeElement)) control = document.activeElement;
  if (!row) return () => { if (!control.isConnected) toHeading(); };
  const nth = controlsOf(row).indexOf(control);
  const neighbours = [];
  for (let next = row.nextElementSibling; next; next = next.nextElementSibling) neighbours.push(next.id);
  for (let before = row.previousElementSibling; before; before = before.previousElementSibling) neighbours.push(before.id);
  const own = row.id;
  return () => {
    if (document.querySelector("dialog[open]")) return;
    // An element that the user has focused meanwhile keeps it.
    if (document.activeElement && document.activeElement !== document.body) return;
    for (const id of [own, ...neighbours]) {
      const found = id && document.getElementById(id);
      const target = found && (controlsOf(found)[nth] || controlsOf(found).at(-1));
      if (target) return target.focus();
    }
    toHeading();
  };
}

export function toHeading() {
  if (document.activeElement && document.activeElement !== document.body) return;
  document.querySelector("main h1[tabindex]")?.focus({ preventScroll: true });
}

function controlsOf(row) {
  return [...row.querySelectorAll("a[href], button, input")].filter((c) => c.offsetParent !== null);
}

// Menus are <details>: they close on Esc (the focus goes back to the summary), on a press outside, when the focus goes on
// to what they may cover, and for a dialog that one of their items opens.
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  const menu = event.target.closest?.("details.menu[open]") ?? document.querySelector("details.menu[open]");
  if (!menu) return;
  event.preventDefault();
  closeMenu(menu);
});

function closeMenu(menu) {
  menu.open = false;
  menu.querySelector("summary")?.focus();
}

document.addEventListener("pointerdown", (event) => {
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    if (!menu.contains(event.target)) menu.open = false;
  }
});

document.addEventListener("focusout", (event) => {
  const menu = event.target.closest?.("details.menu[open]");
  if (menu && event.relatedTarget && !menu.contains(event.relatedTarget)) menu.open = false;
});

// A dialog comes up in the menu's place; the focus goes back to the summary when it closes.
document.addEventListener("click", (event) => {
  const menu = event.target.closest?.(".menu-item:is([hx-get], [formaction])")?.closest("details.menu[open]");
  if (menu) closeMenu(menu);
});
