"""What the configuration says of recipients, and what it does not know."""

from gateway.evidence.reports.register import NO_PROCESSOR, UNKNOWN, register_of
from gateway.settings import Settings
from gateway.settings.identity import Tenant
from gateway.settings.zones import Agreement, Processor, Zone


def test_processors_zones_and_retention_are_those_that_are_configured() -> None:
    agreement = Agreement(kind="SCC", digest="sha256:0", valid_until="2027-01-01", classes=("pii",))
    settings = Settings(
        tenant=(Tenant(id="clinic", name="Clinic", retention_days=30),),
        zone=(Zone(id="in-house", trusted=True, region="DE"), Zone(id="cloud")),
        processor=(
            Processor(id="big", legal_name="Big Inc.", address="1 Main St", country="US", agreement=agreement),
            Processor(id="small", legal_name="Small Ltd", address="2 Main St", country="GB"),
        ),
    )
    register = register_of(settings, "clinic")
    assert (register.tenant, register.retention_days) == ("Clinic", 30)
    assert (register.party("big").safeguard, register.party("small").safeguard) == ("SCC", "none configured")
    assert (register.place("in-house").trusted, register.place("cloud").region) == (True, UNKNOWN)
    assert register.party("other").country == register.place("other").region == UNKNOWN
    own = register.party("none")  # as records do that name no processor
    assert {own.legal_name, own.address, own.country, own.safeguard} == {NO_PROCESSOR}
    assert (register_of(settings, "_system").tenant, register_of(settings, "_system").retention_days) == ("_system", 0)
