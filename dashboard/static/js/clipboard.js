// data-copy="#id": copies the text of that element, and says so in its own title and label for a moment.
document.addEventListener("click", async (event) => {
  const button = event.target.closest?.("[data-copy]");
  const source = button && document.querySelector(button.dataset.copy);
  if (!source) return;
  const text = source.dataset.copyText ?? source.textContent;
  const done = await copy(text);
  const use = button.querySelector("use");
  const icon = use?.getAttribute("href");
  use?.setAttribute("href", done ? "#i-check" : "#i-failed");
  setTimeout(() => use?.setAttribute("href", icon), 1500);
});

async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    // Plain http to another machine has no clipboard; selecting the text at least lets the reader press Ctrl C.
    return legacy(text);
  }
}

function legacy(text) {
  const area = document.createElement("textarea");
  area.value = text;
  area.className = "sr-only";
  document.body.append(area);
  area.select();
  const done = document.execCommand("copy");
  area.remove();
  return done;
}
