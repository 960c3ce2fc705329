/* Lists that are put in order: by dragging, and by their arrows without asking the server. The order of the
   inputs is what a form sends, so nothing else has to be kept. Without scripts the arrows are plain buttons. */
let moving = null;

const rename = (item) => {
  // A field that has come into another section belongs to that one.
  const name = item.closest("[data-name]")?.dataset.name;
  const input = item.querySelector("input[type=hidden]");
  if (name && input.name !== name) {
    input.name = name;
    const at = name.replace("in-", "");
    item.querySelectorAll("button[value]").forEach((one) => { one.value = one.value.replace(/:\d+:/, `:${at}:`); });
  }
};
const tell = (from) => {
  from.closest("[data-card]")?.dispatchEvent(new CustomEvent("portal:moved"));
};
const kept = (button, act) => {
  // The focus stays on the arrow that was pressed.
  act();
  button.focus();
  button.scrollIntoView({ block: "nearest" });
};
const swap = (one, step) => {
  const other = step < 0 ? one.previousElementSibling : one.nextElementSibling;
  if (other) step < 0 ? other.before(one) : other.after(one);
  return Boolean(other);
};
const step = (item, by) => {
  if (swap(item, by)) return;
  // Over the edge of a section: into the next one.
  const lists = [...document.querySelectorAll("[data-sort=fields]")];
  const next = lists[lists.indexOf(item.parentElement) + by];
  if (!next || item.parentElement.dataset.sort !== "fields") return;
  by < 0 ? next.append(item) : next.prepend(item);
  rename(item);
};

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-step], [data-section-step], [data-all]");
  if (!button) return;
  event.preventDefault();
  if (button.dataset.all !== undefined) {
    const radios = button.closest("form").querySelectorAll(`tr:not(.levels__rest) input[type=radio][value="${button.dataset.all}"]:not(:disabled)`);
    radios.forEach((one) => { one.checked = true; });
    return;
  }
  const item = button.closest(button.dataset.step ? "[data-item]" : "[data-section]");
  const by = Number(button.dataset.step ?? button.dataset.sectionStep);
  kept(button, () => (button.dataset.step ? step(item, by) : swap(item, by)));
  tell(item);
});

const ready = (from) => from.querySelectorAll("[data-sort] > [data-item]").forEach((one) => {
  one.draggable = !one.querySelector("input:not([type=hidden], [type=checkbox])");
});
ready(document);

const over = (event) => {
  const list = moving && event.target.closest("[data-sort]");
  const home = moving?.parentElement;
  return list && (list === home || (list.dataset.sort === "fields" && home.dataset.sort === "fields")) ? list : null;
};
document.addEventListener("dragstart", (event) => {
  moving = event.target.closest?.("[data-item][draggable=true]");
  if (!moving) return;
  event.dataTransfer.effectAllowed = "move";
  event.dataTransfer.setData("text/plain", "");
  moving.classList.add("is-moving");
});
document.addEventListener("dragover", (event) => {
  const list = over(event);
  document.querySelectorAll(".is-target").forEach((one) => { if (one !== list) one.classList.remove("is-target"); });
  if (!list) return;
  event.preventDefault();
  list.classList.add("is-target");
  const item = event.target.closest("[data-item]");
  if (!item) {
    if (list !== moving.parentElement) list.append(moving);
  } else if (item !== moving) {
    const box = item.getBoundingClientRect();
    event.clientY < box.top + box.height / 2 ? item.before(moving) : item.after(moving);
  }
});
document.addEventListener("drop", (event) => { if (over(event)) event.preventDefault(); });
document.addEventListener("dragend", () => {
  if (!moving) return;
  moving.classList.remove("is-moving");
  document.querySelectorAll(".is-target").forEach((one) => one.classList.remove("is-target"));
  rename(moving);
  tell(moving);
  moving = null;
});
