r"""Trains the network on TFRecord shards.

python -m tf_deeppaint.train --flagfile=experiments/quickstart.flags
"""

import sys

from absl import flags

from tf_deeppaint import program
from tf_deeppaint.quiet import import_tensorflow

_DATA = flags.DEFINE_list(
    "data", None, "Folders of the data sets, comma-separated; mixed.", required=True
)
_RUN = flags.DEFINE_string("run", None, "The run directory.", required=True)
_STEPS = flags.DEFINE_integer("steps", 0, "Training steps; 0: as --epochs says.", lower_bound=0)
_EPOCHS = flags.DEFINE_integer("epochs", 30, "Passes over the training records.", lower_bound=1)
_BATCH_SIZE = flags.DEFINE_integer("batch_size", 4, "Pictures a step.", lower_bound=1)
_WIDTH = flags.DEFINE_integer(
    "width", 64, "Channels of the networks' outermost level, even.", lower_bound=2
)
_LEARNING_RATE = flags.DEFINE_float(
    "learning_rate", 2e-4, "Of both Adam optimisers.", lower_bound=0.0
)
_L1_WEIGHT = flags.DEFINE_float(
    "l1_weight", 100.0, "Weight of L1 beside the adversarial loss.", lower_bound=0.0
)
_POOL_SIZE = flags.DEFINE_integer(
    "pool_size", 50, "Past fakes the discriminator is shown again.", lower_bound=0
)
_AUGMENT = flags.DEFINE_list(
    "augment",
    ["flip"],
    "Any of flip, crop, warp, lines, colour, bands, comma-separated; empty for none. flip: mirror "
    "pairs. crop: cut out 70 to 100 % of the side and enlarge. warp: take the palette from a copy "
    "rolled and bent up and down. lines: change weight and darkness of the lines. colour: recolour "
    "picture and palette together. bands: permute the palette's bands.",
)
_PRECISION = flags.DEFINE_enum(
    "precision", "float32", ["float32", "mixed_bfloat16"], "Keras dtype policy of the networks."
)
_SEED = flags.DEFINE_integer(
    "seed", 0, "Decides weights, order, augmentation.", lower_bound=0, upper_bound=2**32 - 1
)
_LOG_EVERY = flags.DEFINE_integer("log_every", 50, "Steps a line of losses.csv.", lower_bound=1)
_SAVE_EVERY = flags.DEFINE_integer(
    "save_every", 1000, "Steps between saved generators and sample sheets.", lower_bound=1
)
flags.register_validator("width", lambda width: width % 2 == 0, "must be even")


def main() -> None:
    import_tensorflow()
    from tf_deeppaint.training import TrainingOptions, train

    generator = train(
        TrainingOptions(
            data=_DATA.value,
            run=_RUN.value,
            steps=_STEPS.value,
            epochs=_EPOCHS.value,
            batch_size=_BATCH_SIZE.value,
            width=_WIDTH.value,
            learning_rate=_LEARNING_RATE.value,
            l1_weight=_L1_WEIGHT.value,
            pool_size=_POOL_SIZE.value,
            augmentations=_AUGMENT.value,
            precision=_PRECISION.value,
            seed=_SEED.value,
            log_every=_LOG_EVERY.value,
            save_every=_SAVE_EVERY.value,
        ),
        _resolved_flags(),
    )
    print(f"trained: {generator}")


def _resolved_flags() -> str:
    """This program's own flags as a flagfile."""
    own = flags.FLAGS.get_key_flags_for_module(sys.argv[0])
    return "".join(f"{flag.serialize()}\n" for flag in own)


if __name__ == "__main__":
    program.run(main)
