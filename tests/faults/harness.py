"""Run the fault harness once: product, clients, faults, the wait for quiet, and the oracle's verdict."""

import asyncio
import random
import shutil
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import median

from tests.faults import oracle, stand
from tests.faults.clients import Client, Ledger
from tests.faults.lives import STRUCK, WAYS, chosen
from tests.faults.mailbox import Mailbox
from tests.faults.mayhem import WHOLE_WITHIN, Fault, Mayhem
from tests.faults.person import Person
from tests.faults.product import SERVICES, Product
from tests.faults.quiet import LIVES, Quiet
from tests.faults.storm import Storm
from tests.faults.strikes.table import KINDS
from tests.faults.verdict import Verdict
from tests.faults.watch import CLOSED_FOR, Gate
from tests.faults.watch import errors as watch_logs
from tests.system import free_base

AGENTS = {
    "sat95": "qualification",
    "delegue95": "qualification",
    "sat78": "qualification",
    "national": "escalation",
    "secretaire": "escalation",
    "programme": "escalation",
    "exploitant": "notifications",
    "sat95/notifications": "notifications",
}
"""Who acts → the service whose token they have; with a slash, one more service of the same person."""
CLOSED_WHEN_QUIET = 20.0
"""Seconds in which no copy of a service is ready although nothing strikes, at most."""
MEMORY = Path("/dev/shm")  # noqa: S108 - Linux's own folder in memory; what we make there is private and removed


@dataclass(frozen=True, slots=True)
class Plan:
    """What to do: all of it follows from the seed, but for the moments at which processes are scheduled."""

    seed: int
    seconds: float
    kinds: tuple[str, ...]
    clients: int = 6
    lives: tuple[str, ...] = tuple(WAYS)
    within: float = 120.0
    """Seconds after which what does not go on counts as stuck: a client, a part, the quiet at the end."""
    most: int | None = None
    """At most so many faults."""
    copies: int = 1
    """Of each service."""
    storm: bool = False
    """Whether all parts are struck at once, without waiting for wholeness after each fault."""
    keep: bool = False

    @property
    def quiet(self) -> bool:
        """Tell whether nothing strikes at all."""
        return not self.kinds


@dataclass(slots=True)
class Report:
    """How it went."""

    plan: Plan
    log: list[Fault]
    """All strikes, those among them that hit nothing."""
    ledger: Ledger
    verdict: Verdict
    quiet_after: float
    seconds: float
    folder: Path | None = None

    @property
    def passed(self) -> bool:
        """Tell whether every promise was kept."""
        return not self.verdict.wrong

    @property
    def faults(self) -> list[Fault]:
        """What struck."""
        return [fault for fault in self.log if not fault.missed]

    @property
    def again(self) -> str:
        """The command that does the same once more."""
        plan = self.plan
        most = f" --most {plan.most}" if plan.most else ""
        kinds = " --quiet" if plan.quiet else f" --kinds {','.join(plan.kinds)}"
        lives = "" if plan.lives == (LIVES if plan.quiet else STRUCK) else f" --lives {','.join(plan.lives)}"
        return (
            f"python -m tests.faults --seed {plan.seed} --seconds {plan.seconds:g} --clients {plan.clients}{most}"
            f" --within {plan.within:g} --copies {plan.copies}{' --storm' if plan.storm else ''}"
            f"{kinds}{lives}"
        )

    def text(self) -> str:
        """Tell it in lines for a terminal and for docs/reliability.md."""
        verdict, ledger = self.verdict, self.ledger
        lines = [
            f"seed {self.plan.seed}: {len(self.faults)} faults in {self.seconds:.0f} s",
            "",
            f"{'fault':<24}{'times':>6}{'missed':>8}{'back':>8}{'worst':>8}{'whole':>8}{'worst':>8}   (median, worst)",
        ]
        by_kind = Counter(fault.kind for fault in self.faults)
        missed = Counter(fault.kind for fault in self.log if fault.missed)
        for kind in sorted(by_kind | missed):
            alone = [fault for fault in self.faults if fault.kind == kind and fault.alone]
            lines.append(f"{kind:<24}{by_kind[kind]:>6}{missed[kind]:>8}{_figures(alone)}")
        mixed = [fault for fault in self.faults if not fault.alone]
        lines.append(f"{'(together)':<24}{len(mixed):>6}{'':>8}{_figures(mixed)}")
        lines.append(f"{'all':<24}{len(self.faults):>6}{missed.total():>8}{_figures(self.faults)}")
        finished = sum(life.finished for life in ledger.lives)
        lines.append("")
        lines.append(
            f"requests {verdict.requests} ({finished} lived to their end), actions accepted {ledger.accepted}, "
            f"answers unknown {ledger.unknown}"
        )
        lines.append(f"answers: {', '.join(f'{what} x {count}' for what, count in sorted(ledger.asked.items()))}")
        lines.append(
            f"events {verdict.events}, applications checked {verdict.applications}, timeline steps {verdict.steps}, "
            f"mails {verdict.mails} ({verdict.uncertain} uncertain), messages in quarantine {verdict.quarantined}"
        )
        if verdict.rebuilt:
            lines.append(f"rebuilt from the journals: identical ({verdict.rebuilt} rows)")
        lines.append(f"all quiet {self.quiet_after:.1f} s after the last client")
        lines += ["", *(f"WRONG {one}" for one in verdict.wrong[:60])]
        if len(verdict.wrong) > 60:
            lines.append(f"… and {len(verdict.wrong) - 60} more")
        lines.append("every promise was kept" if self.passed else f"{len(verdict.wrong)} PROMISES BROKEN")
        if not self.passed:
            lines += ["", "fault log:"]
            lines += [
                f"  {one.at:7.1f} s  {one.kind:<22} {'(missed) ' if one.missed else ''}{one.note}" for one in self.log
            ]
            lines.append(f"logs: {self.folder}    again: {self.again}")
        return "\n".join(lines)


def _figures(faults: list[Fault]) -> str:
    columns = ""
    for values in (
        [fault.back for fault in faults if fault.back is not None],
        [fault.whole for fault in faults if fault.whole is not None],
    ):
        columns += f"{median(values):>8.1f}{max(values):>8.1f}" if values else f"{'–':>8}{'–':>8}"
    return columns


def private_folder(prefix: str = "cousu-faults-") -> Path:
    """Make a folder that PostgreSQL's account may walk into, in memory where there is such a place."""
    folder = Path(tempfile.mkdtemp(prefix=prefix, dir=MEMORY if MEMORY.is_dir() else None))
    folder.chmod(0o711)
    return folder


MakeProduct = Callable[[Path, int, Mailbox], Product]
MakeMayhem = Callable[..., Mayhem]


async def run(
    plan: Plan,
    folder: Path | None = None,
    *,
    product_of: MakeProduct | None = None,
    mayhem_of: MakeMayhem | None = None,
) -> Report:
    """Carry the plan out; `folder` is where the product lives (made and removed when not given)."""
    own = folder is None
    where = folder or private_folder()
    mailbox = Mailbox()
    await mailbox.start()
    product = (product_of or partial(Product, copies=plan.copies))(where / "run", free_base(), mailbox)
    report = None
    try:
        await product.start()
        report = await _under_fire(plan, product, mayhem_of or _mayhem_of(plan))
    finally:
        await product.stop()
        mailbox.stop()
        done_with = not plan.keep and (report is None or report.passed)
        if done_with or not own:
            product.remove_disk()
        if done_with and own:
            shutil.rmtree(where, ignore_errors=True)
    report.folder = where
    return report


async def _under_fire(plan: Plan, product: Product, mayhem_of: MakeMayhem) -> Report:
    await product.execute("qualification", "UPDATE provider SET capacity = 1000000")
    ledger = Ledger()
    client = Client(ledger, product.endpoints, patience=plan.within, connect=product.connect)
    for agent, service in AGENTS.items():
        token = await product.command("agent", "token", "--service", service, "--email", email_of(agent))
        client.tokens[agent] = service, token
    over = asyncio.Event()
    began = time.monotonic()
    kinds = tuple(kind for kind in plan.kinds if _possible(kind, product))
    chance = random.Random(plan.seed)  # noqa: S311 - a seed that can be given again
    mayhem = mayhem_of(
        product,
        chance,
        kinds,
        whole_within=plan.within if plan.quiet else min(plan.within, WHOLE_WITHIN),
        relaxed=plan.storm,
        answers=ledger.asked,
    )
    gate = Gate(product, CLOSED_WHEN_QUIET if plan.quiet else CLOSED_FOR)
    watch = asyncio.create_task(gate.watch())
    people = [
        asyncio.create_task(_lives(_person(plan, client, product.mailbox, n), mayhem.calm, over))
        for n in range(plan.clients)
    ]
    try:
        await mayhem.go_on(plan.seconds, most=plan.most)
        over.set()
        await asyncio.gather(*people)
        seconds = time.monotonic() - began
        quiet_after, left = await stand.settle(product, within=plan.within)
        verdict = await oracle.judge(product, client)
    finally:
        for task in (*people, watch):
            task.cancel()
        await asyncio.gather(*people, watch, return_exceptions=True)
        await client.close()
    verdict.wrong += [f"stuck: {one}" for one in (*mayhem.stuck, *left)]
    verdict.wrong += [f"noticed: {one}" for one in mayhem.noticed]
    verdict.wrong += [f"closed: {one}" for one in gate.closed]
    for error, times in watch_logs(product.folder / "logs", SERVICES).items():
        verdict.complain("logged", f"{error}, {times} times")
    if ledger.asked["500"]:
        verdict.complain("answered", f"500 to {ledger.asked['500']} requests: a part that is away is a 503")
    return Report(plan, mayhem.log, ledger, verdict, quiet_after, seconds)


def email_of(agent: str) -> str:
    """Give the address of an agent, of whatever service the token is."""
    return f"{agent.partition('/')[0]}@cousu.test"


def _mayhem_of(plan: Plan) -> MakeMayhem:
    if plan.quiet:
        return Quiet
    return Storm if plan.storm else Mayhem


def _possible(kind: str, product: Product) -> bool:
    """Tell whether a kind can strike here: not every machine lets us mount a disk, not every run has copies."""
    copies = KINDS[kind].copies if kind in KINDS else 1
    return copies <= product.places.copies and (kind != "fill_disk" or product.disk is not None)


async def _lives(person: Person, calm: asyncio.Event, over: asyncio.Event) -> None:
    while not over.is_set():
        await person.one()
        await calm.wait()


def _person(plan: Plan, client: Client, mailbox: Mailbox, n: int) -> Person:
    name = f"{plan.seed}.{n}"
    return Person(client, mailbox, random.Random(name), name, chosen(plan.lives))  # noqa: S311 - a seed that can be given again
