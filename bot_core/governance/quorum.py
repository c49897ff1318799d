"""Is a quorum met? Everybody who signed fills at most one place; the best distribution of people over roles counts."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping


def missing(asked: Mapping[str, int], signed: Mapping[str, Collection[str]], *, distinct: bool) -> dict[str, int]:
    """Return how many approvals each role still lacks; empty when the quorum is met.

    Args:
        asked: role → approvals needed.
        signed: role → the people who approved in it.
        distinct: one person counts for one role only.

    >>> missing({"risk": 1, "data": 1}, {"risk": {"ann"}, "data": {"ann", "bob"}}, distinct=True)
    {}
    >>> missing({"risk": 1, "data": 1}, {"risk": {"ann"}, "data": {"ann"}}, distinct=True)
    {'risk': 1}
    """
    if not distinct:
        lacking = {role: count - len(set(signed.get(role, ()))) for role, count in asked.items()}
        return {role: count for role, count in lacking.items() if count > 0}
    places = [(role, i) for role, count in sorted(asked.items()) for i in range(count)]
    holder: dict[str, tuple[str, int]] = {}
    for place in places:
        _seat(place, signed, holder, set())
    return dict(Counter(role for role, i in places if (role, i) not in holder.values()))


def _seat(
    place: tuple[str, int], signed: Mapping[str, Collection[str]], holder: dict[str, tuple[str, int]], tried: set[str]
) -> bool:
    """Give a place to somebody, moving others where that frees one (an augmenting path; Kuhn, 1955)."""
    for person in sorted(signed.get(place[0], ())):
        if person in tried:
            continue
        tried.add(person)
        if person not in holder or _seat(holder[person], signed, holder, tried):
            holder[person] = place
            return True
    return False
