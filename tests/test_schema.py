import re
from itertools import pairwise

import pytest

from registry.model import Kind
from registry.schema import FieldType, fields, id_field, stated_fields


@pytest.mark.parametrize("kind", Kind)
def test_names_are_columns_and_stand_once(kind):
    names = [field.name for field in fields(kind)]
    assert len(set(names)) == len(names)
    assert all(re.fullmatch(r"[a-z][a-z0-9_]*", name) for name in names)
    assert not {"fid", "geom", "geometry", "batch_id"} & set(names)


@pytest.mark.parametrize("kind", Kind)
def test_the_first_column_is_the_id(kind):
    assert fields(kind)[0].name == id_field(kind) == ("accident_id" if kind is Kind.ACCIDENTS else "record_id")


@pytest.mark.parametrize("kind", Kind)
def test_every_field_says_what_it_means_and_in_which_unit(kind):
    for field in fields(kind):
        assert field.meaning[0].isupper()
        assert (field.unit == "m") is field.name.endswith("_m"), field
        assert field.field_type is FieldType.TEXT or field.codes is None, field


@pytest.mark.parametrize("kind", Kind)
def test_beside_every_date_stands_how_much_of_it_is_known(kind):
    all_fields = fields(kind)
    for date, precision in pairwise(all_fields):
        if date.field_type is FieldType.DATE:
            assert precision.name == f"{date.name}_precision"
            assert precision.found
    assert all_fields[-1].field_type is not FieldType.DATE


@pytest.mark.parametrize("kind", Kind)
def test_a_source_states_what_the_program_does_not_find(kind):
    stated = stated_fields(kind)
    assert {field.name for field in fields(kind) if field.found}.isdisjoint(stated)
    assert {"plot_status", "repaired", "source_fields", "duplicate_of"}.isdisjoint(stated)
    assert {id_field(kind), "sigma_m"} <= set(stated)


def test_fields_that_other_modules_rely_on():
    assert "name" in stated_fields(Kind.DISTRICTS)
    assert {"occurred_on", "district"} <= set(stated_fields(Kind.ACCIDENTS))
    assert {"map_sheet", "district", "laid_from"} <= set(stated_fields(Kind.MINEFIELDS))
