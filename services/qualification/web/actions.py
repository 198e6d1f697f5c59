"""Everything that can be done here: one row for each action, from which its form and its API call are made."""

from dataclasses import replace
from typing import Final
from uuid import UUID

from services.qualification.domain.moves import Action as Name
from services.qualification.domain.proposal import Propose
from services.qualification.reads.catalogue import ProviderView, provider
from services.qualification.usecases import catalogue, conversing, deciding, examining, orienting
from services.qualification.web.context import AgentContext
from shared.commands import Nothing
from shared.db import Reader
from shared.web.actions import Action, Answer

ON_CASES: Final = (
    Action(
        Name.ASSIGNMENT,
        examining.Assign,
        examining.assign,
        path="affectation",
        label="Confier le dossier",
        done="Le responsable du dossier est enregistré.",
    ),
    Action(
        Name.EXAMINATION,
        Nothing,
        examining.start_examination,
        path="examen",
        label="Commencer l’examen",
        done="L’examen est en cours. Le demandeur en est informé.",
    ),
    Action(
        Name.INFORMATION_REQUEST,
        examining.RequestInformation,
        examining.request_information,
        path="informations",
        label="Demander des informations au demandeur",
        done="La demande d’informations est envoyée au demandeur.",
    ),
    Action(
        Name.VALIDATION,
        Nothing,
        deciding.validate,
        path="validation",
        label="Valider cette réponse",
        done="La réponse est validée et communiquée au demandeur.",
    ),
    Action(
        Name.REJECTION,
        deciding.Reject,
        deciding.reject,
        path="rejet",
        label="Rejeter la proposition",
        done="La proposition n’est pas validée\u00a0: l’examen reprend.",
    ),
    Action(
        Name.ANSWER,
        conversing.Write,
        conversing.answer_national_team,
        path="reponse",
        label="Répondre à l’équipe nationale",
        done="Votre réponse est transmise à l’équipe nationale.",
    ),
    Action(
        Name.ORIENTATION_LINK,
        orienting.ReplaceLink,
        orienting.replace_link,
        form=orienting.SendLink,
        path="lien-acteur",
        label="Envoyer un nouveau lien",
        done="Un nouveau lien est envoyé. L’ancien n’ouvre plus rien.",
        anchor="#orientations",
    ),
    Action(
        Name.ORIENTATION_LINK,
        orienting.ReplaceLink,
        orienting.replace_link,
        api=False,
        path="lien-acteur/reprise",
        label="Reprendre le lien sans en envoyer d’autre",
        done="Le lien n’ouvre plus rien.",
        anchor="#orientations",
    ),
    Action(
        Name.MESSAGES,
        conversing.Write,
        conversing.post_message,
        path="messages",
        label="Envoyer au demandeur",
        done="Votre message est envoyé au demandeur.",
        anchor="#messages",
        creates=True,
    ),
    Action(
        Name.NOTES,
        conversing.Write,
        conversing.add_note,
        path="notes",
        label="Enregistrer la note",
        done="La note interne est enregistrée.",
        anchor="#notes",
        creates=True,
    ),
)
"""What is done on the page of a case."""

QUALIFICATION: Final = Action(
    Name.QUALIFICATION,
    examining.Qualify,
    examining.qualify,
    path="qualification",
    label="Qualifier le besoin",
    done="Le besoin est qualifié. Vous pouvez proposer une réponse.",
    anchor="#actions",
)
"""On a page of its own: the grid."""

PROPOSAL: Final = Action(
    Name.PROPOSAL,
    Propose,
    deciding.propose,
    path="",
    then="/demandes/{request_id}",
    label="Proposer cette réponse",
    done="Votre proposition est enregistrée. Un délégué territorial doit maintenant la valider.",
)
"""On a page of its own for each outcome."""

ON_ORIENTATIONS: Final = (
    Action(
        "acceptance",
        Nothing,
        orienting.accept,
        path="acceptation",
        label="Accompagner cette collectivité",
        done="Merci\u00a0! La collectivité et le département sont prévenus. Voici la personne à contacter.",
    ),
    Action(
        "decline",
        orienting.Decline,
        orienting.decline,
        path="refus",
        label="Décliner",
        done="Votre réponse est enregistrée. Le département cherche une autre solution.",
    ),
)
"""What a provider does by its link."""


async def _provider(context: AgentContext, reader: Reader, provider_id: UUID, *_: UUID) -> ProviderView:
    """Give a provider as it is afterwards, also where the agent's own département was removed from its entry."""
    return await provider(reader, provider_id, replace(context.viewer, perimeter=None))


PROVIDER_AFTERWARDS: Final = Answer(ProviderView, _provider)
ADD_PROVIDER: Final = Action(
    "add",
    catalogue.DescribeProvider,
    catalogue.add,
    address="",
    creates=True,
    answer=PROVIDER_AFTERWARDS,
    path="nouveau",
    then="/annuaire",
    done="L’acteur local est inscrit à l’annuaire.",
)
ON_PROVIDERS: Final = (
    Action(
        "update",
        catalogue.DescribeProvider,
        catalogue.change,
        address="",
        method="PUT",
        answer=PROVIDER_AFTERWARDS,
        path="",
        then="/annuaire",
        done="L’inscription est à jour.",
    ),
    Action(
        "update",
        catalogue.ChangeProvider,
        catalogue.change_part,
        address="",
        method="PATCH",
        answer=PROVIDER_AFTERWARDS,
    ),
)
