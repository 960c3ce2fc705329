/* Long lists become boxes to type in. The <select> stays and keeps the value, so forms need no script. */
let count = 0;
const enhance = (select) => {
  if (select.dataset.ready) return;
  select.dataset.ready = "1";
  const url = select.dataset.combo;
  const id = `combo-${++count}`;
  const box = document.createElement("div");
  box.className = "combo";
  const input = document.createElement("input");
  Object.assign(input, { type: "text", className: "input", autocomplete: "off", spellcheck: false });
  const list = document.createElement("ul");
  Object.assign(list, { id, className: "combo__list", hidden: true });
  list.setAttribute("role", "listbox");
  const attributes = { role: "combobox", "aria-expanded": "false", "aria-controls": id, "aria-autocomplete": "list" };
  for (const [name, value] of Object.entries(attributes)) input.setAttribute(name, value);
  for (const name of ["aria-describedby", "aria-invalid", "required"]) {
    if (select.hasAttribute(name)) input.setAttribute(name, select.getAttribute(name));
  }
  const label = document.querySelector(`label[for="${select.id}"]`);
  input.id = select.id;
  select.id = `${input.id}-value`;
  if (label) list.setAttribute("aria-label", label.textContent.trim());
  select.hidden = true;
  select.required = false;
  select.before(box);
  box.append(input, list, select);
  const text = () => (select.value ? select.selectedOptions[0]?.textContent.trim() ?? "" : "");
  input.value = text();

  let options = [], at = -1, timer, latest = 0;
  // Whether there is no answer yet to what is typed, and whether Enter was quicker than it.
  let pending = false, entered = false;
  const all = [...select.options].filter((one) => one.value).map((one) => ({ value: one.value, label: one.textContent.trim() }));
  const draw = () => {
    list.replaceChildren(...options.map((one, index) => {
      const item = document.createElement("li");
      item.id = `${id}-${index}`;
      item.className = "combo__option";
      item.setAttribute("role", "option");
      item.setAttribute("aria-selected", String(index === at));
      item.textContent = one.label;
      item.addEventListener("pointerdown", (event) => { event.preventDefault(); choose(one); });
      return item;
    }));
    if (!options.length) {
      const none = document.createElement("li");
      none.className = "combo__none";
      none.setAttribute("role", "option");
      none.setAttribute("aria-disabled", "true");
      none.textContent = "–";
      list.append(none);
    }
    list.hidden = false;
    input.setAttribute("aria-expanded", "true");
    if (at >= 0) { input.setAttribute("aria-activedescendant", `${id}-${at}`); list.children[at].scrollIntoView({ block: "nearest" }); }
    else input.removeAttribute("aria-activedescendant");
  };
  const close = () => { entered = false; list.hidden = true; at = -1; input.setAttribute("aria-expanded", "false"); input.removeAttribute("aria-activedescendant"); };
  const choose = (one) => {
    clearTimeout(timer);
    latest += 1;
    pending = false;
    if (one && ![...select.options].some((option) => option.value === one.value)) select.add(new Option(one.label, one.value));
    select.value = one ? one.value : "";
    input.value = one ? one.label : "";
    close();
    select.dispatchEvent(new Event("change", { bubbles: true }));
  };
  const search = async () => {
    const typed = input.value === text() ? "" : input.value.trim();
    const mine = ++latest;
    try {
      const found = url ? await ask(typed) : all.filter((one) => one.label.toLowerCase().includes(typed.toLowerCase())).slice(0, 60);
      if (!found || mine !== latest) return;
      options = found;
    } finally {
      if (mine === latest) pending = false;
    }
    at = typed && options.length ? 0 : -1;
    if (document.activeElement !== input) return;
    if (entered && options[at]) choose(options[at]); else draw();
    entered = false;
  };
  const ask = async (typed) => {
    const response = await fetch(`${url}?q=${encodeURIComponent(typed)}`, { headers: { Accept: "application/json" } });
    return response.ok ? (await response.json()).options : null;
  };
  input.addEventListener("input", () => {
    clearTimeout(timer);
    pending = Boolean(input.value.trim()) && input.value !== text();
    entered = false;
    timer = setTimeout(search, url ? 140 : 0);
  });
  input.addEventListener("click", () => { if (list.hidden) search(); });
  input.addEventListener("keydown", (event) => {
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      if (list.hidden) { search(); return; }
      at = (at + (event.key === "ArrowDown" ? 1 : -1) + options.length) % Math.max(options.length, 1);
      draw();
    } else if (event.key === "Enter" && pending) {
      // It means what was typed, not what was found for its first letters.
      event.preventDefault();
      entered = true;
    } else if (event.key === "Enter" && !list.hidden) {
      event.preventDefault();
      if (options[at]) choose(options[at]);
    } else if (event.key === "Escape" && !list.hidden) {
      event.preventDefault();
      event.stopPropagation();
      input.value = text();
      close();
    }
  });
  // What was typed and not chosen counts only if it is empty: that takes the choice away.
  input.addEventListener("blur", () => { if (!input.value.trim() && select.value) choose(null); else input.value = text(); close(); });
};
const ready = (from) => from.querySelectorAll?.("select[data-combo]").forEach(enhance);
ready(document);
document.body.addEventListener("htmx:afterSettle", (event) => ready(event.detail.target));
document.body.addEventListener("prm:added", (event) => ready(event.target));
