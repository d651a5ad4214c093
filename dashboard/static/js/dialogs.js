// A dialog that was swapped into #dialog opens; an empty #dialog has closed it. Its opener gets the focus back; when
// that has left the page, the same control of the next row gets it.
import { rememberPlace } from "./focus.js";

let pressed = null;
let giveBack = null;

document.addEventListener("click", (event) => {
  const control = event.target.closest?.("button, a[href]");
  if (control && !control.closest("dialog")) pressed = control;
}, true);

document.addEventListener("htmx:after:swap", openArrived);
document.addEventListener("htmx:finally:request", (event) => {
  closeOwn(event.detail?.ctx);
  returnFocus();
});

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
