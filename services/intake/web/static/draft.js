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
  const typed = () => new URLSearchParams(new FormData(form));
  const save = async () => {
    timer = 0;
    try {
      const answer = await fetch(`${form.action}/brouillon`, {
        method: "POST",
        body: typed(),
        credentials: "same-origin",
      });
      if (!answer.ok) throw new Error(String(answer.status));
      const now = new Date();
      note.textContent = `Brouillon enregistré à ${now.getHours()} h ${String(now.getMinutes()).padStart(2, "0")}.`;
    } catch {
      note.textContent = "Le brouillon n’a pas pu être enregistré. Continuez : il le sera à l’étape suivante.";
    }
  };
  const wait = () => {
    clearTimeout(timer);
    timer = 0;
  };
  const soon = () => {
    wait();
    timer = setTimeout(save, 1200);
  };
  form.addEventListener("input", soon);
  form.addEventListener("change", soon); // a territory that was picked
  form.addEventListener("submit", wait);
  addEventListener("pagehide", () => {
    if (timer) navigator.sendBeacon(`${form.action}/brouillon`, typed());
  });
}
