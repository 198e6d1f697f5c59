"""How long the properties are looked for: seconds in CI, always the same steps; hours with HYPOTHESIS_PROFILE=long.

The quick profile derives its steps from the test alone: what fails there fails again. The long one draws new steps
each time, remembers what failed in `.hypothesis`, and prints what reproduces it.
"""

import os
from typing import Final

from hypothesis import HealthCheck, Phase, settings

LONG: Final = os.environ.get("HYPOTHESIS_PROFILE") == "long"
MORE: Final = 200
"""How many times as many examples the long profile looks at."""


def effort(*, examples: int, steps: int) -> settings:
    """Give so many lives of so many steps each; the long profile looks at longer lives too."""
    if LONG:
        return settings(
            max_examples=examples * MORE,
            stateful_step_count=steps * 2,
            deadline=None,
            print_blob=True,
            suppress_health_check=list(HealthCheck),
        )
    return settings(
        max_examples=examples,
        stateful_step_count=steps,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.explicit, Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
    )
