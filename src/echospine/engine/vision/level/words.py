"""What a count rests on, in one sentence."""

from __future__ import annotations

from dataclasses import dataclass

from echospine.engine.vision.level.anatomy import NAMES, TOP

SURE = 0.9
BETWEEN = 0.3
"""From this far off the tips on, levels, a picture lies between two of them."""
LONG_DARK_S = 1.0
FIVE = 0.85


@dataclass(frozen=True, slots=True)
class Told:
    """What is to be told of a count.

    `height`: the likeliest, levels; `sacrum`, `rib`: which anchors were seen; `dark_s`: for how long nothing was seen;
    `five`: share of the belief in five lumbar vertebrae; `sure`: share of the likeliest level;
    `tracked`: whether the way of the probe is known.
    """

    height: float
    sacrum: bool
    rib: bool
    dark_s: float
    five: float
    sure: float
    tracked: bool

    @property
    def anchor(self) -> str:
        """What was counted from."""
        seen = [name for name, there in (("the sacrum", self.sacrum), ("the last rib", self.rib)) if there]
        return " and ".join(seen)


def reason(told: Told) -> str:
    """Return one sentence for a clinician on what the count rests on, or what it lacks."""
    anchor = told.anchor
    if not anchor:
        return "Neither the sacrum nor the last rib has been seen: slide down to the sacrum, and count from there."
    if told.dark_s > LONG_DARK_S:
        return f"Counted from {anchor}, but nothing was seen for {told.dark_s:.0f} s: if in doubt, count once more."
    if told.sacrum and told.five < FIVE:
        return "There may be four or six lumbar vertebrae: compare with other images before you rely on the number."
    if not told.tracked:
        return f"Counted from {anchor} without a tracker, so never sure: compare with a second count."
    if told.sure < SURE:
        return f"Counted from {anchor}, and not sure: slide slowly from {anchor} once more."
    return f"Counted from {anchor}{_where(told)}."


def _where(told: Told) -> str:
    nearest = round(told.height)
    if abs(told.height - nearest) < BETWEEN:
        return ""
    above = int(told.height // 1)
    upper, lower = (NAMES[min(max(one - TOP, 0), len(NAMES) - 1)] for one in (above, above + 1))
    return f"; the picture lies between the spinous processes of {upper} and {lower}"
