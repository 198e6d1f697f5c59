"""The actions: one row for each, from which its form and its API call are made."""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import replace
from typing import Final
from uuid import UUID

from services.qualification.domain.moves import Action as Name
from services.qualification.domain.pact_moves import PactAction
from services.qualification.domain.proposal import Propose
from services.qualification.reads.catalogue import ProviderView, provider
from services.qualification.reads.pact_views import PactView
from services.qualification.usecases import catalogue, deciding, examining, messages, orienting, working
from services.qualification.usecases.pacts import by_link, leading, opening, parties, recording, versions
from services.qualification.web.context import AgentContext
from shared.accompaniment import AddDeliverable, PlanMilestone, PostponeMilestone, ReachMilestone, ReportProgress
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
        Name.REJECTION,
        deciding.Reject,
        deciding.reject,
        path="rejet",
        label="Rejeter la proposition",
        done="La proposition n’est pas validée\u00a0: l’examen reprend.",
    ),
    Action(
        Name.RETRACTION,
        Nothing,
        deciding.take_back,
        path="reprise",
        label="Reprendre ma proposition",
        done="Votre proposition est reprise\u00a0: l’examen continue. Vous la retrouverez si vous proposez à nouveau.",
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

BY_LINK: Final[Mapping[Callable[..., Awaitable[object]], Callable[..., Awaitable[object]]]] = {
    working.start: working.start_by_link,
    working.plan_milestone: working.plan_milestone_by_link,
    working.reach_milestone: working.reach_milestone_by_link,
    working.postpone_milestone: working.postpone_milestone_by_link,
    working.postpone_end: working.postpone_end_by_link,
    working.report_progress: working.report_progress_by_link,
    working.complete: working.complete_by_link,
}
"""What agents do about local work, and the same by the provider's link."""

ON_LOCAL_WORK: Final = (
    Action(
        Name.LOCAL_WORK,
        working.StartLocalWork,
        working.start,
        path="premier-contact",
        label="Noter le premier contact",
        done="Le premier contact est noté. L’accompagnement commence, et le demandeur en est informé.",
        anchor="#accompagnement",
        may_be_empty=True,
    ),
    Action(
        Name.MILESTONES,
        PlanMilestone,
        working.plan_milestone,
        path="jalons",
        label="Fixer un jalon",
        done="Le jalon est fixé. Le demandeur le voit sur sa page.",
        anchor="#accompagnement",
        creates=True,
    ),
    Action(
        Name.PROGRESS,
        ReportProgress,
        working.report_progress,
        path="avancement",
        label="Dire où en est le travail",
        done="L’avancement est enregistré.",
        anchor="#accompagnement",
        creates=True,
    ),
    Action(
        Name.TERM,
        working.PostponeEnd,
        working.postpone_end,
        path="fin",
        label="Reporter la fin de l’accompagnement",
        done="La nouvelle fin est enregistrée.",
        anchor="#accompagnement",
    ),
    Action(
        Name.COMPLETION,
        working.CompleteLocalWork,
        working.complete,
        path="achevement",
        label="Terminer l’accompagnement",
        done="L’accompagnement est terminé. Le demandeur est invité à donner son avis.",
        anchor="#accompagnement",
    ),
)
STOP: Final = Action(
    Name.STOP,
    working.StopLocalWork,
    working.stop,
    path="arret",
    label="Arrêter l’accompagnement",
    done="L’accompagnement est arrêté. Le demandeur en est informé.",
)
STOP_BY_LINK: Final = replace(STOP, command=working.StopByLink, use_case=working.stop_by_link)
DELIVERABLE: Final = Action(
    Name.DELIVERABLES,
    AddDeliverable,
    working.add_deliverable,
    path="livrables",
    label="Remettre un livrable",
    done="Le livrable est enregistré.",
    anchor="#accompagnement",
)
"""It takes a file: its form and its call are handlers of their own."""
DELIVERABLE_BY_LINK: Final = replace(DELIVERABLE, use_case=working.add_deliverable_by_link)
ON_MILESTONES: Final = (
    Action(
        Name.REACHED,
        ReachMilestone,
        working.reach_milestone,
        path="atteint",
        label="Noter comme atteint",
        done="Le jalon est atteint. Le demandeur le voit sur sa page.",
        may_be_empty=True,
    ),
    Action(
        Name.POSTPONEMENT,
        PostponeMilestone,
        working.postpone_milestone,
        path="report",
        label="Reporter l’échéance",
        done="La nouvelle échéance est enregistrée.",
    ),
)
"""What is done about the work of a local answer, on the page of the case or by the provider's link."""


def as_provider(actions: Iterable[Action]) -> tuple[Action, ...]:
    """Return the same actions as the provider takes them by its link."""
    return tuple(replace(one, use_case=BY_LINK[one.use_case]) for one in actions)


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
    done="Votre proposition est enregistrée. Un délégué territorial doit maintenant la valider. "
    "Vous pouvez la modifier ou la reprendre d’ici là.",
)
"""On a page of its own for each outcome."""

VALIDATION: Final = Action(
    Name.VALIDATION,
    deciding.Validate,
    deciding.validate,
    may_be_empty=True,
    path="validation",
    label="Valider cette réponse",
    done="La réponse est validée et communiquée au demandeur.",
)
"""On a page of its own, which shows once more what is decided."""

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
    *as_provider(ON_LOCAL_WORK),
    STOP_BY_LINK,
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
    leading.ShareDiagnosis,
    leading.share_diagnosis,
    path="diagnostic",
    then="/pactes/{pact_id}",
    label="Mettre le diagnostic sur la table",
    done="Le diagnostic est sur la table\u00a0: chaque partie peut maintenant l’approuver.",
)
"""On a page of its own."""

ON_PACTS: Final = (
    Action(
        PactAction.PARTIES,
        parties.NamedParty,
        parties.add_party,
        form=parties.FillInParty,
        path="parties",
        label="Ajouter la partie",
        done="La partie est ajoutée.",
        anchor="#parties",
        creates=True,
    ),
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
        leading.AgreeForParty,
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
        PactAction.READINESS,
        Nothing,
        versions.make_ready,
        path="pret",
        label="Déclarer le plan prêt à signer",
        done="Le plan est prêt. Chaque partie dont l’adresse est connue est invitée à signer.",
    ),
    Action(
        PactAction.REOPENING,
        Nothing,
        versions.reopen,
        path="reprise",
        label="Reprendre le plan",
        done="Le plan est de nouveau au travail. Les parties en sont prévenues.",
    ),
    Action(
        PactAction.VERSIONS,
        Nothing,
        versions.start_version,
        path="versions",
        label="Préparer une nouvelle version",
        done="Une nouvelle version est en préparation\u00a0: toutes les parties devront la signer.",
    ),
    Action(
        PactAction.GIVING_UP,
        Nothing,
        versions.give_up,
        path="abandon",
        label="Abandonner cette version",
        done="La version en préparation est abandonnée. Celle qui est en vigueur reste inchangée.",
    ),
    Action(
        PactAction.SIGNATURES,
        leading.SignForParty,
        leading.sign,
        form=leading.FillInSignature,
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

EDITING: Final = Action(
    "correction",
    leading.EditAction,
    leading.edit_action,
    path="modification",
    then="/pactes/{pact_id}",
    anchor="#plan",
    label="Enregistrer l’action",
    done="L’action est à jour.",
)
"""On an action of the plan, on a page of its own."""

PARTY_CORRECTION: Final = Action(
    "correction",
    parties.CorrectParty,
    parties.correct_party,
    form=parties.FillInCorrection,
    path="modification",
    then="/pactes/{pact_id}",
    anchor="#parties",
    label="Enregistrer la partie",
    done="La partie est corrigée.",
)
"""On a party, on a page of its own."""

PARTY_REMOVAL: Final = Action(
    "removal",
    Nothing,
    parties.remove_party,
    path="retrait",
    then="/pactes/{pact_id}",
    anchor="#parties",
    label="Retirer cette partie",
    done="La partie est retirée. Son lien n’ouvre plus rien, et elle en est prévenue.",
)
"""On a party."""

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
        by_link.SignByLink,
        by_link.sign_by_link,
        form=by_link.ConfirmAndSign,
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
