/* What every page needs: dialogs, toasts, menus, search, theme, time left. Everything works without it,
   only slower. Other modules talk to this one by events on <body>: prm:toast, prm:alert, prm:done. */
const root = document.documentElement;
const words = document.body.dataset;
const $ = (selector, from = document) => from.querySelector(selector);
const $$ = (selector, from = document) => [...from.querySelectorAll(selector)];
root.classList.add("js");

/* Dates in the zone of the browser, for who has not chosen one in the profile */
const zone = Intl.DateTimeFormat().resolvedOptions().timeZone ?? "";
if (zone && !document.cookie.split("; ").includes(`timezone=${zone}`)) {
  document.cookie = `timezone=${zone}; path=/; max-age=34560000; SameSite=Lax${location.protocol === "https:" ? "; Secure" : ""}`;
}

/* Toasts */
const toasts = $("#toasts");
const linger = (toast, ms = 9000) => {
  let timer;
  const start = () => { timer = setTimeout(() => toast.remove(), ms); };
  const stop = () => clearTimeout(timer);
  // Whoever reads or acts is not hurried: the clock stands still under pointer and focus.
  toast.addEventListener("pointerenter", stop);
  toast.addEventListener("pointerleave", start);
  toast.addEventListener("focusin", stop);
  toast.addEventListener("focusout", start);
  start();
};
const toast = ({ tone = "", title = "", body = "", url = "", undo = "", back = null }) => {
  const made = $("#toast-template").content.firstElementChild.cloneNode(true);
  if (tone) made.classList.add(`toast--${tone}`);
  const head = $(".toast__title", made);
  head.textContent = title;
  if (url) head.href = url;
  $(".toast__text", made).textContent = body;
  if (undo) Object.assign($("form", made), { action: undo, hidden: false });
  if (back) Object.assign($("[data-back]", made), { href: back.url, textContent: back.title, hidden: false });
  toasts.append(made);
  linger(made, undo || back ? 30000 : 9000);
};
document.body.addEventListener("prm:toast", (event) => toast(event.detail));
document.body.addEventListener("prm:acted", (event) => $$("[data-object]", toasts).forEach((one) => {
  // Answered elsewhere on the page: the toast has nothing left to ask.
  if (one.dataset.object === String(event.detail.object)) one.remove();
}));
$$("[data-toast]", toasts).forEach((one) => linger(one, Number(one.dataset.linger) || 9000));
new MutationObserver((changes) => changes.forEach((change) => change.addedNodes.forEach((node) => {
  if (node.dataset?.seq) linger(node, 25000);
}))).observe(toasts, { childList: true });

/* Dialogs: whatever htmx puts into #dialog-body is shown in the shared one. */
const dialog = $("#dialog");
let opener = null;
document.body.addEventListener("htmx:beforeRequest", (event) => {
  if (!dialog.open) opener = event.detail.elt;
});
document.body.addEventListener("htmx:afterSwap", (event) => {
  if (event.detail.target.id === "dialog-body" && event.detail.target.childElementCount && !dialog.open) dialog.showModal();
});
dialog.addEventListener("close", () => {
  $("#dialog-body").replaceChildren();
  (opener?.isConnected ? opener : $("#content"))?.focus();
  opener = null;
});
$$("dialog").forEach((one) => one.addEventListener("click", (event) => {
  if (event.target !== one) return;
  const box = one.getBoundingClientRect();
  const inside = event.clientX >= box.left && event.clientX <= box.right && event.clientY >= box.top && event.clientY <= box.bottom;
  if (!inside) one.close();
}));
document.body.addEventListener("prm:done", () => dialog.open && !$("#dialog-body .answers") && dialog.close());

/* The finder opens at once, so that no key typed after it goes elsewhere; what searches comes when first wanted. */
const find = async () => {
  const finder = $("#finder");
  if (finder.open) return;
  finder.showModal();
  $("[role=combobox]", finder).select();
  (await import(finder.dataset.script)).begin();
};
document.body.addEventListener("prm:find", find);

/* One listener for clicks: closing, opening, and what is not possible. Capture, so that htmx hears later. */
document.addEventListener("click", (event) => {
  const disabled = event.target.closest('[aria-disabled="true"]');
  if (disabled) {
    event.preventDefault();
    event.stopImmediatePropagation();
    toast({ tone: "warn", title: words.refused, body: disabled.dataset.reason || "" });
    return;
  }
  const close = event.target.closest("[data-close]");
  if (close?.closest("dialog[open]")) { event.preventDefault(); close.closest("dialog").close(); }
  if (event.target.closest("[data-close-toast]")) event.target.closest("[data-toast]").remove();
  const open = event.target.closest("[data-dialog-open]");
  if (open) document.getElementById(open.dataset.dialogOpen).showModal();
  if (event.target.closest("[data-search-open]") && $("#finder")) { event.preventDefault(); find(); }
  const copy = event.target.closest("[data-copy]");
  if (copy) navigator.clipboard?.writeText(copy.dataset.copy);
  $$("details[data-menu][open]").forEach((menu) => { if (!menu.contains(event.target)) menu.open = false; });
}, true);
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.dataset.confirm && !window.confirm(form.dataset.confirm)) event.preventDefault();
  else if (form.matches("[data-theme-form]")) { event.preventDefault(); theme(); }
}, true);
document.addEventListener("keydown", (event) => {
  if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k" && $("#finder")) { event.preventDefault(); find(); }
  if (event.key === "Escape") {
    const menu = document.activeElement?.closest("details[data-menu][open]");
    if (menu) { menu.open = false; $("summary", menu).focus(); }
  }
  if ((event.key === "ArrowDown" || event.key === "ArrowUp") && document.activeElement) {
    const box = document.activeElement.closest("details[data-menu][open]");
    const items = box && $$(".menu__list:not(.panel) :is(a, button), summary", box).filter((one) => one.offsetParent);
    if (items?.length) {
      event.preventDefault();
      const at = items.indexOf(document.activeElement) + (event.key === "ArrowDown" ? 1 : -1);
      items[(at + items.length) % items.length].focus();
    }
  }
});

/* Theme */
const theme = () => {
  const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  root.dataset.theme = dark ? "light" : "dark";
  const secure = location.protocol === "https:" ? "; Secure" : "";
  document.cookie = `theme=${root.dataset.theme}; Path=/; Max-Age=34560000; SameSite=Lax${secure}`;
};

/* Time left */
const left = (seconds) => {
  const d = Math.floor(seconds / 86400), h = Math.floor((seconds % 86400) / 3600), m = Math.floor((seconds % 3600) / 60);
  const text = seconds <= 0 ? words.overdue : d ? words.days : h ? words.hours : words.minutes;
  return text.replace("{d}", d).replace("{h}", h).replace("{m}", Math.max(m, 1));
};
const tick = () => $$("[data-countdown]").forEach((one) => {
  const seconds = (new Date(one.dateTime) - Date.now()) / 1000;
  const text = left(seconds);
  const span = one.lastElementChild;
  if (span.textContent !== text) span.textContent = text;
  one.classList.toggle("countdown--late", seconds < 14400);
  one.classList.toggle("countdown--soon", seconds >= 14400 && seconds < 86400);
});
setInterval(tick, 15000);

/* A part of the page that reloads itself waits while somebody is in the middle of something in it. */
const busy = (region) => $("dialog[open]") || $("details[open]:has(form, input)", region)
  || (region.contains(document.activeElement) && document.activeElement.matches("input, textarea, select"));
document.body.addEventListener("htmx:beforeRequest", (event) => {
  const region = event.detail.elt;
  const cause = event.detail.requestConfig.triggeringEvent;
  if (!region.matches("[data-region]") || cause?.type !== "prm:alert" || !busy(region)) return;
  event.preventDefault();
  region.dataset.late = "1";
});
const late = () => setTimeout(() => $$("[data-late]").forEach((region) => {
  if (busy(region)) return;
  delete region.dataset.late;
  htmx.trigger(region, "prm:done", {});
}), 200);
document.addEventListener("focusout", late);
document.addEventListener("toggle", late, true);

/* After a part of the page has changed: focus what went wrong, show what is new. */
const focus = (from) => {
  const summary = $("[data-focus]", from);
  if (summary) summary.focus();
};
focus(document);
let known = new Set();
document.body.addEventListener("htmx:beforeSwap", (event) => {
  known = new Set($$("[data-row]").map((one) => one.dataset.row));
  const { xhr, target } = event.detail;
  // A refusal belongs into the dialog; where there is none to show it, a toast says it.
  if (xhr.status >= 400 && target.id !== "dialog-body") event.detail.shouldSwap = false;
});
document.body.addEventListener("htmx:afterSettle", (event) => {
  const region = event.detail.elt.closest?.("[data-region]");
  if (region) $$("[data-row]", region).forEach((one) => { if (!known.has(one.dataset.row)) one.classList.add("new-row"); });
  if (event.detail.target.id === "dialog-body" || region) focus(event.detail.target);
  tick();
});
for (const name of ["htmx:responseError", "htmx:sendError"]) {
  document.body.addEventListener(name, () => toast({ tone: "bad", title: words.failed }));
}
