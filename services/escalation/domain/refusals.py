"""Refusals of the national team's rules, each an exception with its HTTP status."""

from collections.abc import Sequence
from datetime import date, datetime

from shared.contracts.escalation import OpenPoint
from shared.contracts.fact import Actor
from shared.errors import Conflict, IllegalMove, NotFound
from shared.french.dates import date_fr, datetime_fr, short_date_fr
from shared.french.numbers import euros, plural_fr


class SessionClosed(IllegalMove):
    """A closed session does not change (HTTP 409)."""

    code = "session_closed"
    title = "The committee session is closed"
    sentence = (
        "Cette séance a été close le {when} par {who} et ne change plus. Inscrivez ce qui reste à une autre séance."
    )

    def __init__(self, *, by: Actor, at: datetime) -> None:
        super().__init__(who=by.name or by.email, when=datetime_fr(at), state="closed", allowed_actions=[])


class AttendanceChanged(Conflict):
    """Somebody else noted the attendance meanwhile (HTTP 409)."""

    code = "attendance_changed"
    title = "The attendance was noted after it was looked at"
    sentence = "{who} a noté les présences le {when}. Vérifiez votre saisie, puis enregistrez-la à nouveau."

    def __init__(self, *, by: Actor, at: datetime) -> None:
        super().__init__(who=by.name or by.email, when=datetime_fr(at))


class NotOnAgenda(IllegalMove):
    """The committee decides only on what is on its agenda (HTTP 409)."""

    code = "not_on_agenda"
    title = "The dossier is not on the agenda of this session"
    sentence = (
        "Ce dossier n’est pas à l’ordre du jour de cette séance. Inscrivez-le d’abord, puis enregistrez la décision."
    )


class AlreadyDecided(IllegalMove):
    """A session decides once on a dossier (HTTP 409)."""

    code = "already_decided"
    title = "The session has decided on this dossier already"
    sentence = "{by} a enregistré la décision {number} le {at}\u00a0: {outcome}. Une correction la remplace, si besoin."


class AlreadyOnAgenda(IllegalMove):
    """A dossier comes on the agenda of a session once (HTTP 409)."""

    code = "already_on_agenda"
    title = "The dossier was already heard in this session"
    sentence = "Ce dossier a déjà été examiné pendant cette séance. Inscrivez-le à une autre séance."


class MemberListed(Conflict):
    """The list has a member once at a time (HTTP 409)."""

    code = "member_listed"
    title = "The list has this member already on these days"
    sentence = "« {name} » est déjà dans la liste, {office}. Ouvrez sa fiche pour la modifier."

    def __init__(self, *, name: str, since: date, until: date | None) -> None:
        ends = f"du {short_date_fr(since)} au {short_date_fr(until)}" if until else f"depuis le {short_date_fr(since)}"
        super().__init__(name=name, office=ends)


class MemberChanged(Conflict):
    """Somebody else changed the member meanwhile (HTTP 409)."""

    code = "member_changed"
    title = "The member was changed after it was looked at"
    sentence = "{who} a modifié cette fiche le {when}. Vérifiez ce que vous avez saisi, puis enregistrez à nouveau."

    def __init__(self, *, by: Actor, at: datetime) -> None:
        super().__init__(who=by.name or by.email, when=datetime_fr(at))


class SessionOpen(IllegalMove):
    """Minutes are remarked on and approved once their session is closed (HTTP 409)."""

    code = "session_open"
    title = "The committee session is not closed"
    sentence = "La séance n’est pas close. Closez-la d’abord : son compte rendu est ensuite un projet à approuver."


class MinutesApproved(IllegalMove):
    """Approved minutes do not change (HTTP 409)."""

    code = "minutes_approved"
    title = "The minutes were approved"
    sentence = (
        "Ce compte rendu a été approuvé le {when} par {who} (noté par {clerk}) : il ne change plus. "
        "Portez votre remarque au compte rendu de la séance suivante."
    )

    def __init__(self, *, approved_by: str, approved_on: date, recorded_by: Actor, state: str) -> None:
        super().__init__(
            who=approved_by,
            when=date_fr(approved_on),
            clerk=recorded_by.name or recorded_by.email,
            state=state,
            allowed_actions=[],
        )


class AgendaEmpty(Conflict):
    """The file of a session holds the dossiers of its agenda (HTTP 409)."""

    code = "agenda_empty"
    title = "The agenda of the session is empty"
    sentence = "L’ordre du jour est vide. Inscrivez d’abord les dossiers, puis préparez le dossier de séance."


class FileNotReady(Conflict):
    """The file of a session is made in the background (HTTP 409)."""

    code = "file_not_ready"
    title = "The file of the session was not asked for, or is not ready yet"
    sentence = (
        "Le dossier de séance n’est pas prêt. Demandez sa préparation depuis la page de la séance ; s’il est en "
        "préparation, revenez dans une minute."
    )


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


class LinkNotValid(NotFound):
    """A personal link was replaced by a newer one, or was never ours (HTTP 404)."""

    code = "link_not_valid"
    title = "The personal link is not valid"
    sentence = "Ce lien n’est pas, ou n’est plus, valable. Demandez-en un nouveau à l’équipe nationale de l’ANCT."


class NoReportYet(IllegalMove):
    """An accompaniment has a report once it has begun (HTTP 409)."""

    code = "no_report_yet"
    title = "The accompaniment has not begun"
    sentence = "L’accompagnement n’a pas commencé : il n’a pas encore de bilan."


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
    sentence = (
        "Le quorum n’est pas atteint pour ce dossier : {present} votant(s) sur {quorum} nécessaires, sans compter les "
        "déports. Notez les présences, ou reportez le dossier."
    )

    def extras(self) -> dict[str, object]:
        """Return what comes first."""
        return {"state": "open", "allowed_actions": ["attendance"]}


class BeyondGrant(Conflict):
    """The committee's grant bounds what is mobilised, delivered and paid (HTTP 409)."""

    code = "beyond_grant"
    title = "More than what the committee granted"
    sentence = (
        "La décision {number} accorde {granted}\u00a0: le total serait de {total}. Réduisez le montant, ou demandez au "
        "secrétariat du comité de corriger la décision."
    )

    def __init__(self, *, number: str, granted_cents: int, total_cents: int) -> None:
        super().__init__(number=number, granted=euros(granted_cents), total=euros(total_cents))
        self.granted_cents, self.total_cents = granted_cents, total_cents

    def extras(self) -> dict[str, object]:
        """Return what was granted, and what it would come to, in euro cents."""
        return {"granted_cents": self.granted_cents, "total_cents": self.total_cents}


class ReserveStanding(IllegalMove):
    """What the committee made wait for a reserve waits until it is lifted (HTTP 409)."""

    code = "reserve_standing"
    title = "The reserve of the decision is not lifted"
    sentence = (
        "La décision {number} attend que sa réserve soit levée\u00a0: «\u00a0{reserve}\u00a0». Levez-la d’abord, à "
        "côté de la décision, quand ce qui est demandé est là."
    )


class CompletionBlocked(Conflict):
    """Something is open, and nobody said why it stays so: each point by its kind, id and label (HTTP 409)."""

    code = "completion_blocked"
    title = "Orders, payments, milestones or the start are open"
    sentence = (
        "Il reste {count}\u00a0: {labels}. Réglez ou annulez chaque point, ou dites pourquoi l’accompagnement se "
        "termine ainsi ; ce qui reste ouvert pourra encore être réglé."
    )

    def __init__(self, points: Sequence[OpenPoint]) -> None:
        labels = "\u00a0; ".join(point.label for point in points)
        super().__init__(count=plural_fr(len(points), "point ouvert", "points ouverts"), labels=labels)
        self.points = points

    def extras(self) -> dict[str, object]:
        """Name what is open, and what comes first."""
        return {
            "state": "accompanied",
            "allowed_actions": ["completion"],
            "open": [point.model_dump(mode="json") for point in self.points],
        }


class MilestoneWasCancelled(IllegalMove):
    """A milestone that is cancelled is neither reached nor postponed (HTTP 409)."""

    code = "milestone_cancelled"
    title = "The milestone was cancelled"
    sentence = "Ce jalon est annulé. Fixez-en un autre s’il redevient utile."


class EnvelopeExceeded(Conflict):
    """The envelope does not hold so much any more (HTTP 409)."""

    code = "envelope_exceeded"
    title = "The amount exceeds what the envelope still holds"
    sentence = (
        "L’enveloppe {year} ne suffit pas : il reste {available}. Réduisez le montant ou faites augmenter l’enveloppe."
    )

    def __init__(self, *, year: int, available_cents: int) -> None:
        super().__init__(year=year, available=euros(available_cents))
        self.available_cents = available_cents

    def extras(self) -> dict[str, object]:
        """Return what is left, in euro cents."""
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
        super().__init__(committed=euros(committed_cents))


class LotExceeded(Conflict):
    """The lot's ceiling leaves no room for such an order (HTTP 409)."""

    code = "lot_exceeded"
    title = "The amount exceeds what the lot's ceiling leaves"
    sentence = (
        "Le plafond du lot {lot} du marché {contract} ne suffit pas : il reste {available}. "
        "Réduisez la commande ou choisissez un autre lot."
    )

    def __init__(self, *, lot: int, contract: str, available_cents: int) -> None:
        super().__init__(lot=lot, contract=contract, available=euros(available_cents))
        self.available_cents = available_cents

    def extras(self) -> dict[str, object]:
        """Return what is left, in euro cents."""
        return {"available_cents": self.available_cents}


class LotCommitted(Conflict):
    """A ceiling cannot become lower than what is ordered (HTTP 409)."""

    code = "lot_committed"
    title = "More than this amount is ordered already"
    sentence = "{committed} sont déjà commandés sur ce lot : son plafond ne peut pas être inférieur."

    def __init__(self, *, committed_cents: int) -> None:
        super().__init__(committed=euros(committed_cents))


class ContractNotInForce(Conflict):
    """Orders are placed while the contract is in force (HTTP 409)."""

    code = "contract_not_in_force"
    title = "The framework contract is not in force today"
    sentence = (
        "Le marché {contract} n’est pas en vigueur aujourd’hui : il court du {start} au {end}. "
        "Choisissez un lot d’un autre marché."
    )

    def __init__(self, *, contract: str, starts_on: date, ends_on: date) -> None:
        super().__init__(contract=contract, start=short_date_fr(starts_on), end=short_date_fr(ends_on))


class ContractExists(Conflict):
    """A contract's reference, and a lot's number in it, are given once (HTTP 409)."""

    code = "contract_exists"
    title = "There is such a contract, or such a lot of it, already"
    sentence = "{what} existe déjà. Ouvrez sa fiche pour la compléter."


class OperatorExists(Conflict):
    """The directory names an operator once (HTTP 409)."""

    code = "operator_exists"
    title = "The directory has this operator already"
    sentence = "« {name} » est déjà dans l’annuaire. Ouvrez sa fiche pour la modifier."


class DeliveryExceeded(Conflict):
    """What is delivered lies between what was noted before and what was ordered (HTTP 409)."""

    code = "delivery_exceeded"
    title = "Not between what was delivered before and what was ordered"
    sentence = (
        "La commande porte sur {ordered}, dont {noted} déjà livrés : le montant livré ne peut ni dépasser la commande "
        "ni revenir en arrière."
    )

    def __init__(self, *, noted_cents: int, ordered_cents: int) -> None:
        super().__init__(noted=euros(noted_cents), ordered=euros(ordered_cents))
        self.remaining_cents = ordered_cents - noted_cents

    def extras(self) -> dict[str, object]:
        """Return what may still be delivered, in euro cents."""
        return {"remaining_cents": self.remaining_cents}


class PaymentExceeded(Conflict):
    """Only what was delivered is paid (HTTP 409)."""

    code = "payment_exceeded"
    title = "More than what was delivered and not paid yet"
    sentence = "Seul ce qui est livré se paie : il reste {payable} à payer. Notez d’abord la livraison."

    def __init__(self, *, payable_cents: int) -> None:
        super().__init__(payable=euros(payable_cents))
        self.payable_cents = payable_cents

    def extras(self) -> dict[str, object]:
        """Return what may be paid, in euro cents."""
        return {"payable_cents": self.payable_cents}
