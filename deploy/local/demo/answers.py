"""Load requests that départements answer themselves or direct to a programme, as data for the dashboards."""

import random
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Any, Final

from rich.progress import track

from deploy.local.demo import projects
from deploy.local.demo.clients import ApiClient, Json, agents_of, agents_of_departements, console
from deploy.local.demo.projects import Project
from services.operations.environment import variable
from shared import clock
from shared.calendar import PARIS, today
from shared.contracts.vocabulary import ApplicantKind, Programme
from shared.territory import Departement, Territories

APART: Final = 1_000_000
"""Added to the seed, so that these are other projects than those of the national team."""


class Answer(StrEnum):
    """What the département makes of a request."""

    PAID = "local_support"
    ORIENTED = "local_orientation"
    PROGRAMME = "programme"
    REFUSED = "refusal"
    WITHDRAWN = "withdrawn"


SHARES: Final = (
    *(Answer.PAID,) * 3,
    *(Answer.ORIENTED,) * 2,
    *(Answer.PROGRAMME,) * 3,
    Answer.REFUSED,
    Answer.WITHDRAWN,
)
"""Of every ten requests."""

COVERED: Final[dict[Programme, tuple[ApplicantKind, int, int]]] = {
    Programme.ACTION_COEUR_DE_VILLE: (ApplicantKind.COMMUNE, 20_000, 100_000),
    Programme.PETITES_VILLES_DE_DEMAIN: (ApplicantKind.COMMUNE, 3_000, 20_000),
    Programme.RURALITES: (ApplicantKind.EPCI, 2_000, 15_000),
    Programme.FRANCE_SERVICES: (ApplicantKind.COMMUNE, 500, 5_000),
    Programme.TERRITOIRES_INDUSTRIE: (ApplicantKind.EPCI, 15_000, 150_000),
}
"""Which territories are drawn for a programme: their kind, and between how many inhabitants."""

PURPOSE: Final = "Exemple de la démonstration\u00a0: les territoires couverts sont tirés au sort."
COMMENTS: Final = (
    "L’étude est claire et nous sert chaque semaine.",
    "Nous aurions aimé être rappelés plus tôt.",
    "Le conseil municipal a pu délibérer en connaissance de cause.",
    None,
)


@dataclass(frozen=True, slots=True)
class Asked:
    """A request once it is filed, and what becomes of it."""

    project: Project
    answer: Answer
    id: str
    applicant: ApiClient

    @property
    def goes_on(self) -> bool:
        """Whether the work that the département pays is still under way."""
        return self.project.place % 3 == 0

    @property
    def case(self) -> str:
        """Where the département has it."""
        return f"/cases/{self.id}"


def load(number: int, seed: int, territories: Territories) -> None:
    """Load so many requests, and the territories of the programmes; loaded again it does nothing twice."""
    chance = random.Random(seed + APART)  # noqa: S311 - what is drawn must come again, and protects nothing
    drawn = list(projects.draw(number, seed + APART, territories))
    (national,) = agents_of("escalation", ("national@cousu.test",)).values()
    for programme in _shown("Programmes", list(Programme)):
        _describe(national, programme, chance, territories)
    departements = _Departements([project.departement for project in drawn])
    asked = [_file(project, seed) for project in _shown("Autres demandes", drawn)]
    _wave("Leur examen", asked, departements.examines)
    _wave("Leur réponse", asked, departements.answers)
    _wave("Appui des programmes", asked, lambda one: _helps(national, one))
    _wave("Leur accompagnement", asked, departements.works)
    _wave("Leur évaluation", asked, _evaluates)


def _shown(what: str, all_of_them: list[Any]) -> Iterable[Any]:
    return track(all_of_them, description=f"{what:<28}", console=console)


def _wave(what: str, asked: list[Asked], does: Callable[[Asked], None]) -> None:
    for one in _shown(what, asked):
        does(one)


def _describe(national: ApiClient, programme: Programme, chance: random.Random, territories: Territories) -> None:
    """Write the sheet, and draw one territory of each département, where there is one of that size."""
    kind, smallest, largest = COVERED[programme]
    lines = ["Type;Code;Nom"]
    for departement in territories.departements():
        fit = [
            one
            for one in territories.within(departement.code, kind)
            if smallest <= (one.population or 0) <= largest and one.departement == departement.code
        ]
        if fit:
            one = chance.choice(fit)
            lines.append(f"{kind.value};{one.code};{one.full_name}")
    sheet = national.get(f"/programmes/{programme.value}")
    if sheet["purpose"] is None:
        national.put(f"/programmes/{programme.value}", {"purpose": PURPOSE, "starts_on": "2020-10-01"})
    if not sheet["territories"]:
        national.post(f"/programmes/{programme.value}/territories/import", {"table": "\n".join(lines)})


def _file(project: Project, seed: int) -> Asked:
    intake = variable("INTAKE_PUBLIC_URL")
    filed = ApiClient(intake).post("/requests", project.body, {"Idempotency-Key": f"answers-{seed}-{project.place}"})
    answer = SHARES[project.place % len(SHARES)]
    if answer is Answer.PAID and not project.body["support_types"]:
        answer = Answer.PROGRAMME
    return Asked(project, answer, filed["id"], ApiClient(intake, filed["access_token"]))


class _Departements:
    """The API clients of the agents of the départements."""

    def __init__(self, departements: list[Departement]) -> None:
        self._of = agents_of_departements(departements)

    def examines(self, one: Asked) -> None:
        """Examine, qualify and propose."""
        sat, _ = self._of[one.project.departement.code]
        case = sat.until(one.case, lambda _: True)
        if one.answer is Answer.WITHDRAWN:
            if case["state"] == "registered":
                one.applicant.post(f"/requests/{one.id}/withdrawal", {"motive": "Le projet est reporté."})
            return
        if case["state"] == "registered":
            case = sat.post(f"{one.case}/examination")
        if case["state"] != "under_examination":
            return
        sat.post(f"{one.case}/qualification", one.project.grid | {"local_offer": "sufficient"})
        if proposal := self._proposal(one, sat):
            sat.post(f"{one.case}/proposal", proposal)

    def _proposal(self, one: Asked, sat: ApiClient) -> Json | None:
        """Return what is proposed; None where no provider is at hand, so that the request waits."""
        match one.answer:
            case Answer.PAID:
                return {
                    "outcome": "local_support",
                    "motive": "Étude courte, prise en charge par le département.",
                    "support_types": one.project.body["support_types"][:1],
                    "amount_cents": one.project.chance.randrange(2, 9) * 1_000_00,
                }
            case Answer.PROGRAMME:
                programme = one.project.body.get("programme") or one.project.chance.choice(list(Programme)).value
                return {"outcome": "programme", "motive": "Le programme y répond.", "programme": programme}
            case Answer.REFUSED:
                return {"outcome": "refusal", "motive": "Le besoin relève de l’entretien courant de la commune."}
            case _:
                matches = sat.get(f"{one.case}/matches")["items"]
                if not matches:
                    return None
                chosen = {"provider_id": matches[0]["provider_id"]}
                return {"outcome": "local_orientation", "motive": "Il a la compétence et le temps.", **chosen}

    def answers(self, one: Asked) -> None:
        """Validate what was proposed."""
        _, delegate = self._of[one.project.departement.code]
        if delegate.get(one.case)["state"] == "proposed":
            delegate.post(f"{one.case}/validation")

    def works(self, one: Asked) -> None:
        """Do the work that is paid: two of three are done, the others go on with a milestone."""
        sat, _ = self._of[one.project.departement.code]
        if one.answer is not Answer.PAID or sat.get(one.case)["state"] != "supported_locally":
            return
        if "local-work" in sat.get(one.case)["allowed_actions"]:
            sat.post(f"{one.case}/local-work")
            milestone = {"title": "Diagnostic remis", "due_on": str(today(PARIS, clock.now()) + timedelta(days=45))}
            sat.post(f"{one.case}/milestones", milestone)
        if not one.goes_on and "completion" in sat.get(one.case)["allowed_actions"]:
            (milestone,) = sat.get(one.case)["local_work"]["milestones"]
            sat.post(f"{one.case}/milestones/{milestone['id']}/reached")
            sat.post(f"{one.case}/completion", {"report": "L’étude est remise et présentée aux élus."})


def _helps(national: ApiClient, one: Asked) -> None:
    """Let the programme's team take the request up, and see every other one through."""
    if one.answer is not Answer.PROGRAMME:
        return
    decision = one.applicant.until(f"/requests/{one.id}", lambda seen: seen["decision"] is not None)["decision"]
    if "programme" not in decision:
        return
    path = f"/programmes/{decision['programme']}/requests"

    def listed(page: Json) -> list[Json]:
        return [item for item in page["items"] if item["request_id"] == one.id]

    (mine,) = listed(national.until(f"{path}?per_page=200", lambda page: bool(listed(page))))
    if mine["state"] != "directed":
        return
    national.post(f"{path}/{one.id}/take-up", {"interlocutor": "Équipe du programme"})
    if one.project.place % 2:
        national.post(f"{path}/{one.id}/completion", {"report": "Le chef de projet est recruté."})


def _evaluates(one: Asked) -> None:
    """Let the collectivité say what came of what was paid, or of the programme's help."""
    seen = one.applicant.get(f"/requests/{one.id}")
    completed = one.answer is Answer.PROGRAMME and one.project.place % 2
    done = one.answer is Answer.PAID and not one.goes_on
    if not (done or completed) or seen["status"] in {"evaluated", "closed"}:
        return
    path = f"/requests/{one.id}"
    one.applicant.until(path, lambda seen: "evaluation" in seen["allowed_actions"])
    marks: Json = {mark: one.project.chance.randint(2, 5) for mark in ("need_met", "progress", "satisfaction")}
    one.applicant.post(f"{path}/evaluation", marks | {"comment": one.project.chance.choice(COMMENTS)})
