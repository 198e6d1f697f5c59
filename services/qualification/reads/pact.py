"""Reads of one pact: by an agent, and by the link of a party."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Final, Never
from uuid import UUID

from pydantic import TypeAdapter

from services.qualification.domain.pact_diagnosis import Diagnosis
from services.qualification.domain.pact_moves import PactStanding, PactState
from services.qualification.domain.pact_plan import OVER, is_late, mean_percent, review_due
from services.qualification.domain.pact_record import Act
from services.qualification.domain.people import PartyLink
from services.qualification.domain.refusals import LinkOver
from services.qualification.reads.pact_views import (
    VERSION_LABELS,
    ActionView,
    AgreementView,
    AmendmentView,
    DiagnosisView,
    IndicatorView,
    PactText,
    PactView,
    PartyView,
    ProgressView,
    ReviewView,
    ShareView,
    SignatureView,
    VersionView,
    from_content,
    label_of,
)
from services.qualification.reads.viewer import Viewer
from shared.contracts.fact import Actor
from shared.db import Reader, Row
from shared.errors import NotFound

_COLUMNS: Final = """
    p.id, p.departement, p.title, p.state, p.state_since, p.opened_at, p.request_id, p.version, p.agreed_on,
    p.signed_on, p.reviewed_on, p.number, p.ready_at, p.amending, p.last_act
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
          AND s.removed_at IS NULL
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


async def text_of_work(reader: Reader, pact_id: UUID) -> PactText:
    """Return what the version that is worked at says now."""
    view = await _whole(reader, pact_id)
    work = view.work
    return PactText(
        number=work.number,
        title=view.title,
        departement=view.departement,
        parties=view.present,
        diagnosis=work.diagnosis,
        agreed_on=work.agreed_on,
        actions=work.actions,
        budget_cents=work.budget_cents,
        ready_at=work.ready_at,
    )


async def version_of(reader: Reader, pact_id: UUID, number: int) -> VersionView:
    """Return a version that was put to signature; `NotFound` without one."""
    for version in await _versions(reader, pact_id):
        if version.number == number:
            return version
    raise NotFound


async def document_of(reader: Reader, pact_id: UUID, number: int, *, signed: bool) -> bytes | None:
    """Return a version's document as it was kept: with all signatures, or as it was put to signature."""
    column = "signed_document" if signed else "document"
    document: bytes | None = await reader.fetchval(
        f"SELECT {column} FROM pact_version WHERE pact_id = $1 AND number = $2", pact_id, number
    )
    return document


def _standing(view: PactView) -> PactStanding:
    """Return where a pact is, as the moves see it."""
    work, first_signed = view.work, view.first_signed
    return PactStanding(
        PactState(work.state),
        in_force=view.state == PactState.SIGNED,
        state_awaited=any(each.is_state for each in view.awaited),
        others_awaited=any(not each.is_state for each in view.awaited),
        planned=bool(work.actions),
        owned=not any(each.unowned for each in work.actions),
        ready=work.ready_at is not None or first_signed,
        first_signed=first_signed,
    )


async def _whole(reader: Reader, pact_id: UUID) -> PactView:
    row = await reader.fetchrow(f"SELECT {_COLUMNS} FROM pact AS p WHERE p.id = $1", pact_id)
    return await _view(reader, row, row["opened_at"].date()) if row else _missing()


def _missing() -> Never:
    raise NotFound


async def _view(reader: Reader, row: Row, today: date) -> PactView:
    rows = await _parties(reader, row["id"], row["version"])
    parties = [_party(each, row) for each in rows]
    every = await _actions(reader, row["id"], today, parties)
    versions = await _versions(reader, row["id"])
    work = _work(row, rows, [each for each, dropped in every if not dropped], await _current(reader, row))
    kept = next((each for each in versions if each.state == "in_force" and each.text), None)
    shown, signatures = work, (kept.signatures if kept and row["state"] == "signed" else []) or work.signatures
    if row["amending"] and kept and kept.text:
        shown = replace(
            work,
            number=kept.number,
            ready_at=kept.ready_at,
            diagnosis=kept.text.diagnosis,
            agreements=[],
            agreed_on=kept.text.agreed_on,
            actions=_in_force(kept.text, {each.id: each for each, _ in every}, today),
            budget_cents=kept.text.budget_cents,
        )
    over = bool(shown.actions) and all(each.status in OVER for each in shown.actions)
    due = review_due(row["signed_on"], row["reviewed_on"], over=over)
    return PactView(
        id=row["id"],
        title=row["title"],
        departement=row["departement"],
        state=row["state"],
        state_label=label_of(row["state"], ready=row["ready_at"] is not None),
        request_id=row["request_id"],
        parties=parties,
        diagnosis=shown.diagnosis,
        agreements=shown.agreements,
        actions=shown.actions,
        signatures=signatures,
        percent=mean_percent(action.percent for action in shown.actions if action.status != "given_up"),
        budget_cents=shown.budget_cents,
        agreed_on=shown.agreed_on,
        signed_on=row["signed_on"],
        reviews=await _reviews(reader, row["id"]),
        review_due_on=due,
        review_overdue=due is not None and due < today,
        opened_at=row["opened_at"],
        state_since=row["state_since"],
        allowed_actions=[],
        number=shown.number,
        ready_at=shown.ready_at,
        versions=versions,
        amendment=work if row["amending"] else None,
        last_act=Act.model_validate(row["last_act"]) if row["last_act"] else None,
    )


def _work(
    row: Row, parties: Sequence[Row], actions: list[ActionView], diagnosis: DiagnosisView | None
) -> AmendmentView:
    """Return the version that is worked at, or in force without one."""
    stage = row["amending"] or row["state"]
    budgets = [action.budget_cents for action in actions if action.budget_cents is not None]
    return AmendmentView(
        number=row["number"],
        state=stage,
        state_label=label_of(stage, ready=row["ready_at"] is not None),
        ready_at=row["ready_at"],
        diagnosis=diagnosis,
        agreements=[_agreement(each, row["version"]) for each in parties if each["agreed_on"]],
        actions=actions,
        signatures=[_signature(each) for each in parties if each["signed_on"]],
        budget_cents=sum(budgets) if budgets else None,
        agreed_on=row["agreed_on"],
    )


def _in_force(text: PactText, now: Mapping[UUID, ActionView], today: date) -> list[ActionView]:
    """Return the actions of the plan in force, with the progress that was reported since it was signed."""
    return [
        replace(
            action,
            status=now[action.id].status,
            percent=now[action.id].percent,
            progress=now[action.id].progress,
            overdue=is_late(action.due_on, now[action.id].status, today),
        )
        for action in text.actions
    ]


async def _parties(reader: Reader, pact_id: UUID, version: int) -> list[Row]:
    return await reader.fetch(
        """
        SELECT p.id, p.name, p.kind, p.code, p.email, p.invited_at, p.joined_in, p.left_in,
               a.agreed_on, a.recorded_at AS agreement_at, a.recorded_by AS agreement_by,
               s.signed_on, s.recorded_at AS signature_at, s.recorded_by AS signature_by, s.name AS signatory,
               s.function, s.authority, s.sha256
        FROM pact_party AS p
        LEFT JOIN pact_agreement AS a ON a.pact_id = p.pact_id AND a.party_id = p.id AND a.version = $2
        LEFT JOIN pact_signature AS s ON s.pact_id = p.pact_id AND s.party_id = p.id
        WHERE p.pact_id = $1
          AND p.removed_at IS NULL
        ORDER BY p.place
        """,
        pact_id,
        version,
    )


def _party(row: Row, pact: Row) -> PartyView:
    return PartyView(
        id=row["id"],
        name=row["name"],
        kind=row["kind"],
        code=row["code"],
        email=row["email"],
        invited_at=row["invited_at"],
        agreed_on=row["agreed_on"],
        signed_on=row["signed_on"],
        joining=pact["amending"] is not None and row["joined_in"] == pact["number"],
        leaving=row["left_in"] is not None,
    )


def _agreement(row: Row, version: int) -> AgreementView:
    by = Actor.model_validate(row["agreement_by"])
    return AgreementView(row["id"], row["name"], version, row["agreed_on"], row["agreement_at"], by)


def _signature(row: Row) -> SignatureView:
    return SignatureView(
        row["id"],
        row["name"],
        row["signed_on"],
        row["signature_at"],
        Actor.model_validate(row["signature_by"]),
        row["signatory"],
        row["function"],
        row["authority"],
        row["sha256"],
    )


_SIGNATURES: Final = TypeAdapter(list[SignatureView])


async def _versions(reader: Reader, pact_id: UUID) -> list[VersionView]:
    rows = await reader.fetch(
        """
        SELECT number, state, content, ready_at, signed_on, ended_at, sha256, signed_sha256, signatures
        FROM pact_version
        WHERE pact_id = $1
        ORDER BY number DESC
        """,
        pact_id,
    )
    return [
        VersionView(
            number=row["number"],
            state=row["state"],
            state_label=VERSION_LABELS[row["state"]],
            ready_at=row["ready_at"],
            signed_on=row["signed_on"],
            ended_at=row["ended_at"],
            sha256=row["sha256"],
            signed_sha256=row["signed_sha256"],
            signatures=_SIGNATURES.validate_python(row["signatures"]),
            text=from_content(row["content"]) if row["content"] else None,
        )
        for row in rows
    ]


async def _current(reader: Reader, pact: Row) -> DiagnosisView | None:
    row = await reader.fetchrow(
        """
        SELECT version, diagnosis, shared_at, shared_by
        FROM pact_diagnosis
        WHERE pact_id = $1 AND version = $2
        """,
        pact["id"],
        pact["version"],
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


async def _actions(
    reader: Reader, pact_id: UUID, today: date, parties: Sequence[PartyView]
) -> list[tuple[ActionView, bool]]:
    """Return all actions, each with whether it left the plan that is worked at."""
    rows = await reader.fetch(
        """
        SELECT id, title, owner, owner_id, partners, partner_ids, budget_cents, shares, due_on, indicator, status,
               percent, changed_at, dropped_in
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
    names = {party.id: party.name for party in parties}
    return [(_action(row, names, of.get(row["id"], []), today), row["dropped_in"] is not None) for row in rows]


def _action(row: Row, names: Mapping[UUID, str], progress: list[ProgressView], today: date) -> ActionView:
    partner_ids, written = row["partner_ids"], row["partners"]
    if partner_ids is not None:
        known = dict(zip(partner_ids, written, strict=False))
        written = [names.get(each, known.get(each, "")) for each in partner_ids]
    return ActionView(
        id=row["id"],
        title=row["title"],
        owner=names.get(row["owner_id"], row["owner"]),
        partners=list(written),
        budget_cents=row["budget_cents"],
        due_on=row["due_on"],
        indicator=row["indicator"],
        status=row["status"],
        percent=row["percent"],
        overdue=is_late(row["due_on"], row["status"], today),
        progress=progress,
        owner_id=row["owner_id"],
        partner_ids=partner_ids,
        shares=[_share(each, names) for each in row["shares"]],
        changed_at=row["changed_at"],
    )


def _share(kept: Mapping[str, Any], names: Mapping[UUID, str]) -> ShareView:
    payer_id = UUID(kept["party_id"]) if kept["party_id"] else None
    name = names.get(payer_id, kept["payer"]) if payer_id else kept["payer"]
    return ShareView(payer_id, name, kept["amount_cents"])


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
