"""Every environment variable of intake beside those of all services, with its meaning."""

from pathlib import Path

from pydantic import Field

from shared.keys import SecretKeys
from shared.settings import ServiceSettings, prefixed


class Settings(ServiceSettings):
    """What intake needs to know; variables start with `INTAKE_`."""

    model_config = prefixed("INTAKE")

    tracking_key: SecretKeys = Field(
        description="Signs tracking links and access tokens; the same as NOTIFICATIONS_TRACKING_KEY"
    )
    document_key: SecretKeys = Field(
        description="Signs links to documents, and agents' mandates to file; the same as QUALIFICATION_DOCUMENT_KEY and"
        " ESCALATION_DOCUMENT_KEY"
    )
    documents_folder: Path = Field(description="Where the bytes of documents lie; back it up with the database")
    departements_file: Path = Field(
        Path(__file__).parent / "departements.toml", description="The services in charge, by département"
    )
    close_after_days: int = Field(30, ge=0, description="An evaluated request is closed after so many days")
    draft_days: int = Field(90, ge=1, description="A draft that nobody touched for so many days is forgotten")
    evaluation_again_days: int = Field(
        183, ge=1, description="So many days after the applicant could first say what came of it, he is asked again"
    )
    evaluation_reminder_days: int = Field(
        15, ge=1, description="Somebody who was asked and has not answered is reminded, twice, after so many days each"
    )
    evaluation_days: int = Field(30, ge=1, description="Days that the applicant has to answer when he is asked again")
    publisher: str = Field(
        "", description="Who publishes this site, as the legal page names it; the page says so when it is not given"
    )
