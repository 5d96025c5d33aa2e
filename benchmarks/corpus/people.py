"""What is said of people: names, addresses, telephone numbers, dates, ages, employers, as they are usual in a place.

Faker's lists are those that dictionaries of names are often made from, the engine's among them; so one surname in five
is invented, which only its place in the text can tell.
"""

import re
from datetime import date, timedelta

from benchmarks.corpus.rows import Maker, Making, digits

_HEADS = ("Tor", "Vel", "Kas", "Mir", "Bran", "Dun", "Sel", "Gar", "Lo", "Ost", "Fen", "Hal", "Zub", "Kre", "Pav", "Ni")
_MIDDLES = ("a", "e", "i", "o", "an", "er", "in", "ov", "ul", "")
_TAILS = ("brick", "sen", "ski", "mont", "quist", "dale", "etti", "wyn", "ford", "mann", "ello", "stra", "vik", "noy")
_INVENTED = frozenset(head + middle + tail for head in _HEADS for middle in _MIDDLES for tail in _TAILS)
_MONTHS = {
    "en": "January February March April May June July August September October November December",
    "de": "Januar Februar März April Mai Juni Juli August September Oktober November Dezember",
    "fr": "janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
    "es": "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre",
    "it": "gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre dicembre",
    "nl": "januari februari maart april mei juni juli augustus september oktober november december",
    "pl": "stycznia lutego marca kwietnia maja czerwca lipca sierpnia września października listopada grudnia",
    "sv": "januari februari mars april maj juni juli augusti september oktober november december",
    "pt": "janeiro fevereiro março abril maio junho julho agosto setembro outubro novembro dezembro",
}
_FORMS = {
    "en_US": ("{m:02}/{d:02}/{y}", "{m}/{d}/{s}", "{M} {d}, {y}", "{B} {d}, {y}", "{d} {B} {y}", "{y}-{m:02}-{d:02}",
              "{M} {d}", "{d:02}-{B}-{y}"),
    "en": ("{d:02}/{m:02}/{y}", "{d} {M} {y}", "{d}{th} {M} {y}", "{d} {B} {y}", "{y}-{m:02}-{d:02}", "{d}/{m}/{s}"),
    "de": ("{d:02}.{m:02}.{y}", "{d}. {M} {y}", "{d}.{m}.{y}", "{d:02}.{m:02}.{s}"),
    "fr": ("{d:02}/{m:02}/{y}", "{d} {M} {y}", "{d:02}.{m:02}.{y}"),
    "es": ("{d:02}/{m:02}/{y}", "{d} de {M} de {y}", "{d:02}-{m:02}-{y}"),
    "it": ("{d:02}/{m:02}/{y}", "{d} {M} {y}"),
    "nl": ("{d:02}-{m:02}-{y}", "{d} {M} {y}"),
    "pl": ("{d:02}.{m:02}.{y}", "{d} {M} {y}"),
    "sv": ("{y}-{m:02}-{d:02}", "{d} {M} {y}"),
    "pt": ("{d:02}/{m:02}/{y}", "{d} de {M} de {y}"),
}  # fmt: skip
_ITALIAN_TOWNS = (
    "Roma", "Milano", "Torino", "Bologna", "Padova", "Verona", "Lucca", "Arezzo", "Foligno", "Matera", "Siracusa",
    "Sassari", "Varese", "Cremona", "San Benedetto del Tronto", "Castelfranco Veneto", "Busto Arsizio", "Acireale",
)  # fmt: skip
_NANP = ("(###) ###-####", "###-###-####", "###.###.####", "+1 ### ### ####", "1-###-###-####", "### ### ####")
_TODAY = date(2026, 11, 1)


def surname(making: Making) -> str:
    """One of the place's, or an invented one."""
    chance = making.chance
    if chance.random() < 0.2:
        return chance.choice(_HEADS) + chance.choice(_MIDDLES) + chance.choice(_TAILS)
    return str(making.faker.last_name())


def invented(name: str) -> bool:
    """Whether some word of a name is a surname that `surname` invents."""
    return any(word.capitalize() in _INVENTED for word in re.findall(r"[^\W\d_]+", name))


def first(making: Making) -> str:
    return str(making.faker.first_name())


def person(making: Making) -> str:
    """First and last name, now and then with an initial between or a second surname."""
    one, last, chance = first(making), surname(making), making.chance.random()
    if chance < 0.1:
        return f"{one} {digits(making, '@')}. {last}"
    return f"{one} {last}-{making.faker.last_name()}" if chance < 0.14 else f"{one} {last}"


def _hl7(making: Making) -> str:
    return f"{surname(making)}^{first(making)}^{digits(making, '@')}".upper()


def written(day: date, locale: str, form: str) -> str:
    """A day in a form: `d`, `m`, `y` numbers, `s` the year in two digits, `M` and `B` the month, long and short."""
    language = locale[:2]
    month = _MONTHS[language].split()[day.month - 1]
    suffix = "th" if 10 < day.day < 20 else {1: "st", 2: "nd", 3: "rd"}.get(day.day % 10, "th")
    return form.format(d=day.day, m=day.month, y=day.year, s=f"{day.year % 100:02}", M=month, B=month[:3], th=suffix)


def _recent(making: Making) -> date:
    return _TODAY - timedelta(days=making.chance.randrange(1500))


def _birth(making: Making) -> date:
    return _TODAY - timedelta(days=making.chance.randrange(18 * 365, 95 * 365))


def _dated(making: Making, day: date, *, full: bool = False) -> str:
    forms = _FORMS.get(making.locale) or _FORMS[making.locale[:2]]
    fitting = [form for form in forms if not full or "{y}" in form or "{s}" in form]
    return written(day, making.locale, making.chance.choice(fitting))


def phone(making: Making) -> str:
    """As the place's people write it; in North America mostly in one of the plan's usual forms."""
    if making.locale in ("en_US", "en_CA") and making.chance.random() < 0.7:
        form = making.chance.choice(_NANP)
        for _ in range(2):  # area and exchange begin with 2 to 9
            head, _, rest = form.partition("###")
            form = f"{head}{making.chance.randrange(2, 10)}{making.chance.randrange(10, 100)}{rest}"
        return digits(making, form)
    return str(making.faker.phone_number())


def _dashed(making: Making) -> str:
    area, exchange = making.chance.randrange(201, 990), making.chance.randrange(201, 999)
    return f"{area}-{exchange}-{making.chance.randrange(10_000):04}"


def age(making: Making) -> str:
    years = making.chance.randrange(19, 98)
    return making.chance.choice((f"{years}-year-old", f"{years} year old", f"{years} y/o", f"{years} years old"))


def organization(making: Making) -> str:
    chance = making.chance.random()
    if chance < 0.4:
        kind = making.chance.choice(("General Hospital", "Medical Center", "Clinic", "Family Practice"))
        return f"{making.faker.city()} {kind}"
    return str(making.faker.company())


def town(making: Making) -> str:
    """One of the place's. Faker's Italian ones come in another order in each process."""
    if making.locale == "it_IT":
        return making.chance.choice(_ITALIAN_TOWNS)
    return str(making.faker.city())


def _street(making: Making) -> str:
    return str(making.faker.street_address()).replace("\n", ", ")


MAKERS: dict[str, Maker] = {
    "person": person,
    "person:first": first,
    "person:last": surname,
    "person:comma": lambda making: f"{surname(making)}, {first(making)}",
    "person:upper": lambda making: person(making).upper(),
    "person:hl7": _hl7,
    "date": lambda making: _dated(making, _recent(making)),
    "date:iso": lambda making: _recent(making).isoformat(),
    "date:numeric": lambda making: written(_recent(making), making.locale, "{m:02}/{d:02}/{y}"),
    "date:compact": lambda making: f"{_recent(making):%Y%m%d}",
    "date-of-birth": lambda making: _dated(making, _birth(making), full=True),
    "date-of-birth:iso": lambda making: _birth(making).isoformat(),
    "date-of-birth:numeric": lambda making: written(_birth(making), making.locale, "{m:02}/{d:02}/{y}"),
    "date-of-birth:compact": lambda making: f"{_birth(making):%Y%m%d}",
    "age": age,
    "age:plain": lambda making: str(making.chance.randrange(5, 99)),
    "phone": phone,
    "phone:dashed": _dashed,
    "street-address": _street,
    "place": town,
    "postal-code": lambda making: str(making.faker.postcode()),
    "us-state": lambda making: str(making.faker.state_abbr(include_territories=False)),
    "organization": organization,
}
