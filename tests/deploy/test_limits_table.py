"""The operators' guide names every limit, with the value that holds unless somebody changes it."""

import re
from typing import Any

import pytest

from deploy.local.places import REPOSITORY
from services.intake.domain.colleagues import MOST, TooManyInvitations
from services.intake.settings import Settings as IntakeSettings
from services.intake.usecases.limits import (
    DraftsFull,
    TooManyDraftBytes,
    TooManyDrafts,
    TooManyFilings,
    TooManyInvitesNow,
    TooManyLinks,
    TooManyPdfs,
)
from services.notifications.domain.deliveries import EVERY_DOMAIN
from services.notifications.settings import Settings as NotificationsSettings
from shared.allowance import TooManyTexts, TooMuchWritten
from shared.documents import (
    LARGEST_FILE,
    LARGEST_REQUEST,
    MOST_FILES,
    FileTooLarge,
    RequestTooLarge,
    TooManyFiles,
)
from shared.errors import HeadersTooLarge, RequestTimeout, TooLarge, TooManyRequests
from shared.limits import Rate
from shared.settings import ServiceSettings
from shared.web.timeouts import MOST_HEADER_BYTES

COMMON = (
    "requests_per_minute",
    "messages_per_request",
    "characters_per_request",
    "messages_per_day",
    "body_limit",
    "header_seconds",
    "body_seconds",
    "body_bytes_per_second",
)
PERIODS = {"min": "minute", "h": "heure", "d": "jour"}


def rows() -> dict[str, tuple[str, str, str]]:
    """Read the table: limit, setting and answer by what is limited."""
    guide = (REPOSITORY / "docs" / "guide-exploitant.md").read_text()
    section = guide.partition("\n## Limites\n")[2].partition("\n## ")[0]
    found = [line.strip("|").split("|") for line in section.splitlines() if line.startswith("| ")]
    return {
        what.strip(): (limit.strip(), setting.strip("` "), answer.strip()) for what, limit, setting, answer in found[1:]
    }


def grouped(number: float) -> str:
    """Write a number as the guide does."""
    return f"{number:,.0f}".replace(",", " ")


def size(value: int) -> str:
    """Write a number of bytes."""
    for unit, one in {"Go": 10**9, "Mo": 10**6, "Mio": 2**20, "Kio": 2**10}.items():
        if value % one == 0:
            return f"{value // one} {unit}"
    return grouped(value)


def said(name: str, value: Any) -> str:
    """Write a default as the guide does."""
    if isinstance(value, Rate):
        most, _, period = str(value).partition("/")
        return f"{size(int(most)) if 'bytes' in name else grouped(int(most))} par {PERIODS[period]}"
    if name in {"draft_bytes", "body_limit"}:
        return size(value)
    return grouped(value)


def settings() -> dict[str, tuple[str, Any]]:
    """Give each setting that limits something, with its name in the guide and its default."""
    known = {f"<SERVICE>_{name.upper()}": (name, ServiceSettings.model_fields[name].default) for name in COMMON}
    for service, kind in (("INTAKE", IntakeSettings), ("NOTIFICATIONS", NotificationsSettings)):
        for name, field in kind.model_fields.items():
            if name.startswith("limit_") or name == "draft_bytes":
                known[f"{service}_{name.upper()}"] = name, field.default
    every_domain = NotificationsSettings.model_fields["per_minute"].get_default(call_default_factory=True)
    known["NOTIFICATIONS_PER_MINUTE"] = "per_minute", every_domain[EVERY_DOMAIN]
    return known


@pytest.mark.parametrize("setting", settings())
def test_each_limit_stands_in_the_guide_with_its_default(setting: str) -> None:
    name, default = settings()[setting]
    (limit,) = [limit for limit, named, _ in rows().values() if named == setting]
    assert re.match(rf"{re.escape(said(name, default))}(?![0-9])", limit), limit


def test_the_guide_names_no_setting_that_limits_nothing() -> None:
    assert {setting for _, setting, _ in rows().values()} - {"–"} == settings().keys()


def test_limits_that_nobody_can_change_are_the_guides() -> None:
    fixed = [limit for limit, setting, _ in rows().values() if setting == "–"]
    assert fixed == [
        str(MOST),
        size(LARGEST_FILE),
        f"{size(LARGEST_REQUEST)} et {MOST_FILES} documents",
        size(MOST_HEADER_BYTES),
    ]


def test_the_answers_are_those_of_the_refusals() -> None:
    answers = " ".join(answer for _, _, answer in rows().values())
    for refusal in (
        TooManyFilings,
        TooManyDrafts,
        TooManyDraftBytes,
        TooManyLinks,
        TooManyInvitesNow,
        TooManyPdfs,
        DraftsFull,
        FileTooLarge,
        RequestTooLarge,
        TooManyFiles,
        TooManyInvitations,
        TooManyTexts,
        TooMuchWritten,
        TooManyRequests,
        TooLarge,
        RequestTimeout,
        HeadersTooLarge,
    ):
        assert f"`{refusal.code}`" in answers
