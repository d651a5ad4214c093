// What the pages gain from script. Everything they need works without it.
import "./requests.js";
import "./dialogs.js";
import "./selection.js";
import "./toasts.js";
import "./times.js";
import "./clipboard.js";
import "./menus.js";
import "./display.js";
import "./keys.js";
import "./live.js";
import "./filters.js";
import { reveal } from "./reveal.js";

reveal(document);
document.addEventListener("htmx:after:swap", () => reveal(document));
