"""What the national team's rules say no to, besides illegal moves."""

from shared.errors import Conflict, IllegalMove


class SessionClosed(IllegalMove):
    """A closed session does not change (HTTP 409)."""

    code = "session_closed"
    title = "The committee session is closed"
    sentence = "Cette séance est close et ne change plus. Inscrivez le dossier à une autre séance."


class NotOnAgenda(IllegalMove):
    """The committee decides only on what is on its agenda (HTTP 409)."""

    code = "not_on_agenda"
    title = "The dossier is not on the agenda of this session"
    sentence = (
        "Ce dossier n’est pas à l’ordre du jour de cette séance. Inscrivez-le d’abord, puis enregistrez la décision."
    )


class AlreadyOnAgenda(IllegalMove):
    """A session hears a dossier once (HTTP 409)."""

    code = "already_on_agenda"
    title = "The dossier was already heard in this session"
    sentence = "Ce dossier a déjà été examiné pendant cette séance. Inscrivez-le à une autre séance."


class DecisionReplaced(IllegalMove):
    """A decision is corrected once; its correction may be corrected in turn (HTTP 409)."""

    code = "decision_replaced"
    title = "The decision was replaced, or cannot be"
    sentence = "Cette décision ne peut plus être corrigée. Voyez la décision {number}, qui fait foi."


class NoReserve(IllegalMove):
    """Only a standing reserve is lifted (HTTP 409)."""

    code = "no_reserve"
    title = "The decision has no reserve to lift"
    sentence = "Cette décision n’a pas, ou n’a plus, de réserve à lever."


class MilestoneWasReached(IllegalMove):
    """A milestone is reached once (HTTP 409)."""

    code = "milestone_reached"
    title = "The milestone was reached already"
    sentence = "Ce jalon est déjà atteint."


class DossiersUndecided(Conflict):
    """A session closes when each dossier of its agenda has its decision (HTTP 409)."""

    code = "dossiers_undecided"
    title = "Some dossiers of the agenda have no decision"
    sentence = (
        "La séance ne peut pas être close : il reste à décider {numbers}. "
        "Enregistrez une décision pour chaque dossier, un report par exemple."
    )

    def __init__(self, undecided: list[str]) -> None:
        super().__init__(numbers=", ".join(undecided))
        self.undecided = undecided

    def extras(self) -> dict[str, object]:
        """Name the dossiers that wait, and what may be done."""
        return {"state": "open", "undecided": self.undecided, "allowed_actions": ["decisions"]}


class QuorumMissing(Conflict):
    """Too few members are present to decide (HTTP 409)."""

    code = "quorum_missing"
    title = "The quorum of the session is not met"
    sentence = "Le quorum n’est pas atteint : {present} membre(s) présent(s) sur {quorum} nécessaires."

    def extras(self) -> dict[str, object]:
        """Say what comes first."""
        return {"state": "open", "allowed_actions": ["attendance"]}


class EnvelopeExceeded(Conflict):
    """The envelope does not hold so much any more (HTTP 409)."""

    code = "envelope_exceeded"
    title = "The amount exceeds what the envelope still holds"
    sentence = (
        "L’enveloppe {year} ne suffit pas : il reste {available}. Réduisez le montant ou faites augmenter l’enveloppe."
    )

    def __init__(self, *, year: int, available_cents: int) -> None:
        super().__init__(year=year, available=_euros(available_cents))
        self.available_cents = available_cents

    def extras(self) -> dict[str, object]:
        """Tell what is left, in euro cents."""
        return {"available_cents": self.available_cents}


class NoEnvelope(Conflict):
    """There is no budget to commit against (HTTP 409)."""

    code = "no_envelope"
    title = "There is no envelope for this year"
    sentence = "Aucune enveloppe n’est ouverte pour {year}. Le secrétariat du comité doit d’abord l’ouvrir."


class EnvelopeExists(Conflict):
    """One envelope a year and programme (HTTP 409)."""

    code = "envelope_exists"
    title = "There is an envelope for this year already"
    sentence = "Une enveloppe existe déjà pour {year}. Modifiez son montant."


class EnvelopeCommitted(Conflict):
    """An envelope cannot become smaller than what is committed (HTTP 409)."""

    code = "envelope_committed"
    title = "More than this amount is committed already"
    sentence = "{committed} sont déjà engagés sur cette enveloppe : son montant ne peut pas être inférieur."

    def __init__(self, *, committed_cents: int) -> None:
        super().__init__(committed=_euros(committed_cents))


def _euros(cents: int) -> str:
    whole = f"{cents // 100:,}".replace(",", "\u202f")
    return f"{whole},{cents % 100:02d}\u00a0€" if cents % 100 else f"{whole}\u00a0€"
