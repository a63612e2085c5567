"""The command `deeppaint`, also `python -m tf_deeppaint`: every program, by its verb."""

import difflib
import importlib
import sys
from collections.abc import Iterable

from tf_deeppaint import __version__
from tf_deeppaint.utils import programs, streams
from tf_deeppaint.utils.commands import command

# Verb -> module of the program, and what it does.
_EXPORTS = {
    "saved_model": ("commands.export_saved_model", "a SavedModel, for TensorFlow Serving"),
    "litert": ("commands.export_litert", "a .tflite file, for phones, boards and browsers"),
    "onnx": ("commands.export_onnx", "a .onnx file"),
    "keras": ("commands.export_keras", "a .keras file, also of stock layers"),
    "verify": ("commands.export_verify", "compares an exported network with its own"),
}
VERBS = {
    "colorize": ("colorize", "colors sketches in the colors of reference pictures"),
    "palette": ("palette.__main__", "shows and writes palettes"),
    "studio": ("studio.__main__", "a page in the browser to color drawings on"),
    "build": ("commands.build", "turns pictures into a data set"),
    "show": ("commands.show", "draws and describes a data set"),
    "verify": ("commands.verify", "checks a data set"),
    "train": ("train", "trains a network on data sets"),
    "evaluate": ("evaluate", "scores a model on drawings it has not seen"),
    **{f"export {verb}": entry for verb, entry in _EXPORTS.items()},
    "import-torch": ("import_torch", "reads a PyTorch checkpoint of the paper's authors"),
}


def main() -> None:
    """Runs the program of the verb; the console script calls it."""
    words = sys.argv[1:3] if sys.argv[1:2] == ["export"] else sys.argv[1:2]
    verb = " ".join(words)
    if verb not in VERBS:
        with streams.kept_open():
            _answer(verb)
    program = importlib.import_module(f"tf_deeppaint.{VERBS[verb][0]}")
    del sys.argv[1 : 1 + len(words)]
    programs.run(program.main)


def _answer(verb: str) -> None:
    if verb == "--version":
        print(f"deeppaint {__version__}")
    elif verb in ("", "--help", "-h", "help"):
        _print_verbs(VERBS)
    elif verb in ("export", "export --help"):
        _print_verbs(name for name in VERBS if name.startswith("export "))
    else:
        near = difflib.get_close_matches(verb, VERBS, 1)
        hint = f"did you mean {near[0]}?" if near else f"`{command('--help')}` lists them"
        print(f"error: {verb!r} is not a verb of deeppaint; {hint}", file=sys.stderr)
        sys.exit(1)


def _print_verbs(verbs: Iterable[str]) -> None:
    print("deeppaint VERB --flag=value ...\n")
    for verb in verbs:
        print(f"    {verb:20}{VERBS[verb][1]}")
    print("\n`deeppaint VERB --help` lists a verb's flags, `deeppaint --version` the version.")


if __name__ == "__main__":
    main()
