/* Keys of every page: / searches, ? shows all keys, g and a letter goes, e edits. Never while one types, and
   only where they are not switched off. */
const off = () => localStorage.getItem("prm-keys") === "off";
const typing = (event) => event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || off()
  || document.querySelector("dialog[open]") || event.target.closest("input:not(.pick, [type=checkbox], [type=radio]), textarea, select, [role=combobox], [contenteditable]");
let going = 0;
document.addEventListener("keydown", (event) => {
  if (typing(event)) return;
  const went = Date.now() - going < 1500;
  going = 0;
  if (went && /^[a-z]$/.test(event.key)) document.querySelector(`.nav [data-go="${event.key}"]`)?.click();
  else if (event.key === "g") { going = Date.now(); return; }
  else if (event.key === "/") {
    const box = document.querySelector(".filters [type=search]");
    if (box) box.select(); else document.body.dispatchEvent(new CustomEvent("prm:find"));
  } else if (event.key === "?") htmx.ajax("GET", document.querySelector("[data-shortcuts]").href, "#dialog-body");
  else if (event.key === "e" && document.querySelector("a[data-edit]")) document.querySelector("a[data-edit]").click();
  else return;
  event.preventDefault();
});
const say = (button) => { if (button) button.textContent = button.dataset[off() ? "on" : "off"]; };
document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-keys-switch]");
  if (!button) return;
  if (off()) localStorage.removeItem("prm-keys"); else localStorage.setItem("prm-keys", "off");
  say(button);
});
document.body.addEventListener("htmx:afterSettle", () => say(document.querySelector("[data-keys-switch]")));
say(document.querySelector("[data-keys-switch]"));

/* What was opened last: addresses only, in this browser; the server tells their names, to whoever may read them. */
const [, key, pk] = /^\/([\w-]+)\/([\w-]{36})\/$/.exec(location.pathname) ?? [];
const owner = document.getElementById("finder")?.dataset.owner;
if (pk && owner && document.getElementById("record")) {
  const name = `prm-recent:${owner}`;
  const known = (localStorage.getItem(name) ?? "").split(",").filter((one) => one && one !== `${key}/${pk}`);
  localStorage.setItem(name, [`${key}/${pk}`, ...known].slice(0, 8).join(","));
}
