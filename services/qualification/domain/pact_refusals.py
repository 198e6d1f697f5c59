"""Refusals of pacts, beside those that all services share."""

from collections.abc import Iterable

from shared.errors import Conflict, Forbidden, IllegalMove


class PactMoved(IllegalMove):
    """The stage of the pact does not allow this now; says who did what last, and when, for whoever had an old page."""

    sentence = "Cette action n’est pas possible à ce stade du pacte."

    def __init__(self, *, state: str, allowed_actions: Iterable[str], last: str = "", **facts: object) -> None:
        super().__init__(state=state, allowed_actions=allowed_actions, **facts)
        self.detail = f"{self.detail} {last}".strip()


class DiagnosisNotAgreed(PactMoved):
    """Actions or signatures are given before every party agreed the diagnosis."""

    code = "diagnosis_not_agreed"
    title = "Not every party has agreed the diagnosis yet"
    sentence = (
        "Le plan d’action vient après le diagnostic\u00a0: toutes les parties doivent d’abord avoir approuvé "
        "le diagnostic partagé."
    )


class PlanEmpty(PactMoved):
    """A plan without actions is to be signed, or said to be ready."""

    code = "plan_empty"
    title = "There is nothing to sign yet"
    sentence = "Le plan d’action est vide\u00a0: ajoutez au moins une action avant la première signature."


class OwnersUnknown(PactMoved):
    """A plan is said to be ready in which an action is owned by a name that is no party's."""

    code = "owners_unknown"
    title = "An action is owned by somebody who is no party"
    sentence = "Choisissez d’abord, parmi les parties, qui porte chaque action et qui y participe\u00a0: {actions}."


class PlanNotReady(PactMoved):
    """A signature is given before the plan was said to be ready."""

    code = "plan_not_ready"
    title = "The plan is not ready to be signed"
    sentence = (
        "Le plan n’est pas encore prêt à signer\u00a0: le service de l’État doit d’abord le déclarer prêt, "
        "et chaque partie est alors invitée à signer."
    )


class PlanReady(PactMoved):
    """Parties, diagnosis or actions are changed while the plan waits for signatures."""

    code = "plan_ready"
    title = "The plan waits for signatures and does not change"
    sentence = (
        "Le plan est prêt à signer\u00a0: il ne change plus. Pour le corriger, reprenez-le d’abord au travail, "
        "tant que personne n’a signé."
    )


class PlanFrozen(PactMoved):
    """Parties, diagnosis or actions are changed after the first signature."""

    code = "plan_frozen"
    title = "A party has signed: the plan changes by a new version only"
    sentence = (
        "Une partie a déjà signé ce pacte\u00a0: ses parties, son diagnostic et ses actions ne changent plus. "
        "Pour les changer, préparez une nouvelle version, que toutes les parties signeront."
    )


class NothingToReopen(PactMoved):
    """A plan is taken back to work that is not waiting for signatures."""

    code = "nothing_to_reopen"
    title = "The plan does not wait for signatures"
    sentence = "Le plan n’est pas à la signature\u00a0: il est déjà au travail."


class NotSignedYet(PactMoved):
    """Progress is reported, or a review held, before every party signed."""

    code = "not_signed_yet"
    title = "Not every party has signed yet"
    sentence = "Le suivi commence quand toutes les parties ont signé le pacte."


class AlreadyAgreed(PactMoved):
    """A party agrees the same version of the diagnosis a second time."""

    code = "already_agreed"
    title = "This party has agreed this diagnosis already"
    sentence = "{party} a déjà approuvé cette version du diagnostic."


class AlreadySigned(PactMoved):
    """A party signs a second time."""

    code = "already_signed"
    title = "This party has signed already"
    sentence = "{party} a déjà signé ce pacte."


class VersionUnderWay(PactMoved):
    """Another version is to be prepared while one is."""

    code = "version_under_way"
    title = "Another version is prepared already"
    sentence = "La version {number} est déjà en préparation\u00a0: modifiez-la, ou abandonnez-la."


class Outdated(PactMoved):
    """Somebody sends a form about what has been replaced since they opened it."""

    code = "outdated"
    title = "What was read has been replaced since"
    sentence = (
        "Ce que vous avez lu a changé depuis que vous avez ouvert la page. Rien n’est enregistré\u00a0: "
        "relisez ci-dessous ce qui vaut maintenant, puis recommencez."
    )


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


class StateStays(Conflict):
    """The State is corrected or removed."""

    code = "state_stays"
    title = "The State is always a party"
    sentence = "L’État est toujours partie au pacte, sous ce nom\u00a0: ni corrigé, ni retiré."


class LastParty(Conflict):
    """The only party beside the State is removed."""

    code = "last_party"
    title = "A pact binds the State and at least one other party"
    sentence = "Un pacte lie l’État et au moins une autre partie\u00a0: ajoutez d’abord celle qui la remplace."


class StillInCharge(Conflict):
    """A party is removed that an action of the plan names."""

    code = "still_in_charge"
    title = "An action of the plan names this party"
    sentence = (
        "{party} porte, accompagne ou finance encore\u00a0: {actions}. Modifiez d’abord ces actions, "
        "puis retirez la partie."
    )


class NamedTwice(Conflict):
    """A party is added, or renamed, by the name or the code of another one."""

    code = "named_twice"
    title = "There is a party of this name or code already"
    sentence = "{party} est déjà partie à ce pacte."


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
