"""The inputs that once broke a parser under the fuzzer, and those it starts from: our own errors, or an answer."""

import pytest
from fuzz.targets import TARGETS, beginnings

from registry.errors import SourceError
from registry.sources.vector import read_source


def inputs(folder):
    for name, contents in beginnings(folder / "data").items():
        for number, content in enumerate(contents):
            yield pytest.param(name, content, id=f"{name}-{number}")
    for path in sorted((folder / "fuzz" / "seeds").glob("*/*")):
        yield pytest.param(path.parent.name, path.read_bytes(), id=f"{path.parent.name}-{path.name}")


def pytest_generate_tests(metafunc):
    if "content" in metafunc.fixturenames:
        metafunc.parametrize(("name", "content"), list(inputs(metafunc.config.rootpath / "tests")))


def test_nothing_but_our_own_errors(name, content):
    TARGETS[name](content)


def test_every_target_has_a_beginning(pytestconfig):
    assert set(beginnings(pytestconfig.rootpath / "tests" / "data")) == set(TARGETS)


def test_a_column_whose_name_is_no_text_is_said(pytestconfig, tmp_path):
    seed = pytestconfig.rootpath / "tests/fuzz/seeds/geojson_file/column-name-not-utf-8"
    path = tmp_path / "a.geojson"
    path.write_bytes(seed.read_bytes())
    with pytest.raises(SourceError, match="not text in UTF-8"):
        read_source(path)
