"""Media types as an envelope may name them: one of a list, because what a caller writes there may be anything."""

KNOWN = frozenset(
    {
        "application/fhir+json",
        "application/fhir+xml",
        "application/graphql",
        "application/grpc",
        "application/json",
        "application/msgpack",
        "application/octet-stream",
        "application/pdf",
        "application/problem+json",
        "application/x-ndjson",
        "application/x-www-form-urlencoded",
        "application/xml",
        "application/zip",
        "audio/mpeg",
        "audio/wav",
        "image/gif",
        "image/jpeg",
        "image/png",
        "image/tiff",
        "image/webp",
        "multipart/form-data",
        "multipart/mixed",
        "text/csv",
        "text/event-stream",
        "text/html",
        "text/markdown",
        "text/plain",
        "text/xml",
        "video/mp4",
    }
)
OTHER = "other"


def media_type(header: str | None) -> str | None:
    """What a record says of a `Content-Type` (RFC 9110 §8.3): type and subtype in lower case, without parameters, when
    it is one of the list, else `other`; None where there is no header."""
    if header is None:
        return None
    bare = header.partition(";")[0].strip(" \t").lower()
    return bare if bare in KNOWN else OTHER
