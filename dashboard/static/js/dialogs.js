// A dialog that was swapped into #dialog opens; an empty #dialog has closed it. Its opener gets the focus back.
import { toHeading } from "./focus.js";

let pressed = null;
let opener = null;

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
  opener = pressed;
  dialog.addEventListener("close", () => {
    dialog.remove();
    returnFocus();
  });
  dialog.showModal();
}

// A dialog that is part of the page (command="show-modal") stays in it: it closes when its request went well.
function closeOwn(ctx) {
  const dialog = ctx?.sourceElement?.closest?.("dialog[open]");
  if (!dialog || dialog.parentElement?.id === "dialog" || !ctx.response || ctx.response.status >= 400) return;
  opener = pressed;
  dialog.close();
}

function returnFocus() {
  if (!opener || document.querySelector("dialog[open]")) return;
  const back = opener;
  opener = null;
  if (document.activeElement && document.activeElement !== document.body) return;
  if (back.isConnected) back.focus();
  else toHeading();
}
