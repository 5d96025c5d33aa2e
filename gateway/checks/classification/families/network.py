"""Addresses of machines that lead to people: IP and MAC."""

from gateway.checks.classification.recognizer import Lexicon, Recognizer, words

LEXICONS = (
    Lexicon(
        id="software",
        words=words(
            "version, versions, upgrade, upgraded, release, released, build, downgrade, firmware, driver, kernel, "
            "patch, python, node, npm, "
            "pip, sdk, library, package, dependency, plugin, compiler, runtime, container, image, "
            "ver., v., bios, changelog, semver, hotfix, rollback, installed, install, installing"
        ),
    ),
    Lexicon(id="version", words=words("version, versions, upgrade, upgraded, release, released, build, downgrade")),
)

RECOGNIZERS = (
    Recognizer(
        id="ipv4",
        type="ip",
        pattern=r"\b[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}\b",
        gate=r"\b[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}\.[0-9]",
        check="ipv4",
        joints=".",
        unless="version",
        score=0.9,
    ),
    Recognizer(
        id="ipv6",
        type="ip",
        pattern=r"(?:[0-9A-Fa-f]{1,4}:|::)(?:[0-9A-Fa-f]{0,4}:){1,6}(?:[0-9]{1,3}(?:\.[0-9]{1,3}){3}|[0-9A-Fa-f]{0,4})\b",
        gate="[0-9A-Fa-f]::|::[0-9A-Fa-f]|(?:[0-9A-Fa-f]{1,4}:){6}",
        check="ipv6",
        joints=".:",
        score=0.95,
    ),
    Recognizer(
        id="mac",
        type="mac",
        pattern=(
            r"\b[0-9A-Fa-f]{2}(?::[0-9A-Fa-f]{2}){5}\b|\b[0-9A-Fa-f]{2}(?:-[0-9A-Fa-f]{2}){5}\b|"
            r"\b[0-9A-Fa-f]{4}\.[0-9A-Fa-f]{4}\.[0-9A-Fa-f]{4}\b"
        ),
        gate=r"\b[0-9A-Fa-f]{2}(?:[:\-][0-9A-Fa-f]{2}){5}|\b[0-9A-Fa-f]{4}\.[0-9A-Fa-f]{4}\.[0-9A-Fa-f]{4}\b",
        check="mac",
        joints=":-.",
        score=0.9,
    ),
)
