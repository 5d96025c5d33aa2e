"""The tree over a ledger's records: roots, proofs and their verification.

RFC 6962 §2.1 defines the tree, RFC 9162 §2.1.3 and §2.1.4 the proofs and the verifying algorithms, whose steps are
repeated beside the code. A leaf hash is exactly 32 bytes; the tree of size 0 has a root but no proofs.

A perfect subtree is named by (level, index): it stands over the leaves index·2^level to (index+1)·2^level - 1.
"""

from collections.abc import Callable, Iterable, Sequence
from hashlib import sha256
from struct import iter_unpack

from gateway.core.errors import FormatError, VerificationError
from gateway.ledger.chain import node_hash, node_hashes

HASH_BYTES = 32
_PAIR = f"{2 * HASH_BYTES}s"
EMPTY_ROOT = sha256().digest()
"""RFC 6962 §2.1: the hash of an empty list is the hash of an empty string."""

Node = Callable[[int, int], bytes]
"""(level, index) → the hash of that perfect subtree."""


class Frontier:
    """The right edge of a growing tree: the roots of its perfect subtrees, from left (largest) to right.

    That is at most 63 hashes, and all that appending and the root need.
    """

    __slots__ = ("_peaks", "size")

    def __init__(self, size: int = 0, peaks: Sequence[bytes] = ()) -> None:
        """`FormatError` unless there is one 32-byte peak for each bit that is set in `size`."""
        if size < 0 or len(peaks) != size.bit_count():
            raise FormatError("a frontier must have one hash for each bit set in its size")
        if any(len(peak) != HASH_BYTES for peak in peaks):
            raise FormatError("a hash must be 32 bytes long")
        self.size = size
        self._peaks = list(peaks)

    @property
    def peaks(self) -> tuple[bytes, ...]:
        return tuple(self._peaks)

    def append(self, leaf_hash: bytes) -> None:
        """One more leaf. `FormatError` unless its hash is 32 bytes."""
        if len(leaf_hash) != HASH_BYTES:
            raise FormatError("a hash must be 32 bytes long")
        self._put(0, leaf_hash)

    def append_all(self, leaf_hashes: Sequence[bytes]) -> None:
        """These leaves, in half the time that one after the other takes. `FormatError`, and none of them, unless all
        are 32 bytes."""
        if set(map(len, leaf_hashes)) - {HASH_BYTES}:
            raise FormatError("a hash must be 32 bytes long")
        at, count = 0, len(leaf_hashes)
        while at < count:
            # The widest perfect subtree that begins here and is filled: not above the lowest bit set in the size.
            level = (count - at).bit_length() - 1
            if self.size:
                level = min(level, (self.size & -self.size).bit_length() - 1)
            self._put(level, subtree(leaf_hashes[at : at + (1 << level)]))
            at += 1 << level

    def extend(self, nodes: Iterable[tuple[int, bytes]]) -> None:
        """The leaves under these perfect subtrees, (level, hash) from left to right, as `Span.nodes` has them.

        `FormatError` for a hash of another length, or a subtree that has no place here."""
        for level, node in nodes:
            if len(node) != HASH_BYTES:
                raise FormatError("a hash must be 32 bytes long")
            if level < 0 or self.size & ((1 << level) - 1):
                raise FormatError("a subtree must start at a multiple of its width")
            self._put(level, node)

    def _put(self, level: int, node: bytes) -> None:
        """A perfect subtree, at a multiple of its width."""
        size, peaks = self.size >> level, self._peaks
        while size & 1:
            node = node_hash(peaks.pop(), node)
            size >>= 1
        peaks.append(node)
        self.size += 1 << level

    def root(self) -> bytes:
        if not self._peaks:
            return EMPTY_ROOT
        node = self._peaks[-1]
        for peak in reversed(self._peaks[:-1]):
            node = node_hash(peak, node)
        return node

    def copy(self) -> "Frontier":
        return Frontier(self.size, self._peaks)

    def encode(self) -> bytes:
        """The size as 8 bytes, big-endian, and the peaks from left to right."""
        return self.size.to_bytes(8) + b"".join(self._peaks)

    @classmethod
    def decode(cls, data: bytes) -> "Frontier":
        """The reverse of `encode`; `FormatError` for anything else."""
        if len(data) < 8 or (len(data) - 8) % HASH_BYTES:
            raise FormatError("a frontier must be 8 bytes and whole hashes")
        return cls(int.from_bytes(data[:8]), [data[i : i + HASH_BYTES] for i in range(8, len(data), HASH_BYTES)])


class Span(Frontier):
    """Leaves from `first` on, of which those before are not known: the perfect subtrees over them, of which a frontier
    is made that they are put behind (`Frontier.extend`). It has no root.

    `cuts`: sizes, ascending, at which no subtree reaches from before to behind: whoever puts the nodes behind a
    frontier, one by one, comes to each of these sizes, and has the root there. Leaves come one by one where there are
    any."""

    __slots__ = ("_cuts", "_floor", "first", "nodes")

    def __init__(
        self,
        first: int,
        nodes: Iterable[tuple[int, bytes]] = (),
        size: int | None = None,
        cuts: Sequence[int] = (),
    ) -> None:
        super().__init__()
        self.first, self.nodes, self.size = first, list(nodes), first if size is None else size
        self._cuts = [cut for cut in reversed(cuts) if cut > self.size]
        self._floor = 0
        """So many nodes are of before the last cut."""

    def _put(self, level: int, node: bytes) -> None:
        width, index, nodes, floor = 1 << level, self.size >> level, self.nodes, self._floor
        # The left sibling is there unless it begins before the first leaf or the cut; then it is at no level above
        # either.
        while index & 1 and len(nodes) > floor and nodes[-1][0] == level:
            node = node_hash(nodes.pop()[1], node)
            index, level = index >> 1, level + 1
        nodes.append((level, node))
        self.size += width
        if self._cuts and self.size >= self._cuts[-1]:
            if self.size > self._cuts.pop():
                raise TypeError("a span that is cut grows leaf by leaf")
            self._floor = len(nodes)

    def extend(self, nodes: Iterable[tuple[int, bytes]]) -> None:
        raise TypeError("a span grows by leaves")

    def root(self) -> bytes:
        raise TypeError("a span has no root: the leaves before it are not known")

    def copy(self) -> "Span":
        made = Span(self.first, self.nodes, self.size, self._cuts[::-1])
        made._floor = self._floor
        return made


def root(leaf_hashes: Iterable[bytes]) -> bytes:
    """MTH of these leaves, given as leaf hashes (RFC 6962 §2.1)."""
    frontier = Frontier()
    for leaf in leaf_hashes:
        frontier.append(leaf)
    return frontier.root()


def subtree(hashes: Sequence[bytes]) -> bytes:
    """The node above a power of two of neighbouring hashes; `FormatError` for another number of them."""
    if not hashes or len(hashes) & (len(hashes) - 1):
        raise FormatError("a perfect subtree stands over a power of two of hashes")
    row = b"".join(hashes)
    if len(row) != len(hashes) * HASH_BYTES:
        raise FormatError("a hash must be 32 bytes long")
    # All of a level in one piece, which is taken apart in C: two neighbours would be put together one by one.
    while len(row) > HASH_BYTES:
        row = b"".join(node_hashes([pair for (pair,) in iter_unpack(_PAIR, row)]))
    return row


def root_of(size: int, node: Node) -> bytes:
    """The root of the tree of `size`, from its perfect subtrees."""
    return _range_hash(0, size, node) if size else EMPTY_ROOT


def inclusion_path(index: int, size: int, node: Node) -> list[bytes]:
    """PATH(index, D[size]) of RFC 9162 §2.1.3.1, from the leaf's sibling up; `FormatError` unless index < size."""
    if not 0 <= index < size:
        raise FormatError("an index must lie below the size of the tree")
    path: list[bytes] = []
    start, end = 0, size
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            path.append(_range_hash(middle, end, node))
            end = middle
        else:
            path.append(_range_hash(start, middle, node))
            start = middle
    path.reverse()
    return path


def consistency_path(first: int, second: int, node: Node) -> list[bytes]:
    """PROOF(first, D[second]) of RFC 9162 §2.1.4.1; `FormatError` unless 0 < first ≤ second."""
    if not 0 < first <= second:
        raise FormatError("a consistency proof needs 0 < first <= second")
    path: list[bytes] = []
    start, end = 0, second
    whole = True  # SUBPROOF's b: the subtree at hand is the whole first tree, whose root the verifier knows
    while first != end:
        middle = start + _split(end - start)
        if first <= middle:
            path.append(_range_hash(middle, end, node))
            end = middle
        else:
            path.append(_range_hash(start, middle, node))
            start, whole = middle, False
    if not whole:
        path.append(_range_hash(start, end, node))
    path.reverse()
    return path


def verify_inclusion(leaf_hash: bytes, index: int, size: int, path: Sequence[bytes], root_hash: bytes) -> None:
    """RFC 9162 §2.1.3.2: the leaf stands at `index` in the tree of `size` with this root, or `VerificationError`."""
    _lengths((leaf_hash, root_hash, *path))
    # 1. Compare leaf_index against tree_size.
    if not 0 <= index < size:
        raise VerificationError("inclusion: the index must lie below the size of the tree")
    # 2. Set fn to leaf_index and sn to tree_size - 1.   3. Set r to hash.
    fn, sn, r = index, size - 1, leaf_hash
    # 4. For each value p in the inclusion path:
    for p in path:
        if sn == 0:
            raise VerificationError("inclusion: the proof is too long")
        if fn & 1 or fn == sn:
            r = node_hash(p, r)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            r = node_hash(r, p)
        fn, sn = fn >> 1, sn >> 1
    # 5. Compare sn to 0, and r against the root.
    if sn != 0:
        raise VerificationError("inclusion: the proof is too short")
    if r != root_hash:
        raise VerificationError("inclusion: the proof does not lead to the root")


def verify_consistency(first: int, second: int, path: Sequence[bytes], first_root: bytes, second_root: bytes) -> None:
    """RFC 9162 §2.1.4.2: the tree of `second` extends the tree of `first`, or `VerificationError`."""
    if not 0 < first <= second:
        raise VerificationError("consistency: needs 0 < first <= second")
    if first == second:
        if path or first_root != second_root:
            raise VerificationError("consistency: equal sizes need an empty proof and equal roots")
        return
    _lengths((first_root, second_root, *path))
    # 1. If consistency_path is an empty array, stop and fail.
    if not path:
        raise VerificationError("consistency: the proof is empty")
    # 2. If first is an exact power of 2, prepend first_hash to the path.
    nodes = [first_root, *path] if first & (first - 1) == 0 else list(path)
    # 3. Set fn to first - 1 and sn to second - 1.   4. While LSB(fn) is set, shift both right.
    fn, sn = first - 1, second - 1
    while fn & 1:
        fn, sn = fn >> 1, sn >> 1
    # 5. Set both fr and sr to the first value.
    fr = sr = nodes[0]
    # 6. For each subsequent value c:
    for c in nodes[1:]:
        if sn == 0:
            raise VerificationError("consistency: the proof is too long")
        if fn & 1 or fn == sn:
            fr, sr = node_hash(c, fr), node_hash(c, sr)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            sr = node_hash(sr, c)
        fn, sn = fn >> 1, sn >> 1
    # 7. Compare fr to first_hash, sr to second_hash, and sn to 0.
    if sn != 0:
        raise VerificationError("consistency: the proof is too short")
    if fr != first_root or sr != second_root:
        raise VerificationError("consistency: the proof does not lead to the roots")


def _split(width: int) -> int:
    """The largest power of two below `width` (RFC 6962 §2.1), for a width of at least 2."""
    return 1 << ((width - 1).bit_length() - 1)


def _range_hash(start: int, end: int, node: Node) -> bytes:
    """MTH(D[start:end]) of a subtree that the splitting above arrives at: its start is a multiple of a power of two
    no smaller than its width, so it is a row of perfect subtrees, each narrower than the one to its left."""
    peaks: list[bytes] = []
    while start < end:
        level = (end - start).bit_length() - 1
        peaks.append(node(level, start >> level))
        start += 1 << level
    r = peaks.pop()
    while peaks:
        r = node_hash(peaks.pop(), r)
    return r


def _lengths(hashes: Iterable[bytes]) -> None:
    if any(len(item) != HASH_BYTES for item in hashes):
        raise VerificationError("proof: a hash must be 32 bytes long")
