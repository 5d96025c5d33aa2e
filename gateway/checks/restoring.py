"""Tokens of a text, turned back where the text is plain, as it comes.

What an agent writes is read by programs as well as by people, and not every place of it is for eyes: a value in an
address would leave with the next click or picture, one in code or in JSON would be run or parsed. So a token is turned
back only in what is certainly prose, and stays where there is any doubt: in code spans and fences, indented code,
addresses and whatever is glued to one, destinations of links, markup, anything after a brace or after markup that is
not of a few plain kinds. Doubt is cheap: a token that stays says nothing.

A token must stand there to the letter; one that was cut, changed, invented or made elsewhere is no token. Where code
begins and ends is read as CommonMark does (0.31.2 §4.4, §4.5, §6.1), or, where readers differ, as the one that sees
more code. All of it is one pass from left to right over words, so that pieces give what the whole gives; held back is
at most one word (`MAX_WORD`), and only from its first bracket on.

Whoever reads an answer of several texts may join them, so a token is turned back only where it would be in its own text
and in all of them joined: a `Restorer` of these (`within`) reads along, word by word.
"""

import re
from collections.abc import Callable
from copy import copy

from gateway.core.tokens import LETTERS, TOKEN, Book

MAX_WORD = 512
"""Characters of a word, which is what stands between spaces; in a longer one nothing is turned back."""
_PIECE = re.compile(r"[ \t\r\n]+|[^ \t\r\n]+")
# Classes of characters and runs of them alone: linear in the text, whatever it is.
_MARK = re.compile(rf"({TOKEN})|\\?`+|~~~|<|\{{|\(|\)|\[(?=\[)|\[[A-Za-z]+=")
_TOKEN = re.compile(TOKEN)
_OPENS = re.compile(r"[\w\]]")
"""What a parenthesis stands right behind that is of a link or a call."""
_LIKE = re.compile(rf"(?i)[a-z0-9-]{{1,48}}\\?_[{LETTERS}]{{12,20}}")
_GLUED = re.compile(r"//|\]\(|[@%&=\\]|[\w\0][.:/?#]+[\w\0]|\0[(\[]|<\0|\0>")
"""What makes an address of a word, or might: `\\0` stands for a token."""
_COMMAND = re.compile(r"--?[A-Za-z]|.*://|[(<\"'*_]*www\.|(?:.*=|=>|&&|\|\||>>)$", re.IGNORECASE)
"""What makes a command of the rest of its line, or might: an option, an address, what sets a variable or asks a
query (`=` at its end), or joins two commands."""
_PROMPTS = frozenset(
    {
        *("$", "curl", "wget", "ssh", "scp", "sftp", "ftp", "nc", "telnet", "sudo", "echo", "export", "mail", "ping"),
        *("dig", "nslookup", "git", "docker", "kubectl", "python", "python3", "node", "psql", "mysql", "sqlite3"),
        *("SELECT", "INSERT", "UPDATE", "DELETE", "WHERE", "VALUES", "SET", "HAVING"),
    }
)
"""Words that a line begins with which is for a shell or a database."""
_LIST = re.compile(r"(?:[-*+>]|[0-9]{1,9}[.)])+")
_FENCE = re.compile(r"`{3,}|~{3,}")
_TAG = re.compile(r"</?([a-z][a-z0-9]*)/?>", re.IGNORECASE)
_ADDRESS = re.compile(r"<[^<>\"'=`]*(?:://|@)[^<>\"'=`]*>")
_PLAIN_TAGS = frozenset(
    {
        *("b", "i", "u", "s", "em", "strong", "small", "sub", "sup", "br", "hr", "p", "ul", "ol", "li", "dl", "dt"),
        *("dd", "h1", "h2", "h3", "h4", "h5", "h6", "blockquote", "table", "thead", "tbody", "tr", "td", "th"),
        *("div", "span"),
    }
)
_SPECIAL = frozenset("`<{\\")
"""Characters that a value must not have to be turned back: they would change how the rest is read."""


class Restorer:
    """Turns back the tokens of one text. `may`: whether those of a finding type may be at all. Counted are tokens of
    the book by type, those turned back and those that stay, and what looks like a token and is none of it. `within`:
    what reads the texts of the same answer as one; it is fed here, and what it counts means nothing."""

    def __init__(self, book: Book, may: Callable[[str], bool], within: "Restorer | None" = None) -> None:
        self._book, self._may, self._within = book, may, within
        self.back: dict[str, int] = {}
        self.kept: dict[str, int] = {}
        self.foreign = 0
        self._word = ""
        self._out = 0
        """How much of the word has left."""
        self._torn = False
        self._first = True
        self._spoiled = self._doubt = self._defines = False
        """No token is turned back any more; in this paragraph; in this word, which may be the destination of a link
        definition."""
        self._link = 0
        """Parentheses that are open, from the one of a link or a call on: no token is turned back until all close."""
        self._command = self._goes_on = False
        """No token is turned back any more in this line; and what it says goes on in the next one."""
        self._stands = False
        """None is in this word, because of what stands around it in other texts."""
        self._ticks = 0
        """Backticks that opened a code span in this line."""
        self._fence: tuple[str, int] | None = None
        self._fence_indent = 0
        self._fence_line = self._closing = False
        """The fence began in this line; this line may end it."""
        self._begins = True
        """Nothing but spaces and marks of lists has come in this line."""
        self._marked = self._code = self._return = self._html = False
        self._newlines = self._indent = 0

    @property
    def held(self) -> int:
        """How many characters were taken and have not left: at most `MAX_WORD`."""
        return len(self._word) - self._out

    def feed(self, text: str) -> str:
        """Take a piece; what may leave now."""
        out: list[str] = []
        for found in _PIECE.finditer(text):
            piece = found[0]
            if piece[0] in " \t\r\n":
                if self._word:
                    out.append(self._end())
                if self._within is not None:
                    self._within.feed(piece)
                self._torn = False
                self._space(piece)
                out.append(piece)
            else:
                self._take(piece, out)
        return "".join(out)

    def finish(self, after: str | None = "") -> str:
        """The rest. `after`: what the next text goes on with in the same word, None where that is not known yet: no
        token of this word is turned back then."""
        return self._end(after) if self._word else ""

    def spoil(self) -> None:
        """Turn back nothing any more."""
        self._spoiled = True

    def keeps(self, word: str, after: str | None) -> bool:
        """Whether a token of `word` stays if it is read after what was fed; the word is fed."""
        self.feed(word)
        if "[" not in word or _TOKEN.search(word) is None:
            return False
        if after is None or self._torn or len(self._word) + len(after) > MAX_WORD:
            return True
        probe = copy(self)
        probe.back, probe.kept = {}, {}
        probe._read(self._word + after)
        return bool(probe.kept)

    def _take(self, piece: str, out: list[str]) -> None:
        self._word += piece
        while len(self._word) > MAX_WORD:
            self._torn, rest = True, self._word[MAX_WORD:]
            self._word = self._word[:MAX_WORD]
            self._spoiled = self._spoiled or _MARK.search(self._word) is not None
            out.append(self._end())
            self._word = rest
        bracket = self._word.find("[", self._out)
        until = len(self._word) if bracket < 0 else bracket
        out.append(self._word[self._out : until])
        self._out = until

    def _end(self, after: str | None = "") -> str:
        """What of the word had not left yet. Nothing is turned back before its first bracket."""
        word, out = self._word, self._out
        self._word, self._out = "", 0
        self._stands = self._within is not None and self._within.keeps(word, after)
        return self._read(word)[out:]

    # ------------------------------------------------------------------------------------------------ lines and blocks

    def _space(self, space: str) -> None:
        lines = space[1:] if self._return and space.startswith("\n") else space
        self._return = space.endswith("\r")
        lines = lines.replace("\r\n", "\n").replace("\r", "\n")
        count = lines.count("\n")
        columns = len(lines.rpartition("\n")[2].replace("\t", "    "))
        if not count:
            self._indent += columns
            return
        self._newlines += count
        self._doubt = (self._doubt or self._ticks > 0) and self._newlines < 2
        self._spoiled = self._spoiled or self._ticks >= 3  # a fence, in some block that is not known here
        self._ticks = 0
        if self._closing:
            self._fence, self._closing = None, False
        self._fence_line = self._marked = False
        self._command, self._goes_on = self._goes_on and count == 1, False
        self._begins, self._indent = True, columns
        self._html = self._html and self._newlines < 2

    def _read(self, word: str) -> str:
        """A whole word, its tokens turned back where they may be."""
        begins, self._begins, self._newlines, self._closing = self._begins, False, 0, False
        if self._first:
            # What begins as JSON or markup does is for a program.
            self._first = False
            self._spoiled = self._spoiled or (word[0] == "[" and _TOKEN.match(word) is None)
        if self._fence is not None:
            return self._fenced(word, begins, *self._fence)
        if begins:
            self._code = self._indent >= 4
            if _LIST.fullmatch(word) and not self._code:
                self._begins = self._marked = True
                self._indent = 0
                return word
            self._html = self._html or word[0] == "<"  # until a blank line no fence begins, nor code
            fence = _FENCE.match(word.lstrip(">"))
            if fence is not None:
                return self._opens(word, fence[0])
        self._spoiled = self._spoiled or (begins and word.startswith("#!"))  # a script
        self._command = self._command or _COMMAND.match(word) is not None or (begins and word in _PROMPTS)
        self._goes_on = self._command and word.endswith("\\")
        shown = self._marks(word)
        self._defines = shown.endswith("]:")
        return shown

    def _opens(self, word: str, run: str) -> str:
        """A fence. What its end is cannot be told for sure within a quotation, nor where it may be a code span."""
        self._spoiled = self._spoiled or self._marked or self._html or word[0] == ">" or "`" in word.lstrip(run[0])
        self._fence, self._fence_indent, self._fence_line = (run[0], len(run)), self._indent, True
        return self._stay(word)

    def _fenced(self, word: str, begins: bool, mark: str, length: int) -> str:
        first, indent = self._fence_indent, self._indent
        if begins and indent < first:
            self._spoiled = True  # the end of the list that it stood in, or not
        elif begins and len(word) >= length and not word.strip(mark):
            self._closing = indent == first or indent <= 3
            self._spoiled = self._spoiled or not self._closing  # its end, or not
        elif self._fence_line and "`" in word:
            self._spoiled = True
        return self._stay(word)

    # ----------------------------------------------------------------------------------------------------------- words

    def _stay(self, word: str) -> str:
        if "_" in word:
            known = 0
            for token in _TOKEN.findall(word):
                known += self._stays(token)
            self._unlike(word, known)
        return word

    def _stays(self, token: str) -> bool:
        meant = self._book.meant(token)
        if meant is None:
            return False
        self.kept[meant.type] = self.kept.get(meant.type, 0) + 1
        return True

    def _unlike(self, word: str, known: int) -> None:
        self.foreign += max(0, len(_LIKE.findall(word)) - known)

    def _marks(self, word: str) -> str:
        if not any(mark in word for mark in "[`<{()~"):
            return self._stay(word)
        pieces: list[str] = []
        position = known = 0
        glued = self._torn or self._defines or ("[" in word and _GLUED.search(_TOKEN.sub("\0", word)) is not None)
        for found in _MARK.finditer(word):
            mark = found[0]
            if found[1] is None:
                self._mark(mark, word, found.start())
                continue
            value = None if glued else self._value(mark)
            if value is None:
                known += self._stays(mark)
                continue
            known += 1
            pieces += (word[position : found.start()], value)
            position = found.end()
        if "_" in word:
            self._unlike(word, known)
        return "".join((*pieces, word[position:])) if pieces else word

    def _value(self, token: str) -> str | None:
        """What a token stands for, where it may be said here."""
        meant = self._book.meant(token)
        if meant is None or self._spoiled or self._doubt or self._link or self._code or self._ticks:
            return None
        if self._command or self._stands:
            return None
        if not self._may(meant.type) or not _SPECIAL.isdisjoint(meant.value) or "](" in meant.value:
            return None
        self.back[meant.type] = self.back.get(meant.type, 0) + 1
        return meant.value

    def _is_quoted(self, word: str) -> bool:
        """Whether a parenthesis of this word may be one of a text in a call, which closes nothing."""
        return self._link > 0 and ('"' in word or "'" in word)

    def _mark(self, mark: str, word: str, at: int) -> None:
        """One mark of what is not prose."""
        if mark[0] == "\\":
            self._spoiled = True  # a backtick that may be none
        elif mark[0] == "`":
            self._spoiled = self._spoiled or self._html
            if self._ticks in (0, len(mark)):
                self._ticks = 0 if self._ticks else len(mark)
        elif mark[0] in "{[~":
            self._spoiled = self._spoiled or not self._ticks
        elif mark == "(":
            # The destination of a link, whose text may be a token, or what a function is called with; or one in these.
            self._link += self._link > 0 or _OPENS.match(word[at - 1 : at]) is not None
            self._command = self._command or self._is_quoted(word)
        elif mark == ")":
            self._command = self._command or self._is_quoted(word)
            self._link = max(0, self._link - 1)
        elif word[at + 1 : at + 2].isalpha() or word[at + 1 : at + 2] in ("/", "!", "?"):
            tag = _TAG.match(word, at)
            plain = tag is not None and tag[1].lower() in _PLAIN_TAGS
            self._spoiled = self._spoiled or not (plain or _ADDRESS.match(word, at))
