"""Images and files as OpenAI's two forms write them: data URLs (RFC 2397, base64 only) and addresses."""

from gateway.agents.translate.fields import Fields, Lost
from gateway.agents.translate.neutral import File, Image

_BASE64 = ";base64"


def image_of(url: str) -> Image:
    """An image by its data URL or its address."""
    if not url.startswith("data:"):
        return Image(url=url)
    media_type, data = _data(url)
    return Image(media_type=media_type, data=data)


def image_url(image: Image) -> str:
    return image.url or f"data:{image.media_type}{_BASE64},{image.data}"


def file_of(fields: Fields) -> File:
    """A file by what it holds; `Lost` for one that the provider holds or would fetch."""
    fields.without("file_id", "file_url")
    fields.drop("detail")
    name = fields.text("filename")
    url = fields.said("file_data")
    fields.end()
    if not url.startswith("data:"):
        raise Lost("a file without a media type")
    media_type, data = _data(url)
    return File(media_type=media_type, data=data, name=name)


def file_members(file: File) -> dict[str, str]:
    """`filename` and `file_data` of a file."""
    named = {"filename": file.name} if file.name is not None else {}
    return {**named, "file_data": f"data:{file.media_type}{_BASE64},{file.data}"}


def _data(url: str) -> tuple[str, str]:
    head, comma, data = url.removeprefix("data:").partition(",")
    media_type, coded, rest = head.rpartition(_BASE64)
    if not comma or not coded or rest or not media_type or ";" in media_type:
        raise Lost("a data URL that is not plain base64")
    return media_type, data
