// After a request the focus is where it was; when that control is gone, on the same control of the next row, else on
// the page's heading.
export function rememberPlace(control) {
  const row = control.closest("tr");
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
