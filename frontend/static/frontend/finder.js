/* Search everything: a combobox over records and commands. Fetched when it is first opened. */
const finder = document.getElementById("finder");
const input = finder.querySelector("[role=combobox]");
const list = document.getElementById("finder-results");
const options = () => [...list.querySelectorAll("[role=option]")];
let at = -1;
/* What was asked last, the text that the results shown are for, and whether Enter was quicker than those. */
let asked = null, shown = null, entered = false;

const mark = (index) => {
  const all = options();
  all[at]?.setAttribute("aria-selected", "false");
  at = all.length ? (index + all.length) % all.length : -1;
  const one = all[at];
  if (!one) { input.removeAttribute("aria-activedescendant"); return; }
  one.id ||= `finder-option-${at}`;
  one.setAttribute("aria-selected", "true");
  one.scrollIntoView({ block: "nearest" });
  input.setAttribute("aria-activedescendant", one.id);
};
export const begin = () => {
  shown = null;
  entered = false;
  finder.querySelector("[name=here]").value = location.pathname;
  finder.querySelector("[name=recent]").value = localStorage.getItem(`prm-recent:${finder.dataset.owner}`) ?? "";
  input.dispatchEvent(new CustomEvent("prm:finder"));
};
input.addEventListener("keydown", (event) => {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (step) { event.preventDefault(); mark(at + step); }
  else if (event.key === "Home" && event.ctrlKey) { event.preventDefault(); mark(0); }
  else if (event.key === "End" && event.ctrlKey) { event.preventDefault(); mark(-1); }
  else if (event.key === "Enter" && input.value !== shown) { event.preventDefault(); entered = true; }
  else if (event.key === "Enter" && options()[at]) { event.preventDefault(); options()[at].click(); }
});
input.addEventListener("input", () => { entered = false; });
input.addEventListener("htmx:beforeRequest", () => { asked = input.value; });
list.addEventListener("htmx:afterSwap", () => {
  shown = asked;
  at = -1;
  mark(0);
});
// Enter means the text that was typed, not what was found for its first letters.
list.addEventListener("htmx:afterSettle", () => {
  if (entered && finder.open && input.value === shown) options()[at]?.click();
  entered = false;
});
list.addEventListener("pointermove", (event) => {
  const index = options().indexOf(event.target.closest("[role=option]"));
  if (index >= 0 && index !== at) mark(index);
});
/* What opens a dialog of its own or stays on the page leaves this one first. */
list.addEventListener("click", (event) => {
  const one = event.target.closest("[role=option]");
  if (one && one.getAttribute("aria-disabled") !== "true" && (one.hasAttribute("hx-get") || one.tagName === "BUTTON")) finder.close();
});
