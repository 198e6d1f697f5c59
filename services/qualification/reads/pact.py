"""Reads of one pact: by an agent, and by the link of a party."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from typing import Final
from uuid import UUID

from services.qualification.domain.pact import Diagnosis
from services.qualification.domain.pact_moves import PactStanding, PactState
from services.qualification.domain.pact_plan import OVER, is_late, mean_percent, review_due
from services.qualification.domain.people import PartyLink
from services.qualification.domain.refusals import LinkOver
from services.qualification.reads.pact_views import (
    STATE_LABELS,
    ActionView,
    AgreementView,
    DiagnosisView,
    IndicatorView,
    PactView,
    PartyView,
    ProgressView,
    ReviewView,
    SignatureView,
)
from services.qualification.reads.viewer import Viewer
from shared.contracts.fact import Actor
from shared.db import Reader, Row
from shared.errors import NotFound

_COLUMNS: Final = """
    p.id, p.departement, p.title, p.state, p.state_since, p.opened_at, p.request_id, p.version, p.agreed_on,
    p.signed_on, p.reviewed_on
"""


@dataclass(frozen=True, slots=True)
class EarlierView:
    """A version of the diagnosis that was replaced; `agreed_by`: the parties that had agreed it."""

    diagnosis: DiagnosisView
    agreed_by: list[str]


async def find(reader: Reader, pact_id: UUID, viewer: Viewer) -> PactView:
    """Return one pact of the viewer's perimeter; `NotFound` otherwise."""
    row = await reader.fetchrow(
        f"""
        SELECT {_COLUMNS}
        FROM pact AS p
        WHERE p.id = $1
          AND ($2::text[] IS NULL OR p.departement = ANY($2))
        """,
        pact_id,
        viewer.perimeter,
    )
    if row is None:
        raise NotFound
    view = await _view(reader, row, viewer.today)
    return replace(view, allowed_actions=_standing(view).allowed_actions(viewer.who))


async def find_by_link(
    reader: Reader, link: PartyLink, *, today_in: Callable[[str], date], asks: Callable[[str], str]
) -> tuple[PactView, PartyView]:
    """Return the pact to which a party's link leads, and that party; refuses (`LinkOver`) a link that was replaced.

    `today_in` tells which day it is in a département, `asks` whom to ask there.
    """
    row = await reader.fetchrow(
        f"""
        SELECT {_COLUMNS}
        FROM pact AS p
        JOIN pact_party AS s ON s.pact_id = p.id
        WHERE s.id = $1
          AND s.link_generation = $2
          AND s.invited_at IS NOT NULL
        """,
        link.party_id,
        link.generation,
    )
    if row is None:
        departement = await reader.fetchval(
            "SELECT departement FROM pact JOIN pact_party ON pact_id = pact.id WHERE pact_party.id = $1", link.party_id
        )
        raise LinkOver(service=asks(departement)) if departement else NotFound
    view = await _view(reader, row, today_in(row["departement"]))
    party = next(each for each in view.parties if each.id == link.party_id)
    allowed = _standing(view).open_to_party(
        awaited=party in view.awaited, answers_for_actions=any(action.is_of(party) for action in view.actions)
    )
    return replace(view, allowed_actions=allowed), party


async def earlier_versions(reader: Reader, pact: PactView) -> list[EarlierView]:
    """Return the versions of the diagnosis that were replaced, the latest first."""
    rows = await reader.fetch(
        """
        SELECT d.version, d.diagnosis, d.shared_at, d.shared_by,
               array(
                   SELECT p.name
                   FROM pact_agreement AS a
                   JOIN pact_party AS p ON p.id = a.party_id
                   WHERE a.pact_id = d.pact_id AND a.version = d.version
                   ORDER BY p.place
               ) AS agreed_by
        FROM pact_diagnosis AS d
        JOIN pact ON pact.id = d.pact_id
        WHERE d.pact_id = $1 AND d.version < pact.version
        ORDER BY d.version DESC
        """,
        pact.id,
    )
    return [EarlierView(_diagnosis(row), list(row["agreed_by"])) for row in rows]


async def origin(reader: Reader, pact: PactView) -> str | None:
    """Return the number of the request that led to a pact."""
    number: str | None = await reader.fetchval(
        "SELECT number FROM case_file WHERE request_id = $1 AND departement = $2", pact.request_id, pact.departement
    )
    return number


def _standing(view: PactView) -> PactStanding:
    """Tell where a pact is, as the moves see it."""
    return PactStanding(
        PactState(view.state),
        state_awaited=any(each.is_state for each in view.awaited),
        others_awaited=any(not each.is_state for each in view.awaited),
        planned=bool(view.actions),
        first_signed=any(each.signed_on for each in view.parties),
    )


async def _view(reader: Reader, row: Row, today: date) -> PactView:
    parties = await _parties(reader, row["id"], row["version"])
    actions = await _actions(reader, row["id"], today)
    over = bool(actions) and all(each.status in OVER for each in actions)
    due = review_due(row["signed_on"], row["reviewed_on"], over=over)
    budgets = [action.budget_cents for action in actions if action.budget_cents is not None]
    return PactView(
        id=row["id"],
        title=row["title"],
        departement=row["departement"],
        state=row["state"],
        state_label=STATE_LABELS[row["state"]],
        request_id=row["request_id"],
        parties=[_party(each) for each in parties],
        diagnosis=await _current(reader, row["id"], row["version"]),
        agreements=[_agreement(each, row["version"]) for each in parties if each["agreed_on"]],
        actions=actions,
        signatures=[_signature(each) for each in parties if each["signed_on"]],
        percent=mean_percent(action.percent for action in actions if action.status != "given_up"),
        budget_cents=sum(budgets) if budgets else None,
        agreed_on=row["agreed_on"],
        signed_on=row["signed_on"],
        reviews=await _reviews(reader, row["id"]),
        review_due_on=due,
        review_overdue=due is not None and due < today,
        opened_at=row["opened_at"],
        state_since=row["state_since"],
        allowed_actions=[],
    )


async def _parties(reader: Reader, pact_id: UUID, version: int) -> list[Row]:
    return await reader.fetch(
        """
        SELECT p.id, p.name, p.kind, p.code, p.email, p.invited_at,
               a.agreed_on, a.recorded_at AS agreement_at, a.recorded_by AS agreement_by,
               s.signed_on, s.recorded_at AS signature_at, s.recorded_by AS signature_by
        FROM pact_party AS p
        LEFT JOIN pact_agreement AS a ON a.pact_id = p.pact_id AND a.party_id = p.id AND a.version = $2
        LEFT JOIN pact_signature AS s ON s.pact_id = p.pact_id AND s.party_id = p.id
        WHERE p.pact_id = $1
        ORDER BY p.place
        """,
        pact_id,
        version,
    )


def _party(row: Row) -> PartyView:
    return PartyView(
        id=row["id"],
        name=row["name"],
        kind=row["kind"],
        code=row["code"],
        email=row["email"],
        invited_at=row["invited_at"],
        agreed_on=row["agreed_on"],
        signed_on=row["signed_on"],
    )


def _agreement(row: Row, version: int) -> AgreementView:
    by = Actor.model_validate(row["agreement_by"])
    return AgreementView(row["id"], row["name"], version, row["agreed_on"], row["agreement_at"], by)


def _signature(row: Row) -> SignatureView:
    by = Actor.model_validate(row["signature_by"])
    return SignatureView(row["id"], row["name"], row["signed_on"], row["signature_at"], by)


async def _current(reader: Reader, pact_id: UUID, version: int) -> DiagnosisView | None:
    row = await reader.fetchrow(
        """
        SELECT version, diagnosis, shared_at, shared_by
        FROM pact_diagnosis
        WHERE pact_id = $1 AND version = $2
        """,
        pact_id,
        version,
    )
    return _diagnosis(row) if row else None


def _diagnosis(row: Row) -> DiagnosisView:
    diagnosis = Diagnosis.model_validate(row["diagnosis"])
    return DiagnosisView(
        version=row["version"],
        strengths=diagnosis.strengths,
        weaknesses=diagnosis.weaknesses,
        indicators=[IndicatorView(each.name, each.value, each.source) for each in diagnosis.indicators],
        shared_at=row["shared_at"],
        shared_by=Actor.model_validate(row["shared_by"]),
    )


async def _actions(reader: Reader, pact_id: UUID, today: date) -> list[ActionView]:
    rows = await reader.fetch(
        """
        SELECT id, title, owner, partners, budget_cents, due_on, indicator, status, percent
        FROM pact_action
        WHERE pact_id = $1
        ORDER BY added_at, id
        """,
        pact_id,
    )
    reported = await reader.fetch(
        """
        SELECT t.action_id, t.at, t.percent, t.status, t.comment, t.told_by
        FROM pact_progress AS t
        JOIN pact_action AS a ON a.id = t.action_id
        WHERE a.pact_id = $1
        ORDER BY t.at DESC, t.id DESC
        """,
        pact_id,
    )
    of: dict[UUID, list[ProgressView]] = {}
    for row in reported:
        by = Actor.model_validate(row["told_by"])
        progress = ProgressView(row["at"], row["percent"], row["status"], row["comment"], by)
        of.setdefault(row["action_id"], []).append(progress)
    return [
        ActionView(**dict(row), overdue=is_late(row["due_on"], row["status"], today), progress=of.get(row["id"], []))
        for row in rows
    ]


async def _reviews(reader: Reader, pact_id: UUID) -> list[ReviewView]:
    rows = await reader.fetch(
        """
        SELECT held_on, summary, recorded_by
        FROM pact_review
        WHERE pact_id = $1
        ORDER BY held_on DESC, recorded_at DESC
        """,
        pact_id,
    )
    return [ReviewView(row["held_on"], row["summary"], Actor.model_validate(row["recorded_by"])) for row in rows]
