"""Every place of an A2A request, result or event that can carry text, as parts: the whole document is walked.

Left out are only exact words of the protocol (`a2a_words`). Files of a text format are read by their media type, and
data in which a resource of FHIR stands by its elements; other
bytes, and whatever stands behind a URL, are one `unreadable` part each. Text parts that stand next to each other are
one text with cuts, since readers join them (an artifact's pieces) or set them apart. Places whose text means something
to the protocol (ids, URLs, tokens, media types) are scanned and not maskable.
"""

import base64
import binascii
from collections.abc import Iterable
from typing import Any

from gateway.agents.a2a_words import A2A, FREE, TIMES, TIMESTAMP, misspelt
from gateway.agents.bodies import MAX_PARTS, escape, member, replace, steps, walk
from gateway.agents.content import Content, read_content, render_content
from gateway.agents.formats import fhir
from gateway.agents.formats.fhir_elements import is_plainly_fhir
from gateway.agents.formats.layout import Layout
from gateway.core.errors import FormatError
from gateway.core.message import Part
from gateway.core.ports import Bounds
from gateway.core.refusal import Refusal

UNREAD = "[UNSCANNED]"
"""What stands for a file that may not be handed on unread."""
_RUN, _FILE, _FHIR = "run:", "file:", "fhir:"
"""Places that are no pointers: of texts next to each other, within a file, and within data that hold FHIR."""
_RESOURCE = Layout(format="fhir")


class Reader:
    """Gathers the parts of one document. `files`: place and URL of each file that somebody else holds."""

    def __init__(self, bounds: Bounds) -> None:
        self.parts: list[Part] = []
        self.files: list[tuple[str, str]] = []
        self._bounds = bounds

    def read(self, value: Any, place: str = "") -> None:
        """Add the parts of a value. `FormatError`, whose text is the place, for a key in another spelling."""
        self._walk(value, place, "")

    def _walk(self, value: Any, place: str, key: str) -> None:
        if self._full(place):
            return
        if type(value) is dict:
            for name, item in value.items():
                self._member(name, item, f"{place}/{escape(name)}")
        elif type(value) is list:
            for index, item in enumerate(value):
                self._walk(item, f"{place}/{index}", key)
        else:
            named = key in A2A.names
            label = "" if key in A2A.keys else key
            walk(value, self.parts, place, A2A, label, "name" if named else "text")

    def _member(self, key: str, item: Any, place: str) -> None:
        """One member of an object of the protocol's own."""
        if self._full(place):
            return
        if misspelt(key):
            raise FormatError(place)
        container = type(item) in (dict, list)
        if key in FREE and is_plainly_fhir(item):
            self._within(_FHIR, place, fhir.parts(item, _RESOURCE, self._bounds))
        elif key in FREE and container:
            walk(item, self.parts, place)
        elif key == "parts" and type(item) is list:
            self._elements(item, place)
        elif container:
            if key not in A2A.keys:
                self.parts.append(Part(place, key, "name"))
            self._walk(item, place, key)
        elif not (key in TIMES and type(item) is str and TIMESTAMP.fullmatch(item)):
            member(key, item, self.parts, place, A2A)

    def _elements(self, items: list[Any], place: str) -> None:
        """The parts of a message or an artifact."""
        first, texts = 0, list[str]()
        for index, item in enumerate(items):
            text = item.get("text") if type(item) is dict else None
            if type(text) is str:
                first = first if texts else index
                texts.append(text)
            else:
                self._run(texts, f"{place}/{first}")
                texts = []
            at = f"{place}/{index}"
            if type(item) is dict:
                for key, value in item.items():
                    self._element(key, value, item, f"{at}/{escape(key)}")
            else:
                self._walk(item, at, "")
        self._run(texts, f"{place}/{first}")

    def _element(self, key: str, value: Any, holder: dict[str, Any], place: str) -> None:
        if key == "text" and type(value) is str:
            return  # of a run
        if key == "raw" and type(value) is str:
            self._file(value, holder.get("mediaType"), place)
            return
        if key == "url" and type(value) is str and value:
            # Nobody here has seen what stands behind it.
            self.parts.append(Part(place, "", "unreadable"))
            if not is_data_url(value):
                self.files.append((place, value))
            elif ";base64," in value[:256].lower():
                return
        self._member(key, value, place)

    def _run(self, texts: list[str], place: str) -> None:
        text = "".join(texts)
        if not text or self._full(place):
            return
        if len(texts) == 1:
            self.parts.append(Part(f"{place}/text", text))
            return
        cuts, at = [], 0
        for one in texts[:-1]:
            at += len(one)
            cuts.append(at)
        self.parts.append(Part(f"{_RUN}{len(texts)}:{place}", text, cuts=tuple(cuts)))

    def _file(self, raw: str, media: Any, place: str) -> None:
        content = read_file(raw, media, self._bounds)
        if content is None:
            self.parts.append(Part(place, "", "unreadable"))
            return
        self._within(_FILE, place, content.parts)

    def _within(self, kind: str, place: str, parts: Iterable[Part]) -> None:
        """Parts of what stands in a place and is read by a reader of its own."""
        for part in parts:
            inner = f"{kind}{len(place)}:{place}:{part.pointer}"
            self.parts.append(Part(inner, part.text, part.kind, part.label, part.known))

    def _full(self, place: str) -> bool:
        if len(self.parts) < MAX_PARTS:
            return False
        if self.parts[-1].kind != "unreadable":
            self.parts.append(Part(place, "", "unreadable"))
        return True


def rewrite(document: Any, masked: dict[str, str], bounds: Bounds) -> Any:
    """The document with other texts in these places. Of texts next to each other the first takes it all.

    `FormatError` for a place that is not there.
    """
    plain: dict[str, str] = {}
    files: dict[str, dict[str, str]] = {}
    resources: dict[str, dict[str, str]] = {}
    for pointer, text in masked.items():
        if pointer.startswith(_RUN):
            plain |= _spread(pointer, text)
        elif pointer.startswith(_FILE):
            place, inner = _within(pointer, _FILE)
            files.setdefault(place, {})[inner] = text
        elif pointer.startswith(_FHIR):
            place, inner = _within(pointer, _FHIR)
            resources.setdefault(place, {})[inner] = text
        else:
            plain[pointer] = text
    for place, texts in files.items():
        holder = _found(document, place.rpartition("/")[0])
        content = read_file(holder["raw"], holder.get("mediaType"), bounds)
        if content is None:
            raise FormatError("a mask for a place that is not there")
        body = render_content(_decoded(holder["raw"]) or b"", content.form, content.document, texts)
        plain[place] = base64.b64encode(body).decode("ascii")
    for place, texts in resources.items():
        document = _set(document, steps(place), fhir.masked(_found(document, place), texts, bounds))
    return replace(document, plain)


def withheld(document: Any, places: Iterable[str]) -> Any:
    """The document without the files in these places: a word stands for each, beside what else its part holds.

    `FormatError` for a place where no file is.
    """
    for place in places:
        if place.startswith(_FILE):
            place, _ = _within(place, _FILE)
        elif place.startswith(_FHIR):
            place, _ = _within(place, _FHIR)
        *path, key = steps(place)
        if key not in ("raw", "url", "data") or len(path) < 2 or path[-2] != "parts":
            raise FormatError("no file is there")
        document = _put(document, path, key)
    return document


def read_file(raw: str, media: Any, bounds: Bounds) -> Content | None:
    """The parts of a file in base64; None where its bytes cannot be read as what its media type says."""
    data = _decoded(raw)
    if data is None or type(media) is not str or not media:
        return None
    content = read_content(data, media, bounds)
    return None if isinstance(content, Refusal) else content


def is_data_url(url: str) -> bool:
    """A URL that holds its own content (RFC 2397)."""
    return url[:5].lower() == "data:"


def _decoded(raw: str) -> bytes | None:
    """Bytes as ProtoJSON writes them: base64 of either alphabet, padded or not."""
    text = raw.rstrip("=").replace("-", "+").replace("_", "/")
    try:
        return binascii.a2b_base64(text + "=" * (-len(text) % 4), strict_mode=True)
    except (binascii.Error, ValueError):
        return None


def _spread(pointer: str, text: str) -> dict[str, str]:
    count, _, place = pointer.removeprefix(_RUN).partition(":")
    within, _, first = place.rpartition("/")
    texts = {f"{within}/{int(first) + index}/text": "" for index in range(int(count))}
    texts[f"{place}/text"] = text
    return texts


def _within(pointer: str, kind: str) -> tuple[str, str]:
    """The place of what has places of its own (`kind`), and the place within it."""
    size, _, rest = pointer.removeprefix(kind).partition(":")
    return rest[: int(size)], rest[int(size) + 1 :]


def _put(node: Any, path: list[str], key: str) -> Any:
    """A copy of the document down this path, in which the part at its end has a word instead of its file."""
    copied = node.copy()
    if not path:
        for name in (key, "mediaType"):
            copied.pop(name, None)
        return {**copied, "text": UNREAD}
    step: Any = int(path[0]) if type(node) is list else path[0]
    copied[step] = _put(node[step], path[1:], key)
    return copied


def _set(node: Any, path: list[str], value: Any) -> Any:
    """A copy of the document down this path, with a value at its end."""
    if not path:
        return value
    copied = node.copy()
    step: Any = int(path[0]) if type(node) is list else path[0]
    copied[step] = _set(node[step], path[1:], value)
    return copied


def _found(document: Any, pointer: str) -> Any:
    node = document
    for step in steps(pointer):
        node = node[int(step)] if type(node) is list else node[step]
    return node
