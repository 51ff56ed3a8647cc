"""Whether one method is below others on groups of cases, judged so that many groups do not make chance findings.

A mean difference is tested against minus the margin, on either side, by resampling the cases in pairs. In a family of
groups, such as the topics of a task, the tests of a side are corrected together by Holm's step-down procedure (Holm
1979, A simple sequentially rejective multiple test procedure), so that a family of which nothing is true has a false
finding on that side in at most 1 of 40 evaluations, as far as the resampling is right.
"""

import math
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, TypeVar

from knowledge.evaluation.bootstrap import Bootstrap, Values

LEAST_CASES: Final = 30
"""Groups of fewer cases get no verdict."""
_LEVEL: Final = 0.025  # of each side, as a 95 % interval has it
_UNSEEN: Final = 3
Key = TypeVar("Key", bound=Hashable)


class Verdict(StrEnum):
    """Where a method stands against the better of the others."""

    NOT_BELOW = "not below"
    """It is shown that it is not below any of them by more than the margin."""
    BELOW = "below"
    """It is shown that it is below one of them by more than the margin."""
    OPEN = "open"
    """Neither is shown."""
    TOO_FEW = "too few"
    """The group has fewer than 30 cases, or there is no other method."""


@dataclass(frozen=True)
class Judge:
    """Gives the verdicts of a family of groups."""

    bootstrap: Bootstrap
    margin: float

    def verdicts(self, family: Sequence[Mapping[str, Values]]) -> list[Verdict]:
        """One for each group of the family; a group has its differences, a case each, by the other method's name.

        Below is who is below any of the others. Not below is who is below none, for which each test alone suffices
        (Berger 1982, Multiparameter hypothesis testing and acceptance sampling). As resampling knows only of losses
        that it has seen, three whole ones that it has not must not change that either: as many are not ruled out where
        none was seen (Hanley and Lippman-Hand 1983, If nothing goes wrong, is everything all right?).
        """
        judged = {
            place: group
            for place, group in enumerate(family)
            if min((len(each) for each in group.values()), default=0) >= LEAST_CASES
        }
        sides = self._sides(judged)
        below = {place for place, _ in _holm({key: low for key, (low, _) in sides.items()})}
        above = {
            place: max(sides[place, peer][1] for peer in group)
            for place, group in judged.items()
            if all(each.mean() - _UNSEEN / len(each) > -self.margin for each in group.values())
        }
        not_below = _holm(above, tests=len(judged))
        return [
            Verdict.TOO_FEW
            if place not in judged
            else Verdict.BELOW
            if place in below
            else Verdict.NOT_BELOW
            if place in not_below
            else Verdict.OPEN
            for place in range(len(family))
        ]

    def _sides(
        self, judged: Mapping[int, Mapping[str, Values]]
    ) -> dict[tuple[int, str], tuple[float, float]]:
        """The chance of what was seen if a method were not below another one by more than the margin; and if it were."""
        tests = sum(len(group) for group in judged.values())
        # With fewer resamples no share could be small enough for the first step of the correction.
        drawn = Bootstrap(self.bootstrap.seed, max(self.bootstrap.resamples, math.ceil(2 * tests / _LEVEL)))
        return {
            (place, peer): drawn.sides(differences, -self.margin)
            for place, group in judged.items()
            for peer, differences in group.items()
        }


def _holm(chances: Mapping[Key, float], *, tests: int | None = None) -> set[Key]:
    """What is shown at the level, when so many tests were made in all."""
    shown: set[Key] = set()
    left = len(chances) if tests is None else tests
    for key, chance in sorted(chances.items(), key=lambda item: item[1]):
        if chance > _LEVEL / left:
            break
        shown.add(key)
        left -= 1
    return shown
