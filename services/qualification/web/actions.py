"""The actions: one row for each, from which its form and its API call are made."""

from dataclasses import replace
from typing import Final
from uuid import UUID

from services.qualification.domain.moves import Action as Name
from services.qualification.domain.pact import Diagnosis
from services.qualification.domain.pact_moves import PactAction
from services.qualification.domain.proposal import Propose
from services.qualification.reads.catalogue import ProviderView, provider
from services.qualification.reads.pact_views import PactView
from services.qualification.usecases import catalogue, deciding, examining, messages, orienting
from services.qualification.usecases.pacts import by_link, leading, opening, recording
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
        messages.Write,
        messages.answer_national_team,
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
        messages.Write,
        messages.post_message,
        path="messages",
        label="Envoyer au demandeur",
        done="Votre message est envoyé au demandeur.",
        anchor="#messages",
        creates=True,
    ),
    Action(
        Name.NOTES,
        messages.Write,
        messages.add_note,
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
    """Return a provider as it is afterwards, also where the agent's own département was removed from its entry."""
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


async def _opened(context: AgentContext, reader: Reader, pact_id: UUID) -> PactView:
    return await context.pact(reader, pact_id)


OPEN_PACT: Final = Action(
    "open",
    opening.OpenPact,
    opening.open_pact,
    form=opening.FillInPact,
    address="",
    creates=True,
    answer=Answer(PactView, _opened),
    path="nouveau",
    then="/pactes/{created}",
    label="Ouvrir le pacte",
    done="Le pacte est ouvert. Prochaine étape\u00a0: le diagnostic partagé.",
)
DIAGNOSIS: Final = Action(
    PactAction.DIAGNOSIS,
    Diagnosis,
    leading.share_diagnosis,
    path="diagnostic",
    then="/pactes/{pact_id}",
    label="Mettre le diagnostic sur la table",
    done="Le diagnostic est sur la table\u00a0: chaque partie peut maintenant l’approuver.",
)
"""On a page of its own."""

ON_PACTS: Final = (
    Action(
        PactAction.INVITATIONS,
        leading.Invite,
        leading.invite,
        path="invitations",
        label="Envoyer le lien",
        done="Le lien est envoyé.",
    ),
    Action(
        PactAction.AGREEMENTS,
        leading.SpeakForParty,
        leading.agree,
        path="approbations",
        label="Enregistrer l’approbation",
        done="L’approbation est enregistrée.",
    ),
    Action(
        PactAction.ACTIONS,
        leading.PlanAction,
        leading.add_action,
        path="actions",
        label="Ajouter l’action",
        done="L’action est ajoutée au plan.",
        creates=True,
    ),
    Action(
        PactAction.SIGNATURES,
        leading.SpeakForParty,
        leading.sign,
        path="signatures",
        label="Enregistrer la signature",
        done="La signature est enregistrée.",
    ),
    Action(
        PactAction.PROGRESS,
        recording.ReportProgress,
        leading.report,
        path="avancement",
        label="Faire le point",
        done="L’avancement est enregistré.",
    ),
    Action(
        PactAction.REVIEWS,
        leading.HoldReview,
        leading.review,
        path="revues",
        label="Enregistrer la revue",
        done="La revue annuelle est enregistrée.",
        creates=True,
    ),
)
"""What is done on the page of a pact."""

REMOVAL: Final = Action(
    "removal",
    Nothing,
    leading.remove_action,
    path="retrait",
    then="/pactes/{pact_id}",
    label="Retirer",
    done="L’action est retirée du plan.",
)
"""On an action of the plan."""

ON_PACTS_BY_LINK: Final = (
    Action(
        "agreement",
        by_link.Speak,
        by_link.agree_by_link,
        form=by_link.ConfirmAndSpeak,
        path="approbation",
        label="Approuver le diagnostic",
        done="Merci\u00a0! Votre approbation est enregistrée.",
    ),
    Action(
        "signature",
        by_link.Speak,
        by_link.sign_by_link,
        form=by_link.ConfirmAndSpeak,
        path="signature",
        label="Signer le pacte",
        done="Merci\u00a0! Votre signature est enregistrée.",
    ),
    Action(
        "progress",
        by_link.ReportByLink,
        by_link.report_by_link,
        path="avancement",
        label="Faire le point",
        done="Merci\u00a0! L’avancement est enregistré.",
    ),
)
"""What a party of a pact does by its link."""
