/* Lists: choosing rows, moving by keyboard. j k move, x chooses, Enter opens, e edits. */
const form = () => document.querySelector("[data-list]");
const rows = () => [...document.querySelectorAll("[data-list] [data-row]")];
let at = -1;
let chosen = new Set();
let last = null;

const show = () => {
  const list = form();
  if (!list) return;
  const boxes = [...list.querySelectorAll(".pick")];
  const count = boxes.filter((box) => box.checked).length;
  const bar = list.querySelector("[data-bulk]");
  if (bar) {
    bar.classList.toggle("is-on", count > 0);
    bar.querySelector("[data-picked]").textContent = count;
    const every = bar.querySelector("[data-pick-every]");
    if (every) {
      // Offered once the whole page is chosen.
      every.hidden = count < boxes.length;
      if (every.hidden) every.firstElementChild.checked = false;
    }
  }
  const all = list.querySelector("[data-pick-all]");
  if (all) { all.checked = count > 0 && count === boxes.length; all.indeterminate = count > 0 && count < boxes.length; }
};
document.addEventListener("change", (event) => {
  if (event.target.matches("[data-pick-all]")) form().querySelectorAll(".pick").forEach((box) => { box.checked = event.target.checked; });
  if (event.target.matches(".pick, [data-pick-all]")) show();
});
document.addEventListener("click", (event) => {
  if (!event.target.closest("[data-pick-none]")) return;
  form().querySelectorAll(".pick").forEach((box) => { box.checked = false; });
  show();
});
/* With Shift, all rows from the last one chosen to this one. */
const pick = (box, range) => {
  const boxes = [...form().querySelectorAll(".pick")];
  const [from, to] = [boxes.indexOf(last), boxes.indexOf(box)].sort((a, b) => a - b);
  if (range && from >= 0) boxes.slice(from, to + 1).forEach((one) => { one.checked = box.checked; });
  last = box;
  show();
};
document.addEventListener("click", (event) => {
  if (event.target.matches("[data-list] .pick")) pick(event.target, event.shiftKey);
});
const move = (step) => {
  const all = rows();
  if (!all.length) return;
  all[at]?.classList.remove("is-at");
  at = Math.min(Math.max(at + step, 0), all.length - 1);
  all[at].classList.add("is-at");
  all[at].querySelector(".row-link").focus();
};
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
  if (localStorage.getItem("prm-keys") === "off" || event.defaultPrevented) return;
  if (event.target.closest("input:not(.pick), textarea, select, [role=combobox]")) return;
  if (event.key === "j") move(1);
  else if (event.key === "k") move(-1);
  else if (event.key.toLowerCase() === "x" && at >= 0) {
    const box = rows()[at]?.querySelector(".pick");
    if (box) { box.checked = !box.checked; pick(box, event.shiftKey); }
  } else if (event.key === "e" && rows()[at]?.dataset.edit) location.href = rows()[at].dataset.edit;
  else return;
  event.preventDefault();
});
document.addEventListener("focusin", (event) => {
  const row = event.target.closest("[data-list] [data-row]");
  if (!row) return;
  rows()[at]?.classList.remove("is-at");
  at = rows().indexOf(row);
});
/* A list that reloads itself keeps what was chosen. */
document.body.addEventListener("htmx:beforeSwap", () => {
  chosen = new Set([...document.querySelectorAll(".pick:checked")].map((box) => box.value));
});
document.body.addEventListener("htmx:afterSettle", () => {
  document.querySelectorAll(".pick").forEach((box) => { if (chosen.has(box.value)) box.checked = true; });
  show();
});
// What was pressed before this script was there counts, too.
if (document.querySelector("[data-list] [data-pick-all]:checked")) form().querySelectorAll(".pick").forEach((box) => { box.checked = true; });
show();

/* The order of columns: each one moves by its buttons, and says where it has come to. */
document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-move]");
  if (!button) return;
  const item = button.closest("li"), order = item.parentElement;
  if (button.dataset.move === "1") item.nextElementSibling?.after(item);
  else item.previousElementSibling?.before(item);
  button.focus();
  const place = [...order.children].indexOf(item) + 1;
  order.parentElement.querySelector("[data-order-said]").textContent = order.dataset.moved
    .replace("{what}", item.textContent.trim()).replace("{place}", place);
});
