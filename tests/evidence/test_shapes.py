"""Shapes are data, and know every keyword that they use."""

from typing import Any

import pytest

from gateway.evidence import shapes, strict_json
from gateway.ledger.record import Detail, Envelope


def test_every_field_of_records_and_details_has_a_shape() -> None:
    assert set(shapes.SHAPES["Envelope"]["properties"]) == set(Envelope.__struct_fields__)
    assert set(shapes.SHAPES["Detail"]["properties"]) == set(Detail.__struct_fields__)


def test_every_object_of_fixed_fields_takes_no_others() -> None:
    for shape in shapes.SHAPES.values():
        assert shape["additionalProperties"] is False


def test_shapes_are_plain_data() -> None:
    assert strict_json.load(strict_json.dump(shapes.SHAPES)) == shapes.SHAPES


@pytest.mark.parametrize("schema", [{"type": "string", "format": "date"}, {"anyOf": [{"type": "null"}, {"enum": [1]}]}])
def test_a_field_of_a_form_that_shapes_do_not_know_stops_the_program(schema: dict[str, Any]) -> None:
    with pytest.raises(TypeError):
        shapes._shape(schema)
