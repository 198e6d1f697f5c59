"""Oracle: compare what clients were promised with what every service stores when all is quiet."""

import json
import re
from collections import Counter, defaultdict
from collections.abc import Mapping
from datetime import datetime
from itertools import pairwise

import asyncpg

from tests.faults import cross_checks, money, partner, stand
from tests.faults.clients import Client, Life
from tests.faults.judged import Judged
from tests.faults.product import SERVICES
from tests.faults.verdict import Verdict

PREPARED = "qualification.outcome_proposed.v1"
AUTOMATIC = {
    "qualification.request_registered.v1",
    "qualification.exchanges_shared.v1",
    "qualification.exchanges_transferred.v1",
    "escalation.escalation_received.v1",
    "escalation.evaluation_requested.v1",
    "notifications.delivery_succeeded.v1",
    *cross_checks.ANSWERS,
}
"""What follows by itself; what a life is sure of is counted like all others."""


async def judge(product: Judged, client: Client) -> Verdict:
    """Check everything."""
    verdict = Verdict()
    verdict.wrong += client.ledger.complaints
    if client.ledger.asked["500"]:
        verdict.complain("an error of ours", f"HTTP 500 was answered {client.ledger.asked['500']} times")
    journal = await _journals(product, verdict)
    await _streams(product, verdict)
    verdict.wrong += [f"lost or doubled: {one}" for one in await stand.behind(product)]
    verdict.wrong += [f"stuck: {one}" for one in await stand.waiting(product)]
    await _filings(product, client, verdict)
    for life in client.ledger.lives:
        if life.id:
            verdict.requests += 1
            promises(life, Counter(row["type"] for row in journal[life.id]), verdict)
            await _ends(product, life, verdict)
            await _messages(product, life, verdict)
            await _documents(client, life, verdict)
            if life.finished:
                for check in life.checks:
                    if wrong := await check():
                        verdict.complain("different", f"{life.number} ({life.kind}) {wrong}")
    await cross_checks.check(product, client.ledger.lives, verdict)
    await _timelines(client, journal, verdict)
    await _mails(product, verdict)
    await money.check(product, verdict)
    await partner.check(product, client.ledger.partners, verdict)
    await _chains(product, verdict)
    await _rebuilt(product, verdict)
    return verdict


Journal = dict[str, list[asyncpg.Record]]
"""Request → its events, service by service, each in the order of its stream."""


async def _journals(product: Judged, verdict: Verdict) -> Journal:
    """Read what was told; every stream counts 1, 2, 3 … without hole or double, and its head says the same."""
    found: Journal = defaultdict(list)
    for service in SERVICES:
        rows = await product.fetch(
            service, "SELECT id, source, subject, sequence, type, body FROM journal ORDER BY source, subject, sequence"
        )
        heads = {
            (row["source"], row["subject"]): row["sequence"]
            for row in await product.fetch(service, "SELECT source, subject, sequence FROM stream")
        }
        verdict.events += len(rows)
        seen: Counter[tuple[str, str]] = Counter()
        for row in rows:
            stream = row["source"], row["subject"]
            seen[stream] += 1
            if row["sequence"] != seen[stream]:
                verdict.complain(
                    "hole in a journal", f"{service} {stream} has {row['sequence']} as its {seen[stream]}th"
                )
            found[row["subject"]].append(row)
        if dict(seen) != heads:
            verdict.complain("heads", f"the streams of {service} do not end where their journal does")
    return found


async def _streams(product: Judged, verdict: Verdict) -> None:
    for service in SERVICES:
        row = (
            await product.fetch(
                service,
                "SELECT coalesce(sum(applied), 0)::bigint AS applied,"
                " (SELECT count(*) FROM quarantine) AS quarantined FROM inbox_stream",
            )
        )[0]
        verdict.applications += row["applied"]
        verdict.quarantined += row["quarantined"]


async def _filings(product: Judged, client: Client, verdict: Verdict) -> None:
    """Each accepted filing is one request, with its own number; no other request exists; numbers have no holes."""
    rows = await product.fetch("intake", "SELECT id::text, number, body ->> 'title' AS title FROM request")
    promised = Counter(life.id for life in client.ledger.lives if life.id)
    there = {row["id"]: row for row in rows}
    for life in client.ledger.lives:
        if life.id and (life.id not in there or there[life.id]["number"] != life.number):
            verdict.complain("lost", f"the request {life.number} that was accepted")
    for key, count in promised.items():
        if count > 1:
            verdict.complain("doubled", f"two clients were given the request {key}")
    titles = Counter(row["title"] for row in rows)
    for life in client.ledger.lives:
        if titles[f"{life.kind} {life.key}"] > 1:
            verdict.complain("doubled", f"one filing made {titles[f'{life.kind} {life.key}']} requests: {life.key}")
    series: dict[str, list[int]] = defaultdict(list)
    for row in rows:
        prefix, _, last = row["number"].rpartition("-")
        series[prefix].append(int(last))
    for prefix, numbers in series.items():
        if sorted(numbers) != list(range(1, len(numbers) + 1)):
            verdict.complain("numbers", f"{prefix} has holes or doubles: {sorted(numbers)[-5:]}")


def promises(life: Life, told: Mapping[str, int], verdict: Verdict) -> None:
    """Every action that was accepted stands in a journal exactly once, and nothing else does.

    `told` counts the events of the request by their wire type.
    """
    told = Counter(told)
    for wire_types in life.exclusive:
        published = sum(told[wire_type] for wire_type in wire_types)
        if life.finished and published != 1:
            verdict.complain("crossed", f"{life.number} ({life.kind}): {published} of {', '.join(sorted(wire_types))}")
    for wire_type in {*told, *life.sure}:
        if wire_type in AUTOMATIC and wire_type not in life.sure:
            continue
        least, most = life.sure[wire_type], life.sure[wire_type] + life.maybe[wire_type]
        if not life.finished:
            most = max(most, least + 1)
        if told[wire_type] < least:
            verdict.complain("lost", f"{life.number} ({life.kind}): {told[wire_type]} of {least} {wire_type}")
        if told[wire_type] > most:
            verdict.complain("doubled", f"{life.number} ({life.kind}): {told[wire_type]} for {most} {wire_type}")


async def _ends(product: Judged, life: Life, verdict: Verdict) -> None:
    """The three services agree on where the request stands."""
    if not life.finished:
        return
    found = {
        "intake": [
            row["status"]
            for row in await product.fetch("intake", "SELECT status FROM request WHERE id = $1::text::uuid", life.id)
        ],
        "escalation": [
            row["state"]
            for row in await product.fetch(
                "escalation", "SELECT state FROM escalation WHERE request_id = $1::text::uuid", life.id
            )
        ],
    }
    for row in await product.fetch(
        "qualification", "SELECT departement, state FROM case_file WHERE request_id = $1::text::uuid", life.id
    ):
        found.setdefault(row["departement"], []).append(row["state"])
    stands(life, {place: states for place, states in found.items() if states}, verdict)


def stands(life: Life, found: Mapping[str, list[str]], verdict: Verdict) -> None:
    """The request stands where its life must end, or at another end that is as good; never partly at one of both."""
    expected = [{place: [state] for place, state in ends.items()} for ends in (life.ends, *life.or_ends)]
    if found not in expected:
        said = " or ".join(map(str, expected))
        verdict.complain("different", f"{life.number} ({life.kind}) stands at {found}, not at {said}")


async def _messages(product: Judged, life: Life, verdict: Verdict) -> None:
    """Every message that was accepted stands on both sides exactly once; one without an answer at most once."""
    sides = {
        "intake": await product.fetch("intake", "SELECT text FROM message WHERE request_id = $1::text::uuid", life.id),
        "qualification": await product.fetch(
            "qualification", "SELECT DISTINCT text, id FROM case_message WHERE request_id = $1::text::uuid", life.id
        ),
    }
    if life.finished and life.crosses:
        (taker,) = (place for place, state in life.ends.items() if place.isdigit() and state != "transferred")
        rows = await product.fetch(
            "qualification",
            "SELECT text FROM case_message WHERE request_id = $1::text::uuid AND departement = $2",
            life.id,
            taker,
        )
        for text in set(life.crosses) - {row["text"] for row in rows}:
            verdict.complain("lost", f"{life.number}: {text!r} did not cross to {taker}")
    for side, rows in sides.items():
        texts = Counter(row["text"] for row in rows)
        for text in life.sure_texts:
            if not texts[text] or (texts[text] > 1 and "transferred" not in life.kind):
                verdict.complain("message", f"{life.number}: {text!r} stands {texts[text]} times in {side}")
        for text in life.maybe_texts:
            if texts[text] > 1 and "transferred" not in life.kind:
                verdict.complain("doubled", f"{life.number}: {text!r} stands {texts[text]} times in {side}")


async def _documents(client: Client, life: Life, verdict: Verdict) -> None:
    """Every file that was accepted is given back as it came; one without an answer whole, or not at all."""
    if not life.sure_documents and not life.maybe_documents:
        return
    shown = await client.read("intake", f"/requests/{life.id}", life.token)
    urls = [(document["name"], document["url"]) for document in (shown or {"documents": []})["documents"]]
    given = Counter([(name, await client.download(url, life.token)) for name, url in urls])
    sure = Counter[tuple[str, bytes | None]]((one.name, one.content) for one in life.sure_documents)
    maybe = Counter[tuple[str, bytes | None]]((one.name, one.content) for one in life.maybe_documents)
    for name, _ in sure - given:
        verdict.complain("lost", f"{life.number}: the document {name}")
    for name, content in given - sure - maybe:
        what = "a document that nobody can open" if content is None else "a document too many or not whole"
        verdict.complain("document", f"{life.number}: {name} is {what}")


async def _timelines(client: Client, journal: Journal, verdict: Verdict) -> None:
    """What the applicant sees: each step once, sorted by time, and of each service in the order of its stream.

    A request that changed its département has two streams of qualification, between which there is no order.
    Which types show is learned from the timelines themselves: one that shows for one request shows for all. That an
    answer is prepared shows once where proposals follow each other.
    """
    seen = {}
    for life in client.ledger.lives:
        if life.id:
            shown = await client.read("intake", f"/requests/{life.id}", life.token)
            seen[life.id] = (shown or {"timeline": []})["timeline"]
    shows = {step["type"] for timeline in seen.values() for step in timeline}
    for request, timeline in seen.items():
        verdict.steps += len(timeline)
        number = request
        for before, after in pairwise(timeline):
            if datetime.fromisoformat(before["at"]) > datetime.fromisoformat(after["at"]):
                said = f"{before['at']} {before['type']}, then {after['at']} {after['type']}"
                verdict.complain("reordered", f"the timeline of {number} goes back in time: {said}")
        for service in SERVICES:
            told = [
                row["type"]
                for row in journal[request]
                if row["type"] in shows and row["type"].startswith(f"{service}.")
            ]
            steps = [step["type"] for step in timeline if step["type"].startswith(f"{service}.")]
            if steps.count(PREPARED) in range(min(1, told.count(PREPARED)), told.count(PREPARED) + 1):
                told, steps = ([step for step in some if step != PREPARED] for some in (told, steps))
            if Counter(told) != Counter(steps):
                missing, too_many = Counter(told) - Counter(steps), Counter(steps) - Counter(told)
                verdict.complain("timeline", f"{number} lacks {dict(missing)} and has {dict(too_many)} too many")
            elif told != steps and len(_streams_of(journal[request], service)) == 1:
                verdict.complain("reordered", f"the timeline of {number} tells {steps}, but {service} told {told}")


async def _mails(product: Judged, verdict: Verdict) -> None:
    """Every mail left; twice only after an attempt whose answer was lost. Which are owed is found by `_rebuilt`.

    What was gathered into a digest left with it: the digest is a mail of its own.
    """
    rows = await product.fetch(
        "notifications",
        """
        SELECT id, round, status, digest_id IS NOT NULL AS gathered,
               (SELECT count(*) FROM delivery_attempt a
                WHERE a.delivery_id = d.id AND a.round = d.round AND a.result = 'uncertain') AS unanswered
        FROM delivery d
        """,
    )
    verdict.mails = len(rows)
    accepted = product.mailbox.accepted
    known = set()
    for row in rows:
        message_id = f"<{row['id']}.{row['round']}@cousu.test>"
        known.add(message_id)
        times, status = accepted[message_id], row["status"]
        if status not in {"sent", "uncertain"}:
            verdict.complain("stuck", f"the mail {row['id']} is {status} (it left {times} times)")
            continue
        verdict.uncertain += status == "uncertain"
        verdict.mails_again += max(0, times - 1)
        if times == 0 and not row["gathered"]:
            verdict.complain("lost", f"the {status} mail {row['id']} never left")
        if times > row["unanswered"] + (status == "sent"):
            verdict.complain(
                "doubled",
                f"the {status} mail {row['id']} left {times} times, and the answer was lost {row['unanswered']} times",
            )
    for message_id in set(accepted) - known:
        verdict.complain("too many", f"a mail left that nobody owed: {message_id}")


async def _chains(product: Judged, verdict: Verdict) -> None:
    """`cousu-main journal verify` finds every chain whole."""
    try:
        said = json.loads(await product.command("journal", "verify", "--json"))
    except RuntimeError as error:
        verdict.complain("chains", str(error)[-2000:])
        return
    journals = said if isinstance(said, list) else said.get("journals", [])
    verified = sum(journal["events"] for journal in journals)
    if verified < verdict.events:
        verdict.complain("chains", f"only {verified} of {verdict.events} events were verified")


async def _rebuilt(product: Judged, verdict: Verdict) -> None:
    """`cousu-main replay` rebuilds each service from all journals, and finds what it shows, the mails owed among it."""
    try:
        said = await product.command("replay")
    except RuntimeError as error:
        verdict.complain("rebuilt", str(error)[:4000])
        return
    alike = re.findall(r"(\d+) rows alike, identical$", said, re.MULTILINE)
    verdict.rebuilt = sum(int(rows) for rows in alike)
    if len(alike) < len(SERVICES):
        verdict.complain("rebuilt", said)


def _streams_of(rows: list[asyncpg.Record], service: str) -> set[str]:
    return {row["source"] for row in rows if row["type"].startswith(f"{service}.")}
