"""Everything that can be done here: one row for each action, from which its form and its API call are made."""

from typing import Any
from uuid import UUID

from litestar import Response

from services.escalation.domain.moves import Action as Name
from services.escalation.reads.detail_rows import EscalationDetail
from services.escalation.usecases import dossier
from services.escalation.web.api.answers import EscalationWithNew
from services.escalation.web.context import AgentContext
from services.escalation.web.pages.dossiers import dossier_page
from services.escalation.web.whole import whole
from shared.db import Reader
from shared.web.actions import Action, Refused, Resource


async def _read(context: AgentContext, reader: Reader, request_id: UUID) -> EscalationDetail:
    return await whole(reader, request_id, context.agent, context.parts.document_links)


async def _show(context: AgentContext, request_id: UUID, *, refused: Refused) -> Response[Any]:
    return await dossier_page(
        context.request,
        context.database,
        request_id,
        context.agent,
        context.parts.document_links,
        context.parts.territories,
        status_code=refused.status,
        failed=refused.action.path,
        values=refused.form.values,
        errors=refused.form.errors,
    )


DOSSIER = Resource(
    address="/escalations/{request_id:uuid}",
    page="/demandes/{request_id:uuid}",
    view=EscalationDetail,
    view_with_new=EscalationWithNew,
    read=_read,
    show=_show,
    tags=["escalations"],
)
ON_DOSSIERS = (
    Action(
        Name.ADMISSIBILITY,
        dossier.SettleAdmissibility,
        dossier.settle_admissibility,
        path="recevabilite",
        label="Déclarer le dossier recevable",
        done="Le dossier est recevable. Le département est informé.",
    ),
    Action(
        Name.INFORMATION_REQUEST,
        dossier.AskDepartement,
        dossier.ask_departement,
        path="question",
        label="Interroger le département",
        done="La question est transmise au département.",
    ),
    Action(
        Name.RETURN,
        dossier.ReturnToDepartement,
        dossier.return_to_departement,
        path="renvoi",
        label="Renvoyer au département",
        done="Le dossier est renvoyé au département, avec son motif.",
    ),
    Action(
        Name.SCHEDULE,
        dossier.Schedule,
        dossier.schedule,
        path="inscription",
        label="Inscrire à une séance du comité",
        done="Le dossier est inscrit à l’ordre du jour.",
    ),
    Action(
        Name.NOTES,
        dossier.AddNote,
        dossier.add_note,
        path="note",
        label="Ajouter une note",
        done="La note est enregistrée.",
        creates=True,
    ),
)
