"""Refusals of pacts, beside those that all services share."""

from shared.errors import Conflict, Forbidden, IllegalMove


class DiagnosisNotAgreed(IllegalMove):
    """Actions or signatures are given before every party agreed the diagnosis."""

    code = "diagnosis_not_agreed"
    title = "Not every party has agreed the diagnosis yet"
    sentence = (
        "Le plan d’action vient après le diagnostic\u00a0: toutes les parties doivent d’abord avoir approuvé "
        "le diagnostic partagé."
    )


class PlanEmpty(IllegalMove):
    """A signature is given to a plan without actions."""

    code = "plan_empty"
    title = "There is nothing to sign yet"
    sentence = "Le plan d’action est vide\u00a0: ajoutez au moins une action avant la première signature."


class PlanFrozen(IllegalMove):
    """Diagnosis or actions are changed after the first signature."""

    code = "plan_frozen"
    title = "A party has signed: only progress is told from now on"
    sentence = (
        "Une partie a déjà signé ce pacte\u00a0: son diagnostic et ses actions ne changent plus. "
        "Quand toutes auront signé, faites le point sur l’avancement des actions."
    )


class NotSignedYet(IllegalMove):
    """Progress is reported, or a review held, before every party signed."""

    code = "not_signed_yet"
    title = "Not every party has signed yet"
    sentence = "Le suivi commence quand toutes les parties ont signé le pacte."


class AlreadyAgreed(IllegalMove):
    """A party agrees the same version of the diagnosis a second time."""

    code = "already_agreed"
    title = "This party has agreed this diagnosis already"
    sentence = "{party} a déjà approuvé cette version du diagnostic."


class AlreadySigned(IllegalMove):
    """A party signs a second time."""

    code = "already_signed"
    title = "This party has signed already"
    sentence = "{party} a déjà signé ce pacte."


class StateNeedsDelegate(Forbidden):
    """Somebody else than a délégué acts for the State."""

    code = "state_needs_delegate"
    title = "Only a délégué acts for the State"
    sentence = "L’État approuve et signe par la voix du préfet ou de son délégué territorial."


class RecordedByAgent(Forbidden):
    """A délégué records what another party did."""

    code = "recorded_by_agent"
    title = "What other parties did is recorded by a SAT agent"
    sentence = "Les approbations et signatures des autres parties sont enregistrées par un agent du SAT."


class StateHasNoLink(Conflict):
    """The State is sent a link: its délégué signs in."""

    code = "state_has_no_link"
    title = "The State acts through its délégué, who signs in"
    sentence = "L’État n’a pas de lien\u00a0: le délégué territorial approuve et signe sur la page du pacte."


class AnotherPartysAction(Forbidden):
    """A party tells the progress of an action in which it has no part."""

    code = "another_partys_action"
    title = "This action belongs to others"
    sentence = "Vous faites le point sur les actions dont vous êtes porteur ou partenaire."


class PactAlreadyOpened(Conflict):
    """The request already led to a pact."""

    code = "pact_already_opened"
    title = "This request already led to a pact"
    sentence = "Un pacte a déjà été ouvert à la suite de cette demande. Retrouvez-le dans la liste des pactes."
