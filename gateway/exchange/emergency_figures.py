"""How things stand with a node's emergency ledger: figures for whoever watches."""

import msgspec

STATES = ("unready", "standing", "serving", "spent", "leaving", "stitching")


class EmergencyFigures(msgspec.Struct, frozen=True, kw_only=True):
    """`state`: one of `STATES`; `begun`: emergencies since the start; `records`: of the largest of its ledgers now;
    `left`: emergencies that are over and wait to be stitched in; the copy's age and rows are None while there is
    none."""

    state: str
    begun: int
    records: int
    left: int
    copy_age_s: float | None
    copy_rows: int | None
