// Menus are <details>: they close on Esc (the focus goes back to the summary), on a press outside, and
// for a dialog that one of their items opens.
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  const menu = event.target.closest?.("details.menu[open]") ?? document.querySelector("details.menu[open]");
  if (!menu) return;
  event.preventDefault();
  close(menu);
});

function close(menu) {
  menu.open = false;
  menu.querySelector("summary")?.focus();
}

document.addEventListener("pointerdown", (event) => {
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    if (!menu.contains(event.target)) menu.open = false;
  }
});

// A dialog comes up in the menu's place; the focus goes back to the summary when it closes.
document.addEventListener("click", (event) => {
  const menu = event.target.closest?.(".menu-item[hx-get]")?.closest("details.menu[open]");
  if (menu) close(menu);
});

// A select outside its form (form="filters") sends it at once; without script <noscript> holds a button.
document.addEventListener("change", (event) => {
  const field = event.target;
  if (field.matches?.("select") && field.form?.getAttribute("id") === "filters") field.form.requestSubmit();
});
