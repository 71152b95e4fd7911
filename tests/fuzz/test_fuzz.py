"""The invariants of the fuzzer: on every known input, and for a few seconds on new ones."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

from tests.fuzz.cutting import Input, encode_input
from tests.fuzz.invariants import check_http1, check_uwsgi
from tests.fuzz.seeds import seeds_of, write_seeds

ROOT = Path(__file__).parents[2]
CHECKS = {"http1": check_http1, "uwsgi": check_uwsgi}
RUNS = 4000


@pytest.mark.parametrize("name", CHECKS)
def test_invariants_hold_for_the_wire_corpus_and_what_the_fuzzer_found(name, tmp_path):
    write_seeds(name, tmp_path)
    inputs = [*tmp_path.iterdir(), *seeds_of(name).iterdir()]
    assert len(inputs) > 40
    for path in inputs:
        CHECKS[name](path.read_bytes())


@pytest.mark.parametrize("name", CHECKS)
def test_inputs_too_short_to_mean_anything_are_skipped(name):
    for data in [b"", b"\0", b"\0\0"]:
        CHECKS[name](data)


def test_an_input_is_cut_in_two_alternating_sizes():
    case = Input.decode(encode_input(b"0123456789", step=0x12, eof=True))
    assert case is not None
    assert case.pieces() == [b"012", b"3456", b"789"]
    assert case.eof


@pytest.mark.slow
@pytest.mark.parametrize("name", CHECKS)
def test_a_short_run_of_the_fuzzer_finds_nothing(name, tmp_path):
    if importlib.util.find_spec("atheris") is None:
        pytest.skip(
            "atheris is not installed: pip install 'gevent-bridge[fuzz]' (Linux, CPython 3.11 to 3.13)"
        )
    command = [sys.executable, "-m", "tests.fuzz", name, f"-runs={RUNS}", "-seed=1", "-max_len=600"]
    command.append(f"-artifact_prefix={tmp_path}/")
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, stdin=subprocess.DEVNULL, timeout=50, check=False
    )
    said = done.stderr.decode(errors="replace")
    if "compiled here" in said:
        pytest.skip("the parsers are compiled in this tree, which hides them from atheris")
    assert done.returncode == 0, said[-3000:]
    assert f"Done {RUNS}" in said or "DONE" in said, said[-3000:]
