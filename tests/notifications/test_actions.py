"""The table of actions: whatever a subscription allows has one row, and no row has another name."""

from services.notifications.domain.webhooks import State
from services.notifications.reads.webhooks import _ACTIONS
from services.notifications.web.webhook_actions import ON_A_WEBHOOK


def test_each_action_that_a_subscription_allows_has_one_row_with_a_form_and_a_call() -> None:
    rows = [action.name for action in ON_A_WEBHOOK]
    assert sorted(rows) == sorted({name for names in _ACTIONS.values() for name in names})
    assert all(action.api and action.path is not None for action in ON_A_WEBHOOK)
    assert _ACTIONS.keys() == set(State)
