"""The environment variables."""

import pytest

from bridge._stackcache._settings import DEFAULT_CHUNKS, MAXIMUM_CHUNKS, Settings


def test_an_empty_environment_means_on_with_the_default_capacity():
    assert Settings.from_environment({}) == Settings(enabled=True, chunks=DEFAULT_CHUNKS)


@pytest.mark.parametrize("value", ["0", "no", "off", "false", " OFF "])
def test_the_off_switch_understands_the_usual_words(value):
    assert not Settings.from_environment({"BRIDGE_STACKCACHE": value}).enabled


@pytest.mark.parametrize("value", ["", "1", "yes", "on"])
def test_anything_else_leaves_it_on(value):
    assert Settings.from_environment({"BRIDGE_STACKCACHE": value}).enabled


@pytest.mark.parametrize(("value", "enabled"), [("1", False), ("yes", False), ("0", True), ("", True)])
def test_bridge_pure_turns_it_off_with_every_other_compiled_part(value, enabled):
    assert Settings.from_environment({"BRIDGE_PURE": value}).enabled is enabled


@pytest.mark.parametrize("chunks", [1, 50, MAXIMUM_CHUNKS])
def test_the_capacity_is_a_number_of_chunks(chunks):
    assert Settings.from_environment({"BRIDGE_STACKCACHE_CHUNKS": f" {chunks} "}).chunks == chunks


def test_no_chunks_means_off():
    assert not Settings.from_environment({"BRIDGE_STACKCACHE_CHUNKS": "0"}).enabled


@pytest.mark.parametrize("value", ["-1", "many", "1e3", "1.5", "\u0663", str(MAXIMUM_CHUNKS + 1)])
def test_a_capacity_that_cannot_be_used_is_named_in_a_warning(value):
    with pytest.warns(RuntimeWarning, match=r"BRIDGE_STACKCACHE_CHUNKS=.*Set it to"):
        settings = Settings.from_environment({"BRIDGE_STACKCACHE_CHUNKS": value})
    assert settings == Settings()
