"""What keeps small groups out of the published figures."""

from tests.faults.teeth.bug import Bug, bug

_DISCLOSURE = "services/intake/domain/disclosure.py"

BUGS: tuple[Bug, ...] = (
    bug(
        "tables_not_compared",
        "A published table may say of the whole what leaves a small part of another table no room.",
        "published_figures",
        _DISCLOSURE,
        "        return max(0, sum(self.most.values()) - max(room, STEP - 1))\n",
        "        return 1_000_000 + room\n",
    ),
    bug(
        "month_published_again",
        "A month that is over is published with another number once more is known of it.",
        "published_figures",
        _DISCLOSURE,
        "        self._months.shown |= over\n",
        "",
    ),
    bug(
        "moments_not_compared",
        "Figures are published whatever their difference with earlier ones says.",
        "published_figures",
        _DISCLOSURE,
        "    if earlier and (drawing.stuck or any(drawing.reveals(before) for before in earlier)):\n",
        "    if earlier and drawing.stuck:\n",
    ),
    bug(
        "sum_changed_by_anybody",
        "A published sum of money changes by the grant of a single applicant.",
        "published_figures",
        _DISCLOSURE,
        "    return len(sizes) >= FEWEST and max(sizes) <= LARGEST_SHARE * sum(sizes)\n",
        "    return bool(sizes)\n",
    ),
)
