"""The verdict of the oracle: how much was checked, and every broken guarantee."""

from dataclasses import dataclass, field


@dataclass(slots=True)
class Verdict:
    """What was checked, and what was found wrong: lost, doubled, reordered, stuck, or different."""

    requests: int = 0
    events: int = 0
    applications: int = 0
    """Events times listeners that had to apply them."""
    steps: int = 0
    mails: int = 0
    uncertain: int = 0
    """Mails that waited for a person at the end."""
    mails_again: int = 0
    """Copies of mails, each after an answer that was lost."""
    quarantined: int = 0
    rebuilt: int = 0
    """Rows of all services that came out alike when they were rebuilt from the journals."""
    wrong: list[str] = field(default_factory=list)

    def complain(self, what: str, detail: str) -> None:
        """Note something wrong."""
        self.wrong.append(f"{what}: {detail}")
