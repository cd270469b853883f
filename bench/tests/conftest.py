"""Where a test's run goes, and that nothing of it is left in the system."""

import pytest


@pytest.fixture
def run_dir(tmp_path):
    from program import objects_of_ours  # here: not every test has a program

    before = objects_of_ours()
    yield tmp_path / "run"
    assert objects_of_ours() <= before, "a kernel object or file of ours is left"
