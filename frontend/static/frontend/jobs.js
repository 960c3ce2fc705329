// Choosing many records: one box for all, a range with Shift, and a count that says how many.
let last = null;

function boxes(form) {
  return [...form.querySelectorAll("input.pick")];
}

function count(form) {
  const chosen = boxes(form).filter((box) => box.checked).length;
  const label = form.querySelector("[data-pick-count]");
  label.dataset.empty ??= label.textContent;
  label.textContent = chosen ? label.dataset.pickCount.replace("{n}", chosen) : label.dataset.empty;
  const all = form.querySelector("[data-pick-all]");
  all.checked = chosen > 0 && chosen === boxes(form).length;
  all.indeterminate = chosen > 0 && !all.checked;
}

document.addEventListener("click", (event) => {
  const box = event.target;
  const form = box.closest?.("form[data-picks]");
  if (!form || box.type !== "checkbox") return;
  const list = boxes(form);
  if (box.matches("[data-pick-all]")) {
    list.forEach((each) => { each.checked = box.checked; });
  } else {
    if (event.shiftKey && last && list.includes(last)) {
      const [from, to] = [list.indexOf(last), list.indexOf(box)].sort((a, b) => a - b);
      list.slice(from, to + 1).forEach((each) => { each.checked = box.checked; });
    }
    last = box;
  }
  count(form);
});

// What was pressed before this script was there counts, too.
document.querySelectorAll("form[data-picks]").forEach((form) => {
  if (form.querySelector("[data-pick-all]").checked) boxes(form).forEach((each) => { each.checked = true; });
  count(form);
});
