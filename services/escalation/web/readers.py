"""Who sees what is not of one programme alone: the committee and the envelopes."""

from typing import Final

from shared.identity.model import Role

COMMITTEE_READERS: Final = (Role.NATIONAL_AGENT, Role.COMMITTEE_SECRETARY, Role.OPERATOR, Role.AUDITOR)
