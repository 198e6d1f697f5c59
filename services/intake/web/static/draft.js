// Saves what is being typed in the form, a moment after the last key, so that a closed tab loses nothing.
const form = document.getElementById("brouillon");
if (form) {
  const note = document.createElement("p");
  note.className = "quiet";
  note.setAttribute("role", "status");
  form.append(note);
  let timer = 0;
  const save = async () => {
    try {
      const answer = await fetch(`${form.action}/brouillon`, {
        method: "POST",
        body: new URLSearchParams(new FormData(form)),
        credentials: "same-origin",
      });
      if (!answer.ok) throw new Error(String(answer.status));
      const now = new Date();
      note.textContent = `Brouillon enregistré à ${now.getHours()} h ${String(now.getMinutes()).padStart(2, "0")}.`;
    } catch {
      note.textContent = "Le brouillon n’a pas pu être enregistré. Continuez : il le sera à l’étape suivante.";
    }
  };
  form.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(save, 1200);
  });
  form.addEventListener("submit", () => clearTimeout(timer));
}
