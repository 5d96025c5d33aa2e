"""Numbers of things that lead to people: vehicles and their plates, devices, certificates and licences (45 CFR
164.514(b)(2)(i)(K) to (M))."""

from gateway.checks.classification.recognizer import NUMBER, Label, Lexicon, Recognizer, words

_VIN = "[A-HJ-NPR-Z0-9]{17}"
_CODE = r"(?:[A-Za-z]{1,6}[\-#.])?[A-Za-z]*[0-9][A-Za-z0-9]*(?:[\-/][A-Za-z0-9]+)*"

LEXICONS = (
    Lexicon(
        id="vin",
        words=words(
            "vin, vehicle identification number, vehicle identification no, chassis number, chassis no, "
            "fahrgestellnummer, fahrzeug-identifizierungsnummer, fin, numéro de châssis, número de bastidor, "
            "numero di telaio, vehicle id"
        ),
    ),
    Lexicon(
        id="plate",
        words=words(
            "license plate, licence plate, license plate number, number plate, plate, plate number, plate no, reg no, "
            "registration plate, vehicle registration, vehicle reg, tag number, kennzeichen, kfz-kennzeichen, "
            "plaque d'immatriculation, immatriculation, immatriculée, matrícula, targa, kenteken, "
            "numer rejestracyjny, registreringsnummer"
        ),
    ),
    Lexicon(
        id="device",
        words=words(
            "serial number, serial no, serial no., serial #, device id, device identifier, "
            "device serial, device number, device no, imei, meid, udi, imsi, implant id, pump id, "
            "seriennummer, gerätenummer, geräte-id, numéro de série, número de serie, numero di serie, numero seriale, "
            "serienummer"
        ),
    ),
    Lexicon(id="serial", words=words("serial, s/n")),
    Lexicon(
        id="certificate",
        words=words(
            "certificate number, certificate no, certificate no., certificate #, certificate id, certificate, cert no, "
            "cert #, license number, licence number, license no, licence no, license no., licence no., license #, "
            "licence #, medical license, nursing license, professional license, state license, lic no, lic #, "
            "permit number, permit no, registration number, registration no, birth certificate, death certificate, "
            "zertifikatsnummer, approbationsnummer, lizenznummer, zulassungsnummer, urkundennummer, "
            "numéro de certificat, numéro de licence, número de certificado, número de licencia, número de colegiado, "
            "numero di certificato, numero di licenza, registratienummer"
        ),
    ),
)

LABELS = (
    Label(id="vin-labelled", lexicon="vin", type="vin", value=f"(?i:{_VIN})", check="vin_form", score=0.9),
    Label(
        id="plate",
        lexicon="plate",
        type="plate",
        value=r"[A-Z0-9\xC0]{1,8}(?:[ \-\xB7]{1,2}[A-Z0-9]{1,5}){0,3}",
        gap=20,
        check="plate",
        score=0.8,
        more=False,
    ),
    Label(id="device-serial", lexicon="device", type="device-serial", value=_CODE, check="long_code", score=0.8),
    # Right behind: a serial range is of no device.
    Label(id="serial", lexicon="serial", type="device-serial", value=_CODE, gap=6, check="long_code", score=0.8),
    Label(
        id="certificate",
        lexicon="certificate",
        type="certificate",
        value=_CODE,
        check="long_code",
        score=0.8,
        cleared=r"-----\s{0,8}|-----(?:\\[rn]){0,2}",  # what is below a line of PEM
    ),
)

RECOGNIZERS = (
    Recognizer(
        id="vin", type="vin", pattern=rf"\b{_VIN}\b", gate=rf"\b{_VIN}\b", check="vin", joints=NUMBER, score=0.9
    ),
    Recognizer(
        # A unique device identifier (GS1): the kind of device, then at least its serial number or lot.
        id="udi",
        type="device-serial",
        pattern=r"\(01\) ?[0-9]{14}(?: ?\((?:10|11|17|21|240)\) ?[A-Za-z0-9\-/.]{1,20}){1,5}",
        gate=r"\(01\) ?[0-9]{14}",
        score=0.9,
    ),
    Recognizer(
        # The same by HIBCC, behind its word or not.
        id="udi-hibc",
        type="device-serial",
        pattern=r"\+[A-Z][0-9A-Z]{8,20}/\$\$?\+?[0-9A-Z]{3,30}(?:/[A-Z0-9]{1,30}){0,4}",
        gate=r"\+[A-Z][0-9A-Z]{8,20}/\$",
        score=0.9,
    ),
)
