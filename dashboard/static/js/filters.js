// A filter applies while it is typed: it goes into the address, and the next tick brings the rows that match.
const AFTER_MS = 250;
let timer = 0;

document.addEventListener("input", (event) => {
  const field = event.target;
  if (!field.matches?.("input[type=search]") || field.form?.getAttribute("id") !== "filters") return;
  if (!document.getElementById("main")?.hasAttribute("hx-get")) return;
  clearTimeout(timer);
  timer = setTimeout(() => apply(field), AFTER_MS);
});

function apply(field) {
  const url = new URL(location.href);
  const value = field.value.trim();
  if (value) url.searchParams.set(field.name, value);
  else url.searchParams.delete(field.name);
  // Another selection of rows begins at its first page.
  url.searchParams.delete("page");
  url.searchParams.delete("cursor");
  if (url.href === location.href) return;
  history.replaceState(history.state, "", url);
  document.dispatchEvent(new CustomEvent("omniq:refresh"));
}
