/* Alerts as they happen. The list on the server is the truth: after every gap the socket is asked for all
   that came after the last number seen here, so nothing is lost and nothing shown twice. */
const bell = document.getElementById("bell");
const toasts = document.getElementById("toasts");
const badge = bell?.querySelector("[data-bell-count]");
let last = Number(bell?.dataset.seq ?? 0);
let unread = Number(bell?.dataset.unread ?? 0);
let socket = null, failures = 0, polling = null, silence = null;

const ring = (number) => {
  unread = Math.max(0, number);
  badge.hidden = !unread;
  badge.textContent = unread > 99 ? "99+" : String(unread);
  bell.setAttribute("aria-label", unread ? bell.dataset.labelUnread.replace("{n}", unread) : bell.dataset.label);
};
const show = async (alert) => {
  const response = await fetch(`${bell.getAttribute("href")}${alert.seq}/toast/`).catch(() => null);
  if (!response?.ok) return;
  const made = new DOMParser().parseFromString(await response.text(), "text/html").querySelector("[data-toast]");
  if (!made) return;
  toasts.append(made);
  htmx.process(made);
  while (toasts.children.length > 4) toasts.firstElementChild.remove();
};
const take = (alerts) => {
  const fresh = alerts.filter((one) => one.seq > last).sort((a, b) => a.seq - b.seq);
  if (!fresh.length) return;
  last = fresh.at(-1).seq;
  ring(unread + fresh.filter((one) => !one.seen).length);
  fresh.forEach((detail) => document.body.dispatchEvent(new CustomEvent("prm:alert", { detail })));
  // After a long gap the inbox tells it better than a wall of toasts.
  fresh.slice(-3).forEach(show);
};
const poll = async () => {
  const response = await fetch(`${bell.dataset.poll}?after=${last}`, { headers: { Accept: "application/json" } }).catch(() => null);
  if (!response?.ok) return;
  const answer = await response.json();
  take(answer.alerts);
  ring(answer.unread);
};
/* The user may do other things than this page was made for. It is fetched anew, never sent anew; and not again
   and again, should the next one be for other rights, too. */
const anew = () => {
  if (Date.now() - Number(sessionStorage.getItem("rights-at") ?? 0) < 5000) return;
  sessionStorage.setItem("rights-at", String(Date.now()));
  location.replace(location.pathname + location.search);
};
const alive = () => {
  clearTimeout(silence);
  // The server says something at least every 30 s; a connection that says nothing is dead.
  silence = setTimeout(() => socket?.close(), 45000);
};
const connect = () => {
  const scheme = location.protocol === "https:" ? "wss" : "ws";
  socket = new WebSocket(`${scheme}://${location.host}/ws/alerts/?after=${last}&rights=${bell.dataset.rights ?? ""}`);
  socket.addEventListener("open", alive);
  socket.addEventListener("message", (event) => {
    alive();
    const message = JSON.parse(event.data);
    if (message.type === "alert") take([message]);
    if (message.type === "rights") anew();
    if (message.type === "sync") {
      failures = 0;
      clearInterval(polling);
      polling = null;
      if (message.seq < last) last = message.seq;
      if (message.unread !== undefined) ring(message.unread);
    }
  });
  socket.addEventListener("close", (event) => {
    clearTimeout(silence);
    socket = null;
    if (event.code === 4401) { location.assign("/"); return; }
    failures += 1;
    if (failures >= 3 && !polling) { poll(); polling = setInterval(poll, 15000); }
    // Spread out, so that a server that comes back is not met by everybody at once.
    setTimeout(connect, Math.min(30000, 500 * 2 ** failures) * (0.5 + Math.random() / 2));
  });
};
const seen = (seq) => {
  if (socket?.readyState === WebSocket.OPEN) socket.send(JSON.stringify({ type: "seen", seq }));
};
toasts?.addEventListener("click", (event) => {
  const toast = event.target.closest("[data-seq]");
  if (!toast) return;
  seen(Number(toast.dataset.seq));
});
document.body.addEventListener("htmx:afterRequest", (event) => {
  const toast = event.detail.elt.closest?.("[data-toast][data-seq]");
  if (toast && event.detail.successful) toast.remove();
});
document.addEventListener("visibilitychange", () => { if (!document.hidden && !socket && bell) poll(); });
if (bell) connect();
