/* Boards: a card is moved by dragging or by its menu; what the server refuses goes back and says why. */
const say = (detail) => document.body.dispatchEvent(new CustomEvent("prm:toast", { detail }));
const headers = () => ({ Accept: "application/json", ...JSON.parse(document.body.getAttribute("hx-headers")) });
let moving = null;

const move = async (card, to) => {
  const home = card.parentElement;
  const after = card.nextElementSibling;
  const lane = document.querySelector(`[data-lane="${CSS.escape(to)}"] .lane__cards`);
  const back = () => {
    home.insertBefore(card, after);
    card.classList.add("is-refused");
    setTimeout(() => card.classList.remove("is-refused"), 900);
  };
  lane.prepend(card);
  const body = new URLSearchParams({ to, version: card.dataset.version, next: location.pathname + location.search });
  let response, answer;
  try {
    response = await fetch(card.dataset.move, { method: "POST", headers: headers(), body });
    answer = await response.json();
  } catch {
    back();
    say({ tone: "bad", title: document.body.dataset.failed });
    return;
  }
  if (answer.form) {
    // The transition asks for something first; the card waits where it was.
    back();
    htmx.ajax("GET", answer.form, { target: "#dialog-body", swap: "innerHTML" });
  } else if (!response.ok) {
    back();
    say({ tone: "warn", title: document.body.dataset.refused, body: answer.reason });
    if (response.status === 412) document.body.dispatchEvent(new CustomEvent("prm:done"));
  } else {
    document.body.dispatchEvent(new CustomEvent("prm:done"));
  }
};
document.addEventListener("dragstart", (event) => {
  moving = event.target.closest?.("[data-card]");
  if (!moving) return;
  event.dataTransfer.effectAllowed = "move";
  event.dataTransfer.setData("text/plain", moving.dataset.card);
  moving.classList.add("is-moving");
});
document.addEventListener("dragend", () => {
  moving?.classList.remove("is-moving");
  document.querySelectorAll(".is-target").forEach((lane) => lane.classList.remove("is-target"));
  moving = null;
});
document.addEventListener("dragover", (event) => {
  const lane = moving && event.target.closest("[data-lane]");
  document.querySelectorAll(".is-target").forEach((one) => { if (one !== lane) one.classList.remove("is-target"); });
  if (!lane || lane.dataset.lane === moving.dataset.from) return;
  event.preventDefault();
  lane.classList.add("is-target");
});
document.addEventListener("drop", (event) => {
  const lane = moving && event.target.closest("[data-lane]");
  if (!lane || lane.dataset.lane === moving.dataset.from) return;
  event.preventDefault();
  move(moving, lane.dataset.lane);
});
document.addEventListener("submit", (event) => {
  if (!event.target.matches("[data-move-form]")) return;
  event.preventDefault();
  const card = event.target.closest("[data-card]");
  event.target.closest("details").open = false;
  move(card, event.submitter.value);
});
