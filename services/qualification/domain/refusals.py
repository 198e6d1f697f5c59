"""Refusals of cases and links, beside those that all services share."""

from collections.abc import Sequence
from uuid import UUID

from shared.errors import Conflict, Forbidden, IllegalMove, Invalid, NotFound, WaitsForAnother
from shared.french.numbers import plural_fr


class OwnProposal(Forbidden):
    """The proposer asks to validate their own proposal."""

    code = "own_proposal"
    title = "A proposer never validates his own proposal"
    sentence = (
        "Vous avez proposé cette réponse\u00a0: une autre personne doit la valider. "
        "Un autre délégué territorial de votre département peut le faire."
    )


class NotProposer(Forbidden):
    """Somebody else than its author wants to take a proposal back; `name` is the author."""

    code = "not_proposer"
    title = "Only its author takes a proposal back"
    sentence = (
        "{name} a proposé cette réponse\u00a0: c’est à cette personne de la modifier ou de la reprendre. "
        "Un délégué territorial peut ne pas la valider."
    )


class Overtaken(IllegalMove):
    """The state does not allow this move now: says who brought the case there, and when."""

    sentence = (
        "{what}, {when}. Ce que vous demandiez n’est pas possible à ce stade\u00a0: "
        "les actions possibles maintenant sont affichées."
    )


class ProposalChanged(IllegalMove):
    """The proposal that is validated is not the one that was read."""

    code = "proposal_changed"
    title = "The proposal was changed after it was read"
    sentence = "{name} a modifié cette proposition, {when}\u00a0: relisez-la avant de la valider."


class TakenMeanwhile(Conflict):
    """Somebody took the case, or was given it, after the page was shown."""

    code = "taken_meanwhile"
    title = "The case was taken meanwhile"
    sentence = "{what}, {when}, pendant que vous lisiez ce dossier. Voyez avec cette personne avant de le prendre."


class QualificationMissing(IllegalMove):
    """An outcome that rests on the qualification is proposed before there is one."""

    code = "qualification_missing"
    title = "The request is not qualified yet"
    sentence = "Cette réponse s’appuie sur la qualification du besoin\u00a0: qualifiez d’abord la demande."


class EvidenceMissing(Invalid):
    """An escalation is proposed without what shows that the département cannot answer alone."""

    code = "evidence_missing"
    title = "An escalation needs its evidence"
    sentence = (
        "La transmission à l’équipe nationale doit être étayée\u00a0: motif, acteurs locaux sollicités et leurs "
        "réponses, avis du préfet."
    )


class EnvelopeExceeded(Conflict):
    """The département's envelope does not hold so much any more; amounts in euros."""

    code = "envelope_exceeded"
    title = "The envelope does not hold this amount"
    sentence = (
        "L’enveloppe {year} du département ne suffit pas\u00a0: il reste {left} et ce soutien demande {amount}. "
        "Rejetez la proposition pour qu’un autre montant ou une autre réponse soit proposé."
    )


class ProviderFull(Conflict):
    """The provider already helps with as many requests as it can."""

    code = "provider_full"
    title = "The provider has no capacity left"
    sentence = "{name} n’a plus de capacité disponible. Rejetez la proposition pour qu’une autre réponse soit proposée."


class CompletionBlocked(Conflict):
    """The local work has milestones that are not reached, and nobody said why they stay open; names them."""

    code = "completion_blocked"
    title = "Milestones are open"
    sentence = (
        "Il reste {count} à atteindre : {titles}. Notez qu’ils sont atteints, ou dites plus bas pourquoi ils ne le "
        "seront pas."
    )

    def __init__(self, milestones: Sequence[tuple[UUID, str]]) -> None:
        super().__init__(count=plural_fr(len(milestones), "jalon"), titles=", ".join(title for _, title in milestones))
        self.milestones = milestones

    def extras(self) -> dict[str, object]:
        """Return the open milestones."""
        return {"open": [{"kind": "milestone", "id": str(one), "label": title} for one, title in self.milestones]}


class LinkOver(NotFound):
    """A link of ours was replaced, taken back, or is past its end; `service` names whom to ask for a new one."""

    code = "link_over"
    title = "This link is no longer valid"
    sentence = (
        "Ce lien n’est plus valable\u00a0: il a été remplacé ou repris, ou le délai pour s’en servir est passé. "
        "Pour en recevoir un nouveau, adressez-vous au service qui vous l’a envoyé\u00a0: {service}."
    )


class AlreadyAnswered(IllegalMove):
    """The link of an orientation is used a second time; tells how it ended."""

    code = "already_answered"
    title = "This orientation was already answered"
    sentence = "Cette demande n’attend plus de réponse de votre part\u00a0: {why}."


class UnknownCase(WaitsForAnother):  # names what is missing; never shown to people, only to the operator
    """An event is about a case that is not here yet: what opens it must come first."""


class NotHandedOn(Exception):
    """Another service accepted a withdrawal of a request that this département has in hand.

    It is a failure, not `WaitsForAnother`: the hand-over is our own act, committed before anybody could answer for the
    request, and is missing only where our database was restored to an earlier moment. No event brings it, so that an
    operator must see it. A rebuilding, which applies our own events too, tries it again until it fits.
    """
