"""Rate limits and quotas of public actions (filing, drafts, links, invitations), and their refusals."""

from dataclasses import dataclass
from uuid import UUID

from services.intake.settings import Settings
from shared.errors import Unavailable
from shared.limits import UNLIMITED, LimitReached, Quota, RateLimits, Use


class TooManyFilings(LimitReached):
    """Too many requests were filed from this address, or with this contact (HTTP 429)."""

    code = "too_many_filings"
    title = "Too many requests filed in a short time"
    sentence = (
        "Beaucoup de demandes ont déjà été déposées depuis cette connexion ou pour cette adresse électronique. "
        "Celle-ci n’est pas encore déposée\u00a0; ce que vous avez écrit est gardé. Déposez-la {when}. Si c’est "
        "urgent, téléphonez au service de votre département."
    )


class TooManyDrafts(LimitReached):
    """Too many drafts were begun from this address (HTTP 429)."""

    code = "too_many_drafts"
    title = "Too many drafts begun in a short time"
    sentence = (
        "Beaucoup de demandes ont déjà été commencées depuis cette connexion. Reprenez un brouillon par son adresse, "
        "ou revenez {when}. Si c’est urgent, téléphonez au service de votre département."
    )


class TooManyDraftBytes(LimitReached):
    """Too much was joined to drafts from this address (HTTP 429)."""

    code = "too_many_draft_bytes"
    title = "Too many bytes joined to drafts in a short time"
    sentence = (
        "Beaucoup de documents ont déjà été envoyés depuis cette connexion. Ajoutez celui-ci {when}, ou déposez votre "
        "demande sans lui\u00a0: vous le joindrez ensuite depuis sa page de suivi."
    )


class DraftsFull(Unavailable):
    """The files of all drafts together have reached their bound (HTTP 503)."""

    code = "drafts_full"
    title = "The files of all drafts have reached their bound"
    sentence = (
        "La place réservée aux documents des brouillons est pleine pour le moment. Déposez votre demande sans ce "
        "document\u00a0: vous le joindrez ensuite depuis sa page de suivi."
    )


class TooManyLinks(LimitReached):
    """Too many new links were asked for (HTTP 429); says nothing of whether the request exists."""

    code = "too_many_links"
    title = "Too many new tracking links asked for"
    sentence = (
        "Un nouveau lien a déjà été demandé récemment. S’il y a lieu, il est dans votre boîte de réception\u00a0: "
        "regardez aussi les courriers indésirables. Vous pourrez en demander un autre {when}. L’ancien lien reste "
        "valable, et le service de votre département peut vous aider."
    )


class TooManyInvitesNow(LimitReached):
    """Too many colleagues were invited in a day (HTTP 429)."""

    code = "too_many_invitations_now"
    title = "Too many invitations in a short time"
    sentence = (
        "Beaucoup d’invitations ont déjà été envoyées. Celle-ci ne l’est pas\u00a0: envoyez-la {when}, ou transmettez "
        "vous-même à votre collègue ce qu’il doit savoir."
    )


class TooManyPdfs(LimitReached):
    """The acknowledgement was made as PDF too often (HTTP 429)."""

    code = "too_many_pdfs"
    title = "Too many PDF documents made in a short time"
    sentence = (
        "Ce document a été demandé trop souvent. Redemandez-le {when}, ou servez-vous de la version à imprimer de la "
        "page de suivi."
    )


@dataclass(frozen=True, slots=True)
class Caller:
    """Who uses a public route: the network they come from; `exempt` from the limits on filing."""

    network: str
    exempt: bool = False
    """An agent who files for a collectivité, or a program that acts as an agent."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Gives the quota of each purpose."""

    settings: Settings
    counts: RateLimits

    @classmethod
    def of(cls, settings: Settings) -> "Limits":
        """Count by the settings, under the service's own key."""
        return cls(settings, RateLimits(settings.secret_key.get_secret_value()))

    def filing(self, caller: Caller, email: str) -> Quota:
        """Limit what is filed; refuses with `TooManyFilings`.

        A mail address alone is counted nowhere here: anybody may name it, and would use up what its owner may file.
        """
        if caller.exempt:
            return UNLIMITED
        known = self.settings
        return self.counts.quota(
            Use("filing:address", caller.network, known.limit_filings_per_address, TooManyFilings),
            Use("filing:email", f"{caller.network} {email}", known.limit_filings_per_email, TooManyFilings),
        )

    def draft(self, caller: Caller) -> Quota:
        """Limit the drafts that are begun; refuses with `TooManyDrafts`."""
        if caller.exempt:
            return UNLIMITED
        return self.counts.quota(
            Use("draft:address", caller.network, self.settings.limit_drafts_per_address, TooManyDrafts)
        )

    def draft_bytes(self, caller: Caller, size: int) -> Quota:
        """Limit the files that are joined to drafts; refuses with `TooManyDraftBytes`."""
        if caller.exempt:
            return UNLIMITED
        rate = self.settings.limit_draft_bytes_per_address
        return self.counts.quota(Use("draft_bytes:address", caller.network, rate, TooManyDraftBytes, amount=size))

    def link(self, caller: Caller, *, number: str, email: str) -> Quota:
        """Limit new links by what was typed, whether it belongs together or not; refuses with `TooManyLinks`.

        A mail address alone is not counted before it is known to belong to the number: see `link_mail`.
        """
        known = self.settings
        return self.counts.quota(
            Use("link:address", caller.network, known.limit_links_per_address, TooManyLinks),
            Use("link:request", f"{number} {email}", known.limit_links_per_request, TooManyLinks),
        )

    def link_mail(self, email: str, *, confirmed: str | None) -> Quota:
        """Limit the new links that are mailed to a request's contact; refuses with `TooManyLinks`.

        Requests that anybody may have filed in the contact's name share one count; one that the contact `confirmed`,
        given by its number, has its own.
        """
        subject = email if confirmed is None else f"{confirmed} {email}"
        return self.counts.quota(Use("link:email", subject, self.settings.limit_links_per_email, TooManyLinks))

    def digest(self, email: str) -> bytes:
        """Return what stands for a mail address where it must be compared and need not be read."""
        return self.counts.digest("link:email", email)

    def invitation(self, caller: Caller, request_id: UUID, email: str) -> Quota:
        """Limit invitations; refuses with `TooManyInvitesNow`.

        The invited address is counted with the caller's network: a stranger would use up what its colleagues may send.
        """
        known = self.settings
        return self.counts.quota(
            Use("invitation:address", caller.network, known.limit_invitations_per_address, TooManyInvitesNow),
            Use("invitation:email", f"{caller.network} {email}", known.limit_invitations_per_email, TooManyInvitesNow),
            Use("invitation:request", str(request_id), known.limit_invitations_per_request, TooManyInvitesNow),
        )

    def pdf(self, caller: Caller, request_id: UUID) -> Quota:
        """Limit the documents that are made; refuses with `TooManyPdfs`."""
        known = self.settings
        return self.counts.quota(
            Use("pdf:address", caller.network, known.limit_pdfs_per_address, TooManyPdfs),
            Use("pdf:request", str(request_id), known.limit_pdfs_per_request, TooManyPdfs),
        )
