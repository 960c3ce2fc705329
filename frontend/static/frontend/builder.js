/* The lines of a quote: added, moved and removed without a reload, by pointer and by key. Sums come from the
   server (htmx sends the form as one types), so that there is one arithmetic only. */
const form = document.getElementById("quote");
const lines = document.getElementById("lines");
const says = document.getElementById("quote-says");
const template = document.getElementById("line-template");
const words = form.dataset;
let count = 0, changed = Boolean(words.changed), leaving = false;

const all = () => [...lines.children];
const fields = (line) => [...line.querySelectorAll("input:not([type=hidden]), textarea")].filter((one) => one.offsetParent);
const say = (...parts) => says.replaceChildren(...parts);
const renew = () => {
  all().forEach((line, at) => { line.querySelector("[data-number]").textContent = at + 1; });
  changed = true;
  htmx.trigger(form, "prm:preview");
};
const priced = () => lines.querySelectorAll("[data-price]").forEach((note) => {
  note.closest(".qline__price").querySelector("input").placeholder = note.dataset.price;
});
const show = (line, name) => {
  const field = line.querySelector(`[name$="-${name}"]`);
  (name === "product" ? line.querySelector("[role=combobox]") ?? field : field).focus();
};
const add = () => {
  let key;
  do { key = `n${++count}`; } while (lines.querySelector(`[data-line="${key}"]`));
  const made = template.content.cloneNode(true);
  made.querySelectorAll("*").forEach((one) => [...one.attributes].forEach((attribute) => {
    if (attribute.value.includes(template.dataset.key)) attribute.value = attribute.value.replaceAll(template.dataset.key, key);
  }));
  lines.append(made);
  const line = lines.lastElementChild;
  line.dispatchEvent(new CustomEvent("prm:added", { bubbles: true }));
  renew();
  show(line, "product");
  line.scrollIntoView({ block: "nearest" });
};
const move = (line, by) => {
  const other = by < 0 ? line.previousElementSibling : line.nextElementSibling;
  if (!other) return;
  const focused = document.activeElement;
  // The neighbour moves, so that what has the focus stays in the page and keeps it.
  if (by < 0) line.after(other); else line.before(other);
  focused.focus();
  renew();
  say(words.moved.replace("{n}", all().indexOf(line) + 1));
};
const remove = (line) => {
  const next = line.nextElementSibling, near = next ?? line.previousElementSibling;
  // Sums that are on their way name this line, and would find no place for it.
  htmx.trigger(form, "htmx:abort");
  line.remove();
  const undo = Object.assign(document.createElement("button"), { type: "button", className: "linklike", textContent: words.undo });
  undo.addEventListener("click", () => {
    if (next?.isConnected) next.before(line); else lines.append(line);
    say();
    renew();
    show(line, "quantity");
  });
  say(words.removed, undo);
  renew();
  if (near) show(near, "quantity"); else form.querySelector("[data-add]").focus();
};

form.addEventListener("click", (event) => {
  const button = event.target.closest("[data-add], [data-move], [data-remove]");
  if (!button) return;
  event.preventDefault();
  const line = button.closest("[data-line]");
  if (!line) add();
  else if (button.dataset.move) move(line, Number(button.dataset.move));
  else remove(line);
});
form.addEventListener("keydown", (event) => {
  const line = event.target.closest("[data-line]");
  if (!line || event.defaultPrevented) return;
  if (event.altKey && (event.key === "ArrowUp" || event.key === "ArrowDown")) {
    event.preventDefault();
    move(line, event.key === "ArrowUp" ? -1 : 1);
  } else if (event.key === "Enter" && event.target.matches("input")) {
    event.preventDefault();
    const next = line.nextElementSibling;
    if (!next) { add(); return; }
    fields(next)[Math.max(fields(line).indexOf(event.target), 0)]?.focus();
  }
});
form.addEventListener("input", () => { changed = true; });
form.addEventListener("change", (event) => {
  changed = true;
  if (event.target.matches("select[name$='-product']") && event.target.value) show(event.target.closest("[data-line]"), "quantity");
});
// A quantity is mostly typed anew.
form.addEventListener("focusin", (event) => { if (event.target.matches("input.num")) event.target.select(); });
form.addEventListener("submit", () => { leaving = true; });
window.addEventListener("beforeunload", (event) => { if (changed && !leaving) event.preventDefault(); });
document.body.addEventListener("htmx:afterSettle", priced);
priced();
// Once htmx hears the form, which it begins to with this event: what is typed at once is in the sums, too.
document.addEventListener("DOMContentLoaded", () => {
  const first = all()[0];
  if (!first || document.querySelector("[data-focus]")) return;
  show(first, first.querySelector("[name$='-product']").value ? "quantity" : "product");
});
