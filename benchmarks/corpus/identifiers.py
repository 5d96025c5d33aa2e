"""Numbers that states, hospitals, banks and makers give out, each with the check digits that its issuer defines.

Written from the issuers' definitions, and independent of the engine's validators, so that one cannot hide the other's
mistakes.
"""

from itertools import pairwise

from benchmarks.corpus.rows import Maker, Making, digits

_MBI_LETTERS = "ACDEFGHJKMNPQRTUVWXY"
_VIN_VALUES = dict(zip("ABCDEFGHJKLMNPRSTUVWXYZ", (*range(1, 9), 1, 2, 3, 4, 5, 7, 9, *range(2, 10)), strict=True))
_VIN_WEIGHTS = (8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2)
_PERMUTED = (1, 5, 7, 6, 2, 8, 3, 0, 9, 4)
_DNI_LETTERS = "TRWAGMYFPDXBNJZSQVHLCKE"
_CF_ODD = (1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23)
_CF_PLACES = {one: place % 26 for place, one in enumerate("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789")}
_EIN_PREFIXES = ("12", "20", "27", "35", "41", "46", "58", "63", "77", "84", "94")
_ITIN_GROUPS = (*range(70, 89), *range(90, 93), *range(94, 100))
_CODES = (
    "E11.9", "I10", "J45.909", "M54.5", "F32.9", "K21.9", "C50.911", "N18.3", "G43.909", "I48.91", "J18.9", "S52.501A",
    "Z79.4", "O80", "B20", "L40.0",
)  # fmt: skip


def luhn_digit(payload: str) -> str:
    """The check digit that ISO/IEC 7812-1 Annex B puts behind these digits."""
    total = 0
    for place, character in enumerate(reversed(payload)):
        value = int(character) * (2 if place % 2 == 0 else 1)
        total += value - 9 if value > 9 else value
    return str(-total % 10)


def ssn_parts(making: Making) -> tuple[str, str, str]:
    """Area, group and serial as the US Social Security Administration gives them out."""
    chance = making.chance
    area = chance.choice([number for number in range(1, 900) if number != 666])
    return f"{area:03}", f"{chance.randrange(1, 100):02}", f"{chance.randrange(1, 10_000):04}"


def ssn(making: Making) -> str:
    return making.chance.choice(("-", "-", "-", "-", "-", "-", " ", "")).join(ssn_parts(making))


def itin(making: Making) -> str:
    group = making.chance.choice(_ITIN_GROUPS)
    return f"9{making.chance.randrange(100):02}-{group}-{making.chance.randrange(1, 10_000):04}"


def npi(making: Making) -> str:
    payload = digits(making, "1########")
    return payload + luhn_digit("80840" + payload)


def dea(making: Making) -> str:
    payload = digits(making, "######")
    total = sum(map(int, payload[::2])) + 2 * sum(map(int, payload[1::2]))
    return making.chance.choice("ABFM") + digits(making, "@") + payload + str(total % 10)


def mbi(making: Making) -> str:
    """CMS: C A AN N A AN N A A N N, with dashes or without."""
    chance = making.chance

    def one(kind: str) -> str:
        letters = {"C": "123456789", "A": _MBI_LETTERS, "N": "0123456789", "X": _MBI_LETTERS + "0123456789"}
        return chance.choice(letters[kind])

    groups = ["".join(map(one, kinds)) for kinds in ("CAXN", "AXN", "AANN")]
    return chance.choice(("-", "")).join(groups)


def vin(making: Making) -> str:
    """49 CFR 565.15: the ninth character checks the others."""
    chance = making.chance
    letters = "".join(_VIN_VALUES)
    raw = [chance.choice("12345JW"), *(chance.choice(letters + "0123456789") for _ in range(10))]
    raw += [chance.choice("0123456789") for _ in range(6)]
    total = sum(
        weight * (int(one) if one.isdigit() else _VIN_VALUES[one])
        for weight, one in zip(_VIN_WEIGHTS, raw, strict=True)
    )
    raw[8] = "X" if total % 11 == 10 else str(total % 11)
    return "".join(raw)


def nhs(making: Making) -> str:
    """NHS data dictionary: modulus 11."""
    while True:
        payload = digits(making, "4########")
        check = -sum(int(one) * weight for one, weight in zip(payload, range(10, 1, -1), strict=True)) % 11
        if check != 10:
            number = f"{payload}{check}"
            return making.chance.choice((number, f"{number[:3]} {number[3:6]} {number[6:]}"))


def nino(making: Making) -> str:
    chance = making.chance
    prefix = chance.choice("ABCEHJKLMPRSTWXYZ") + chance.choice("ABCEHJKLMPRSTWXYZ")
    if prefix in ("TN", "ZZ"):
        prefix = "AB"
    body, suffix = digits(making, "######"), chance.choice("ABCD")
    return chance.choice((f"{prefix}{body}{suffix}", f"{prefix} {body[:2]} {body[2:4]} {body[4:]} {suffix}"))


def steuer_id(making: Making) -> str:
    """§ 139b AO: eleven digits, of the first ten exactly one twice, ISO 7064 MOD 11,10."""
    chance = making.chance
    numbers = chance.sample("0123456789", 9)
    while numbers[0] == "0":
        chance.shuffle(numbers)
    numbers.insert(chance.randrange(1, 10), chance.choice(numbers))
    product = 10
    for one in numbers:
        total = (int(one) + product) % 10 or 10
        product = 2 * total % 11
    number = "".join(numbers) + str((11 - product) % 10)
    return chance.choice((number, f"{number[:2]} {number[2:5]} {number[5:8]} {number[8:]}"))


def nir(making: Making) -> str:
    """INSEE: sex, year, month, department (not Corsica's), commune, order; 97 less the rest by 97."""
    chance = making.chance
    department = chance.choice([number for number in range(1, 96) if number != 20])
    fields = (
        chance.choice("12"),
        f"{chance.randrange(40, 99)}",
        f"{chance.randrange(1, 13):02}",
        f"{department:02}",
        f"{chance.randrange(1, 991):03}",
        f"{chance.randrange(1, 1000):03}",
    )
    key = f"{97 - int(''.join(fields)) % 97:02}"
    return chance.choice(("", " ")).join((*fields, key))


def dni(making: Making) -> str:
    number = digits(making, "########")
    return number + making.chance.choice(("", "-")) + _DNI_LETTERS[int(number) % 23]


def bsn(making: Making) -> str:
    """Nine digits that pass the eleven test, the last weighing minus one."""
    while True:
        payload = digits(making, "1#######")
        check = sum(int(one) * weight for one, weight in zip(payload, range(9, 1, -1), strict=True)) % 11
        if check != 10:
            return f"{payload}{check}"


def codice_fiscale(making: Making) -> str:
    """D.M. 23 December 1976: surname, name, year, month's letter, day (women's and 40), municipality, check letter."""
    chance = making.chance
    letters = "".join(chance.choice("BCDFGLMNPRSTVZ") for _ in range(6))
    day = chance.randrange(1, 29) + chance.choice((0, 40))
    town = chance.choice(("H501", "F205", "L219", "F839", "A944", "D612"))
    number = f"{letters}{chance.randrange(40, 99)}{chance.choice('ABCDEHLMPRST')}{day:02}{town}"
    places = [_CF_PLACES[one] for one in number]
    total = sum(_CF_ODD[value] if place % 2 == 0 else value for place, value in enumerate(places))
    return number + chr(ord("A") + total % 26)


def pesel(making: Making) -> str:
    """Year, month, day, four digits of order; weights 1, 3, 7, 9."""
    chance = making.chance
    born = f"{chance.randrange(40, 99)}{chance.randrange(1, 13):02}{chance.randrange(1, 29):02}"
    payload = born + digits(making, "####")
    return payload + str(-sum(int(one) * (1, 3, 7, 9)[place % 4] for place, one in enumerate(payload)) % 10)


def personnummer(making: Making) -> str:
    """Skatteverket: year, month, day, three digits of order, Luhn over the nine; the century or not."""
    chance = making.chance
    born = f"{chance.randrange(40, 99)}{chance.randrange(1, 13):02}{chance.randrange(1, 29):02}"
    order = f"{chance.randrange(1, 980):03}"
    return f"{chance.choice(('', '19'))}{born}-{order}{luhn_digit(born + order)}"


def tfn(making: Making) -> str:
    weights = (1, 4, 3, 7, 5, 8, 6, 9, 10)
    while True:
        number = digits(making, "1########")
        if sum(int(one) * weight for one, weight in zip(number, weights, strict=True)) % 11 == 0:
            return making.chance.choice((number, f"{number[:3]} {number[3:6]} {number[6:]}"))


def verhoeff_digit(payload: str) -> str:
    """The check digit of Verhoeff's dihedral code: the products of D5, one more permutation each place."""
    product = 0
    for place, character in enumerate(reversed(payload), 1):
        value = int(character)
        for _ in range(place % 8):
            value = _PERMUTED[value]
        turned = product >= 5
        total = (product - value if turned else product + value) % 5
        product = total + (5 if turned != (value >= 5) else 0)
    return str(-product % 5 if product < 5 else product)


def aadhaar(making: Making) -> str:
    """UIDAI: twelve digits, the first 2 to 9, the last Verhoeff's."""
    payload = str(making.chance.randrange(2, 10)) + digits(making, "##########")
    number = payload + verhoeff_digit(payload)
    return making.chance.choice((number, f"{number[:4]} {number[4:8]} {number[8:]}"))


def sin(making: Making) -> str:
    payload = digits(making, "5#######")
    number = payload + luhn_digit(payload)
    return making.chance.choice(("-", " ")).join((number[:3], number[3:6], number[6:]))


def card(making: Making) -> str:
    """Visa, Mastercard, American Express or Discover, in groups or without."""
    number = card_plain(making)
    cuts = (0, 4, 10, 15) if len(number) == 15 else (0, 4, 8, 12, 16)
    groups = [number[first:last] for first, last in pairwise(cuts)]
    return making.chance.choice((" ", "-", "")).join(groups)


def card_plain(making: Making) -> str:
    form = making.chance.choice(
        ("4##############", "4##############", "51#############", "34############", "6011###########")
    )
    payload = digits(making, form)
    return payload + luhn_digit(payload)


def expiry(making: Making) -> str:
    month, year = making.chance.randrange(1, 13), making.chance.randrange(26, 33)
    return making.chance.choice((f"{month:02}/{year}", f"{month:02}/20{year}", f"{month:02}-{year}"))


def _one_of(*forms: str) -> Maker:
    return lambda making: digits(making, making.chance.choice(forms))


MAKERS: dict[str, Maker] = {
    "us-ssn": ssn,
    "us-ssn:dashed": lambda making: "-".join(ssn_parts(making)),
    "us-itin": itin,
    "us-ein": lambda making: f"{making.chance.choice(_EIN_PREFIXES)}-{digits(making, '#######')}",
    "us-driver-license": _one_of("@#######", "@###-####-####", "########", "@@######"),
    "us-passport": _one_of("#########", "@########"),
    "uk-nhs": nhs,
    "uk-nino": nino,
    "de-idnr": steuer_id,
    "fr-nir": nir,
    "es-dni": dni,
    "it-codice-fiscale": codice_fiscale,
    "nl-bsn": bsn,
    "pl-pesel": pesel,
    "se-personnummer": personnummer,
    "ca-sin": sin,
    "au-tfn": tfn,
    "in-aadhaar": aadhaar,
    "br-cpf": lambda making: str(making.faker.cpf()),
    "mrn": _one_of("########", "#######", "00######", "H########", "MR-######", "@#@#@#@#"),
    "mrn:plain": _one_of("########", "#######"),
    "health-plan-id": _one_of("@@@#########", "W#########", "H########01", "#########", "@@@ #### #####"),
    "npi": npi,
    "npi:plain": npi,
    "dea": dea,
    "mbi": mbi,
    "icd-10": lambda making: making.chance.choice(_CODES),
    "vin": vin,
    "plate": lambda making: str(making.faker.license_plate()),
    "device-serial": _one_of("SN-#####-@##", "PJN######H", "@@########", "##########"),
    "certificate": _one_of("RN-######", "C-#######", "@@######"),
    "account": _one_of("########", "##########", "####-######", "############"),
    "account:routing": _one_of("#########"),
    "card": card,
    "card:plain": card_plain,
    "card-expiry": expiry,
    "card-cvv": _one_of("###", "###", "####"),
    "iban": lambda making: _iban(making),
    "bic": lambda making: str(making.faker.swift(length=making.chance.choice((8, 11)))),
}


def _iban(making: Making) -> str:
    number = str(making.faker.iban())
    grouped = " ".join(number[place : place + 4] for place in range(0, len(number), 4))
    return making.chance.choice((number, grouped))
