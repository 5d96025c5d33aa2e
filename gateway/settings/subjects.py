"""Requests of data subjects: who must agree, and how long things take."""

import msgspec

from gateway.core.errors import ConfigurationError
from gateway.settings.forms import check_between

LINKABLE = ("mrn", "plan-id", "email", "national-id")


class SubjectSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Holds and erasures."""

    hold_four_eyes: bool = False
    """Whether a legal hold is placed, and lifted, only when a second person says so too."""
    erasure_delay_h: int = 72
    """Hours between the second person's yes to an erasure and the end of the first key."""
    backups_days: int = 30
    """Days after which no backup holds what was erased: an erasure's record says until when."""
    link: tuple[str, ...] = ()
    """Identifiers that, found in a message, say whom it is about."""


def check_subjects(subjects: SubjectSettings) -> None:
    check_between("subjects.erasure_delay_h", subjects.erasure_delay_h, 0, 720)
    check_between("subjects.backups_days", subjects.backups_days, 0, 3_650)
    if len(set(subjects.link)) != len(subjects.link) or not set(LINKABLE).issuperset(subjects.link):
        raise ConfigurationError(f"subjects.link must name each at most once of {', '.join(LINKABLE)}")
