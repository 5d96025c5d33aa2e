"""Random ids: UUIDv7 (RFC 9562 §5.7) where order in time helps, plain random hex where it would tell too much."""

import os


def uuid7(unix_us: int, random: bytes | None = None) -> str:
    """A UUIDv7 in its 36 character form: 48 bits of milliseconds, 74 random bits (`random`: 10 bytes)."""
    noise = int.from_bytes(random or os.urandom(10))
    value = ((unix_us // 1000) & 0xFFFFFFFFFFFF) << 80 | 0x7 << 76 | (noise >> 68 & 0xFFF) << 64 | 0x2 << 62
    text = f"{value | noise & 0x3FFFFFFFFFFFFFFF:032x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def random_id(prefix: str) -> str:
    """`prefix_` and 26 hex digits of the system's randomness: 104 bits that say nothing of what they stand for."""
    return f"{prefix}_{os.urandom(13).hex()}"
