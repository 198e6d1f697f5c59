"""Environment variables of the intake service; those of all services are in `shared.settings`."""

from pathlib import Path

from pydantic import Field, field_validator

from services.intake.domain.disclosure import Rhythm
from shared.antivirus import scanner_at
from shared.keys import SecretKeys
from shared.limits import Rate, RateSetting
from shared.production import Unsafe
from shared.settings import ServiceSettings, prefixed


class Settings(ServiceSettings):
    """What intake needs to know; variables start with `INTAKE_`."""

    model_config = prefixed("INTAKE")

    tracking_key: SecretKeys = Field(
        description="Signs tracking links and access tokens; the same as NOTIFICATIONS_TRACKING_KEY"
    )
    document_key: SecretKeys = Field(
        description="Seals links to documents; the same as QUALIFICATION_DOCUMENT_KEY and ESCALATION_DOCUMENT_KEY"
    )
    mandate_key: SecretKeys = Field(
        description="Seals agents' mandates to file for a collectivité; the same as QUALIFICATION_MANDATE_KEY"
    )
    documents_folder: Path = Field(description="Where the bytes of documents lie; back it up with the database")
    antivirus: str | None = Field(
        None, description="clamd's host:port; files are scanned before they are stored. Without it they are not scanned"
    )
    antivirus_wait_seconds: float = Field(
        10.0, ge=0, le=60, description="So long a scanner that is away is waited for; then files are refused"
    )
    departements_file: Path = Field(
        Path(__file__).parent / "departements.toml", description="The services in charge, by département"
    )
    close_after_days: int = Field(
        30,
        ge=0,
        description="An evaluated request is closed after so many days; until then the evaluation can be corrected",
    )
    draft_days: int = Field(90, ge=1, description="A draft that nobody touched for so many days is forgotten")
    evaluation_again_days: int = Field(
        183, ge=1, description="So many days after the applicant could first evaluate, they are asked again"
    )
    evaluation_reminder_days: int = Field(
        15, ge=1, description="Somebody who was asked and has not answered is reminded, twice, after so many days each"
    )
    evaluation_days: int = Field(
        30, ge=1, description="Days that the applicant has to answer when they are asked again"
    )
    limit_filings_per_address: RateSetting = Field(Rate.parse("20/h"), description="Requests filed from one address")
    limit_filings_per_email: RateSetting = Field(
        Rate.parse("20/d"), description="Requests filed from one address with one mail address as their contact's"
    )
    limit_drafts_per_address: RateSetting = Field(Rate.parse("40/h"), description="Drafts begun from one address")
    limit_draft_bytes_per_address: RateSetting = Field(
        Rate.parse("500000000/d"), description="Bytes of files joined to drafts from one address"
    )
    draft_bytes: int = Field(
        20_000_000_000, ge=0, description="Bytes that the files of all drafts may have together; 0 means no limit"
    )
    limit_links_per_address: RateSetting = Field(
        Rate.parse("20/h"), description="New tracking links asked for from one address"
    )
    limit_links_per_email: RateSetting = Field(
        Rate.parse("10/d"),
        description="New tracking links mailed to one address; a request with a confirmed contact has its own count",
    )
    limit_links_per_request: RateSetting = Field(
        Rate.parse("1/h"), description="New tracking links asked for with one number and mail address"
    )
    limit_invitations_per_address: RateSetting = Field(
        Rate.parse("30/d"), description="Colleagues invited from one address"
    )
    limit_invitations_per_email: RateSetting = Field(
        Rate.parse("5/d"), description="Invitations from one address to one mail address"
    )
    limit_invitations_per_request: RateSetting = Field(
        Rate.parse("10/d"), description="Colleagues invited to one request"
    )
    limit_pdfs_per_address: RateSetting = Field(
        Rate.parse("60/h"), description="Acknowledgements made as PDF for one address"
    )
    limit_pdfs_per_request: RateSetting = Field(
        Rate.parse("20/h"), description="Acknowledgements made as PDF of one request"
    )
    figures_every: Rhythm = Field(
        Rhythm.MONTH,
        description="How often the public figures are published: month, week or day; moment (all the time) is for a"
        " demonstration",
    )
    publisher: str = Field(
        "", description="Who publishes this site, as the legal page names it; the page says so when it is not given"
    )

    @field_validator("antivirus")
    @classmethod
    def _scanner(cls, value: str | None) -> str | None:
        scanner_at(value, wait=0)
        return value

    def unsafe(self) -> list[Unsafe]:
        """Add how often figures are published."""
        found = super().unsafe()
        if self.figures_every is Rhythm.MOMENT:
            advice = "give month, week or day: whoever watches sees whose request changed a figure"
            found.append(Unsafe("figures_of_every_moment", "INTAKE_FIGURES_EVERY", advice))
        return found
