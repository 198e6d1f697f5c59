"""Colleagues whom the applicant lets follow a request and act on it, each by a link of their own."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from shared.errors import Conflict

MOST: Final = 20
"""Invitations of one request, those taken back included: each of them sends a mail to whoever is named."""


class AlreadyInvited(Conflict):
    """This address follows the request already."""

    code = "already_invited"
    title = "This address follows the request already"
    sentence = (
        "Cette adresse suit déjà la demande. Si votre collègue a perdu son lien, "
        "retirez son accès et invitez-le de nouveau."
    )


class TooManyInvitations(Conflict):
    """The request has had as many invitations as it may."""

    code = "too_many_invitations"
    title = "This request has had its last invitation"
    sentence = (
        f"Une demande ne peut pas compter plus de {MOST} invitations, même retirées. "
        "Demandez au service départemental de vous aider."
    )


@dataclass(frozen=True, slots=True)
class Holder:
    """Whoever holds a link: which request it opens, and whose it is.

    The applicant's own link has a `generation`, a colleague's leads to their invitation (`colleague_id`).
    """

    request_id: UUID
    generation: int | None = None
    colleague_id: UUID | None = None
    by_mail: bool = False
    """The link was mailed to the contact: whoever has it reads their mailbox."""
    changes: bool = False
    """Using it revokes an older link or confirms the contact's address, which was not noted yet."""


@dataclass(frozen=True, slots=True)
class Colleague:
    """One who was invited to follow the request; `mail_failed_at` tells that the latest mail did not reach them.

    `waiting`: the invitation is sent when somebody opens a link that was mailed to the contact.
    """

    id: UUID
    name: str
    email: str
    invited_at: datetime
    mail_failed_at: datetime | None
    waiting: bool


@dataclass(frozen=True, slots=True)
class Invitation(Colleague):
    """The same, and when their link was taken back."""

    removed_at: datetime | None


def may_invite(email: str, *, contact_email: str, invited: Sequence[Invitation]) -> None:
    """Refuse (`AlreadyInvited`, `TooManyInvitations`) one invitation more."""
    following = [contact_email, *(one.email for one in invited if one.removed_at is None)]
    if email.casefold() in {one.casefold() for one in following}:
        raise AlreadyInvited
    if len(invited) >= MOST:
        raise TooManyInvitations
