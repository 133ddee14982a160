"""What the formulas need."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import evalkit.stats

MODULES = sorted(path.stem for path in Path(evalkit.stats.__file__).parent.glob("*.py") if path.stem != "__init__")
COSTLY = {"numpy", "scipy", "statsmodels", "pandas", "statistics", "fractions", "decimal", "random", "dataclasses"}


def test_formulas_load_the_standard_library_alone_and_nothing_costly_of_it() -> None:
    imports = "".join(f"import evalkit.stats.{module}\n" for module in MODULES)
    code = f"import sys, evalkit\nbefore = set(sys.modules)\n{imports}print(*(set(sys.modules) - before))"
    done = subprocess.run([sys.executable, "-I", "-c", code], capture_output=True, text=True, check=True)
    loaded = {name.split(".")[0] for name in done.stdout.split()}
    assert loaded & COSTLY == set()
    assert loaded - {"evalkit"} <= set(sys.stdlib_module_names)
