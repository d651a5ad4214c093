// Menus are <details>: they close on Esc (the focus goes back to the summary) and on a press outside.
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  const menu = event.target.closest?.("details.menu[open]") ?? document.querySelector("details.menu[open]");
  if (!menu) return;
  menu.open = false;
  menu.querySelector("summary")?.focus();
});

document.addEventListener("pointerdown", (event) => {
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    if (!menu.contains(event.target)) menu.open = false;
  }
});

// A select outside its form (form="filters") sends it at once; without script <noscript> holds a button.
document.addEventListener("change", (event) => {
  const field = event.target;
  if (field.matches?.("select") && field.form?.getAttribute("id") === "filters") field.form.requestSubmit();
});
