"""How the programs are called on this machine, for what is written to people."""

import shutil
from pathlib import Path

PROGRAM = "deeppaint"


def command(verb: str) -> str:
    """What to type for a verb: `deeppaint VERB`, or what does the same where that is not found."""
    program = PROGRAM if shutil.which(PROGRAM) else "python -m tf_deeppaint"
    return f"{program} {verb}"


def install_command(extra: str) -> str:
    """What to type to install an extra: pip does not find the package by name from a clone."""
    if (Path(__file__).parents[2] / "setup.py").is_file():
        return f'pip install -e ".[{extra}]"'
    return f'pip install "tf-deeppaint[{extra}]"'
