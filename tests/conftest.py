"""What many tests need: a project of their own, and properties that are not held to a time."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import settings

from tests.projects import Project

settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """An empty project without a key."""
    return Project(tmp_path, {})
