r"""Trains the network on TFRecord shards.

python -m tf_deeppaint.train --flagfile=experiments/quickstart.flags

The same command goes on with a run that stopped.
"""

import sys

from absl import flags

from tf_deeppaint.utils import programs
from tf_deeppaint.utils.silence import import_tensorflow

flags.DEFINE_list("data", None, "Folders of the data sets, comma-separated; mixed.", required=True)
flags.DEFINE_string("run", None, "The run directory.", required=True)
_DRY_RUN = flags.DEFINE_bool(
    "dry_run", False, "Print what would be done and what it needs, and do nothing."
)

# === Length ===
flags.DEFINE_integer("steps", 0, "Training steps in all; 0: as --epochs says.", lower_bound=0)
flags.DEFINE_integer("epochs", 30, "Passes over the training records.", lower_bound=1)
flags.DEFINE_integer("batch_size", 4, "Pictures a step, on all devices together.", lower_bound=1)

# === Networks ===
flags.DEFINE_enum(
    "generator", "deeppaint", ["deeppaint", "pix2pix"], "The paper's, or pix2pix's plain U-Net."
)
flags.DEFINE_integer("width", 64, "Channels of the networks' outermost level, even.", lower_bound=2)
flags.register_validator("width", lambda width: width % 2 == 0, "must be even")
flags.DEFINE_enum("norm", "batch", ["batch", "instance"], "Norm of the generator.")
flags.DEFINE_bool("attention", True, "Attention gates; without them skips are plain.")
flags.DEFINE_bool("histogram", True, "The palette; without it the sketch alone is seen.")
flags.DEFINE_enum(
    "head", "rgb", ["rgb", "mixture"], "Paint RGB as the paper does, or mix the palette's colors."
)
flags.DEFINE_enum(
    "discriminator_norm", "batch", ["batch", "instance", "none"], "Norm of the discriminator."
)
flags.DEFINE_bool("spectral_norm", False, "Spectral norm in the discriminator.")

# === Objective ===
flags.DEFINE_enum(
    "gan_loss", "bce", ["bce", "lsgan", "hinge"], "Cross-entropy, least squares, or hinge."
)
flags.DEFINE_float("l1_weight", 100.0, "Weight of L1 beside the adversarial loss.", lower_bound=0.0)
flags.DEFINE_float(
    "perceptual_weight", 0.0, "Weight of the distance in VGG16's features.", lower_bound=0.0
)
flags.DEFINE_string("vgg16", "", "File of VGG16's weights, .npz, for --perceptual_weight.")
flags.DEFINE_float("tv_weight", 0.0, "Weight of the total variation.", lower_bound=0.0)
flags.DEFINE_float(
    "r1_weight",
    0.0,
    "Weight of the gradient penalty; the discriminator then computes in float32.",
    lower_bound=0.0,
)
flags.DEFINE_integer(
    "pool_size", 50, "Past fakes the discriminator is shown again; a device.", lower_bound=0
)

# === Optimization ===
flags.DEFINE_float("learning_rate", 2e-4, "Of both Adam optimizers.", lower_bound=0.0)
flags.DEFINE_float(
    "discriminator_learning_rate", 0.0, "Of the discriminator's; 0: the same.", lower_bound=0.0
)
flags.DEFINE_enum(
    "schedule",
    "constant",
    ["constant", "linear", "cosine"],
    "The learning rate over the steps; linear and cosine end at 0.",
)
flags.DEFINE_float(
    "clip_norm", 0.0, "Largest norm of each network's gradients; 0: any.", lower_bound=0.0
)
flags.DEFINE_integer(
    "accumulate", 1, "Steps whose gradients make one change of the weights.", lower_bound=1
)
flags.DEFINE_float(
    "ema",
    0.0,
    "Average of the generator's weights to save in their place: the share of the old it keeps at "
    "a step, such as 0.999; 0: none.",
    lower_bound=0.0,
    upper_bound=0.99999,
)

# === Data ===
flags.DEFINE_list(
    "augment",
    ["flip"],
    "Any of flip, crop, warp, lines, color, bands, comma-separated; empty for none. flip: mirror "
    "pairs. crop: cut out 70 to 100 % of the side and enlarge. warp: take the palette from a copy "
    "rolled and bent up and down. lines: change weight and darkness of the lines. color: recolor "
    "picture and palette together. bands: permute the palette's bands.",
)
flags.DEFINE_integer(
    "seed", 0, "Decides weights, order, augmentation.", lower_bound=0, upper_bound=2**32 - 1
)
flags.DEFINE_enum(
    "on_bad_record",
    "stop",
    ["stop", "skip"],
    "A record that cannot be read, or a whole shard: stop, or put another in its place and count "
    "it in bad_records.",
)

# === Machine ===
flags.DEFINE_enum(
    "strategy",
    "auto",
    ["auto", "one", "mirrored", "multi_worker", "tpu"],
    "Devices: what there is, one, all GPUs of this machine, the machines in TF_CONFIG, a TPU.",
)
flags.DEFINE_bool("sync_norm", False, "Batch norm over the pictures of all devices.")
flags.DEFINE_enum(
    "precision",
    "float32",
    ["float32", "mixed_bfloat16", "mixed_float16"],
    "Keras dtype policy of the networks.",
)
flags.DEFINE_bool("jit_compile", False, "Compile the step by XLA; pays on GPUs and TPUs.")
flags.DEFINE_bool("deterministic", False, "The same weights bit for bit every time; slower.")

# === Going on, and reporting ===
flags.DEFINE_string(
    "init_from", "", "Begin with this generator (.keras), or both networks of this run."
)
flags.DEFINE_bool("fresh", False, "Begin anew where --run holds a run; that one is removed.")
flags.DEFINE_integer("log_every", 50, "Steps a line of metrics.jsonl.", lower_bound=1)
flags.DEFINE_integer(
    "save_every", 1000, "Steps between saved generators and sample sheets.", lower_bound=1
)
flags.DEFINE_integer("checkpoint_every", 500, "Steps between checkpoints.", lower_bound=1)
flags.DEFINE_float(
    "checkpoint_minutes",
    10.0,
    "Minutes after which there is a checkpoint anyway; 0: never.",
    lower_bound=0.0,
)
flags.DEFINE_integer("keep_checkpoints", 2, "Checkpoints kept.", lower_bound=1)
flags.DEFINE_integer(
    "validation_records", 256, "Test records measured after every epoch.", lower_bound=1
)


def main() -> None:
    import_tensorflow()
    import dataclasses

    from tf_deeppaint.training.dry_run import describe_plan
    from tf_deeppaint.training.loop import train
    from tf_deeppaint.training.options import TrainingOptions

    names = [field.name for field in dataclasses.fields(TrainingOptions)]
    options = TrainingOptions(**{name: flags.FLAGS[name].value for name in names})
    if _DRY_RUN.value:
        print("\n".join(describe_plan(options)))
    elif (generator := train(options, _resolved_flags())) is not None:
        print(f"trained: {generator}")


def _resolved_flags() -> str:
    """This program's own flags as a flagfile, without what is said once."""
    own = flags.FLAGS.get_key_flags_for_module(sys.argv[0])
    once = ("fresh", "dry_run")
    return "".join(f"{flag.serialize()}\n" for flag in own if flag.name not in once)


if __name__ == "__main__":
    programs.run(main)
