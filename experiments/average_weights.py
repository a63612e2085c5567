r"""Averages the weights of a network with those of the same network after further training.

What was trained on with other drawings is better on these and a little worse on those before. The
weights between the two are often better than either on both; see Wortsman et al., "Robust
fine-tuning of zero-shot models", CVPR 2022.

python -m experiments.average_weights --before=runs/matcher128 --after=runs/matcher128_extracted \
    --share=0.65 --output=out/averaged.keras
"""

from pathlib import Path

from absl import flags

from tf_deeppaint.utils import programs
from tf_deeppaint.utils.silence import import_tensorflow

_BEFORE = flags.DEFINE_string(
    "before", None, "Run or .keras file of the network before.", required=True
)
_AFTER = flags.DEFINE_string("after", None, "That after further training.", required=True)
_SHARE = flags.DEFINE_float("share", 0.5, "Share of the latter.", 0.0, 1.0)
_OUTPUT = flags.DEFINE_string(
    "output", None, "The .keras file to write, in float32.", required=True
)


def main() -> None:
    import_tensorflow()
    from tf_deeppaint.exporting.outputs import written_aside
    from tf_deeppaint.networks.model_files import load_generator
    from tf_deeppaint.utils.errors import DeepPaintError

    before, after = map(load_generator, (_BEFORE.value, _AFTER.value))
    # Names and precision may differ, and the seed of what the weights were before training.
    own = {"name": None, "dtype": None, "seed": None}
    options, others = (network.get_config() | own for network in (before, after))
    if options != others or type(before) is not type(after):
        raise DeepPaintError(f"{_AFTER.value}: another network than {_BEFORE.value}")
    pairs = zip(before.get_weights(), after.get_weights(), strict=True)
    averaged = type(after).from_config(after.get_config() | {"dtype": "float32"})
    averaged.set_weights(
        [
            (1 - _SHARE.value) * one.astype("float32") + _SHARE.value * other.astype("float32")
            for one, other in pairs
        ]
    )
    with written_aside(Path(_OUTPUT.value)) as aside:
        averaged.save(aside)
    print(f"averaged: {_OUTPUT.value}")


if __name__ == "__main__":
    programs.run(main)
