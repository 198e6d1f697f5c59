"""Actions of the national team: one row for each, from which its form and its API call are made."""

from typing import Final

from services.escalation.domain.committee import Verdict
from services.escalation.domain.directory import Contract, NewLot, Operator
from services.escalation.domain.members import StandingMember
from services.escalation.domain.minutes import ApproveMinutes
from services.escalation.domain.moves import ON_THE_DOSSIER
from services.escalation.domain.moves import Action as Name
from services.escalation.domain.programmes import ProgrammeAction
from services.escalation.usecases import (
    accompaniment,
    attendance,
    committee,
    directory,
    dossier,
    means,
    members,
    minutes,
    programmes,
    recusals,
    session_file,
)
from services.escalation.web import answers
from shared import accompaniment as work
from shared.commands import NoBody, Nothing
from shared.web.actions import Action
from shared.web.secret_links import SHOWS_SECRET_LINKS

DELIVERABLE: Final = Action(
    Name.DELIVERABLES,
    work.AddDeliverable,
    accompaniment.add_deliverable,
    path="livrable",
    label="Joindre un livrable",
    done="Le livrable est joint au dossier.",
    anchor="#livrables",
)
DELIVERABLE_BY_LINK: Final = Action(
    Name.DELIVERABLES,
    work.AddDeliverable,
    accompaniment.add_deliverable_by_link,
    path="livrables",
    label="Remettre le livrable",
    done="Merci\u00a0! Le livrable est transmis.",
)
"""Deliverables come with a file: their forms and calls have handlers of their own."""

ON_DOSSIERS: Final = (
    Action(
        Name.ADMISSIBILITY,
        dossier.SettleAdmissibility,
        dossier.settle_admissibility,
        path="recevabilite",
        label="Déclarer le dossier recevable",
        done="Le dossier est recevable. Le département est informé.",
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
        Name.MOBILISATIONS,
        means.Mobilise,
        means.mobilise,
        path="mobilisation",
        label="Mobiliser des moyens",
        done="La mobilisation est enregistrée.",
        creates=True,
    ),
    Action(
        Name.ACCOMPANIMENT,
        accompaniment.StartAccompaniment,
        accompaniment.start_accompaniment,
        path="accompagnement",
        label="Commencer l’accompagnement",
        done="L’accompagnement commence. Le demandeur est informé.",
    ),
    Action(
        Name.MILESTONES,
        work.PlanMilestone,
        accompaniment.plan_milestone,
        path="jalon",
        label="Fixer un jalon",
        done="Le jalon est fixé.",
        creates=True,
    ),
    Action(
        Name.DATES,
        accompaniment.RescheduleAccompaniment,
        accompaniment.reschedule,
        path="dates",
        label="Modifier les dates de l’accompagnement",
        done="Les dates sont modifiées. Le demandeur et le département les voient.",
    ),
    Action(
        Name.COMPLETION,
        accompaniment.CompleteAccompaniment,
        accompaniment.complete,
        path="bilan",
        label="Terminer l’accompagnement",
        done="L’accompagnement est terminé. Le demandeur est invité à l’évaluer.",
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
        Name.NOTES,
        dossier.AddNote,
        dossier.add_note,
        path="note",
        label="Enregistrer la note",
        done="La note est enregistrée.",
        creates=True,
    ),
)
PROGRESS: Final = Action(
    Name.PROGRESS,
    work.ReportProgress,
    accompaniment.report_progress,
    path="avancement",
    label="Noter l’avancement",
    done="L’avancement est noté.",
    creates=True,
)

_FORMS: Final = {row.name: row for row in (*ON_DOSSIERS, PROGRESS, DELIVERABLE)}
FORMS_OF_A_DOSSIER: Final = tuple(_FORMS[name] for name in ON_THE_DOSSIER if name in _FORMS)
"""The forms on the page of a dossier, what leads on first."""

ORDER: Final = Action(
    Name.MOBILISATIONS,
    means.Mobilise,
    means.mobilise,
    path="",
    label="Passer la commande",
    done="La commande est enregistrée.",
    then="/demandes/{request_id}/mobilisations/{created}",
    api=False,
)
FINANCING: Final = Action(
    Name.FINANCING,
    means.PlanFinancing,
    means.plan_financing,
    path="",
    label="Arrêter le plan de financement",
    done="Le plan de financement est arrêté.",
    then="/demandes/{request_id}",
    anchor="#financement",
)

_DOSSIER, _MEANS = "/demandes/{request_id}", "#moyens"
_STEPPED: Final = "La mobilisation est mise à jour."
STEPS_OF_MOBILISATIONS: Final = (
    Action(
        Name.ACCEPTANCE,
        Nothing,
        means.accept_mobilisation,
        path="acceptance",
        label="Acceptée",
        done=_STEPPED,
        then=_DOSSIER,
        anchor=_MEANS,
    ),
    Action(
        Name.DECLINE,
        Nothing,
        means.decline_mobilisation,
        path="decline",
        label="Déclinée",
        done=_STEPPED,
        then=_DOSSIER,
        anchor=_MEANS,
    ),
    Action(
        Name.START,
        Nothing,
        means.start_mobilisation,
        path="start",
        label="Démarrée",
        done=_STEPPED,
        then=_DOSSIER,
        anchor=_MEANS,
    ),
    Action(
        Name.DELIVERY,
        means.DeliverAll,
        means.deliver_all,
        path="delivery",
        label="Livrée",
        done=_STEPPED,
        then=_DOSSIER,
        anchor=_MEANS,
        may_be_empty=True,
    ),
)
"""Buttons beside a mobilisation, on the page of its dossier."""

PARTS_OF_MOBILISATIONS: Final = (
    Action(
        Name.PART_DELIVERY,
        means.BookEntry,
        means.note_part_delivery,
        path="livraison",
        label="Noter la livraison",
        done="La livraison est notée.",
        creates=True,
    ),
    Action(
        Name.PAYMENT,
        means.BookEntry,
        means.note_payment,
        path="paiement",
        label="Noter le paiement",
        done="Le paiement est noté.",
        creates=True,
    ),
    Action(
        Name.DELIVERY,
        means.DeliverAll,
        means.deliver_all,
        path="solde",
        label="Solder la livraison",
        done="Tout est livré.",
        api=False,
    ),
)
CANCELLATION_OF_ORDER: Final = Action(
    Name.CANCELLATION,
    means.CancelOrder,
    means.cancel_mobilisation,
    path="annulation",
    label="Annuler",
    done="La mobilisation est annulée. Son montant est rendu.",
    then=_DOSSIER,
    anchor=_MEANS,
)
INVITATION: Final = Action(
    Name.INVITATION,
    accompaniment.InviteProvider,
    accompaniment.invite_provider,
    path="lien",
    label="Préparer le lien",
    done="Le lien personnel est prêt.",
    anchor="#lien",
    creates=True,
    answer=answers.INVITED,
    opt=SHOWS_SECRET_LINKS,
)

REACHED: Final = Action(
    Name.REACHED,
    work.ReachMilestone,
    accompaniment.reach_milestone,
    path="",
    label="Noter comme atteint",
    done="Le jalon est atteint.",
    then="/demandes/{request_id}",
    anchor="#jalons",
    may_be_empty=True,
)
POSTPONEMENT: Final = Action(
    Name.POSTPONEMENT,
    work.PostponeMilestone,
    accompaniment.postpone_milestone,
    path="report",
    label="Reporter",
    done="Le jalon est reporté.",
    then="/demandes/{request_id}",
    anchor="#jalons",
)

CANCELLATION_OF_MILESTONE: Final = Action(
    Name.CANCELLATION,
    accompaniment.CancelMilestone,
    accompaniment.cancel_milestone,
    path="annulation",
    label="Annuler le jalon",
    done="Le jalon est annulé.",
    then="/demandes/{request_id}",
    anchor="#jalons",
)

BY_PROVIDERS: Final = (
    Action(
        Name.PROGRESS,
        work.ReportProgress,
        accompaniment.report_progress_by_link,
        path="avancement",
        label="Enregistrer l’avancement",
        done="Merci\u00a0! L’avancement est enregistré.",
        creates=True,
    ),
)

ON_SESSIONS: Final = (
    Action(
        Name.ATTENDANCE,
        attendance.NoteAttendance,
        attendance.note_attendance,
        path="presence",
        form=attendance.AttendanceSheet,
        label="Noter les présences",
        done="Les présences sont notées.",
        anchor="#presence",
    ),
    Action(
        Name.AGENDA,
        committee.MoveOnAgenda,
        committee.move_on_agenda,
        path="ordre",
        label="Déplacer",
        done="L’ordre du jour est modifié.",
    ),
    Action(
        Name.CLOSING,
        Nothing,
        committee.close_session,
        path="cloture",
        label="Clore la séance",
        done="La séance est close. Son compte rendu est à approuver.",
    ),
)
ON_MINUTES: Final = (
    Action(
        Name.REMARKS,
        minutes.RemarkOnMinutes,
        minutes.remark,
        path="remarque",
        label="Enregistrer la remarque",
        done="La remarque est jointe au projet de compte rendu.",
        anchor="#compte-rendu",
        creates=True,
    ),
    Action(
        Name.APPROVAL,
        ApproveMinutes,
        minutes.approve,
        path="approbation",
        label="Approuver le compte rendu",
        done="Le compte rendu est approuvé. Il est définitif.",
        anchor="#compte-rendu",
    ),
)
FILE: Final = Action(
    Name.FILE,
    Nothing,
    session_file.ask,
    path="dossier-de-seance",
    address="",
    label="Préparer le dossier de séance",
    done="Le dossier de séance est en préparation. Rechargez cette page dans une minute.",
    anchor="#dossier-de-seance",
)
SCHEDULING: Final = Action(
    Name.SCHEDULE,
    dossier.ScheduleSeveral,
    dossier.schedule_several,
    path="inscriptions",
    label="Inscrire les dossiers cochés",
    done="Les dossiers sont inscrits.",
    api=False,
)
RECUSALS: Final = (
    Action(
        Name.RECUSALS,
        recusals.Recuse,
        recusals.recuse,
        path="deport",
        label="Noter le déport",
        done="Le déport est noté.",
        anchor="#deports",
    ),
    Action(
        Name.RECUSAL_REMOVAL,
        recusals.TakeBackRecusal,
        recusals.take_back_recusal,
        path="deport-retire",
        label="Retirer",
        done="Le déport est retiré.",
        anchor="#deports",
    ),
)
"""Calls of a session, and forms on the page of the decision on one of its dossiers."""
DECISION: Final = Action(
    Name.DECISIONS,
    committee.Decide,
    committee.decide,
    path="",
    label="Enregistrer la décision",
    done="La décision est enregistrée et notifiée.",
    then="/comite/{session_id}",
    creates=True,
    answer=answers.DECIDED,
)
PLANNING: Final = Action(
    Name.PLANNING,
    committee.PlanSession,
    committee.plan_session,
    path="",
    address="",
    label="Créer la séance",
    done="La séance est créée.",
    then="/comite/{created}",
    creates=True,
    answer=answers.SESSION,
)
MEMBER: Final = Action(
    Name.MEMBERS,
    StandingMember,
    members.add_member,
    path="",
    address="",
    label="Ajouter à la liste",
    done="Le membre est dans la liste.",
    creates=True,
    answer=answers.MEMBER,
)
SHEET_OF_MEMBER: Final = Action(
    Name.MEMBERS,
    members.ChangeMember,
    members.change_member,
    path="",
    address="",
    label="Enregistrer la fiche",
    done="La fiche est enregistrée. Les séances déjà créées gardent leurs membres.",
    then="/comite/membres",
)
CORRECTION: Final = Action(
    Name.CORRECTION,
    Verdict,
    committee.correct,
    path="correction",
    label="Enregistrer la nouvelle décision",
    done="La nouvelle décision est enregistrée et notifiée. Elle remplace l’ancienne, qui reste au registre.",
    then="/decisions/{created}",
    creates=True,
    answer=answers.CORRECTED,
)
RESERVE: Final = Action(
    Name.RESERVE_LIFTING,
    committee.LiftReserve,
    committee.lift_reserve,
    path="reserve",
    label="Lever la réserve",
    done="La réserve est levée.",
    then="/demandes/{request_id}",
    anchor="#comite",
)

OPENING: Final = Action(
    Name.ENVELOPES,
    directory.OpenEnvelope,
    directory.open_envelope,
    path="",
    address="",
    label="Ouvrir l’enveloppe",
    done="L’enveloppe est ouverte.",
    creates=True,
    answer=answers.ENVELOPE,
)
RESIZING: Final = Action(
    Name.ENVELOPES,
    directory.ResizeEnvelope,
    directory.resize_envelope,
    path="",
    address="amount",
    label="Modifier le montant",
    done="Le montant est modifié.",
    then="/enveloppes",
)
OPERATOR: Final = Action(
    Name.DIRECTORY,
    Operator,
    directory.add_operator,
    path="operateurs",
    address="",
    label="Ajouter à l’annuaire",
    done="L’opérateur est dans l’annuaire.",
    creates=True,
    answer=answers.OPERATOR,
)
SHEET_OF_OPERATOR: Final = Action(
    Name.DIRECTORY,
    Operator,
    directory.save_operator,
    path="",
    address="",
    label="Enregistrer la fiche",
    done="La fiche est enregistrée.",
    then="/moyens",
)
CONTRACT: Final = Action(
    Name.DIRECTORY,
    Contract,
    directory.add_contract,
    path="marches",
    address="",
    label="Enregistrer le marché",
    done="Le marché est enregistré.",
    then="/moyens/marches/{created}",
    creates=True,
    answer=answers.CONTRACT,
)
LOT: Final = Action(
    Name.DIRECTORY,
    NewLot,
    directory.add_lot,
    path="lots",
    address="lots",
    label="Ajouter le lot",
    done="Le lot est enregistré.",
    then="/moyens/lots/{created}",
    creates=True,
)
ON_LOTS: Final = (
    Action(
        Name.DIRECTORY,
        directory.ResizeLot,
        directory.resize_lot,
        path="plafond",
        address="ceiling",
        label="Modifier le plafond",
        done="Le plafond est modifié.",
    ),
    Action(
        Name.DIRECTORY,
        directory.AddPrices,
        directory.add_prices,
        path="prix",
        address="prices",
        label="Ajouter le prix",
        done="Le prix est au bordereau.",
        anchor="#prix",
        creates=True,
    ),
)
WITHDRAWAL_OF_PRICE: Final = Action(
    Name.DIRECTORY,
    NoBody,
    directory.withdraw_price,
    path="retrait",
    address="withdrawal",
    label="Retirer",
    done="Le prix n’est plus proposé.",
    then="/moyens/lots/{lot_id}",
    anchor="#prix",
)

SHEET: Final = Action(
    "sheet",
    programmes.WriteSheet,
    programmes.write_sheet,
    path="fiche",
    address="",
    method="PUT",
    label="Enregistrer la fiche",
    done="La fiche du programme est à jour.",
)
ON_PROGRAMME_REQUESTS: Final = (
    Action(
        ProgrammeAction.TAKE_UP,
        programmes.TakeUp,
        programmes.take_up,
        path="take-up",
        label="Prendre en charge",
        done="La demande est prise en charge.",
    ),
    Action(
        ProgrammeAction.COMPLETION,
        programmes.CompleteSupport,
        programmes.complete,
        path="completion",
        label="Terminer l’appui du programme",
        done="L’appui du programme est terminé. Le demandeur est invité à donner son avis.",
    ),
    Action(
        ProgrammeAction.DECLINE,
        programmes.Decline,
        programmes.decline,
        path="decline",
        label="Rendre au département",
        done="La demande est rendue au département.",
    ),
)

ALL: Final = (
    *ON_DOSSIERS,
    PROGRESS,
    DELIVERABLE,
    DELIVERABLE_BY_LINK,
    ORDER,
    FINANCING,
    *STEPS_OF_MOBILISATIONS,
    *PARTS_OF_MOBILISATIONS,
    CANCELLATION_OF_ORDER,
    INVITATION,
    REACHED,
    POSTPONEMENT,
    CANCELLATION_OF_MILESTONE,
    *BY_PROVIDERS,
    *ON_SESSIONS,
    *ON_MINUTES,
    FILE,
    *RECUSALS,
    SCHEDULING,
    DECISION,
    PLANNING,
    MEMBER,
    SHEET_OF_MEMBER,
    CORRECTION,
    RESERVE,
    OPENING,
    RESIZING,
    OPERATOR,
    SHEET_OF_OPERATOR,
    CONTRACT,
    LOT,
    *ON_LOTS,
    WITHDRAWAL_OF_PRICE,
    SHEET,
    *ON_PROGRAMME_REQUESTS,
)
