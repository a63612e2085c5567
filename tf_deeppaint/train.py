r"""Trains the network on TFRecord shards.

    deeppaint train --flagfile=experiments/quickstart.flags

The same command resumes a run that stopped.
"""

from absl import flags

from tf_deeppaint.training.options import TrainingOptions, check_options, with_current_names
from tf_deeppaint.utils import programs
from tf_deeppaint.utils.options import define_flags, flag_values
from tf_deeppaint.utils.silence import import_tensorflow

define_flags(TrainingOptions)
_DRY_RUN = flags.DEFINE_bool(
    "dry_run", False, "Print what would be done and what it needs, and do nothing."
)


def main() -> None:
    options = TrainingOptions(**with_current_names(flag_values(TrainingOptions)))
    check_options(options)
    import_tensorflow()
    from tf_deeppaint.training.loop import train
    from tf_deeppaint.training.plan import describe_plan

    if _DRY_RUN.value:
        print("\n".join(describe_plan(options)))
    elif (generator := train(options)) is not None:
        print(f"trained: {generator}")


if __name__ == "__main__":
    programs.run(main)
