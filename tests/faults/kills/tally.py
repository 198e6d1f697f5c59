"""Store the result of each epoch as a line of JSON, and sum them."""

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from statistics import median

from pydantic import BaseModel

from tests.faults.kills.dealer import Dealer
from tests.faults.kills.epoch import WHOLE_WITHIN, Outcome, Plan

KINDS = {
    "lost": "lost",
    "lost or doubled": "lost",
    "doubled": "doubled",
    "too many": "doubled",
    "reordered": "reordered",
    "stuck": "stuck",
}
"""What the judge complains of, as it is counted; everything else is `other`."""

MOST_NAMED = 60


class Line(BaseModel):
    """One epoch."""

    commit: str
    seed: int
    points: str
    services: list[str]
    healing: bool
    clients: int
    seconds: float = 0
    """From the first request to the last kill."""
    kills: int = 0
    kills_by_point: dict[str, int] = {}
    points_known: dict[str, int] = {}
    """Service → points that it was seen to meet."""
    not_reached: int = 0
    late: int = 0
    requests: int = 0
    lived: int = 0
    actions: int = 0
    without_answer: int = 0
    events: int = 0
    applications: int = 0
    steps: int = 0
    mails: int = 0
    mails_uncertain: int = 0
    mails_doubled: int = 0
    mails_unanswered: int = 0
    """Answers that the mail server of the harness swallowed."""
    wrong: dict[str, int] = {}
    wrong_named: list[str] = []
    whole_after: float | None = None
    quiet_after: float = 0
    start_median: float = 0

    @property
    def passed(self) -> bool:
        """Tell whether every promise was kept."""
        return not self.wrong

    def counted(self) -> dict[tuple[str, str], int]:
        """Give the kills by service and point."""
        named = ((name.partition(": "), count) for name, count in self.kills_by_point.items())
        return {(service, point): count for (service, _, point), count in named}

    def kills_around_mails(self) -> int:
        """Count the kills on the way of a mail out of the house."""
        return sum(count for point, count in self.kills_by_point.items() if is_about_mail(point))

    def text(self) -> str:
        """Tell it in lines for a terminal."""
        known = ", ".join(f"{service} {count}" for service, count in self.points_known.items())
        verdict = "every promise was kept" if self.passed else f"PROMISES BROKEN: {self.wrong}"
        return f"""seed {self.seed}: {self.kills} named kills at {len(self.kills_by_point)} points
in {self.seconds:.0f} s, {self.kills / max(self.seconds, 1):.1f} a second
{self.not_reached} dealt and not reached, {self.late} killed from outside
points known: {known}
fork to consuming: {self.start_median * 1000:.0f} ms (median)
requests {self.requests} ({self.lived} lived to their end)
actions accepted {self.actions}, without an answer {self.without_answer}
events {self.events}, applications checked {self.applications}, timeline steps {self.steps}
mails {self.mails}: {self.mails_uncertain} uncertain, {self.mails_doubled} left twice after a lost answer
whole {self.whole_after} s after the last kill, quiet {self.quiet_after} s after the last client
{"".join(f"WRONG {one}{chr(10)}" for one in self.wrong_named)}{verdict}"""


def line_of(outcome: Outcome, dealer: Dealer, *, commit: str, points: str) -> Line:
    """Write down one epoch."""
    verdict, ledger, plan = outcome.verdict, outcome.ledger, outcome.plan
    wrong = Counter(KINDS.get(one.partition(":")[0], "other") for one in verdict.wrong)
    return Line(
        commit=commit,
        seed=plan.seed,
        points=points,
        services=list(plan.services),
        healing=plan.healing,
        clients=plan.clients,
        seconds=round(outcome.seconds, 1),
        kills=outcome.kills.total(),
        kills_by_point={f"{service}: {point}": count for (service, point), count in sorted(outcome.kills.items())},
        points_known={service: len(dealer.known(service)) for service in plan.services},
        not_reached=outcome.not_reached,
        late=outcome.late,
        requests=verdict.requests,
        lived=sum(life.finished for life in ledger.lives),
        actions=ledger.accepted,
        without_answer=ledger.unknown,
        events=verdict.events,
        applications=verdict.applications,
        steps=verdict.steps,
        mails=verdict.mails,
        mails_uncertain=verdict.uncertain,
        mails_doubled=verdict.mails_again,
        mails_unanswered=outcome.mails_unanswered,
        wrong=dict(wrong),
        wrong_named=verdict.wrong[:MOST_NAMED],
        whole_after=round(outcome.whole_after, 1) if outcome.whole_after != float("inf") else None,
        quiet_after=round(outcome.quiet_after, 1),
        start_median=outcome.start_median,
    )


def abandoned(plan: Plan, error: Exception, *, commit: str, points: str) -> Line:
    """Write down an epoch that came to no judgement; it counts as one thing wrong."""
    return Line(
        commit=commit,
        seed=plan.seed,
        points=points,
        services=list(plan.services),
        healing=plan.healing,
        clients=plan.clients,
        wrong={"other": 1},
        wrong_named=[f"abandoned: {type(error).__name__}: {error}"],
    )


def read(file: Path) -> list[Line]:
    """Read a tally; one that does not exist yet is empty."""
    if not file.exists():
        return []
    return [Line.model_validate_json(line) for line in file.read_text().splitlines() if line.strip()]


def append(file: Path, line: Line) -> None:
    """Add an epoch to a tally."""
    with file.open("a") as tally:
        tally.write(line.model_dump_json() + "\n")


def table(lines: list[Line]) -> str:
    """Sum up."""
    points: Counter[tuple[str, str]] = Counter()
    wrong: Counter[str] = Counter()
    for line in lines:
        points.update(line.counted())
        wrong.update(line.wrong)
    if not points:
        return "nothing yet"
    whole = [line.whole_after for line in lines if line.whole_after is not None]

    def total(*names: str) -> str:
        return "; ".join(f"{sum(getattr(line, name) for line in lines):,}".replace(",", " ") for name in names)

    rows = {
        "epochs": f"{len(lines)}, {sum(line.seconds for line in lines) / 3600:.1f} hours under fire",
        "commits": ", ".join(sorted({line.commit for line in lines})),
        "**named kills**": f"**{total('kills')}** at {len(points)} points",
        **{f"… of {service}": _of_service(points, service) for service in sorted({one[0] for one in points})},
        "kills at a point: fewest, median, most": (
            f"{min(points.values())}, {median(points.values()):.0f}, {max(points.values())}"
        ),
        "dealt and not reached; killed from outside": total("not_reached", "late"),
        "kills around the sending of mails": str(sum(line.kills_around_mails() for line in lines)),
        "requests filed; lived to their end": total("requests", "lived"),
        "actions accepted; attempts without an answer": total("actions", "without_answer"),
        "events told; applications by listeners checked": total("events", "applications"),
        "timeline steps; mails": total("steps", "mails"),
        "mails left twice after a lost answer; uncertain": total("mails_doubled", "mails_uncertain"),
        "**lost, doubled, reordered, stuck, other**": ", ".join(
            f"**{wrong[kind]}**" for kind in ("lost", "doubled", "reordered", "stuck", "other")
        ),
        "whole after the last kill, seconds: median, worst": f"{median(whole)}, {max(whole)}" if whole else "–",
        f"… not within {WHOLE_WITHIN:.0f} s": f"{sum(after > WHOLE_WITHIN for after in whole)} of {len(lines)} epochs",
    }
    return "\n".join(["| | |", "|---|---|", *(f"| {what} | {figure} |" for what, figure in rows.items())])


def _of_service(points: Mapping[tuple[str, str], int], service: str) -> str:
    counts = [count for (whose, _), count in points.items() if whose == service]
    return f"{sum(counts)} at {len(counts)} points"


def is_about_mail(point: str) -> bool:
    """Tell whether a point lies on the way of a mail out of the house."""
    return "mail_sender" in point or "usecases.send" in point
