"""Turns the authors' PyTorch checkpoint into a generator, to paint with or to go on training.

    deeppaint import-torch --checkpoint=deepunetG_030.pth.tar --output=model.keras

Needs the extra `torch`.
"""

from pathlib import Path

from absl import flags

from tf_deeppaint.images.sizes import is_network_size
from tf_deeppaint.utils import programs
from tf_deeppaint.utils.silence import import_tensorflow

_CHECKPOINT = flags.DEFINE_string(
    "checkpoint", None, "What their training saved of the generator.", required=True
)
_OUTPUT = flags.DEFINE_string("output", None, "The generator, a .keras file.", required=True)
_SIZE = flags.DEFINE_integer(
    "size", 512, "Side in pixels it paints at, a multiple of 64; theirs is 512."
)
_BACKGROUND = flags.DEFINE_enum(
    "background",
    "drop",
    ["drop", "white", "keep"],
    "The palette rule it paints with; theirs is drop.",
)
flags.register_validator("size", is_network_size, "must be a multiple of 64")


def main() -> None:
    from tf_deeppaint.utils import files
    from tf_deeppaint.utils.errors import DeepPaintError

    if not _OUTPUT.value.endswith(".keras") or files.is_remote(_OUTPUT.value):
        raise DeepPaintError(
            f"--output={_OUTPUT.value}: a generator is written as .keras, on this machine"
        )

    import_tensorflow()
    from tf_deeppaint.networks import torch_weights
    from tf_deeppaint.networks.model_files import write_generator

    state = torch_weights.load_state_dict(_CHECKPOINT.value)
    generator = torch_weights.to_generator(
        state, _SIZE.value, _BACKGROUND.value, source=_CHECKPOINT.value
    )
    output = Path(_OUTPUT.value)
    files.make_folder(output.parent)
    write_generator(generator, output)
    print(f"imported: {output}, width {generator.width}")


if __name__ == "__main__":
    programs.run(main)
