"""Disks that refuse: small ones and read-only ones. Root mounts real ones, others close a folder's doors."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


@contextmanager
def small_disk(folder: Path, kilobytes: int, files: int = 1000) -> Iterator[Path]:
    """A disk of its own at `folder` with so much room, and for so many files and folders."""
    folder.mkdir()
    _mount("-t", "tmpfs", "-o", f"size={kilobytes}k,nr_inodes={files + 1}", "tmpfs", str(folder))
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def small_disk_grows(folder: Path, kilobytes: int) -> None:
    """Make room on a disk of its own."""
    _mount("-o", f"remount,size={kilobytes}k", str(folder))


@contextmanager
def read_only(folder: Path) -> Iterator[Path]:
    """`folder` as it is, but nothing can be written to it. Root may write anywhere, so for root it is mounted so."""
    if os.geteuid() != 0:
        folder.chmod(0o500)
        yield folder
        folder.chmod(0o700)
        return
    _mount("--bind", str(folder), str(folder))
    try:
        _mount("-o", "remount,bind,ro", str(folder))
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def _mount(*arguments: str) -> None:
    if sys.platform != "linux" or os.geteuid() != 0:
        pytest.skip("only root on Linux can mount a disk")
    done = subprocess.run(["mount", *arguments], capture_output=True, text=True)
    if done.returncode:
        pytest.skip(f"a disk cannot be mounted here: {done.stderr.strip()}")
