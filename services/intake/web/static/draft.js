// Saves what is being typed in the form, a moment after the last key or when the page is left, so that nothing is lost.
// What was wrong is saved too: going back to a page that told it, or reloading it, opens it instead of sending it again.
if (document.getElementById("erreurs")) history.replaceState(null, "", location.href);

const form = document.getElementById("brouillon");
if (form) {
  const note = document.createElement("p");
  note.className = "quiet";
  note.setAttribute("role", "status");
  form.append(note);
  let timer = 0;
  let changes = 0;
  let kept = 0; // so many changes are known to be kept
  const typed = () => new URLSearchParams(new FormData(form));
  const save = async () => {
    const sent = changes;
    try {
      const answer = await fetch(`${form.action}/brouillon`, {
        method: "POST",
        body: typed(),
        credentials: "same-origin",
      });
      if (!answer.ok) throw new Error(String(answer.status));
      kept = Math.max(kept, sent);
      const now = new Date();
      note.textContent = `Brouillon enregistré à ${now.getHours()} h ${String(now.getMinutes()).padStart(2, "0")}.`;
    } catch {
      note.textContent = "Le brouillon n’a pas pu être enregistré. Continuez : il le sera à l’étape suivante.";
    }
  };
  const soon = () => {
    clearTimeout(timer);
    timer = setTimeout(save, 1200);
    changes += 1;
  };
  const submitted = () => {
    clearTimeout(timer);
    kept = changes;
  };
  form.addEventListener("input", soon);
  form.addEventListener("change", soon); // a territory that was picked
  form.addEventListener("submit", submitted);
  addEventListener("pagehide", () => {
    if (kept !== changes) navigator.sendBeacon(`${form.action}/brouillon`, typed());
  });
}
