"""Response types of the API that are not plain read models: of a resource, and of some actions."""

from uuid import UUID

from services.escalation.domain.accompaniment import ProviderLink
from services.escalation.reads import (
    accompaniment,
    committee,
    directory,
    means,
    members,
    minutes,
    programmes,
    session_file,
)
from services.escalation.reads.accompaniment import ProviderView
from services.escalation.reads.committee import DecisionView, SessionView
from services.escalation.reads.detail import detail
from services.escalation.reads.detail_rows import EscalationView
from services.escalation.reads.directory import ContractView, OperatorRow
from services.escalation.reads.means import EnvelopeRow
from services.escalation.reads.members import MemberRow
from services.escalation.reads.minutes import MinutesView
from services.escalation.reads.programmes import ProgrammeRequestView, SheetView
from services.escalation.reads.session_file import SessionFileView
from services.escalation.web.context import AgentContext, LinkContext
from shared.db import Reader
from shared.web.actions import Answer


class EscalationWithNewView(EscalationView):
    """The dossier as it is now; `created` is the id of what the call created in it."""

    created: UUID


class InvitationView(EscalationView):
    """The dossier as it is now, with the provider's personal link; it is shown to whoever asks for it only."""

    provider_url: str


class DecidedView(DecisionView):
    """The decision, and the session as it is now."""

    session: SessionView


async def read_escalation(context: AgentContext, reader: Reader, request_id: UUID, *_: UUID) -> EscalationView:
    """Return the whole dossier; that it was read is traced."""
    return await detail(
        reader,
        request_id,
        perimeter=context.perimeter,
        by=context.by,
        today=context.today,
        document_url=context.parts.document_links,
    )


async def _invited(
    context: AgentContext, reader: Reader, link: ProviderLink, request_id: UUID, _: UUID
) -> InvitationView:
    found = await read_escalation(context, reader, request_id)
    return InvitationView(**dict(found), provider_url=context.parts.provider_links(link))


async def show_to_provider(context: LinkContext, reader: Reader) -> ProviderView:
    """Return what a provider sees by its link."""
    return await accompaniment.by_link(reader, context.link)


async def read_session(context: AgentContext, reader: Reader, session_id: UUID) -> SessionView:
    """Return a session with its agenda."""
    return await committee.session(reader, session_id, by=context.by, today=context.today)


async def read_minutes(context: AgentContext, reader: Reader, session_id: UUID) -> MinutesView:
    """Return the minutes, a draft until the session is closed; as they were approved, once they are."""
    return await minutes.minutes(reader, session_id, by=context.by, today=context.today)


async def read_session_file(context: AgentContext, reader: Reader, session_id: UUID) -> SessionFileView:
    """Return whether the bound file of a session is ready, its size and its pages."""
    return await session_file.session_file(reader, session_id, by=context.by)


async def read_member(context: AgentContext, reader: Reader, member_id: UUID) -> MemberRow:
    """Return a standing member of the committee."""
    return await members.member(reader, member_id, today=context.today, by=context.by)


async def read_decision(context: AgentContext, reader: Reader, decision_id: UUID) -> DecisionView:
    """Return one decision with its dossier."""
    return await committee.decision(reader, decision_id, departements=context.agent.perimeter, by=context.by)


async def _decided(context: AgentContext, reader: Reader, decision_id: UUID, session_id: UUID) -> DecidedView:
    made = await read_decision(context, reader, decision_id)
    return DecidedView(**dict(made), session=await read_session(context, reader, session_id))


async def _corrected(context: AgentContext, reader: Reader, decision_id: UUID, _: UUID) -> DecisionView:
    return await read_decision(context, reader, decision_id)


async def read_envelope(context: AgentContext, reader: Reader, envelope_id: UUID) -> EnvelopeRow:
    """Return a year's budget."""
    return await means.envelope(reader, envelope_id, by=context.by)


async def read_operator(context: AgentContext, reader: Reader, operator_id: UUID) -> OperatorRow:
    """Return an operator of the directory."""
    return await directory.operator(reader, operator_id, by=context.by)


async def show_contract(context: AgentContext, reader: Reader, contract_id: UUID) -> ContractView:
    """Return a contract with its lots, their prices and what is left of their ceilings."""
    return await directory.contract(reader, contract_id, today=context.today, by=context.by)


async def contract_of_lot(context: AgentContext, reader: Reader, lot_id: UUID, *_: UUID) -> ContractView:
    """Return the contract of a lot."""
    return await show_contract(context, reader, await directory.contract_of_lot(reader, lot_id))


async def read_sheet(context: AgentContext, reader: Reader, programme: str) -> SheetView:
    """Return a programme: what it brings, its period, team, budget, and how much it covers."""
    return await programmes.sheet(reader, context.programme(programme))


async def read_programme_request(
    context: AgentContext, reader: Reader, programme: str, request_id: UUID
) -> ProgrammeRequestView:
    """Return a request that was directed to a programme."""
    context.programme(programme)
    return await programmes.programme_request(reader, request_id, perimeter=context.perimeter, by=context.by)


INVITED = Answer(InvitationView, _invited)
MEMBER = Answer(MemberRow, read_member)
SESSION = Answer(SessionView, read_session)
DECIDED = Answer(DecidedView, _decided)
CORRECTED = Answer(DecisionView, _corrected)
ENVELOPE = Answer(EnvelopeRow, read_envelope)
OPERATOR = Answer(OperatorRow, read_operator)
CONTRACT = Answer(ContractView, show_contract)
