"""Which roles a policy speaks of, and where."""

from .making import policy

_LINES = """
g, role:nurse, role:user
g, caller:default/alice, role:lead
g, caller:elsewhere/bob, role:chief
f, role:intern, class:pii
x, role:guest, chat
p, 10, role:gone, class:any, zone:*, *, purpose:*, always, deny, none, closed, "Nobody of these."
p, 11, role:*, class:any, agent:sky, *, purpose:*, always, deny, none, sky-closed, "Nobody at all."
p, 12, role:gone, class:pii, zone:in-house, *, purpose:*, always, allow, none, open, "They might have."
"""


def test_roles_are_told_with_the_rules_and_lines_that_are_about_them() -> None:
    found = policy(_LINES).asked("default")
    assert found.roles == {"gone": ("closed", "open"), "intern": ("an f line",), "guest": ("an x line",)}
    assert found.members == {"clerk", "clinician", "nurse"}
    assert found.named == {"lead"}, "of another tenant's callers none"


def test_who_has_a_role_has_the_broader_ones() -> None:
    assert policy(_LINES).held(["nurse", "stranger"]) == {"nurse", "user", "stranger"}


def test_tools_are_told_by_their_names_and_patterns_of_several_are_not() -> None:
    found = policy(
        """
x, role:guest, tool:look_up
p, 10, role:*, class:any, zone:*, tool:send_mail, purpose:*, always, deny, none, no-mail, "No mail."
p, 11, role:*, class:any, zone:*, tool:send_mail, purpose:*, always, deny, none, none-at-all, "None at all."
p, 12, role:*, class:any, zone:*, tool:send_*, purpose:*, always, deny, none, nothing, "Nothing is sent."
"""
    ).asked("default")
    assert found.tools == {"send_mail": ("no-mail", "none-at-all"), "look_up": ("an x line",)}
