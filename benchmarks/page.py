"""Tables in the docs that a command writes: they stand between two marks."""

from __future__ import annotations

import re
from pathlib import Path

END = "<!-- end -->\n"


def put(text: str, page: Path, command: str) -> None:
    """Put a text into the page, between `<!-- command -->` and the next `<!-- end -->`."""
    begin = f"<!-- {command} -->\n"
    pattern = f"{re.escape(begin)}.*?{re.escape(END)}"
    whole = page.read_text("utf-8")
    page.write_text(re.sub(pattern, lambda _: f"{begin}\n{text}\n{END}", whole, flags=re.DOTALL), "utf-8")
