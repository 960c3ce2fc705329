// Keys of the calendar: each does what a link on the page does, and none where somebody types.
const typing = (element) => element.closest("input, select, textarea, [contenteditable], dialog[open]");

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return;
  if (event.key === "j" || event.key === "k") {
    const links = [...document.querySelectorAll("[data-calendar] .row-link, [data-calendar] .month__entry")];
    const at = links.indexOf(document.activeElement);
    const next = event.key === "j" ? at + 1 : Math.max(at - 1, 0);
    links[Math.min(next, links.length - 1)]?.focus();
    return;
  }
  const rtl = document.documentElement.dir === "rtl";
  const turned = { ArrowLeft: "ArrowRight", ArrowRight: "ArrowLeft" };
  const key = rtl ? turned[event.key] || event.key : event.key;
  const link = document.querySelector(`[data-key="${CSS.escape(key)}"]`);
  if (link) {
    event.preventDefault();
    link.click();
  }
});
