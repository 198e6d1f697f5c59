// What a page gains when scripts run; every page is complete without them.
"use strict";

// Files that are too large together are told before they are sent: a server refuses them unread, and what was typed beside them.
document.addEventListener("change", ({ target }) => {
  if (!target.matches("input[type=file][data-most]")) return;
  const size = [...target.files].reduce((sum, file) => sum + file.size, 0);
  target.parentElement.querySelector("[data-too-much]")?.remove();
  if (size <= Number(target.dataset.most)) return;
  const note = document.createElement("p");
  const words = (bytes) => `${Math.ceil(bytes / 1024 / 1024)}\u00a0Mo`;
  note.className = "field-error";
  note.setAttribute("role", "alert");
  note.dataset.tooMuch = "";
  note.textContent = `Ces fichiers font ${words(size)} ensemble, pour ${words(target.dataset.most)} au plus. Choisissez-en moins à la fois.`;
  target.after(note);
});
document.addEventListener("submit", (event) => {
  const note = event.target.querySelector("[data-too-much]");
  if (!note) return;
  event.preventDefault();
  note.previousElementSibling.focus();
});

// A form is sent once: its buttons rest until the answer comes (the server refuses the second one anyway).
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!form.matches("form[data-once]") || event.defaultPrevented) return;
  if (form.dataset.sent) {
    event.preventDefault();
    return;
  }
  form.dataset.sent = "1";
  for (const button of form.querySelectorAll("button[type=submit]")) button.setAttribute("aria-disabled", "true");
});

// Coming back by the browser's arrow finds the form ready again.
window.addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-sent]")) {
    delete form.dataset.sent;
    for (const button of form.querySelectorAll("[aria-disabled]")) button.removeAttribute("aria-disabled");
  }
});

// Errors are read first.
document.querySelector("[data-focus]")?.focus();

// Keyboard: `?` shows the shortcuts; one key goes to what carries it or opens it, never while one types. A button that
// sends a form has the focus only: no single key commits anything.
const help = document.getElementById("raccourcis");
if (help) {
  const store = "cousu-main.shortcuts";
  const wanted = help.querySelector("[data-shortcuts-on]");
  const opener = document.querySelector("[data-shortcuts-open]");
  try {
    wanted.checked = localStorage.getItem(store) !== "off";
  } catch {
    wanted.checked = true; // storage may be forbidden; shortcuts then last for the page
  }
  wanted.addEventListener("change", () => {
    try {
      localStorage.setItem(store, wanted.checked ? "on" : "off");
    } catch {
      // nothing to keep it in
    }
  });
  opener.hidden = false;
  opener.addEventListener("click", () => help.showModal());
  document.addEventListener("keydown", (event) => {
    const typing = event.target.matches?.("input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable]");
    if (!wanted.checked || typing || help.open || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "?") {
      event.preventDefault();
      help.showModal();
      return;
    }
    if (walked(event)) {
      event.preventDefault();
      return;
    }
    const target = [...document.querySelectorAll("[data-shortcut]")].find((item) => item.dataset.shortcut === event.key);
    if (!target) return;
    event.preventDefault();
    if (target.matches("a")) target.click();
    else target.focus();
  });
}

// The bell: how much is new, as it comes, while somebody looks at the page. Another service may hold the bell.
const bell = document.querySelector("[data-bell]");
if (bell) {
  const count = bell.querySelector(".bell-count");
  const said = bell.parentElement.querySelector("[role=status]");
  let known = null;
  let stream = null;

  const renew = async () => {
    const list = document.querySelector("[data-bell-list]");
    if (!list || list.contains(document.activeElement)) return;
    const answer = await fetch(location.href);
    if (!answer.ok) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    list.replaceWith(page.querySelector("[data-bell-list]") ?? list);
  };

  const ring = (unread) => {
    count.firstElementChild.textContent = unread < 100 ? String(unread) : "99+";
    count.hidden = !unread;
    if (known !== null && unread > known) said.textContent = "Une nouveauté est arrivée.";
    if (known !== null && unread !== known) renew().catch(() => {});
    known = unread;
  };

  const listen = () => {
    stream?.close();
    stream = null;
    if (document.hidden) return;
    stream = new EventSource(bell.dataset.bell, { withCredentials: true });
    stream.addEventListener("unread", (event) => ring(Number(event.data)));
  };
  document.addEventListener("visibilitychange", listen);
  listen();
}

// In a list: `l` goes to it from anywhere; then `j` and `k` go from line to line, `o` opens one, `x` chooses it. These four
// do nothing while the focus is elsewhere, so that they never surprise whoever meant something else.
function walked(event) {
  const lines = "table.list tbody tr, .queue-item";
  if (event.key === "l") {
    const first = document.querySelector(lines)?.querySelector("a");
    first?.focus();
    return Boolean(first);
  }
  const line = event.target.closest?.(lines);
  const ways = { j: "nextElementSibling", k: "previousElementSibling" };
  if (!line || !(event.key in ways || event.key === "o" || event.key === "x")) return false;
  if (event.key in ways) line[ways[event.key]]?.querySelector("a")?.focus();
  else line.querySelector(event.key === "o" ? "a" : "input[type=checkbox]")?.click();
  return true;
}

// What fields gain, at the start and after htmx has replaced a part of the page.
function enhance() {
  for (const area of document.querySelectorAll("textarea[data-count]:not([data-enhanced])")) counted(area);
  for (const box of document.querySelectorAll(".combobox[data-territories]:not([data-enhanced])")) combobox(box);
}
document.addEventListener("htmx:after:swap", enhance);
enhance();

// A number the French way; the typeface has no narrow no-break space, which browsers put between thousands.
function written(number) {
  return number.toLocaleString("fr-FR").replaceAll("\u202f", "\u00a0");
}

// How many characters are left.
function counted(area) {
  const note = document.createElement("p");
  area.dataset.enhanced = "";
  note.className = "field-count";
  const tell = () => {
    const left = area.maxLength - area.value.length;
    note.textContent = `${written(left)} caractère${left > 1 ? "s" : ""} restant${left > 1 ? "s" : ""}`;
  };
  area.addEventListener("input", tell);
  area.after(note);
  tell();
}

// Territories: the official list as one types; what is picked fills the hidden code.
function combobox(box) {
  box.dataset.enhanced = "";
  const input = box.querySelector("input[type=text]");
  const code = box.querySelector("input[type=hidden]");
  const list = document.createElement("ul");
  const note = document.createElement("p");
  let options = [];
  let current = -1;
  let timer = 0;
  let asked = 0;

  list.id = `${input.id}-choix`;
  list.className = "combobox-list";
  list.setAttribute("role", "listbox");
  list.setAttribute("aria-label", "Territoires proposés");
  list.hidden = true;
  note.className = "combobox-note";
  note.setAttribute("role", "status");
  for (const [name, value] of Object.entries({
    role: "combobox",
    "aria-autocomplete": "list",
    "aria-expanded": "false",
    "aria-controls": list.id,
  })) {
    input.setAttribute(name, value);
  }
  box.append(list, note);

  const close = () => {
    list.hidden = true;
    current = -1;
    input.setAttribute("aria-expanded", "false");
    input.removeAttribute("aria-activedescendant");
  };

  const point = (index) => {
    current = index;
    [...list.children].forEach((item, place) => item.setAttribute("aria-selected", String(place === index)));
    if (index < 0) return;
    input.setAttribute("aria-activedescendant", list.children[index].id);
    list.children[index].scrollIntoView({ block: "nearest" });
  };

  const pick = (index) => {
    input.value = options[index].name;
    code.value = options[index].code;
    note.textContent = `${options[index].name} est choisi.`;
    close();
    input.dispatchEvent(new Event("change", { bubbles: true }));
  };

  const show = () => {
    list.replaceChildren(
      ...options.map((option, index) => {
        const item = document.createElement("li");
        item.id = `${list.id}-${index}`;
        item.setAttribute("role", "option");
        item.setAttribute("aria-selected", "false");
        const where = option.departement ? ` (${option.departement})` : "";
        const people = option.population ? `, ${written(option.population)} habitants` : "";
        item.textContent = `${option.name}${where}${people}`;
        item.addEventListener("mousedown", (event) => {
          event.preventDefault();
          pick(index);
        });
        return item;
      }),
    );
    list.hidden = options.length === 0;
    input.setAttribute("aria-expanded", String(!list.hidden));
    note.textContent = options.length
      ? `${options.length} proposition${options.length > 1 ? "s" : ""}. Choisissez avec les flèches, puis Entrée.`
      : "Aucun territoire de ce nom. Vérifiez l’orthographe, ou essayez le code.";
    if (!list.hidden) list.scrollIntoView({ block: "nearest" });
    current = -1;
  };

  const ask = async () => {
    const order = ++asked;
    const text = input.value.trim();
    if (text.length < 2) {
      close();
      note.textContent = "";
      return;
    }
    const from = box.dataset.kindFrom;
    const field = from && [...(input.form?.elements ?? [])].find((item) => item.name === from && (item.type !== "radio" || item.checked));
    const kind = box.dataset.kind || field?.value;
    const query = new URLSearchParams({ q: text, per_page: "10" });
    if (kind) query.set("kind", kind);
    try {
      const answer = await fetch(`${box.dataset.territories}?${query}`, { headers: { accept: "application/json" } });
      if (!answer.ok) throw new Error(String(answer.status));
      const found = await answer.json();
      if (order !== asked) return;
      options = found.items ?? found;
      show();
    } catch {
      if (order !== asked) return;
      close();
      note.textContent = "La liste ne répond pas : écrivez le nom complet, il sera vérifié à l’étape suivante.";
    }
  };

  input.addEventListener("input", () => {
    code.value = "";
    clearTimeout(timer);
    timer = setTimeout(ask, 180);
  });
  input.addEventListener("blur", close);
  input.addEventListener("keydown", (event) => {
    if (list.hidden) {
      if (event.key === "ArrowDown") ask();
      return;
    }
    const last = options.length - 1;
    if (event.key === "ArrowDown") point(current < last ? current + 1 : 0);
    else if (event.key === "ArrowUp") point(current > 0 ? current - 1 : last);
    else if (event.key === "Enter" && current >= 0) pick(current);
    else if (event.key === "Escape") close();
    else return;
    event.preventDefault();
  });
}

// What follows by itself: the page is read again from time to time and the part put in its place, unless one is in it.
const lives = [...document.querySelectorAll("[data-live]")];
if (lives.length) {
  const bar = document.createElement("p");
  const stop = document.createElement("button");
  const note = document.createElement("span");
  let stopped = false;
  bar.className = "live-bar no-print";
  stop.type = "button";
  stop.className = "btn btn-link";
  stop.textContent = "Suspendre la mise à jour";
  note.textContent = "Cette page se met à jour d’elle-même.";
  stop.addEventListener("click", () => {
    stopped = !stopped;
    stop.textContent = stopped ? "Reprendre la mise à jour" : "Suspendre la mise à jour";
    note.textContent = stopped ? "Mise à jour suspendue." : "Cette page se met à jour d’elle-même.";
  });
  bar.append(note, stop);
  lives[0].before(bar);

  let shown = new Date();
  const told = (fresh) => [".lede", "#absents"].map((where) => fresh.querySelector(where)?.textContent.trim()).filter(Boolean).join(" ");
  const late = (why) => {
    note.textContent = `${why} Ce qui est affiché date de ${shown.toLocaleTimeString("fr-FR")} ; nouvel essai dans un instant.`;
    bar.classList.add("live-late");
  };
  let following = false;

  const busy = (part) => part.contains(document.activeElement) || (getSelection()?.toString() && part.contains(getSelection().anchorNode));
  const follow = async () => {
    if (stopped || document.hidden || following) return;
    following = true;
    try {
      const answer = await fetch(location.href, { headers: { accept: "text/html" }, redirect: "manual", signal: AbortSignal.timeout(15_000) });
      if (answer.type === "opaqueredirect") return late("Votre session est terminée : rechargez la page.");
      const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
      if (!answer.ok) return late(told(fresh));
      if (stopped) return; // meanwhile
      let waits = false;
      for (const { id } of lives) {
        const part = document.getElementById(id);
        const next = fresh.getElementById(id);
        for (const fold of part.querySelectorAll("details[open][id]")) next?.querySelector(`#${CSS.escape(fold.id)}`)?.setAttribute("open", "");
        if (!next || part.innerHTML === next.innerHTML) continue;
        if (busy(part)) waits = true;
        else part.replaceChildren(...next.childNodes);
      }
      document.title = fresh.title;
      shown = new Date();
      bar.classList.remove("live-late");
      note.textContent = waits ? "Du nouveau s’affichera dès que vous quitterez cette partie de la page." : `Mis à jour à ${shown.toLocaleTimeString("fr-FR")}.`;
    } catch {
      late("Le serveur de cette page ne répond pas.");
    } finally {
      following = false;
    }
  };
  setInterval(follow, Number(lives[0].dataset.live) * 1000);
}

// A page that is unavailable is asked for again from time to time, and loaded when it answers.
const away = document.querySelector("[data-comes-back]");
if (away) {
  const note = document.createElement("p");
  note.textContent = "Cette page se rechargera d’elle-même dès que le service répondra.";
  away.after(note);
  setInterval(async () => {
    if (document.hidden) return;
    try {
      const answer = await fetch(location.href, { headers: { accept: "text/html" }, redirect: "manual", signal: AbortSignal.timeout(15_000) });
      if (answer.ok || answer.type === "opaqueredirect") location.reload();
    } catch {
      // still away
    }
  }, 5_000);
}
