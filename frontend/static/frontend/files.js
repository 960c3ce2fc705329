/* Files that are sent in parts, so that a lost connection costs a part: on a record, where they are chosen, dropped or
   pasted, and in a form that has a file among its fields. */
const csrf = JSON.parse(document.body.getAttribute("hx-headers"))["X-CSRFToken"];
const card = () => document.querySelector("[data-files]");
const waiting = [];
let running = false;

class Refused extends Error {}
class Stopped extends Error {}

/* One request; gives the JSON, throws Refused with words where asking again would not help. */
const ask = (method, url, body, { headers = {}, progress, row } = {}) => new Promise((done, fail) => {
  const xhr = new XMLHttpRequest();
  xhr.open(method, url);
  xhr.timeout = 120000;
  for (const [name, value] of Object.entries({ "X-CSRFToken": csrf, Accept: "application/json", ...headers })) xhr.setRequestHeader(name, value);
  if (progress) xhr.upload.onprogress = (event) => progress(event.loaded);
  xhr.onload = () => {
    let told = {};
    try { told = JSON.parse(xhr.responseText || "{}"); } catch { /* a page in between: no words of ours */ }
    if (xhr.status < 300) return done(told);
    if (xhr.status === 409 || xhr.status === 429 || xhr.status >= 500) return fail(new Error());
    fail(new Refused(Object.values(told.errors || {}).flat().join(" ") || told.detail || ""));
  };
  xhr.onerror = xhr.ontimeout = () => fail(new Error());
  xhr.onabort = () => fail(new Stopped());
  if (row) row.abort = () => xhr.abort();
  xhr.send(body);
});

/* Where an upload that was broken off, perhaps by a reload, is gone on with. */
const memory = (url, file) => `upload:${url}:${file.name}:${file.size}:${file.lastModified}`;
const recall = (key) => { try { return localStorage.getItem(key); } catch { return null; } };
const keep = (key, value) => { try { value ? localStorage.setItem(key, value) : localStorage.removeItem(key); } catch { /* private window */ } };

const pause = (seconds, row) => new Promise((done) => {
  const timer = setTimeout(done, seconds * 1000);
  addEventListener("online", done, { once: true });
  row.abort = () => { clearTimeout(timer); done(); };
});

const send = async (row) => {
  const { file, url, internal, words } = row;
  const key = memory(url, file);
  let upload = null, place = recall(key), tries = 0;
  while (!upload?.complete) {
    if (row.stopped) throw new Stopped();
    try {
      if (!place) {
        const body = JSON.stringify({ name: file.name, size: file.size, ...(internal ? { internal } : {}) });
        upload = await ask("POST", url, body, { headers: { "Content-Type": "application/json" }, row });
        place = `${url}${upload.id}/`;
        keep(key, place);
      } else if (!upload) {
        upload = await ask("GET", place, null, { row }).catch((error) => {
          if (!(error instanceof Refused)) throw error;
          place = null;
          return null;
        });
        if (!upload) continue;
      }
      row.place = place;
      const { offset, part_size: size } = upload;
      const part = file.slice(offset, offset + size);
      row.say(offset + part.size >= file.size ? words.checking : "");
      upload = await ask("PATCH", place, part, {
        headers: { "Content-Type": "application/octet-stream", "Upload-Offset": String(offset) },
        progress: (sent) => row.show((offset + sent) / file.size),
        row,
      });
      tries = 0;
    } catch (error) {
      if (error instanceof Refused || error instanceof Stopped || (tries += 1) > 8) { if (error instanceof Refused) keep(key, null); throw error; }
      row.say(words.lost);
      upload = null;
      await pause(Math.min(2 ** tries, 30), row);
    }
  }
  keep(key, null);
  return upload;
};

const renew = () => htmx.ajax("GET", card().dataset.renew, { target: "#files-list", swap: "outerHTML" });

const work = async () => {
  if (running) return;
  running = true;
  for (let row = waiting.shift(); row; row = waiting.shift()) {
    try {
      if (row.stopped) continue;
      await row.arrived(row, await send(row));
    } catch (error) {
      if (error instanceof Stopped) row.element.remove();
      else row.fail(error.message || row.words.failed, !(error instanceof Refused));
    }
  }
  running = false;
};

/* One file on its way, shown in the list of what its words belong to. arrived: what is done with a complete upload. */
const start = (file, from, arrived, more = {}) => {
  const words = from.dataset;
  const element = from.querySelector("[data-file-row]").content.firstElementChild.cloneNode(true);
  const $ = (name) => element.querySelector(`[data-${name}]`);
  const row = {
    file, element, words, url: words.uploads, arrived, busy: () => {}, ...more,
    say: (text) => { if ($("said").textContent !== text) $("said").textContent = text; },
    show: (part) => { $("bar").value = part; },
    fail: (text, again) => { element.classList.add("is-wrong"); row.say(text); $("retry").hidden = !again; row.busy(false); },
  };
  $("name").textContent = file.name;
  $("bar").setAttribute("aria-label", file.name);
  $("retry").addEventListener("click", () => {
    element.classList.remove("is-wrong");
    $("retry").hidden = true;
    wait();
    work();
  });
  $("stop").addEventListener("click", () => {
    row.stopped = true;
    row.abort?.();
    if (row.place) ask("DELETE", row.place).catch(() => {});
    keep(memory(row.url, file), null);
    element.remove();
    row.busy(false);
  });
  const wait = () => { row.busy(true); row.say(words.waiting); waiting.push(row); };
  from.querySelector("[data-now]").append(element);
  if (file.size > words.largest) row.fail(words.tooLarge, false);
  else wait();
};

const add = (files) => {
  const from = card();
  if (!from) return;
  for (const file of files) {
    const arrived = (row) => { row.element.remove(); return renew(); };
    start(file, from, arrived, { internal: Boolean(from.querySelector("[name=internal]")?.checked) });
  }
  work();
};

/* The file of a form goes first; then the form, which names the upload. */
const deliver = (form) => {
  const button = form.querySelector(".form__foot button");
  const busy = (is) => { button.disabled = is; };
  const arrived = (row, upload) => {
    form.elements.upload.value = upload.id;
    form.elements.file.value = "";
    running = false;
    form.submit();
  };
  form.querySelector("[data-now]").replaceChildren();
  start(form.elements.file.files[0], form, arrived, { busy });
  work();
};

document.addEventListener("change", (event) => {
  if (!event.target.matches("[data-files] input[type=file]")) return;
  add([...event.target.files]);
  event.target.value = "";
});
document.addEventListener("submit", (event) => {
  // What was chosen is on its way already.
  if (event.target.matches(".files__add")) event.preventDefault();
  if (event.target.matches("form[data-uploads]") && event.target.elements.file.files.length) {
    event.preventDefault();
    deliver(event.target);
  }
});
for (const kind of ["dragover", "dragleave", "drop"]) {
  document.addEventListener(kind, (event) => {
    if (!event.dataTransfer?.types.includes("Files") || !card()) return;
    const over = event.target.closest?.("[data-files]");
    // Beside the card a file must not replace the page.
    event.preventDefault();
    card().classList.toggle("is-over", kind === "dragover" && Boolean(over));
    if (kind === "drop" && over) add([...event.dataTransfer.files]);
  });
}
document.addEventListener("paste", (event) => {
  const files = [...(event.clipboardData?.files || [])];
  if (!files.length || !card() || document.querySelector("dialog[open]")) return;
  event.preventDefault();
  add(files);
});
addEventListener("beforeunload", (event) => { if (running || waiting.length) event.preventDefault(); });
