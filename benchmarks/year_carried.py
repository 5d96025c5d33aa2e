"""All that bundles of a year in a database carry, against the truth: reports, OSCAL, the forms of others, and what the
verifier counts."""

from collections.abc import Iterable

from benchmarks.year_bundles import About, make, verifier_faults
from benchmarks.year_command import Command
from benchmarks.year_filling import Written
from benchmarks.year_forms import form_faults
from benchmarks.year_oscal import oscal_faults

REPORTS = ("reports",)
FORMS = (*REPORTS, "csv", "disclosures", "fhir", "ocsf", "oscal")


def bundle_faults(written: Written, run: Command, about: Iterable[About], attach: tuple[str, ...] = FORMS) -> list[str]:
    """What differs in bundles about these, which take these kinds along, `reports` among them."""
    found: list[str] = []
    for one in about:
        bundle = make(written, run, one, attach)
        if isinstance(bundle, str):
            found.append(f"bundle {one.name}: {bundle}")
            continue
        faults = [*bundle.report_faults(), *verifier_faults(bundle, run)]
        faults += oscal_faults(bundle) if "oscal" in attach else ()
        faults += form_faults(bundle) if attach == FORMS else ()
        found += (f"bundle {one.name}: {fault}" for fault in faults)
    return found
