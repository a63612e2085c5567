"""What documents tell their readers to type."""

import re
import shlex
from pathlib import Path

from tests.helpers.programs import ROOT

DOCUMENTS = sorted(
    path
    for path in [*ROOT.glob("*.md"), *ROOT.glob("[a-z]*/**/*.md")]
    if not path.relative_to(ROOT).parts[0].startswith(("runs", "data", "out", "build", "models"))
)


def shell_lines(text: str) -> list[str]:
    """The lines of a document's shell blocks; those that go on are joined."""
    blocks = re.findall(r"```sh\n(.*?)```", text, re.DOTALL)
    return "\n".join(blocks).replace("\\\n", " ").splitlines()


def commands_of(text: str) -> list[list[str]]:
    """The `python -m` and `deeppaint` commands of a document's shell blocks, split into words.

    `deeppaint VERB` is given as `python -m tf_deeppaint VERB`. Python's own modules are left out.
    """
    lines = [re.sub(r"^deeppaint ", "python -m tf_deeppaint ", line) for line in shell_lines(text)]
    ours = (line for line in lines if re.match(r"python -m (?!venv )", line))
    return [shlex.split(line, comments=True) for line in ours]


def named(path: Path) -> str:
    return str(path.relative_to(ROOT))
