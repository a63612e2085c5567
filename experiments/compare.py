r"""Trains experiments, evaluates them alike, and prints a table of all.

    python -m experiments.compare --models=base,pix2pix,mixture --data=data/openmoji128 \
        --lpips=vgg16_lpips.npz --output=out/compared

A model is the name of a flagfile beside this program, which names its run. With the suffix
`_uneven` the same run is evaluated without evening out its regions. Finished runs are not trained
again, and existing reports are not written again.
"""

import itertools
import json
import subprocess
import sys
from pathlib import Path

from absl import flags

from tf_deeppaint.utils import programs
from tf_deeppaint.utils.silence import import_tensorflow

_MODELS = flags.DEFINE_list("models", None, "Names of flagfiles, without suffix.", required=True)
_DATA = flags.DEFINE_list("data", None, "Data sets to score on.", required=True)
_OUTPUT = flags.DEFINE_string("output", None, "Folder for the reports.", required=True)
_LPIPS = flags.DEFINE_string("lpips", None, "File of LPIPS's weights.")
_FEATURES = flags.DEFINE_string("features", "none", "As the flag of tf_deeppaint.evaluate.")

UNEVEN = "_uneven"
OWN, SWAPPED = "own palette", "swapped palette"


def main() -> None:
    for model in _MODELS.value:
        train(model)
        evaluate(model)
    import_tensorflow()
    for palette in (OWN, SWAPPED):
        print(f"\nPainted, {palette}:\n")
        print("\n".join(make_table(palette)))


def train(model: str) -> None:
    """Trains the model, unless its run is finished."""
    steps = training_steps(model)
    if steps and (run_of(model) / "generator.keras").exists():
        options = load_json(run_of(model) / "options.json")
        if steps[-1]["step"] >= options["steps"] // options["log_every"] * options["log_every"]:
            return
    run_program("tf_deeppaint.train", f"--flagfile={flagfile_of(model)}")


def evaluate(model: str) -> None:
    """Writes the model's report, unless it exists. Reports of older versions are replaced."""
    folder = Path(_OUTPUT.value, model)
    if (folder / "report.html").exists() and "methods" in load_json(folder / "summary.json"):
        return
    arguments = [
        f"--model={run_of(model)}",
        f"--data={','.join(_DATA.value)}",
        f"--output={folder}",
        # Baselines are the same for all models.
        f"--baselines={str(model == _MODELS.value[0]).lower()}",
        f"--features={_FEATURES.value}",
    ]
    if _LPIPS.value:
        arguments.append(f"--lpips={_LPIPS.value}")
    if model.endswith(UNEVEN):
        arguments.append("--noeven_regions")
    run_program("tf_deeppaint.evaluate", *arguments)


def make_table(palette: str) -> list[str]:
    """Lines of a Markdown table of means with their intervals: models, then baselines.

    Args:
        palette: `OWN` or `SWAPPED`.
    """
    painted = f"painted, {palette}"
    summaries = {m: load_json(Path(_OUTPUT.value, m, "summary.json")) for m in _MODELS.value}
    first = summaries[_MODELS.value[0]]
    measures, sets = list(first["methods"][painted]), list(first["sets"].get(painted, {}))
    head = ["model", *measures, *sets, "minutes", "pictures a second"]
    rows = [
        [f"`{model}`", *make_cells(summary, painted, measures, sets), *training_cost(model)]
        for model, summary in summaries.items()
    ]
    rows += [
        [method, *make_cells(first, method, measures, sets), "", ""]
        for method in first["methods"]
        if not method.startswith("painted") and ("palette" not in method or palette in method)
    ]
    lines = (head, ["---"] * len(head), *rows)
    return [f"| {' | '.join(cells)} |" for cells in lines]


def make_cells(summary: dict, method: str, measures: list, sets: list) -> list[str]:
    """The means of measures with their intervals, and the distances between sets of pictures."""
    from tf_deeppaint.evaluation.report import write_number

    cells = []
    for measure in measures:
        numbers = summary["methods"][method][measure]
        texts = ["" if value is None else write_number(measure, value) for value in numbers]
        cells.append(f"{texts[0]} [{texts[1]}, {texts[2]}]" if all(texts) else "")
    distances = summary["sets"].get(method, {})
    return cells + [f"{distances[name]:.4g}" if name in distances else "" for name in sets]


def training_cost(model: str) -> list[str]:
    """Minutes of training, and pictures a second, from the run's metrics log."""
    entries = training_steps(model)
    batch = load_json(run_of(model) / "options.json")["batch_size"]
    steps = [0, *(entry["step"] for entry in entries)]
    seconds = sum(
        batch * (after - before) / entry["pictures_a_second"]
        for entry, (before, after) in zip(entries, itertools.pairwise(steps), strict=True)
    )
    return [f"{seconds / 60:.0f}", f"{batch * steps[-1] / seconds:.1f}"]


def flagfile_of(model: str) -> Path:
    return Path(__file__).with_name(f"{model.removesuffix(UNEVEN)}.flags")


def run_of(model: str) -> Path:
    """The run directory that a model's flagfile names."""
    lines = flagfile_of(model).read_text().splitlines()
    return Path(next(line for line in lines if line.startswith("--run=")).removeprefix("--run="))


def training_steps(model: str) -> list[dict]:
    """The entries of the run's metrics log that are of training."""
    path = run_of(model) / "metrics.jsonl"
    lines = path.read_text().splitlines() if path.exists() else []
    return [entry for entry in map(json.loads, lines) if entry["group"] == "training"]


def load_json(path: Path) -> dict:
    """The contents of a JSON file; empty where there is none."""
    return json.loads(path.read_text()) if path.exists() else {}


def run_program(module: str, *arguments: str) -> None:
    done = subprocess.run([sys.executable, "-m", module, *arguments], check=False)
    if done.returncode:
        sys.exit(done.returncode)


if __name__ == "__main__":
    programs.run(main)
