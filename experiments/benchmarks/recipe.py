"""How fast the recipe of the bundled model trains: the flagfile, on dolls."""

import tempfile
from collections.abc import Iterator

from experiments.benchmarks.harness import Workload, measure, rounds
from experiments.benchmarks.results import Row
from tf_deeppaint.utils.silence import import_tensorflow

RECIPE = "experiments/matcher128.flags"
# Three times as fast as the first version, which made about 20 pictures a second.
GOAL = 60.0
# Dolls of the data set, and their side in pixels; the recipe's batch; steps of a round.
DOLLS, SIDE, BATCH, STEPS = 80, 256, 16, 10
# Precision, whether the steps read the data set, and the goal.
WAYS = {
    "bfloat16, with its input": ("mixed_bfloat16", True, GOAL),
    "bfloat16, one batch again and again": ("mixed_bfloat16", False, None),
    "float32, one batch again and again": ("float32", False, None),
}


def recipe() -> Iterator[Row]:
    """Steps of the color matcher, with all augmentations and swapped palettes where they read."""
    import_tensorflow()
    from tf_deeppaint.data.build.builder import build_dataset
    from tf_deeppaint.data.build.config import BuildConfig
    from tf_deeppaint.data.sources.dolls.source import Dolls

    with tempfile.TemporaryDirectory() as folder:
        config = BuildConfig(SIDE, "figure", backdrops=0.2)
        build_dataset(Dolls(DOLLS, seed=1, partners=2), f"{folder}/shards", config)
        arguments = {"recipe": RECIPE, "folder": f"{folder}/shards", "steps": STEPS}
        workloads = {
            name: Workload(
                "keras_workloads:recipe_steps", arguments | {"precision": precision, "reads": reads}
            )
            for name, (precision, reads, _) in WAYS.items()
        }
        measurements = measure(workloads, rounds(3))
    for name, (_, _, goal) in WAYS.items():
        pictures = [BATCH * STEPS / seconds for seconds in measurements[name].seconds]
        work = "training, the bundled model's recipe, 128 px, batch 16"
        yield Row(work, name, pictures, "pictures/s", goal)
