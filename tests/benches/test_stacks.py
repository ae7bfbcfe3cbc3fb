from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest

from benches.runtimes import stacks


def test_folders_in_memory_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    partitions = [("/", "ext4"), ("/scratch", "tmpfs"), ("/scratch/disk", "xfs")]
    monkeypatch.setattr(
        psutil,
        "disk_partitions",
        lambda **_: [SimpleNamespace(mountpoint=place, fstype=kind) for place, kind in partitions],
    )
    assert stacks.check_disk(Path("/home/me")) == "ext4"
    assert stacks.check_disk(Path("/scratch/disk/data")) == "xfs"
    with pytest.raises(RuntimeError, match="commits cost nothing"):
        stacks.check_disk(Path("/scratch/data"))


def test_the_first_stack_is_the_one_that_goals_are_against() -> None:
    assert stacks.STACKS[0].name == "server-granian"
    assert len({stack.name for stack in stacks.STACKS}) == 4
