// The numbers of the bulk bar, and the boxes that take the whole page.
const ROW = ".row-check";

document.addEventListener("change", (event) => {
  const box = event.target;
  const form = box.form ?? box.closest?.("form");
  if (!box.matches?.(`#check-all, .check-page, ${ROW}`) || !form) return;
  if (!box.matches(ROW)) {
    for (const row of form.querySelectorAll(ROW)) row.checked = box.checked;
  }
  count(form);
});
// A reset changes the boxes after its event.
document.addEventListener("reset", (event) => setTimeout(() => count(event.target)));
addEventListener("pageshow", countAll);
document.addEventListener("htmx:after:swap", countAll);
countAll();

function countAll() {
  for (const form of document.querySelectorAll("form:has(.bulk-bar)")) count(form);
}

function count(form) {
  const rows = [...form.querySelectorAll(ROW)];
  const checked = rows.filter((row) => row.checked).length;
  for (const all of form.querySelectorAll("#check-all, .check-page")) {
    all.checked = checked > 0 && checked === rows.length;
    all.indeterminate = checked > 0 && checked < rows.length;
  }
  if (!checked) return;
  for (const place of form.querySelectorAll(".bulk-bar [data-count]")) {
    const text = checked.toLocaleString("en-US");
    if (place.textContent !== text) place.textContent = text;
  }
}
