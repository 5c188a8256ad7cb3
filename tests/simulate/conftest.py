"""One world of the demonstration, for all who only read it."""

import pytest

from registry.simulate.world import World, demo_world


@pytest.fixture(scope="session")
def world() -> World:
    return demo_world(7)
