r"""Trains experiments where that is not done, scores them alike, and prints the table of all.

    python -m experiments.compare --models=base,pix2pix,mixture --data=data/openmoji128 \
        --lpips=vgg16_lpips.npz --output=out/compared

A model is the name of a flagfile beside this program; its run is what that says. With `_uneven`
behind it, the same run is scored pixel by pixel, its areas not evened out. Reports that are there
already are not made again.
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

HERE = Path(__file__).parent
UNEVEN = "_uneven"
OWN, ANOTHER = "painted, own palette", "painted, another's palette"


def main() -> None:
    for model in _MODELS.value:
        train(model)
        evaluate(model)
    import_tensorflow()
    for answer in (OWN, ANOTHER):
        print(f"\n{answer[0].upper()}{answer[1:]}:\n")
        print("\n".join(table(answer)))


def train(model: str) -> None:
    """Runs the experiment to its end, unless it is there."""
    if not (run_of(model) / "generator.keras").exists() or steps_done(model) < last_step(model):
        _python("tf_deeppaint.train", f"--flagfile={_flagfile(model)}")


def evaluate(model: str) -> None:
    """Writes the model's report, unless it is there."""
    report = Path(_OUTPUT.value) / model
    if (report / "report.html").exists():
        return
    uneven = ["--noeven_regions"] if model.endswith(UNEVEN) else []
    weights = [f"--lpips={_LPIPS.value}"] if _LPIPS.value else []
    _python(
        "tf_deeppaint.evaluate",
        f"--model={run_of(model)}",
        f"--data={','.join(_DATA.value)}",
        f"--output={report}",
        # They are the same whatever model is scored.
        f"--baselines={str(model == _MODELS.value[0]).lower()}",
        f"--features={_FEATURES.value}",
        *weights,
        *uneven,
    )


def table(answer: str) -> list[str]:
    """Lines of a Markdown table: means with their intervals, a row a model."""
    rows = {model: _summary(model) for model in _MODELS.value}
    first = rows[_MODELS.value[0]]
    names, sets = list(first["answers"][answer]), list(first["sets"].get(answer, {}))
    heads = ["model", *names, *sets, "minutes", "pictures a second"]
    lines = [f"| {' | '.join(heads)} |", "|---" * len(heads) + "|"]
    for model, found in rows.items():
        cells = [_cell(name, *found["answers"][answer][name]) for name in names]
        cells += [f"{found['sets'][answer][name]:.4g}" for name in sets]
        minutes, rate = cost(model)
        lines.append(f"| `{model}` | {' | '.join(cells)} | {minutes:.0f} | {rate:.1f} |")
    baselines = [a for a in first["answers"] if _belongs(a, answer)]
    for name in baselines:
        cells = [_cell(column, *first["answers"][name][column]) for column in names]
        known = first["sets"].get(name, {})
        cells += [f"{known[column]:.4g}" if column in known else "" for column in sets]
        lines.append(f"| {name} | {' | '.join(cells)} | | |")
    return lines


def cost(model: str) -> tuple[float, float]:
    """Minutes of training, and pictures a second, from the run's figures."""
    figures = _training_figures(model)
    steps = [later["step"] - f["step"] for f, later in itertools.pairwise(figures)]
    batch = _options(model)["batch_size"]
    rates = [figure["pictures_a_second"] for figure in figures]
    steps = [figures[0]["step"], *steps]
    seconds = sum(batch * n / rate for n, rate in zip(steps, rates, strict=True))
    return seconds / 60, batch * sum(steps) / seconds


def run_of(model: str) -> Path:
    """The run directory that a model's flagfile names."""
    lines = _flagfile(model).read_text().splitlines()
    return Path(next(line for line in lines if line.startswith("--run=")).removeprefix("--run="))


def steps_done(model: str) -> int:
    """The last step in the run's figures; 0 where there are none."""
    figures = _training_figures(model)
    return figures[-1]["step"] if figures else 0


def last_step(model: str) -> int:
    """The step at which the run's options let it end, as far as logged."""
    options = _options(model)
    return options["steps"] // options["log_every"] * options["log_every"]


def _belongs(baseline: str, answer: str) -> bool:
    """Whether an answer that costs nothing is told in a table: not with another palette."""
    if baseline in (OWN, ANOTHER):
        return False
    return "palette" not in baseline or baseline.endswith(answer.split(", ")[1])


def _flagfile(model: str) -> Path:
    return HERE / f"{model.removesuffix(UNEVEN)}.flags"


def _options(model: str) -> dict:
    return json.loads((run_of(model) / "options.json").read_text())


def _training_figures(model: str) -> list[dict]:
    path = run_of(model) / "metrics.jsonl"
    lines = path.read_text().splitlines() if path.exists() else []
    return [f for f in map(json.loads, lines) if f["group"] == "training"]


def _summary(model: str) -> dict:
    return json.loads((Path(_OUTPUT.value) / model / "summary.json").read_text())


def _cell(name: str, mean: float | None, low: float | None, high: float | None) -> str:
    from tf_deeppaint.evaluation.report import write_number

    if mean is None:
        return ""
    return f"{write_number(name, mean)} [{write_number(name, low)}, {write_number(name, high)}]"


def _python(module: str, *arguments: str) -> None:
    done = subprocess.run([sys.executable, "-m", module, *arguments], check=False)
    if done.returncode:
        sys.exit(done.returncode)


if __name__ == "__main__":
    programs.run(main)
