"""Images and files in data URLs."""

import pytest

from gateway.agents.translate.attachments import file_members, file_of, image_of, image_url
from gateway.agents.translate.fields import Fields, Lost
from gateway.agents.translate.neutral import File, Image


@pytest.mark.parametrize("url", ["data:image/png;base64,aW1n", "https://a.test/x.png?a=b,c"])
def test_an_image_keeps_its_address_or_its_bytes(url: str) -> None:
    assert image_url(image_of(url)) == url


def test_an_images_bytes_have_their_media_type() -> None:
    assert image_of("data:image/jpeg;base64,aaa") == Image(media_type="image/jpeg", data="aaa")


@pytest.mark.parametrize(
    "url",
    [
        "data:",
        "data:,x",
        "data:image/png,x",
        "data:;base64,x",
        "data:text/plain;charset=utf-8;base64,x",
        "data:a/b;base64x",
    ],
)
def test_a_data_url_of_another_kind_is_told(url: str) -> None:
    with pytest.raises(Lost, match="data URL"):
        image_of(url)


@pytest.mark.parametrize("name", [None, "report.pdf"])
def test_a_file_keeps_its_name_and_bytes(name: str | None) -> None:
    file = File(media_type="application/pdf", data="JVBE", name=name)
    assert file_of(Fields(file_members(file), "file")) == file


@pytest.mark.parametrize("members", [{"file_id": "f"}, {"file_url": "u"}, {"file_data": "JVBE"}, {}, {"file_data": 3}])
def test_a_file_that_is_elsewhere_or_unknown_is_told(members: dict[str, object]) -> None:
    with pytest.raises(Lost):
        file_of(Fields(members, "file"))
