"""A request's way as a diagram."""

from datetime import timedelta
from typing import Any

from services.operations.reads.journals import Event
from services.operations.web.sequence import diagram
from services.operations.web.words import between
from shared.clock import new_id, now

SERVICES = ["intake", "qualification", "escalation", "notifications"]
AT = now()


def an_event(service: str = "intake", *, seconds_ago: float = 3600, **changes: Any) -> Event:
    """An event that everybody else has applied, unless told otherwise."""
    told: dict[str, Any] = {
        "service": service,
        "id": str(new_id()),
        "type": "intake.message_posted.v1",
        "source": f"/{service}",
        "sequence": 1,
        "time": AT,
        "recorded_at": AT - timedelta(seconds=seconds_ago),
        "departement": "95",
        "cause": None,
        "sent": True,
        "applied_by": [name for name in SERVICES if name != service],
    }
    return Event(**told | changes)


def test_an_arrow_reaches_whoever_applied_it_and_stops_before_whoever_has_not_got_it() -> None:
    drawn = diagram([an_event(applied_by=["qualification"], missing_at=["notifications"])], SERVICES)
    intake, qualification, _, notifications = (lane.at for lane in drawn.lanes)
    reached, stopped = drawn.rows[0].arrows
    assert (reached.start, reached.end, reached.how) == (intake, qualification, "applied")
    assert intake < stopped.end < notifications
    assert stopped.how == "missing"


def test_each_event_says_how_long_after_the_one_before_it_was_recorded() -> None:
    events = [an_event(seconds_ago=one) for one in (7200, 7199.979, 3600, 0)]
    assert [row.after for row in diagram(events, SERVICES).rows] == [
        "",
        "+\u00a021\u00a0ms",
        "+\u00a059\u00a0min",
        "+\u00a01\u00a0h",
    ]


def test_times_between_are_said_as_exactly_as_matters() -> None:
    assert [between(one) for one in (-1, 0.0042, 2.36, 75, 90_000)] == [
        "0\u00a0ms",
        "4\u00a0ms",
        "2,4\u00a0s",
        "1\u00a0min",
        "1\u00a0j",
    ]


def test_an_event_that_nobody_has_got_yet_is_said_so_in_the_table() -> None:
    [row] = diagram([an_event(sent=False, applied_by=[], missing_at=["qualification"])], SERVICES).rows
    assert row.states == (
        ("pas encore envoyé par", "Dépôt des demandes"),
        ("pas encore arrivé chez", "Départements"),
    )
