"""Writes the table of the training's options into docs/training.md.

python -m experiments.write_options
"""

from pathlib import Path

from tf_deeppaint.training.options import options_table
from tf_deeppaint.utils import programs

DOCUMENT = Path(__file__).parents[1] / "docs/training.md"
# The table stands between these lines.
FIRST, LAST = "<!-- options: python -m experiments.write_options -->\n", "<!-- end of options -->\n"


def with_table(text: str) -> str:
    """The document with the table as it is now."""
    before, rest = text.split(FIRST)
    return f"{before}{FIRST}{options_table()}{LAST}{rest.split(LAST)[1]}"


if __name__ == "__main__":
    programs.run(lambda: DOCUMENT.write_text(with_table(DOCUMENT.read_text())))
