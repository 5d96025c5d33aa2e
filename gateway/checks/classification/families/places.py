"""Where people live: streets with house numbers, post boxes, postal codes (45 CFR 164.514(b)(2)(i)(B))."""

from gateway.checks.classification.patterns import any_of
from gateway.checks.classification.recognizer import Column, Label, Lexicon, Recognizer, words
from gateway.checks.classification.tables.places import PLACES

_WORD = r"[A-Z\xC0][A-Za-z\xC0\xE0'\xB7.\-]*"
_STREETS = (
    "Street|St|Avenue|Ave|Av|Road|Rd|Boulevard|Blvd|Lane|Ln|Drive|Dr|Court|Ct|Place|Pl|Square|Sq|Terrace|Ter|Way|"
    "Parkway|Pkwy|Circle|Cir|Highway|Hwy|Trail|Trl|Alley|Crescent|Cres|Close|Grove|Gardens?|Mews|Row|Plaza|Loop|Pike|"
    "Turnpike|Path|Quay|Parade|Rise|Heights|STREET|ST|AVENUE|AVE|ROAD|RD|BLVD|LANE|LN|DRIVE|DR|COURT|CT"
)
_MORE = (
    "Bend|Bluffs?|Bottom|Branch|Bridge|Brooks?|Burgs?|Bypass|Camp|Canyon|Cape|Causeway|Centers?|Circles|Cliffs?|Club|"
    "Common|Corners?|Course|Courts|Coves?|Creek|Crest|Crossing|Crossroad|Curve|Dale|Dam|Divide|Drives|Estates?|"
    "Expressway|"
    "Extensions?|Falls?|Ferry|Fields?|Flats?|Fords?|Forest|Forges?|Forks?|Fort|Freeway|Gateway|Glens?|Greens?|Groves|"
    "Harbors?|Haven|Hills?|Hollow|Inlet|Islands?|Isle|Junctions?|Keys?|Knolls?|Lakes?|Land|Landing|Lights?|Loaf|Locks?|"
    "Lodge|Mall|Manors?|Meadows?|Mills?|Mission|Motorway|Mount|Mountains?|Neck|Orchard|Oval|Overpass|Parks?|"
    "Parkways|Pass|"
    "Passage|Pines?|Plains?|Plazas|Points?|Ports?|Prairie|Radial|Ramp|Ranch|Rapids?|Rest|Ridges?|River|Roads|Route|Run|"
    "Shoals?|Shores?|Skyway|Springs?|Spurs?|Squares|Station|Stravenue|Stream|Streets|Summit|Throughway|Trace|Track|"
    "Trafficway|Tunnel|Underpass|Unions?|Valleys?|Via|Viaduct|Views?|Villages?|Ville|Vista|Walks?|Wall|Ways|Wells?"
)
_UNIT = r"(?:,? (?i:apt|apartment|suite|ste|unit|floor|flat|room|rm|#)\.? ?#?[A-Za-z0-9\-]{1,6}\b)?"
_SIDE = r"(?:(?:[NSEW]|NE|NW|SE|SW|North|South|East|West)\.? )"
_JOINED = (
    r"(?:stra\xE0e|strasse|str\.|weg|platz|allee|gasse|damm|ufer|steig|pfad|straat|laan|plein|gracht|dijk|hof|kade|"
    r"singel|steeg|dreef|plantsoen|gatan|v\xE0gen|torget|gr\xE0nd|stigen|all\xE0n|backen)"
)
_APART = r"(?:Stra\xE0e|Strasse|Str\.|Allee|Platz|Weg|Ring|Damm|Gasse|Ufer|Chaussee|Steig|Pfad|Straat|Laan)"
_FRENCH = (
    r"(?i:rue|avenue|av\.|boulevard|bd|bld|chemin|impasse|all\xE0e|quai|cours|sentier|square|ruelle|faubourg|"
    r"place|route)"
)
_SOUTHERN = (
    r"(?:(?:Calle|Avenida|Avda\.?|Av\.|Plaza|Paseo|Camino|Carrera|Carretera|Ronda|Traves\xE0a|Rambla|Glorieta|"
    r"Callej\xE0n|Pasaje|Urbanizaci\xE0n|Rua|Pra\xE0a|Travessa|Alameda|Ladeira|Rodovia|Estrada|Viela|Vereda|Via|Viale|"
    r"V\.le|Piazza|Piazzale|P\.zza|Corso|Vicolo|Largo|Contrada|Borgo|Strada|Salita|Rotonda|Incrocio|Lungomare|"
    r"Stretto|Canale|Corte|Frazione|Piazzetta|Cuesta|Pasadizo|Acceso|Vial|Av|Quadra|Conjunto|Loteamento|Residencial|"
    r"Setor|Vila|Parque|Morro|Distrito|Lagoa|Ch\xE0cara|Condom\xE0nio|Esplanada|Jardim|Recanto|N\xE0cleo|"
    r"Passarela|Fazenda|"
    r"ul\.|ulica|aleja|pl\.|plac|os\.|osiedle|"
    r"calle|avenida|avda\.|plaza|paseo|travess?[i\xE0]a|rambla|rua|pra\xE0a|alameda|viale|piazza|piazzale|"
    r"vicolo) |C/ ?)"
)
_LITTLE = (
    r"(?:(?:de|del|della|dei|delle|di|du|des|da|das|do|dos|la|le|les|el|los|las|lo|y|e|von|der|den|dem) |[dlDL]['\xB7])"
)
_STATES = (
    "A[KLRZ]|C[AOT]|D[CE]|F[LM]|G[AU]|HI|I[ADLN]|K[SY]|LA|M[ADEHINOPST]|N[CDEHJMVY]|O[HKR]|P[ARW]|RI|S[CD]|T[NX]|UT|"
    "V[AIT]|W[AIVY]"
)
_UK = r"[A-Z]{1,2}[0-9][A-Z0-9]? ?[0-9][ABD-HJLNP-UW-Z]{2}"
_NORTHERN = "(?:gata|gaten|gate|veien|vegen|vei|gade|vej|katu|kuja|tie|polku|plass|stien|torv)"
_BEFORE_TOWN = r"(?:, ?|\n)(?:[A-Z]{1,3}-)?[0-9]{3,5} ?[0-9]{0,2} [A-Z\xC0][a-z\xE0]"
_HOUSE = r"(?:[0-9A-Za-z\xE0.](?: ?, ?|\n)|\b(?:in|aus|nach|en|te) )"
_TOWN = r"[A-Z\xC0][a-z\xE0'.\-]+(?:[ \-][A-Z\xC0][a-z\xE0.\-]+){0,2}"
_TOWNS = "[0-9]{5}|[0-9]{2}-[0-9]{3}|[0-9]{4}-[0-9]{3}|[0-9]{4} ?[A-Z]{2}"
_FORWARD, _LOCAL = "[ABCEGHJ-NPRSTVXY][0-9][ABCEGHJ-NPRSTV-Z]", "[0-9][ABCEGHJ-NPRSTV-Z][0-9]"

_FLAT = r"(?i:flat|studio|apartment|apt\.?|unit|suite|room) ?[0-9]{1,4}[A-Za-z]?"
_LIVING = (
    r"(?:\b(?i:(?:home |mailing |postal |street |residential |billing |shipping |current )?address(?:: ?|=| is | )|"
    r"(?:resides|residing|lives|living|live) at |"
    r"wohnhaft(?: in(?: der)?)?:? |wohne (?:in der |im |am )|anschrift: ?|adresse ?: ?|"
    r"domicile ?: ?|habite (?:au |\xE0 |dans )|demeurant (?:au |\xE0 )?|domicilio: ?|direcci\xE0n: ?|"
    r"residente (?:in|en) |indirizzo: ?|endere\xE0o: ?|morada: ?|residente na |wonende(?: te| aan(?: de)?)? |adres: ?|"
    r"adress: ?|bosatt p\xE0 |zam\. |zamieszka\xE0\xE0 przy ))"
)
_BRIEF = r"[A-Z\xC0][A-Za-z\xC0\xE0'.\-]{0,20}"
_STREET = rf"[0-9][A-Za-z]?,? (?:{_BRIEF} ){{1,2}}(?:{_STREETS}|{_MORE})\b\.?{_UNIT}{_UNIT}(?:, | \| )"
_BEHIND = rf" (?:{_STREETS}|{_MORE})\b[^\n;]{{0,24}}[,|] [A-Z\xC0]"
_LIVED = (
    r"\b(?i:nat[oa] a|residente a|abitante a|abito a|abita a|domiciliat[oa] a|vive a|moro em|mora em|reside em|"
    r"residente em|nascid[oa] em|vivo en|vive en|reside en|residente en|nacid[oa] en|wohne in|wohnt in|wohnhaft in|"
    r"habite \xE0|demeurant \xE0|n\xE0e? \xE0|woon in|woont in|wonende te|bor i|bosatt i) "
)
_SOUTHERN_TOWN = r"[A-Z\xC0][a-z\xE0'.\-]+(?: (?:(?:de|do|da|dos|das|del|della|di|la) )?[A-Z\xC0][a-z\xE0.\-]+){0,3}"
_CITY = r"""(?i:city|town|ville|stadt|wohnort|ciudad|citt\xE0|cidade|miasto|woonplaats|postort)["']? ?[:=] ?["']?"""
_CITIES = (
    "Mumbai|New Delhi|Delhi|Bangalore|Bengaluru|Hyderabad|Chennai|Kolkata|Pune|Ahmedabad|Jaipur|Lucknow|Kanpur|Nagpur|"
    "Indore|Thane|Bhopal|Patna|Vadodara|Ghaziabad|Ludhiana|Agra|Nashik|Faridabad|Meerut|Rajkot|Varanasi|Srinagar|Surat|"
    "Amritsar|Ranchi|Howrah|Coimbatore|Jodhpur|Madurai|Raipur|Kota|Guwahati|Chandigarh|Mysore|Gurgaon|Noida|Kochi"
)
_LINE = r"[A-Za-z\xC0\xE0'.\-]{1,24}"
_GOES_ON = rf"(?: {_LITTLE}{{0,2}}[A-Z0-9\xC0]{_LINE}){{0,3}}"
_PLACES = any_of(PLACES)
_TO = (
    r"(?:\b(?i:in|from|to|near|at|of|outside|around|visit|visiting|via|nach|aus|bei|\xE0|en|depuis|desde|da|di|uit|te)"
    r"(?: the)? |, |[0-9]{4,5} |(?i:\b(?:city|town|country|state|place of birth|birthplace|geburtsort|wohnort)[:=] ?))"
)

_CODE_SAID = (
    r"\b(?i:zip ?codes?|zip_code|postal[ _]?codes?|post ?codes?|plz|postleitzahl|code postal|"
    r"c\xE0digo postal|codigo postal|codice postale|kod pocztowy|postnummer)"
)
_SAYS = r"""(?:["'] ?[:=] ?["']|(?: ?[:=] ?| (?:is|was|ist|est|es|\xE0) | ))"""
_COUNTRIES = "AT|AU|BE|BG|CH|CY|DK|HU|LI|LU|LV|NL|NO|NZ|SI|ZA"
"""Of which postal codes have four digits."""
_NOT_A_YEAR = "(?:[03-9][0-9]|1[0-8]|2[1-9])[0-9]{2}"

LEXICONS = (
    Lexicon(
        id="postal",
        words=words(
            "pin code, pincode, zip, zip code, zipcode, zip_code, postalcode, postal_code, zip:, postal code, "
            "postcode, post code, postal, plz, postleitzahl, code postal, "
            "código postal, codigo postal, c.p., cap:, codice postale, postnummer, kod pocztowy, cep"
        ),
    ),
)

LABELS = (
    Label(
        id="postal-code",
        lexicon="postal",
        type="postal-code",
        value=rf"[0-9]{{2}}-[0-9]{{3}}|[0-9]{{5}}-?[0-9]{{3}}|"
        rf"[0-9]{{4,6}}(?:-[0-9]{{3,4}})?(?: [A-Z]{{2}}\b)?|{_UK}|{_FORWARD} ?{_LOCAL}",
        gap=12,
        score=0.85,
        more=False,
    ),
)

COLUMNS = (
    Column(
        id="place-column",
        words=words("city, town, home city, patient city, ville, stadt, wohnort, ciudad, città, cidade, woonplaats"),
        type="place",
        value=r"[A-Z\xC0][A-Za-z\xC0\xE0'.\-]{1,20}(?: [A-Za-z\xC0\xE0'.\-]{1,14}){0,3}",
    ),
    Column(
        id="street-column",
        words=words(
            "street, street address, address, home address, mailing address, address line 1, address1, straße, "
            "anschrift, adresse, calle, dirección, indirizzo, morada, endereço, adres"
        ),
        type="street-address",
        value=(
            r"[0-9]{1,6}[A-Za-z]?,? [0-9A-Z\xC0][0-9A-Za-z\xC0\xE0'.,\- ]{2,50}|"
            r"[A-Z\xC0][A-Za-z\xC0\xE0'.,\- ]{2,44} [0-9]{1,5} ?[A-Za-z]?"
        ),
        check="housed",
    ),
)

RECOGNIZERS = (
    Recognizer(
        # Of the north, whose endings end other words, too: before a postal code and a town.
        id="street-northern",
        type="street-address",
        pattern=rf"\b([A-Z\xC0][a-z\xE0]{{2,20}}{_NORTHERN} [0-9]{{1,4}} ?[A-Za-z]?){_BEFORE_TOWN}",
        gate=rf"{_NORTHERN} [0-9]{{1,4}} ?[A-Za-z]?{_BEFORE_TOWN}",
        score=0.85,
    ),
    Recognizer(
        id="street-english",
        type="street-address",
        pattern=(
            rf"\b[0-9]{{1,6}}(?:[\-/][0-9]{{1,4}})?[A-Za-z]?,? {_SIDE}?"
            rf"(?:(?:{_WORD}|[0-9]{{1,3}}(?:st|nd|rd|th)) ){{1,4}}"
            rf"(?:{_STREETS})\b\.?(?: (?:NE|NW|SE|SW|[NSEW])\b)?{_UNIT}"
        ),
        gate=rf"[A-Za-z0-9\xC0\xE0'\xB7.\-] (?:{_STREETS})\b",
        score=0.85,
        reason="street",
    ),
    Recognizer(
        # The other suffixes of USPS Publication 28, appendix C1: words that need the number right before the name.
        id="street-usps",
        type="street-address",
        pattern=rf"\b[0-9]{{1,6}} [A-Z\xC0][A-Za-z\xE0'\-]{{1,24}} (?:{_MORE})\b{_UNIT}",
        gate=rf"[0-9] [A-Z\xC0][A-Za-z\xE0'\-]{{1,24}} (?:{_MORE})\b",
        score=0.8,
        reason="street",
    ),
    Recognizer(
        id="street-joined",
        type="street-address",
        pattern=(
            rf"(?:\b(?:[A-Z\xC0][a-z\xE0]+[ \-]){{0,2}}[A-Z]|\xC0)[A-Za-z\xC0\xE0\-]*{_JOINED} ?[0-9]{{1,4}}"
            r"(?:[ \-/]?[a-zA-Z]\b|[\-/][0-9]{1,4})?\b"
        ),
        gate=rf"{_JOINED} ?[0-9]",
        score=0.9,
        reason="street",
    ),
    Recognizer(
        id="street-apart",
        type="street-address",
        pattern=(
            rf"\b(?:[A-Z\xC0][A-Za-z\xC0\xE0.\-]{{1,24}}[ \-]){{1,3}}{_APART} [0-9]{{1,4}}"
            r"(?:[ \-/]?[a-zA-Z]\b|[\-/][0-9]{1,4})?\b"
        ),
        gate=rf"[A-Za-z\xC0\xE0.][ \-]{_APART} [0-9]",
        score=0.9,
        reason="street",
    ),
    Recognizer(
        id="street-french",
        type="street-address",
        pattern=(
            rf"\b[0-9]{{1,4}}(?: ?(?:bis|ter|quater|[A-D]))?,? {_FRENCH} {_LITTLE}{{0,2}}{_WORD}"
            rf"(?:[ \-]{_LITTLE}{{0,2}}{_WORD}){{0,3}}"
        ),
        gate=rf"[0-9](?: ?(?:bis|ter|quater|[A-D]))?,? {_FRENCH} [A-Za-z\xC0\xE0]",
        score=0.85,
        reason="street",
    ),
    Recognizer(
        id="street-southern",
        type="street-address",
        pattern=(
            rf"\b{_SOUTHERN}{_LITTLE}{{0,2}}{_WORD}(?:[ \-]{_LITTLE}{{0,2}}{_WORD}){{0,4}},? "
            r"(?:(?:no?\.?\xB7? ?)?[0-9]{1,5}(?:[ \-/]?[a-zA-Z]\b|/[0-9]{1,4})?|[Ss]/[Nn])\b"
        ),
        gate=rf"\b{_SOUTHERN}[A-Za-z\xC0\xE0]",
        score=0.85,
        reason="street",
    ),
    Recognizer(
        # `via` is a word of English, too.
        id="street-italian",
        type="street-address",
        pattern=(
            rf"\b(?:in|alla|nella) (via {_LITTLE}{{0,2}}{_WORD}(?:[ \-]{_LITTLE}{{0,2}}{_WORD}){{0,3}},? "
            r"(?:n\.? ?)?[0-9]{1,4}(?:[ \-/]?[a-zA-Z]\b|/[0-9]{1,4})?\b)"
        ),
        gate=r"\b(?:in|alla|nella) via [A-Za-z\xC0]",
        score=0.85,
        reason="street",
    ),
    Recognizer(
        # As Belgians and the Swiss write them, the number last: `rue de la Paix 12`.
        id="street-french-last",
        type="street-address",
        pattern=(
            rf"\b(?i:rue|avenue|boulevard|chemin|impasse|quai|ruelle|sentier) {_LITTLE}{{0,2}}{_WORD}"
            rf"(?:[ \-]{_LITTLE}{{0,2}}{_WORD}){{0,3}},? [0-9]{{1,4}}(?: ?(?:bis|ter|[A-Da-d]))?\b"
        ),
        gate=rf"\b(?i:rue|avenue|boulevard|chemin|impasse|quai|ruelle|sentier) {_LITTLE}{{0,2}}[A-Z\xC0]",
        score=0.8,
        reason="street",
    ),
    Recognizer(
        # Numbered in a grid: `Calle 26 #59-41`.
        id="street-grid",
        type="street-address",
        pattern=(
            r"\b(?i:calle|carrera|cra\.?|cl\.?|kr\.?|diagonal|transversal|avenida|av\.?) [0-9]{1,3} ?[A-Za-z]?"
            r"(?: (?i:bis|sur|norte))? ?(?:#|N[o\xB7]\.?) ?[0-9]{1,3} ?[A-Za-z]? ?- ?[0-9]{1,3}\b"
        ),
        gate=r"[0-9A-Za-z] ?(?:#|N[o\xB7]\.?) ?[0-9]{1,3} ?[A-Za-z]? ?- ?[0-9]",
        score=0.85,
        reason="street",
    ),
    Recognizer(
        # `Am Markt 14`, before a postal code and a town.
        id="street-beside",
        type="street-address",
        pattern=(
            r"\b((?:Am|An de[rn]|Auf de[rm]|Beim|Bei der|Hinter de[rm]|Im|In de[rn]|Vor de[rm]|Zum|Zur|Unter den) "
            rf"[A-Z\xC0][a-z\xE0\-]{{2,20}}(?: [A-Z\xC0][a-z\xE0\-]{{2,20}})? [0-9]{{1,3}} ?[A-Za-z]?){_BEFORE_TOWN}"
        ),
        gate=rf" [0-9]{{1,4}} ?[A-Za-z]?{_BEFORE_TOWN}",
        score=0.8,
        reason="street",
    ),
    Recognizer(
        # Finnish ones are of one word, with the stairs and the flat behind the number.
        id="street-finnish",
        type="street-address",
        pattern=(
            r"\b[A-Z\xC0][a-z\xE0]{2,20}(?:katu|kuja|polku|intie|aukio) [0-9]{1,4}"
            r"(?:[ \-]?[A-Za-z]\b(?: [0-9]{1,3}\b)?)?"
        ),
        gate=r"(?:katu|kuja|polku|intie|aukio) [0-9]",
        score=0.85,
        reason="street",
    ),
    Recognizer(
        # In small letters, as it is typed.
        id="street-joined-small",
        type="street-address",
        pattern=r"\b[a-z\xE0]{3,20}(?:stra\xE0e|strasse|straat|gracht|laan) [0-9]{1,3} ?[a-z]?\b",
        gate=r"[a-z\xE0](?:stra\xE0e|strasse|straat|gracht|laan) [0-9]",
        score=0.75,
        reason="street",
    ),
    Recognizer(
        id="street-flat",
        type="street-address",
        pattern=rf"\b{_FLAT},? (?:[0-9]{{1,4}}[A-Za-z]? )?(?:{_WORD} ){{1,3}}(?:{_STREETS}|{_MORE})\b",
        gate=rf"\b{_FLAT},? [A-Z0-9\xC0]",
        score=0.9,
        reason="street",
    ),
    Recognizer(
        # Without a number, before a town and its code.
        id="street-unnumbered",
        type="street-address",
        pattern=(
            rf"\b({_FRENCH} {_LITTLE}{{0,2}}[A-Z\xC0]{_LINE}(?:[ \-]{_LITTLE}?{_LINE}){{0,2}}),?[ \n]"
            r"[0-9]{5} [A-Z\xC0]"
        ),
        gate=rf"\b{_FRENCH} [A-Za-z\xC0\xE0]",
        score=0.85,
        reason="street",
    ),
    Recognizer(
        # Whatever it is called, where the text says that it is an address: a number and a name, or a name and a number.
        id="street-said",
        type="street-address",
        pattern=(
            rf"{_LIVING}((?:{_FLAT},? )?[0-9]{{1,5}}(?:[/\-][0-9]{{1,4}})?[A-Za-z]?,? "
            rf"{_LITTLE}{{0,2}}{_BRIEF}{_GOES_ON}|"
            rf"{_BRIEF}{_GOES_ON},? [0-9]{{1,5}}(?:[ \-/]?[A-Za-z]\b|[\-/][0-9]{{1,4}})?\b)"
        ),
        gate=rf"{_LIVING}(?:[0-9A-Z\xC0]|(?i:flat|studio|apartment|unit) )",
        score=0.8,
        reason="label",
    ),
    Recognizer(
        id="post-box",
        type="street-address",
        pattern=(
            r"(?i:\bp\.? ?o\.? ?box|\bpostfach|\bpost office box|\bapartado(?: de correos)?|\bbo\xE0te postale) "
            r"#?[0-9]{1,7}\b"
        ),
        gate=r"(?i:\bp\.? ?o\.? ?box|\bpostfach|\bpost office box|\bapartado|\bbo\xE0te postale) #?[0-9d]",
        score=0.85,
        reason="street",
    ),
    Recognizer(
        id="place-known",
        type="place",
        pattern=f"{_TO}({_PLACES})",
        gate=f"{_TO}(?:{_PLACES})",
        score=0.6,
        reason="dictionary",
    ),
    Recognizer(
        # Where somebody lives or was born, whatever the town is called.
        id="place-lived-in",
        type="place",
        pattern=rf"{_LIVED}({_SOUTHERN_TOWN})",
        gate=rf"{_LIVED}[A-Z\xC0]",
        score=0.7,
        reason="label",
    ),
    Recognizer(
        id="place-labelled",
        type="place",
        pattern=rf"\b{_CITY}({_TOWN})",
        gate=rf"\b{_CITY}[A-Z\xC0]",
        score=0.8,
        reason="label",
    ),
    Recognizer(
        id="place-behind-street",
        type="place",
        pattern=rf"{_STREET}({_TOWN})",
        gate=_BEHIND,
        score=0.8,
        reason="street",
    ),
    Recognizer(
        id="zip-behind-street",
        type="postal-code",
        pattern=rf"{_STREET}{_TOWN},? (?:[A-Z]{{2,3}},? )?([0-9]{{4,5}}(?:-[0-9]{{4}})?)\b",
        gate=_BEHIND,
        score=0.8,
        reason="street",
    ),
    Recognizer(
        # In one, a Canadian code says little by itself.
        id="postcode-canada-joined",
        type="postal-code",
        pattern=rf", {_TOWN},? (?:[A-Z]{{2}},? )?({_FORWARD}{_LOCAL})\b",
        gate=rf"[A-Za-z,\xE0] {_FORWARD}{_LOCAL}\b",
        score=0.8,
        reason="town",
    ),
    Recognizer(
        id="postcode-india",
        type="postal-code",
        # Behind a number and a name: `87/238, Raj Path, Agra 264630`.
        pattern=(
            rf"(?:[0-9],? {_BRIEF}(?: {_BRIEF}){{0,2}}, {_TOWN}|\b(?:{_CITIES}))[ \-]{{1,3}}"
            r"([1-9][0-9]{2} ?[0-9]{3})\b"
        ),
        gate=r"[a-z][ \-]{1,3}[1-9][0-9]{2} ?[0-9]{3}\b",
        score=0.8,
        reason="town",
    ),
    Recognizer(
        id="place-before-state",
        type="place",
        pattern=rf"({_TOWN}),? (?:{_STATES}),? [0-9]{{5}}\b",
        gate=rf"\b(?:{_STATES})\.?,? [0-9]{{5}}\b",
        score=0.8,
        reason="state",
    ),
    Recognizer(
        id="place-behind-code",
        type="place",
        pattern=rf"{_HOUSE}(?:[A-Z]{{1,2}}-)?(?:{_TOWNS}) ({_TOWN})",
        gate=rf"{_HOUSE}(?:[A-Z]{{1,2}}-)?(?:{_TOWNS}) [A-Z\xC0][a-z\xE0]",
        score=0.8,
        reason="town",
    ),
    Recognizer(
        id="place-behind-cep",
        type="place",
        pattern=rf"\b(?i:cep):? [0-9]{{5}}-?[0-9]{{3}},? (?:-|\xB7)? ?({_SOUTHERN_TOWN})",
        gate=r"\b(?i:cep):? [0-9]{5}-?[0-9]{3}\b",
        score=0.75,
        reason="town",
    ),
    Recognizer(
        id="zip-state",
        type="postal-code",
        pattern=rf"\b(?:{_STATES})\.?,? ([0-9]{{5}}(?:-[0-9]{{4}})?)\b",
        gate=rf"\b(?:{_STATES})\.?,? [0-9]{{5}}\b",
        score=0.9,
        reason="state",
    ),
    Recognizer(
        # Iceland's, and what else somebody says to be one; `340 12` is of Sweden, Greece, Czechia and Slovakia.
        id="postal-code-short",
        type="postal-code",
        pattern=rf"{_CODE_SAID}{_SAYS}([0-9]{{3}}(?: [0-9]{{2}})?)\b",
        gate=rf"{_CODE_SAID}{_SAYS}[0-9]{{3}}\b",
        joints=".-,",
        score=0.75,
        reason="word",
    ),
    Recognizer(
        # `Bahnhofstrasse 12, 8001 Zürich`: behind a house number, before a town that is known.
        id="postcode-four",
        type="postal-code",
        pattern=(
            rf"[a-z\xE0.] [0-9]{{1,3}}[A-Za-z]?(?:, ?|\n)(?:(?:{_COUNTRIES}|A|B|D|L|N)-)?({_NOT_A_YEAR}) "
            rf"(?:{_PLACES})\b"
        ),
        gate=rf"[0-9][A-Za-z]?(?:, ?|\n)(?:[A-Z]{{1,2}}-)?{_NOT_A_YEAR} [A-Z\xC0]",
        score=0.8,
        reason="town",
    ),
    Recognizer(
        # `CH-8001 Zürich`: a country's letters and a dash say more than the town.
        id="postcode-four-country",
        type="postal-code",
        pattern=rf"\b(?:{_COUNTRIES})-([0-9]{{4}}) [A-Z\xC0][a-z\xE0]",
        gate=rf"\b(?:{_COUNTRIES})-[0-9]{{4}} [A-Z\xC0][a-z\xE0]",
        score=0.8,
        reason="country",
    ),
    Recognizer(
        # `Oslo NO 0150`; in capitals alone `NO` and `AT` are words.
        id="postcode-behind-country",
        type="postal-code",
        pattern=rf"\b(?:{_PLACES}),? (?:{_COUNTRIES})[ \-]([0-9]{{4}})\b",
        gate=rf"[a-z\xE0],? (?:{_COUNTRIES})[ \-][0-9]{{4}}\b",
        joints=".-,",
        score=0.75,
        reason="country",
    ),
    Recognizer(
        id="zip-plus-four",
        type="postal-code",
        pattern=r"\b[0-9]{5}-[0-9]{4}\b",
        gate=r"\b[0-9]{5}-[0-9]{4}\b",
        joints=".-/",
        score=0.7,
    ),
    Recognizer(
        id="postcode-uk",
        type="postal-code",
        pattern=r"\b[A-Z]{1,2}[0-9][A-Z0-9]? [0-9][ABD-HJLNP-UW-Z]{2}\b",
        gate=r"\b[A-Z]{1,2}[0-9][A-Z0-9]? [0-9][ABD-HJLNP-UW-Z]{2}\b",
        score=0.8,
    ),
    Recognizer(
        id="postcode-canada",
        type="postal-code",
        pattern=rf"\b{_FORWARD} {_LOCAL}\b",
        gate=rf"\b{_FORWARD} {_LOCAL}\b",
        score=0.8,
    ),
    Recognizer(
        # Behind a house number: `Hauptstraße 5, 10115 Berlin`.
        id="postcode-town",
        type="postal-code",
        pattern=rf"{_HOUSE}(?:[A-Z]{{1,2}}-)?({_TOWNS}) [A-Z\xC0][a-z\xE0]",
        gate=rf"{_HOUSE}(?:[A-Z]{{1,2}}-)?(?:{_TOWNS}) [A-Z\xC0][a-z\xE0]",
        score=0.8,
        reason="town",
    ),
)
