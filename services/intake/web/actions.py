"""Actions of a link's holder: one row for each, from which its form and its API call are made.

Two are handlers of their own, for they take files: documents, and the page's form of information.
"""

from dataclasses import replace
from typing import Annotated, Any, Final
from uuid import UUID

from litestar import Response
from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from services.intake.domain.colleagues import Colleague
from services.intake.domain.request import Action as Name
from services.intake.reads.tracking import RequestView, tracking
from services.intake.usecases import colleagues, evaluations, messages, progress, withdrawal
from services.intake.web.context import HolderContext
from services.intake.web.pages.tracking_page import tracking_page
from shared.commands import NoBody
from shared.db import Reader
from shared.web.actions import Action, Refused, Resource

WAITS: Final = (
    "L’invitation est prête. Elle part dès que vous ouvrez le lien de suivi reçu par courriel, qui prouve que cette "
    "adresse est la vôtre."
)
INVITED: Final = "L’invitation est envoyée. Votre collègue reçoit un lien qui lui est propre."


def _ticked(value: bool) -> bool:  # noqa: FBT001 - a validator is given its value
    if not value:
        raise PydanticCustomError("unticked", "Cochez cette case pour confirmer le retrait.")
    return value


class WithdrawByForm(withdrawal.Withdraw):
    """The form asks besides whether the consequence was understood."""

    understood: Annotated[bool, AfterValidator(_ticked)] = Field(default=False, validate_default=True)


async def show_request(context: HolderContext, reader: Reader, *_: UUID) -> RequestView:
    """Show where a request stands."""
    return await tracking(reader, context.holder, context.parts.tokens)


async def show_page(context: HolderContext, *_: UUID, refused: Refused | None = None) -> Response[Any]:
    """Show the request to whoever holds its link."""
    if refused is None:
        return await tracking_page(context, ON_REQUEST)
    return await tracking_page(context, ON_REQUEST, form=refused.form, status_code=refused.status)


def _what_became_of_it(invited: Colleague) -> str:
    return WAITS if invited.waiting else INVITED


REQUEST = Resource(
    address="/requests/{request_id:uuid}",
    page="/suivi/{token:str}",
    view=RequestView,
    read=show_request,
    show=show_page,
    read_by_context=("request_id", "token"),
)
ON_REQUEST = (
    Action(Name.INFORMATION, messages.ProvideInformation, messages.provide_information),
    Action(
        Name.EVALUATION,
        evaluations.Evaluate,
        evaluations.evaluate,
        path="evaluation",
        label="Envoyer mon avis",
        done="Merci\u00a0! Votre avis est transmis au département et à l’équipe nationale.",
        creates=True,
    ),
    Action(
        Name.PROGRESS,
        progress.ReportProgress,
        progress.report_progress,
        path="avancement",
        label="Dire où en est le projet",
        done="Merci\u00a0! Le département et l’équipe nationale liront où en est le projet.",
        anchor="#accompagnement",
        creates=True,
    ),
    Action(
        Name.MESSAGES,
        messages.PostMessage,
        messages.post_message,
        path="messages",
        label="Envoyer le message",
        done="Votre message est envoyé.",
        creates=True,
    ),
    Action(
        "messages/read",
        NoBody,
        messages.read_messages,
        path="messages/lus",
        done="Les messages sont marqués comme lus.",
        anchor="#messages",
    ),
    Action(
        Name.COLLEAGUES,
        colleagues.InviteColleague,
        colleagues.invite_colleague,
        path="collegues",
        label="Envoyer l’invitation",
        done=_what_became_of_it,
        anchor="#collegues",
        creates=True,
    ),
    Action(
        Name.WITHDRAWAL,
        withdrawal.Withdraw,
        withdrawal.withdraw,
        path="retrait",
        label="Retirer définitivement la demande",
        done="Votre demande de retrait est envoyée.",
        form=WithdrawByForm,
    ),
)
COLLEAGUE = replace(
    REQUEST,
    address=f"{REQUEST.address}/colleagues/{{colleague_id:uuid}}",
    page=f"{REQUEST.page}/collegues/{{colleague_id:uuid}}",
)
ON_COLLEAGUE = (
    Action(
        "removal",
        NoBody,
        colleagues.remove_colleague,
        path="retrait",
        label="Retirer l’accès",
        done="L’accès est retiré\u00a0: ce lien n’ouvre plus rien.",
        then="/suivi/{token}",
        anchor="#collegues",
    ),
)
