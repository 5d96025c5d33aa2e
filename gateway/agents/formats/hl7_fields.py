"""Which fields of HL7 v2 segments hold what, by the standard (HL7 v2.5.1 to 2.9, chapters 2A, 3, 4, 6, 7, 8, 10).

A field is written as `number=DATATYPE`, or `number=DATATYPE:type` where the datatype alone does not say what its value
is. Fields that are not here are scanned as text.
"""

from collections.abc import Mapping, Sequence

_SEGMENTS = {
    "EVN": "5=XCN 6=TS:date",
    "PID": "2=CX:mrn 3=CX:mrn 4=CX:mrn 5=XPN 6=XPN 7=TS:date-of-birth 9=XPN 10=CWE:special-ethnicity 11=XAD"
    " 12=IS:place 13=XTN 14=XTN 17=CWE:special-religion 18=CX:account 19=IS:us-ssn 20=DLN 21=CX:mrn"
    " 22=CWE:special-ethnicity 23=IS:place 29=TS:date 33=TS:date 40=XTN",
    "PD1": "3=XON 4=XCN 14=XON",
    "NK1": "2=XPN 4=XAD 5=XTN 6=XTN 8=TS:date 9=TS:date 12=CX:account 13=XON 16=TS:date-of-birth"
    " 25=CWE:special-religion 26=XPN 28=CWE:special-ethnicity 30=XPN 31=XTN 32=XAD 33=CX:mrn"
    " 35=CWE:special-ethnicity 37=IS:us-ssn 38=IS:place 40=XTN 41=XTN",
    "PV1": "5=CX:account 7=XCN 8=XCN 9=XCN 17=XCN 19=CX:account 44=TS:date 45=TS:date 50=CX:account 52=XCN",
    "PV2": "3=CWE:health-term 8=TS:date 9=TS:date 12=IS:health-term 13=XCN 14=TS:date 17=TS:date 23=XON 28=TS:date"
    " 33=TS:date",
    "MRG": "1=CX:mrn 2=CX:mrn 3=CX:account 4=CX:mrn 5=CX:account 6=CX:account 7=XPN",
    "GT1": "2=CX:account 3=XPN 4=XPN 5=XAD 6=XTN 7=XTN 8=TS:date-of-birth 12=IS:us-ssn 13=TS:date 14=TS:date 16=XPN"
    " 17=XAD 18=XTN 19=CX:account 21=XON 41=CWE:special-religion 42=XPN 44=CWE:special-ethnicity 45=XPN 46=XTN"
    " 51=XON 55=CWE:special-ethnicity 56=IS:place",
    "IN1": "3=CX:health-plan-id 4=XON 5=XAD 6=XPN 7=XTN 8=IS:health-plan-id 9=XON 10=CX:health-plan-id 11=XON"
    " 12=TS:date 13=TS:date 16=XPN 18=TS:date-of-birth 19=XAD 24=TS:date 26=TS:date 29=TS:date 30=XCN"
    " 36=IS:health-plan-id 44=XAD 49=CX:health-plan-id 52=IS:place",
    "IN2": "1=CX:account 2=IS:us-ssn 3=XCN 5=IS:account 6=IS:health-plan-id 7=XPN 8=IS:health-plan-id 9=XPN"
    " 10=IS:account 22=XPN 25=CX:health-plan-id 26=CX:health-plan-id 39=CWE:special-religion 40=XPN"
    " 42=CWE:special-ethnicity 49=XPN 50=XTN 52=XPN 53=XTN 58=XTN 61=CX:health-plan-id 63=XTN 64=XTN 69=XON"
    " 70=XON 71=CWE:special-ethnicity",
    "IN3": "3=XCN 7=TS:date 8=XCN 14=XCN 16=XCN 19=XTN 25=XCN",
    "ACC": "1=TS:date 7=XCN 8=XPN 11=XAD",
    "UB2": "17=IS:account",
    "ORC": "7=TQ 9=TS:date 10=XCN 11=XCN 12=XCN 14=XTN 15=TS:date 19=XCN 21=XON 22=XAD 23=XTN 24=XAD 27=TS:date",
    "OBR": "4=CWE:health-term 6=TS:date 7=TS:date 8=TS:date 10=XCN 13=IS:health-term 14=TS:date 16=XCN 17=XTN"
    " 22=TS:date 28=XCN 31=CWE:health-term 32=NDL 33=NDL 34=NDL 35=NDL 36=TS:date 44=CWE:health-term",
    "OBX": "3=CWE:health-term 14=TS:date 16=XCN 19=TS:date 23=XON 24=XAD 25=XCN",
    "NTE": "5=XCN",
    "DG1": "3=CWE:icd-10 4=IS:health-term 5=TS:date 16=XCN 19=TS:date",
    "DRG": "1=CWE:health-term",
    "PR1": "3=CWE:health-term 4=IS:health-term 5=TS:date 8=XCN 11=XCN 12=XCN 15=CWE:icd-10",
    "AL1": "3=CWE:health-term 5=IS:health-term 6=TS:date",
    "IAM": "3=CWE:health-term 5=IS:health-term 11=TS:date 13=TS:date 14=XPN 18=XCN 19=XON",
    "PRB": "2=TS:date 3=CWE:icd-10 7=TS:date 8=TS:date 9=TS:date 15=TS:date 16=TS:date",
    "RXA": "3=TS:date 4=TS:date 5=CWE:medication 10=XCN 16=TS:date 18=CWE:health-term 19=CWE:health-term 22=TS:date",
    "RXC": "2=CWE:medication",
    "RXD": "2=CWE:medication 3=TS:date 7=IS:account 10=XCN",
    "RXE": "2=CWE:medication 13=XCN 14=XCN 15=IS:account 18=TS:date 27=CWE:health-term 32=TS:date",
    "RXG": "4=CWE:medication",
    "RXO": "1=CWE:medication 14=XCN 15=XCN 20=CWE:health-term",
    "ROL": "4=XCN 5=TS:date 6=TS:date 11=XAD 12=XTN",
    "PRT": "5=XCN 8=XON 11=TS:date 12=TS:date 14=XAD 15=XTN",
    "SCH": "6=CWE:health-term 7=CWE:health-term 12=XCN 13=XTN 14=XAD 16=XCN 17=XTN 18=XAD 20=XCN",
    "AIP": "3=XCN 6=TS:date",
    "AIS": "3=CWE:health-term 4=TS:date",
    "TXA": "4=TS:date 5=XCN 6=TS:date 7=TS:date 8=TS:date 9=XCN 10=XCN 11=XCN 22=XCN 23=XCN",
    "SPM": "4=CWE:health-term 17=TS:date 18=TS:date",
    "QRD": "1=TS:date 8=XCN",
    "CTD": "2=XPN 3=XAD 5=XTN 7=CX:account",
    "STF": "2=CX:account 3=XPN 6=TS:date-of-birth 10=XTN 11=XAD 12=TS:date 13=TS:date 15=IS:email"
    " 22=IS:us-driver-license 26=IS:us-ssn",
    "PRA": "6=CX:certificate",
    "FT1": "4=TS:date 5=TS:date 13=CWE:health-term 19=CWE:icd-10 20=XCN 21=XCN 24=XCN 25=CWE:health-term",
    "BLG": "3=CX:account",
    "PDA": "1=CWE:icd-10 2=PL 4=TS:date 6=TS:date 7=XCN 9=TS:date",
}  # fmt: skip

_COMPONENTS: Mapping[str, Mapping[int, str]] = {
    "XPN": dict.fromkeys((1, 2, 3, 4, 5), "person"),
    "PPN": dict.fromkeys((2, 3, 4, 5, 6), "person"),
    "XCN": dict.fromkeys((2, 3, 4, 5, 6), "person"),
    "NDL": {1: "person"},
    "XAD": {
        1: "street-address",
        2: "street-address",
        3: "place",
        5: "postal-code",
        8: "place",
        9: "place",
        10: "place",
        19: "street-address",
        22: "street-address",
    },
    "XTN": {1: "phone", 4: "email", 6: "phone", 7: "phone", 8: "phone", 10: "phone", 12: "phone"},
    "XON": {1: "organization"},
    "DLN": {1: "us-driver-license", 3: "date"},
    "DT": {1: "date"},
    "DTM": {1: "date"},
    "TS": {1: "date"},
    "DR": {1: "date", 2: "date"},
    "PN": dict.fromkeys((1, 2, 3, 4, 5), "person"),
    "AD": {1: "street-address", 2: "street-address", 3: "place", 5: "postal-code"},
    "TN": {1: "phone"},
    "CP": {},
    "CN": dict.fromkeys((2, 3, 4, 5, 6), "person"),
    "CK": {1: "mrn"},
}
_IDENTIFIERS = {
    **dict.fromkeys(("MR", "MRN", "MRT", "PI", "PT", "PE", "ANON", "U", "RI"), "mrn"),
    **dict.fromkeys(("AN", "VN", "AC", "ANC", "PATA", "CZ"), "account"),
    **dict.fromkeys(
        ("MA", "MB", "MC", "MCD", "MCR", "NH", "NIIP", "SN", "HC", "JHN", "WC", "PPIN", "MI"), "health-plan-id"
    ),
    "SS": "us-ssn",
    "DL": "us-driver-license",
    "PPN": "us-passport",
    "NPI": "npi",
    "DEA": "dea",
    "DDS": "certificate",
    "LN": "certificate",
    "MD": "certificate",
    "BA": "bank-account",
    "BC": "card",
    "TAX": "us-ein",
    "EN": "account",
}  # fmt: skip
"""Identifier types (HL7 table 0203)."""
_CODED = frozenset({"CWE", "CE", "CNE", "CF"})
TEMPORAL = frozenset({"DT", "TM", "TS", "DTM", "DR", "NM", "SI", "SN"})
"""Datatypes whose values a placeholder cannot be: such a value is emptied instead (HL7 v2.9 §2.5.3, no value)."""

FIELDS: Mapping[tuple[str, int], tuple[str, str]] = {
    (segment, int(number)): (kind.partition(":")[0], kind.partition(":")[2])
    for segment, fields in _SEGMENTS.items()
    for number, _, kind in (field.partition("=") for field in fields.split())
}
"""(segment, field) → (datatype, the type of its value where the datatype does not tell)."""


def known_of(datatype: str, value: str, component: int, components: Sequence[str]) -> str:
    """The finding type of one component (from 1) of a field's repetition; empty where the standard does not tell.

    `components` are the repetition's, from the first: some say what another one is.
    """
    if datatype == "CX":
        return _identifier(components, 4, value) if component == 1 else ""
    if datatype in ("XCN", "CN") and component == 1:
        return _identifier(components, 12, "certificate")
    if datatype in _CODED:
        return _coded(value, component)
    if datatype in ("IS", "TX", "ST", "FT"):
        return value
    if datatype in ("TS", "DT", "DTM") and value:
        return value if component == 1 else ""
    return _COMPONENTS.get(datatype, {}).get(component, "")


def _identifier(components: Sequence[str], at: int, otherwise: str) -> str:
    return _IDENTIFIERS.get(components[at].strip().upper(), otherwise) if len(components) > at else otherwise


def _coded(value: str, component: int) -> str:
    """Code and text of a coded element and of its alternate: the text of a diagnosis is a health term."""
    if component in (1, 4):
        return value
    return ("health-term" if value == "icd-10" else value) if component in (2, 5, 9) else ""
