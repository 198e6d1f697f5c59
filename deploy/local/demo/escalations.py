"""Load many requests of all départements before the national team, through the HTTP API of the running services.

People work wave by wave: everybody files, every SAT examines, every délégué validates, and so on. A wave looks first at
what may be done, so that the same seed loaded again goes on where it was left and does nothing twice.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from rich.progress import track

from deploy.local.demo import answers, orders, projects
from deploy.local.demo.clients import ApiClient, Json, agents_of, agents_of_departements, console, prepare, running
from deploy.local.demo.projects import Project, Stage
from services.operations.environment import variable
from shared import calendar, clock
from shared.territory import Territories

MEMBERS: Final = (
    ("Direction générale de l’ANCT", "chair", "Direction des programmes de l’ANCT"),
    ("Direction générale des collectivités locales", "voting", None),
    ("Banque des Territoires", "voting", "Direction régionale de la Banque des Territoires"),
    ("Anah", "voting", None),
    ("ANRU", "voting", None),
    ("Cerema", "advisory", None),
    ("ADEME", "advisory", None),
)
"""Standing members of the committee: name, quality, alternate."""
ATTENDANCE: Final = {
    "present": ["Direction générale de l’ANCT", "Direction générale des collectivités locales", "Anah", "Cerema"],
    "represented": ["Banque des Territoires"],
    "excused": ["ANRU"],
}
QUORUM: Final = 4
OTHERS_ONE_IN: Final = 3
"""Beside so many escalations, one request that a département answers itself or directs to a programme."""

MONTHS: Final = (
    "janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre", "octobre", "novembre",
    "décembre",
)  # fmt: skip

DECIDED_DAYS_AGO: Final = (63, 35, 7)
"""When the sessions were held whose decisions are recorded here afterwards."""
NEXT_IN_DAYS: Final = 12

VERDICTS: Final = {
    Stage.DEFERRED: ("deferred", "Le plan de financement reste à préciser avec la collectivité."),
    Stage.REFUSED: ("refused", "Le besoin relève de l’offre locale, qui n’a pas été épuisée."),
    Stage.WITH_RESERVE: ("granted_with_reserve", "Projet structurant, sous réserve de la maîtrise du foncier."),
    Stage.GRANTED: ("granted", "Projet structurant pour le bassin de vie."),
    Stage.MOBILISING: ("granted", "Besoin avéré, sans réponse locale possible."),
    Stage.ACCOMPANIED: ("granted", "Projet mûr, à accompagner sans attendre."),
    Stage.COMPLETED: ("granted", "Appui court, attendu pour un dossier de financement."),
}
UNDER_WAY_OR_OVER: Final = ("accompanied", "completed", "evaluated", "closed")
WITH_MEANS: Final = (Stage.MOBILISING, Stage.ACCOMPANIED, Stage.COMPLETED)
OPINION: Final = "Avis favorable du préfet : le projet répond aux priorités de l’État dans le département."


@dataclass(slots=True)
class Dossier:
    """A project once it is filed."""

    project: Project
    id: str
    applicant: ApiClient

    @property
    def case(self) -> str:
        """Where the département has it."""
        return f"/cases/{self.id}"

    @property
    def escalation(self) -> str:
        """Where the national team has it."""
        return f"/escalations/{self.id}"

    @property
    def stage(self) -> Stage:
        """How far it comes."""
        return self.project.stage

    @property
    def asks(self) -> bool:
        """Return whether the national team asks the département something: of one dossier in four."""
        return self.stage is Stage.ASKED or self.project.place % 4 == 1

    def came_back(self) -> bool:
        """Return whether the national team gave it back already, so that it is not brought there again."""
        seen = self.applicant.get(f"/requests/{self.id}")
        return any(step["type"] == "escalation.escalation_returned.v1" for step in seen["timeline"])


def load(number: int, seed: int) -> None:
    """Load so many escalations, and some requests that are none; starts the product when it does not run."""
    with running():
        prepare()
        territories = Territories.load(searchable=False)
        _load(list(projects.draw(number, seed, territories)), seed)
        answers.load(number // OTHERS_ONE_IN, seed, territories)


def _load(drawn: list[Project], seed: int) -> None:
    intake = variable("INTAKE_PUBLIC_URL")
    teams = _Teams(drawn)
    dossiers = [_file(ApiClient(intake), intake, project, seed) for project in _shown("Dépôt des demandes", drawn)]
    _wave("Examen par les départements", dossiers, teams.examines)
    _wave("Validation par les délégués", dossiers, teams.validates)
    _wave("Recevabilité", dossiers, teams.receives)
    _wave("Réponses des départements", dossiers, teams.answers)
    _wave("Ordre du jour", dossiers, teams.schedules)
    _wave("Décisions du comité", dossiers, teams.decides)
    teams.closes_decided_sessions()
    _wave("Mobilisation", dossiers, teams.mobilises)
    _wave("Accompagnement", dossiers, teams.accompanies)
    _wave("Avancement", dossiers, _reports_progress)
    _wave("Évaluation", dossiers, _evaluates)
    console.print(
        f"{len(dossiers)} demandes de {len({one.project.departement.code for one in dossiers})} départements."
    )


def _shown(what: str, all_of_them: list[Project]) -> Iterable[Project]:
    return track(all_of_them, description=f"{what:<28}", console=console)


def _wave(what: str, dossiers: list[Dossier], does: Callable[[Dossier], None]) -> None:
    for dossier in track(dossiers, description=f"{what:<28}", console=console):
        does(dossier)


def _file(client: ApiClient, intake: str, project: Project, seed: int) -> Dossier:
    filed = client.post("/requests", project.body, {"Idempotency-Key": f"escalations-{seed}-{project.place}"})
    return Dossier(project, filed["id"], ApiClient(intake, filed["access_token"]))


class _Teams:
    """The agents of all départements and of the national team, each at its client."""

    def __init__(self, drawn: list[Project]) -> None:
        self._departements = agents_of_departements(one.departement for one in drawn)
        self._national, self._secretary = agents_of(
            "escalation", ("national@cousu.test", "secretaire@cousu.test")
        ).values()
        self._today = calendar.today(calendar.PARIS, clock.now())
        self._sessions: dict[date, str] = {}
        self._listed: set[str] = set()

    # ── the département ─────────────────────────────────────────────────────────────────────────────────────────

    def examines(self, dossier: Dossier) -> None:
        """Examine, qualify and propose the escalation."""
        sat, _ = self._departements[dossier.project.departement.code]
        case = sat.until(dossier.case, lambda _: True)
        if case["state"] == "registered":
            case = sat.post(f"{dossier.case}/examination")
        if case["state"] != "under_examination" or dossier.came_back():
            return
        self._lists_the_agency(dossier.project, sat)
        sat.post(f"{dossier.case}/qualification", dossier.project.grid)
        matches = sat.get(f"{dossier.case}/matches")["items"]
        sat.post(
            f"{dossier.case}/proposal",
            {
                "outcome": "escalation",
                "motive": "L’offre locale ne couvre pas tout le projet." if matches else "Aucune offre locale.",
                "motive_code": "local_offer_insufficient" if matches else "no_local_offer",
                "providers_tried": [
                    {"provider_id": one["provider_id"], "answer": "Plan de charge complet jusqu’à l’été."}
                    for one in matches[:2]
                ],
                "opinion": OPINION,
            },
        )

    def _lists_the_agency(self, project: Project, sat: ApiClient) -> None:
        """Enter the département's own engineering in the catalogue, where it has any: two out of three have."""
        code = project.departement.code
        if code in self._listed:
            return
        self._listed.add(code)
        name = f"Ingénierie départementale ({project.departement.name})"
        if sum(code.encode()) % 3 == 0 or sat.get(f"/providers?departement={code}")["total"]:
            return
        sat.post(
            "/providers",
            {
                "name": name,
                "kind": "Agence technique départementale",
                "email": f"contact@ingenierie-{code.lower()}.test",
                "departements": [code],
                "capacity": 12,
            },
        )

    def validates(self, dossier: Dossier) -> None:
        """Validate what the SAT proposed."""
        _, delegate = self._departements[dossier.project.departement.code]
        if delegate.get(dossier.case)["state"] == "proposed":
            delegate.post(f"{dossier.case}/validation")

    def answers(self, dossier: Dossier) -> None:
        """Answer the national team's question, unless the dossier is one that waits for it."""
        if dossier.stage is Stage.ASKED or not dossier.asks:
            return
        sat, _ = self._departements[dossier.project.departement.code]
        if self._national.get(dossier.escalation)["state"] == "awaiting_departement":
            sat.until(dossier.case, lambda case: "answer" in case["allowed_actions"])
            sat.post(f"{dossier.case}/answer", {"text": "La collectivité est propriétaire depuis mars dernier."})

    # ── the national team ───────────────────────────────────────────────────────────────────────────────────────

    def receives(self, dossier: Dossier) -> None:
        """Ask, settle the admissibility, or give back."""
        seen = self._national.until(dossier.escalation, lambda _: True)
        if seen["state"] != "received" or dossier.stage is Stage.RECEIVED:
            return
        if dossier.stage is Stage.SENT_BACK:
            motive = "Un acteur de l’ingénierie locale peut répondre : il n’a pas été sollicité."
            self._national.post(f"{dossier.escalation}/return", {"motive": motive})
        elif dossier.stage is Stage.ASKED or (dossier.asks and not seen["questions"]):
            question = {"question": "Le foncier est-il maîtrisé par la collectivité ?"}
            self._national.post(f"{dossier.escalation}/information-request", question)

    def schedules(self, dossier: Dossier) -> None:
        """Settle the admissibility of what goes on, and put it on an agenda."""
        if dossier.stage in (Stage.RECEIVED, Stage.ASKED, Stage.SENT_BACK):
            return
        seen = self._national.until(dossier.escalation, lambda seen: seen["state"] != "awaiting_departement")
        if seen["state"] == "received":
            opinion = {"opinion": "Dossier complet ; l’offre locale a été cherchée."}
            seen = self._national.post(f"{dossier.escalation}/admissibility", opinion)
        if seen["state"] == "admissible" and dossier.stage is not Stage.ADMISSIBLE:
            session = {"session_id": self._session(self._held_on(dossier))}
            self._national.post(f"{dossier.escalation}/schedule", session)

    def _held_on(self, dossier: Dossier) -> date:
        """Return the session that examines it: what is still to be decided the next one, what was deferred the last."""
        if dossier.stage is Stage.SCHEDULED:
            return self._today + timedelta(days=NEXT_IN_DAYS)
        if dossier.stage is Stage.DEFERRED:
            ago = DECIDED_DAYS_AGO[-1]
        else:
            began = dossier.stage in (Stage.ACCOMPANIED, Stage.COMPLETED)
            ago = dossier.project.chance.choice(DECIDED_DAYS_AGO[:-1] if began else DECIDED_DAYS_AGO)
        return self._today - timedelta(days=ago)

    def _session(self, held_on: date) -> str:
        """Return the open session of a day; plan it when there is none."""
        if held_on not in self._sessions:
            known = self._secretary.get("/sessions?state=open&per_page=200")["items"]
            found = next((one for one in known if one["held_on"] == str(held_on)), None)
            self._sessions[held_on] = (found or self._plans(held_on))["id"]
        return self._sessions[held_on]

    def _plans(self, held_on: date) -> Json:
        month = MONTHS[held_on.month - 1]
        title = f"Comité de suivi de projet {'d’' if month[0] in 'ao' else 'de '}{month} {held_on.year}"
        self._keeps_the_members()
        planned = self._secretary.post("/sessions", {"held_on": str(held_on), "title": title, "quorum": QUORUM})
        if held_on < self._today:
            self._secretary.post(f"/sessions/{planned['id']}/attendance", ATTENDANCE)
        return planned

    def _keeps_the_members(self) -> None:
        """Enter the standing members of the committee, once; each session takes them over."""
        if self._secretary.get("/committee-members")["total"]:
            return
        for name, role, alternate in MEMBERS:
            member = {"name": name, "role": role, "alternate": alternate, "valid_from": "2026-01-01"}
            self._secretary.post("/committee-members", member)

    def decides(self, dossier: Dossier) -> None:
        """Record what the committee decided."""
        if dossier.stage not in VERDICTS or self._national.get(dossier.escalation)["state"] != "scheduled":
            return
        outcome, motive = VERDICTS[dossier.stage]
        granted = outcome.startswith("granted")
        decision: Json = {"request_id": dossier.id, "outcome": outcome, "motive": motive}
        if granted:
            decision |= {"support_types": ["amo_publique"], "amount_cents": dossier.project.amount_cents}
        if dossier.stage is Stage.WITH_RESERVE:
            decision["reserve"] = "Produire l’accord du propriétaire avant le lancement de l’étude."
        scheduled = next(one for one in self._national.get(dossier.escalation)["sessions"] if one["state"] == "open")
        self._secretary.post(f"/sessions/{scheduled['id']}/decisions", decision)

    def closes_decided_sessions(self) -> None:
        """Close the sessions whose decisions are all recorded."""
        for session in self._secretary.get("/sessions?state=open&per_page=200")["items"]:
            if (
                session["dossiers"]
                and session["decided"] == session["dossiers"]
                and session["id"] in self._sessions.values()
            ):
                self._secretary.post(f"/sessions/{session['id']}/closing")
                self._approves(session)

    def _approves(self, session: Json) -> None:
        """Approve the minutes of a session, but for the latest, whose draft waits."""
        if date.fromisoformat(session["held_on"]) < self._today - timedelta(days=DECIDED_DAYS_AGO[-1]):
            self._secretary.post(f"/sessions/{session['id']}/minutes/approval", {"approved_by": MEMBERS[0][0]})

    def mobilises(self, dossier: Dossier) -> None:
        """Find the means."""
        if dossier.stage not in WITH_MEANS or self._national.get(dossier.escalation)["state"] != "granted":
            return
        orders.place(self._national, dossier.escalation, dossier.project)

    def accompanies(self, dossier: Dossier) -> None:
        """Begin the accompaniment, plan its milestones, note which are reached, and end what has ended."""
        seen = self._national.get(dossier.escalation)
        if dossier.stage not in (Stage.ACCOMPANIED, Stage.COMPLETED):
            return
        if seen["state"] == "mobilising":
            decided = date.fromisoformat(seen["decisions"][-1]["decided_on"])
            began = decided + timedelta(days=dossier.project.chance.randint(3, 20))
            seen = self._begins(dossier, seen, began)
        if seen["state"] == "accompanied" and dossier.stage is Stage.COMPLETED:
            orders.deliver(self._national, dossier.escalation, seen["mobilisations"])
            report = {
                "report": "Le diagnostic et le programme sont remis ; le dossier de financement est déposé.",
                "carry_reason": "La validation du programme suit son cours avec la collectivité.",
            }
            self._national.post(f"{dossier.escalation}/completion", report)

    def _begins(self, dossier: Dossier, seen: Json, began: date) -> Json:
        for mobilisation in seen["mobilisations"]:
            for step in ("acceptance", "start"):
                self._national.post(f"{dossier.escalation}/mobilisations/{mobilisation['id']}/{step}")
        days = {"starts_on": str(began), "ends_on": str(began + timedelta(days=210))}
        self._national.post(f"{dossier.escalation}/accompaniment", days)
        for title, after in (("Réunion de lancement", 10), ("Diagnostic remis", 45), ("Programme validé", 150)):
            milestone = {"title": title, "due_on": str(began + timedelta(days=after))}
            seen = self._national.post(f"{dossier.escalation}/milestones", milestone)
        first = seen["milestones"][0]
        reached = {"reached_on": str(began + timedelta(days=9))}
        return self._national.post(f"{dossier.escalation}/milestones/{first['id']}/reached", reached)


def _reports_progress(dossier: Dossier) -> None:
    """Let the collectivité say how the work goes, once, while it goes on."""
    if dossier.stage is not Stage.ACCOMPANIED:
        return
    path = f"/requests/{dossier.id}"
    seen = dossier.applicant.until(path, lambda seen: seen["status"] in UNDER_WAY_OR_OVER)
    reported = any(step["type"] == "intake.progress_told.v1" for step in seen["timeline"])
    if "progress" in seen["allowed_actions"] and not reported:
        news = {"text": "Les entretiens sont faits ; le conseil en débat le mois prochain.", "percent": 40}
        dossier.applicant.post(f"{path}/progress", news)


def _evaluates(dossier: Dossier) -> None:
    """Let the collectivité say what came of it, where the accompaniment has ended."""
    if dossier.stage is not Stage.COMPLETED:
        return
    path = f"/requests/{dossier.id}"
    seen = dossier.applicant.until(path, lambda seen: seen["status"] == "evaluated" or _may_evaluate(seen))
    if _may_evaluate(seen):
        marks = {mark: dossier.project.chance.randint(2, 5) for mark in ("need_met", "progress", "satisfaction")}
        dossier.applicant.post(f"{path}/evaluation", marks)


def _may_evaluate(seen: Json) -> bool:
    return "evaluation" in seen["allowed_actions"]
