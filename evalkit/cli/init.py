"""`evalkit init`: a small project that passes on the embedded model, to be edited."""

from __future__ import annotations

from pathlib import Path

import click

from evalkit.cli.streams import say
from evalkit.errors import UserError

SPEC = """\
# yaml-language-server: $schema=../schemas/spec.schema.json
name: review-sentiment
description: Label a customer review positive or negative.

# Without `model:` the embedded model answers, and no key is needed. A hosted one:
# model: aimlapi/google/gemini-2.5-flash-lite-preview
params:
  temperature: 0
  max_tokens: 8

prompt:                          # worked examples help a small model more than rules do
  - system: You label customer reviews. Answer with one word, positive or negative.
  - user: It fell apart after a week.
  - assistant: negative
  - user: We enjoyed every minute of it.
  - assistant: positive
  - user: The waiter was rude and the soup was cold.
  - assistant: negative
  - user: Great value, I would buy it again.
  - assistant: positive
  - user: "{{ review }}"

expect:                          # of the reply to every case
  - label: "{{ label }}"
    among: [positive, negative]

cases:
  - vars:
      review: I loved it. The best film of the year!
      label: positive
  - vars:
      review: Terrible. It broke on the first day and nobody answered my mails.
      label: negative
  - id: late-but-good
    vars:
      review: It came a week late, but it is wonderful and I would buy it again.
      label: positive
    tags: [hard]
  - file: data/reviews.csv       # a case for each row; its columns are variables

gate:
  pass_rate: 0.5                 # the build fails below this share of cases
"""
ROWS = """\
review,label
"Great value, great service, great taste.",positive
The worst meal I ever had.,negative
Awful. I want my money back.,negative
"""
IGNORED = """\
.evalkit/
reports/
"""
NEXT = """\
next      evalkit run {specs}
          asks the embedded model and writes a report, one HTML file
edit      {spec}
          the prompt or the cases, then run again: only what changed is asked
check     evalkit validate {specs}
          every mistake with its place, and what to write instead
"""


@click.command()
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False), default=Path())
def init(folder: Path) -> None:
    """Write a project into FOLDER: a spec, a data file, the schema for editors. Nothing that is there is changed.

    \b
    Examples:
      evalkit init
      evalkit init prompts/
    """
    from evalkit.spec.schema import schema_path

    files = {
        "specs/sentiment.yaml": SPEC,
        "specs/data/reviews.csv": ROWS,
        "schemas/spec.schema.json": schema_path("spec").read_text("utf-8"),
    }
    there = [name for name in files if (folder / name).exists()]
    if there:
        raise UserError(f"{folder / there[0]} is there already", "name another folder: evalkit init FOLDER")
    if not (folder / ".gitignore").exists():
        files[".gitignore"] = IGNORED
    for name, text in files.items():
        _write(folder / name, text)
        say(f"written   {folder / name}")
    say("")
    say(NEXT.format(specs=folder / "specs", spec=folder / "specs" / "sentiment.yaml").rstrip())


def _write(path: Path, text: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8", newline="\n")
    except OSError as error:
        raise UserError(
            f"{path} cannot be written: {error.strerror}", "choose a folder that you may write to"
        ) from None
