"""Make the letter that a mail to an applicant carries: the acknowledgement, or the answer of the département."""

from services.notifications.domain.audiences import Mail
from services.notifications.domain.directory import ServiceInCharge
from services.notifications.store.requests import KnownRequest
from shared.contracts import intake
from shared.contracts.fact import Fact
from shared.contracts.qualification import Service
from shared.letters import About, AcknowledgementLetter, AnswerLetter, acknowledgement_letter, answer_letter, answer_of


def letter_of(
    mail: Mail, fact: Fact, request: KnownRequest | None, service: ServiceInCharge
) -> AnswerLetter | AcknowledgementLetter | None:
    """Return the letter to attach; None where the mail carries none.

    An acknowledgement goes where anybody may have sent it: nothing is in it that the applicant typed.
    """
    if mail.audience != "applicant" or request is None:
        return None
    if isinstance(fact, intake.RequestSubmitted):
        return acknowledgement_letter(
            fact.request,
            departement=fact.departement,
            service=Service.model_validate(service.model_dump()),
            communes=", ".join(fact.request.applicant.communes),
            whole=False,
        )
    answer, about = answer_of(fact), _about(request)
    return answer_letter(answer, about) if answer and about else None


def _about(request: KnownRequest) -> About | None:
    """Return what a letter says of the request; None where it was filed before notifications stored that."""
    if request.filed_at is None or request.contact_role is None:
        return None
    return About(
        number=request.number,
        title=request.title,
        submitted_at=request.filed_at,
        applicant=request.applicant,
        contact_name=request.contact_name,
        contact_role=request.contact_role,
    )
