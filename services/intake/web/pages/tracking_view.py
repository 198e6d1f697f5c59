"""French texts of the tracking page: state, teams, timeline and decision of a request."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from markupsafe import Markup

from services.intake.domain.life import Status
from services.intake.domain.withdrawal import WithdrawalState
from services.intake.reads.tracking import LetterView, MessageView, TrackedView
from services.intake.usecases import territory_search
from services.intake.web.pages.choices import in_lines
from shared.contracts import escalation, qualification
from shared.contracts.qualification import Service
from shared.contracts.vocabulary import Programme, SupportType, Team
from shared.french.dates import date_fr
from shared.french.decisions import changes_fr
from shared.french.words import STATE, TEAM, WITHDRAWAL_REASON, state_word, word
from shared.letters import filed
from shared.territory.territories import Territories

TONES: Final = {
    Status.AWAITING_INFORMATION: "waiting",
    Status.REFUSED: "refused",
    Status.WITHDRAWN: "neutral",
    Status.CLOSED: "done",
    Status.EVALUATED: "done",
    Status.COMPLETED: "done",
    Status.GRANTED: "done",
    Status.GRANTED_WITH_RESERVE: "done",
    Status.SUPPORTED_LOCALLY: "done",
    Status.DIRECTED_TO_PROGRAMME: "done",
}
"""States that are not simply under way."""

YOUR_STATES: Final = {
    Status.AWAITING_INFORMATION: "En attente d’informations de votre part",
    Status.PROPOSED: "Réponse en préparation",
    Status.AWAITING_DEPARTEMENT: "En cours d’examen par l’équipe nationale",
    Status.ADMISSIBLE: "Dossier recevable",
    Status.SCHEDULED: "Inscrite au comité de suivi de projet",
    Status.TRANSFERRED: "Reprise par un autre département",
}
"""Words of this page where the common ones speak to agents."""

DECISIONS: Final = {
    fact.wire_type
    for fact in (
        qualification.OrientedLocally,
        qualification.SupportedLocally,
        qualification.DirectedToProgramme,
        qualification.RequestRefused,
    )
}
"""Answers of the département that are shown as its decision; the others hand the request on."""

TOLD_BY_MESSAGE: Final = {qualification.InformationRequested.wire_type}
"""Entries whose detail is among the messages, and above them while it is awaited."""

WHOSE_TURN: Final = {
    Team.APPLICANT: "C’est à vous",
    Team.DEPARTEMENT: "C’est au service départemental",
    Team.PROVIDER: "C’est à l’acteur local",
    Team.NATIONAL: "C’est à l’équipe nationale de l’ANCT",
}


@dataclass(frozen=True, slots=True)
class TrackingView:
    """A request in words; `default_office` is the service in charge as far as the directory knows it.

    `impersonal`: for a file, which others read too: it names the applicant instead of speaking to them.
    """

    tracking: TrackedView
    default_office: Service
    territories: Territories
    impersonal: bool = False

    @property
    def state(self) -> tuple[str, str]:
        """The state and its tone."""
        status = Status(self.tracking.status)
        if self.withdrawal_is_pending:
            return "Retrait demandé", "waiting"
        return YOUR_STATES.get(status) or state_word(status), TONES.get(status, "running")

    @property
    def withdrawal_is_pending(self) -> bool:
        """Return whether a request to withdraw waits for its answer."""
        asked = self.tracking.withdrawal
        return asked is not None and asked.state is WithdrawalState.REQUESTED

    @property
    def too_late(self) -> str | None:
        """Why the latest request to withdraw was declined, if it was."""
        asked = self.tracking.withdrawal
        return WITHDRAWAL_REASON[asked.reason] if asked and asked.reason else None

    @property
    def office(self) -> Service:
        """The service in charge: what it published of itself, else what the directory knows."""
        return self.tracking.service or self.default_office

    @property
    def team(self) -> str | None:
        """Who has the request in hand."""
        return TEAM[self.tracking.team] if self.tracking.team else None

    @property
    def turn(self) -> str:
        """Whose turn it is."""
        expected = self.tracking.expected
        if expected and expected.team is Team.APPLICANT and self.impersonal:
            return "C’est à la collectivité"
        return WHOSE_TURN[expected.team] if expected else ""

    @property
    def is_mine(self) -> bool:
        """Return whether it is the applicant's turn."""
        return self.tracking.expected is not None and self.tracking.expected.team is Team.APPLICANT

    @property
    def timeline(self) -> list[dict[str, Any]]:
        """What happened, and what is expected next as an open entry."""
        status = self.tracking.status
        events: list[dict[str, Any]] = [
            {
                "at": step.at,
                "label": step.label,
                "team": self._who(step.team),
                "state": "refused" if _refuses(step.type, status) else "done",
                "detail": None if step.type in TOLD_BY_MESSAGE else in_lines(step.detail),
            }
            for step in self.tracking.timeline
        ]
        expected = self.tracking.expected
        if expected is not None:
            events.append(
                {"at": expected.until, "label": expected.what, "team": self._who(expected.team), "state": "waiting"}
            )
        return events

    def _who(self, team: Team) -> str:
        """Name a team; who reads alone is «\u00a0vous\u00a0», who follows with others the collectivité."""
        alone = not self.tracking.shared and not self.impersonal
        return "Vous" if team is Team.APPLICANT and alone else team.value

    @property
    def shows_colleagues(self) -> bool:
        """Return whether others follow the request besides whoever reads, or may be invited to."""
        others = [one for one in self.tracking.colleagues if one != self.tracking.colleague]
        return bool(others) or "colleagues" in self.tracking.allowed_actions

    @property
    def waits_for_confirmation(self) -> bool:
        """Return whether invitations wait until the contact has opened a mailed link."""
        return any(one.waiting for one in self.tracking.colleagues)

    @property
    def milestone_choices(self) -> list[tuple[str, str]]:
        """The milestones, of which progress can be reported."""
        return [(str(one.id), one.title) for one in self.tracking.milestones]

    @property
    def messages(self) -> list[dict[str, Any]]:
        """The exchange with the département."""
        return [
            {
                "author": self._author(message),
                "at": message.at,
                "text": message.text,
                "mine": message.author is Team.APPLICANT,
                "new": message.unread and not self.impersonal,
            }
            for message in self.tracking.messages
        ]

    def _author(self, message: MessageView) -> str:
        if message.author is not Team.APPLICANT:
            return self.office.name
        reader = self.tracking.colleague
        if not self.impersonal and message.author_name == (reader.name if reader else None):
            return "Vous"
        return message.author_name or self.tracking.request.contact.name

    @property
    def decision(self) -> list[tuple[str, Any]]:
        """What was decided, as facts; none when nothing is."""
        decided = self.tracking.decision
        if decided is None:
            return []
        provider = decided.get("provider") or {}
        amount, until = decided.get("amount_cents"), decided.get("reserve_until")
        facts = [
            ("Décision", STATE.get(decided["outcome"], decided["outcome"])),
            ("Date", self._decided_on(decided)),
            ("Prise par", _author(decided)),
            ("Numéro", decided.get("number")),
            ("Accompagnement", ", ".join(word(SupportType(one)) for one in decided.get("support_types") or ())),
            ("Programme", word(Programme(decided["programme"])) if decided.get("programme") else None),
            ("Montant", amount or None),
            ("Réserve", decided.get("reserve")),
            ("Réserve à lever avant le", date_fr(date.fromisoformat(until)) if until else None),
            ("Acteur local", provider.get("name")),
            ("Adresse électronique", _linked("mailto", provider.get("email"))),
            ("Téléphone", _linked("tel", provider.get("phone"))),
        ]
        return [(term, value) for term, value in facts if value]

    @property
    def decision_texts(self) -> list[tuple[str, str]]:
        """What is said of the decision at length: its motive, and how it is contested."""
        decided = self.tracking.decision or {}
        texts = (("Motif", decided.get("motive")), ("Voies de recours", decided.get("appeal")))
        return [(term, text) for term, text in texts if text]

    @property
    def decision_changes(self) -> list[str]:
        """What the decision changes of the one that it replaces; nothing where it replaces none."""
        decided = self.tracking.decision or {}
        if not decided.get("was"):
            return []
        now = {name: decided[name] for name in escalation.Terms.model_fields}
        return changes_fr(escalation.Terms.model_validate(now), escalation.Terms.model_validate(decided["was"]))

    @property
    def decision_letter(self) -> LetterView | None:
        """The letter of the decision that is shown, if the département wrote one."""
        decided = self.tracking.decision
        if decided is None or decided["team"] != Team.DEPARTEMENT:
            return None
        written = [letter for letter in self.tracking.letters if letter.answer.type in DECISIONS]
        return written[-1] if written else None

    def _decided_on(self, decided: Mapping[str, Any]) -> str | None:
        if decided.get("decided_on"):
            return date_fr(date.fromisoformat(decided["decided_on"]))
        if decided.get("accepted"):
            return None  # that moment is the provider's
        return date_fr(datetime.fromisoformat(decided["at"]), self.tracking.departement)

    @property
    def opinions(self) -> list[tuple[datetime, list[tuple[str, str]]]]:
        """The applicant's evaluations: when, and question by question."""
        return [
            (
                given.at,
                [
                    ("Besoin satisfait", f"{given.need_met} sur 5"),
                    ("Avancement du projet", f"{given.progress} sur 5"),
                    ("Satisfaction", f"{given.satisfaction} sur 5"),
                    *([("Ce qui a changé", given.impact)] if given.impact else []),
                    *([("Autre chose", given.comment)] if given.comment else []),
                ],
            )
            for given in self.tracking.evaluations
        ]

    @property
    def given(self) -> dict[str, Any]:
        """The latest evaluation, to be corrected; empty where another one is asked for."""
        if self.tracking.status != Status.EVALUATED or not self.tracking.evaluations:
            return {}
        return self.tracking.evaluations[-1].model_dump(exclude={"at"})

    @property
    def communes(self) -> str:
        """The communes of a priority territory, by name; empty for the others."""
        return territory_search.written(self.territories, list(self.tracking.request.applicant.communes)).replace(
            "\n", ", "
        )

    @property
    def filed(self) -> list[tuple[str, Markup | None]]:
        """What was filed, term by term."""
        return [(term, in_lines(value)) for term, value in filed(self.tracking.request, communes=self.communes)]


def _linked(scheme: str, address: str | None) -> Markup | None:
    """Make a mail address or a telephone number something to press."""
    if not address:
        return None
    return Markup('<a href="{}:{}">{}</a>').format(
        scheme, address.replace(" ", "").replace(".", "") if scheme == "tel" else address, address
    )


def _author(decided: Mapping[str, Any]) -> str:
    """Name who took a decision: the author and their quality, or the team where the event names nobody."""
    if decided.get("author"):
        return f"{decided['author']}, {decided['quality']}"
    return TEAM[Team(decided["team"])] if decided["team"] != Team.NATIONAL else "Comité de suivi de projet"


def _refuses(wire_type: str, status: str) -> bool:
    decided = wire_type == escalation.DecisionMade.wire_type
    return wire_type == qualification.RequestRefused.wire_type or (decided and status == Status.REFUSED)
