"""Rules of WCAG 2.2 that can be decided over the tree of a page, as `faults` of it."""

import itertools
import re
from collections import Counter
from html.parser import HTMLParser

VOID = frozenset({"meta", "link", "br", "img", "hr", "input"})


class Node:
    """An element: its name, attributes, children and the text right in it."""

    def __init__(self, name: str, attributes: dict[str, str], parent: "Node | None") -> None:
        self.name, self.attributes, self.parent = name, attributes, parent
        self.children: list[Node] = []
        self.words = ""

    def all(self, *names: str) -> list["Node"]:
        found = [self] if self.name in names else []
        for child in self.children:
            found += child.all(*names)
        return found

    def every(self) -> list["Node"]:
        return [self, *(node for child in self.children for node in child.every())]

    @property
    def text(self) -> str:
        return " ".join((self.words + " " + " ".join(child.text for child in self.children)).split())


class _Tree(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.root = self._here = Node("", {}, None)
        self.astray: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        node = Node(tag, {name: value or "" for name, value in attrs}, self._here)
        self._here.children.append(node)
        if tag not in VOID:
            self._here = node

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._here.children.append(Node(tag, {name: value or "" for name, value in attrs}, self._here))

    def handle_endtag(self, tag: str) -> None:
        if self._here.name != tag:
            self.astray.append(tag)
            return
        if self._here.parent is not None:
            self._here = self._here.parent

    def handle_data(self, data: str) -> None:
        self._here.words += data


def tree(page: str) -> Node:
    """The page's tree; `ValueError` where its tags do not close in order."""
    parser = _Tree()
    parser.feed(page)
    parser.close()
    if parser.astray or parser.root is not parser._here:
        raise ValueError(f"tags are not closed in order: {parser.astray[:3]}")
    return parser.root


def faults(page: str) -> list[str]:
    """What does not hold, in words."""
    root = tree(page)
    return [*_page(root), *_names(root), *_tables(root), *_pictures(root), *_alone(root)]


def _page(root: Node) -> list[str]:
    found = []
    (html,) = root.all("html")
    if html.attributes.get("lang") != "en":
        found.append("the page has no language (3.1.1)")
    if [title.text for title in root.all("title")] in ([], [""]):
        found.append("the page has no title (2.4.2)")
    for name in ("header", "main", "footer", "h1"):
        if len(root.all(name)) != 1:
            found.append(f"there must be one {name} (1.3.1)")
    levels = [int(node.name[1]) for node in root.every() if re.fullmatch(r"h[1-6]", node.name)]
    if any(after > before + 1 for before, after in itertools.pairwise(levels)):
        found.append("a level of headings is left out (1.3.1)")
    return found


def _names(root: Node) -> list[str]:
    ids = Counter(node.attributes["id"] for node in root.every() if "id" in node.attributes)
    found = [f"id {name} is there twice (4.1.2)" for name, times in ids.items() if times > 1]
    for node in root.every():
        for attribute in ("aria-labelledby", "aria-describedby"):
            if node.attributes.get(attribute, next(iter(ids), "")) not in ids:
                found.append(f"{attribute} names nothing (4.1.2)")
        if node.name == "a":
            target = node.attributes.get("href", "")
            if not node.text:
                found.append("a link without a text (2.4.4)")
            if not target.startswith("#") or target[1:] not in ids:
                found.append("a link leads nowhere in the page")
        if node.attributes.get("role") == "region":
            if not node.attributes.get("aria-label"):
                found.append("a region without a name (1.3.1)")
            if node.attributes.get("tabindex") != "0":
                found.append("what scrolls is not reached by the keyboard (2.1.1)")
        if node.name in ("section", "nav") and "aria-labelledby" not in node.attributes:
            found.append(f"a {node.name} without a name (1.3.1)")
    return found


def _tables(root: Node) -> list[str]:
    found = []
    for table in root.all("table"):
        if [caption.text for caption in table.all("caption")] in ([], [""]):
            found.append("a table without a caption (1.3.1)")
        head = [node for part in table.all("thead") for node in part.all("th")]
        if not head or any(node.attributes.get("scope") != "col" for node in head):
            found.append("a table whose columns have no headers (1.3.1)")
        for row in (row for part in table.all("tbody") for row in part.all("tr")):
            heads = row.all("th")
            if len(heads) != 1 or heads[0].attributes.get("scope") != "row":
                found.append("a row without its header (1.3.1)")
            if len(row.all("th", "td")) != len(head):
                found.append("a row with other cells than the head")
        if table.parent is None or table.parent.attributes.get("role") != "region":
            found.append("a table that cannot be scrolled at 375 px (1.4.10)")
    return found


def _pictures(root: Node) -> list[str]:
    found = []
    for picture in root.all("svg", "img"):
        if picture.attributes.get("role") != "img" or not picture.attributes.get("aria-label"):
            found.append("a picture without words (1.1.1)")
    for figure in root.all("figure"):
        if not [caption for caption in figure.all("figcaption") if caption.text]:
            found.append("a figure without a caption (1.1.1)")
    return found


def _alone(root: Node) -> list[str]:
    """The page needs nothing but itself, and runs nothing."""
    found = []
    for node in root.every():
        if node.name in ("script", "iframe", "object", "embed", "link", "form"):
            found.append(f"a {node.name}")
        if any(name.startswith("on") or name in ("src", "srcset", "action") for name in node.attributes):
            found.append("an attribute that loads or runs something")
    return found


def contrast(one: str, other: str) -> float:
    """The contrast of two colours in #rrggbb (WCAG 2.2, 1.4.3)."""
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour: str) -> float:
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
