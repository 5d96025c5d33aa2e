"""What sticks to data subjects, as this process last read it: who is one with whom, and whose data are restricted."""

from collections.abc import Iterable, Mapping

import msgspec

RESTRICTED = "restricted"
"""The data class of what names a data subject whose data are restricted (GDPR Art. 18), or about to be erased: policy
denies it where no rule says otherwise."""
_NONE: frozenset[str] = frozenset()


class SubjectFlags(msgspec.Struct, frozen=True, kw_only=True):
    """A tenant's flags as they were at one revision of its head, or newer: never older."""

    revision: int
    """The revision of the deny-list, which moves with these too: one number is compared at each intent."""
    classes: Mapping[str, frozenset[str]]
    """Pseudonym → the data classes that stick to it; only of those that have any."""

    def of(self, subjects: Iterable[str]) -> frozenset[str]:
        """The data classes that stick to any of these."""
        if not self.classes:
            return _NONE
        return _NONE.union(*(self.classes.get(subject, _NONE) for subject in subjects))


UNREAD = SubjectFlags(revision=-1, classes={})
"""Before anything was read."""


def together(pairs: Iterable[tuple[str, str]]) -> dict[str, frozenset[str]]:
    """Who is one with whom: each pseudonym of a pair → all that are one with it, itself among them."""
    groups: dict[str, set[str]] = {}
    for one, other in pairs:
        group = groups.get(one, {one}) | groups.get(other, {other})
        for member in group:
            groups[member] = group
    found = {id(group): frozenset(group) for group in groups.values()}
    return {member: found[id(group)] for member, group in groups.items()}
