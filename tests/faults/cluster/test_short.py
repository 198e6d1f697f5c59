"""A node dies, once, so that each change meets it; more: `python -m tests.faults.cluster`."""

import pytest

from tests.faults.cluster.gap import measure

pytestmark = pytest.mark.faults


async def test_service_goes_on_while_a_node_is_away_and_nothing_is_lost() -> None:
    gaps = await measure(1, calm=2.0, listens_for=10.0)
    assert gaps.told > 0
    assert gaps.heard == gaps.told
    assert gaps.applied[0] < gaps.back[0], "what was told while the node was away took effect before it was back"
    assert set(gaps.members) == {3}, "each queue has a member on every node"
