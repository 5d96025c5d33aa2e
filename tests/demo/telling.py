"""Things to tell, for tests."""

from typing import Any

from gateway.demo.report import PassedOver, Told


def told(**fields: Any) -> Told:
    """A conversation that held, changed by these fields."""
    standard: dict[str, Any] = {
        "id": "c-1",
        "desk": "bank",
        "title": "A letter",
        "caller": "teller",
        "target": "sky",
        "stream": False,
        "status": 200,
        "error": None,
        "exchange": "e-1",
        "found": {"email": 1},
        "classes": ("pii",),
        "decision": "redact",
        "agent": "sky",
        "zone": "cloud",
        "passed_over": (PassedOver(agent="moon", answer="deny", rule="no-moon"),),
        "masked": {"[EMAIL]": 1},
        "rules": ("pii-cloud-masked",),
        "because": "Messages go to a cloud agent with personal identifiers masked.",
        "answered": "route",
        "answer_because": "",
        "pieces": 1,
        "differences": (),
    }
    return Told(**{**standard, **fields})
