"""Use cases of a pact's party with its link, without an account: agree, sign, report progress."""

from collections.abc import Sequence
from typing import Literal

from services.qualification.domain.inputs import Short
from services.qualification.domain.pact import Pact
from services.qualification.domain.people import Representative
from services.qualification.usecases.pacts import recording
from services.qualification.usecases.pacts.context import PartyContext, changes_pact_by_link
from services.qualification.usecases.pacts.recording import ReportProgress, Signing
from shared.commands import Command
from shared.contracts.fact import Fact


class Speak(Command):
    """Who agrees for a party by its link: a name and a quality; `version` is that of the diagnosis which they read."""

    name: Short
    version: int | None = None


class ConfirmAndSpeak(Speak):
    """`confirmed`: that whoever speaks may bind the party."""

    confirmed: Literal["on", "1", "true"]


class SignByLink(Signing):
    """Who signs for a party by its link."""

    name: Short


class ConfirmAndSign(SignByLink):
    """The form, in which the function and the authority are given; `confirmed`: that they bind the party."""

    function: Short
    authority: Short
    confirmed: Literal["on", "1", "true"]


class ReportByLink(ReportProgress):
    """How far an action is, by somebody who has a party's link."""

    name: Short


@changes_pact_by_link
async def agree_by_link(do: PartyContext, pact: Pact, command: Speak) -> Sequence[Fact]:
    """Agree the diagnosis on the table, by the signed link alone."""
    who = Representative(do.link.party_id, command.name)
    return await recording.agreement(do.tx, pact, who, str(do.link.party_id), None, do.at, seen=command.version)


@changes_pact_by_link
async def sign_by_link(do: PartyContext, pact: Pact, command: SignByLink) -> Sequence[Fact]:
    """Sign the pact, by the signed link alone."""
    who = Representative(do.link.party_id, command.name)
    return await recording.signature(
        do.tx,
        pact,
        who,
        str(do.link.party_id),
        None,
        do.at,
        signing=command,
        name=command.name,
        paper=do.paper,
    )


@changes_pact_by_link
async def report_by_link(do: PartyContext, pact: Pact, command: ReportByLink) -> Sequence[Fact]:
    """Report how far an action is that the party owns or takes part in (`AnotherPartysAction`)."""
    return await recording.progress(do.tx, pact, Representative(do.link.party_id, command.name), command, do.at)
