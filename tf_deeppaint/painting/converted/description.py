"""What a converted file says of its network, checked."""

import json

from tf_deeppaint.palette.mixing import Mixture
from tf_deeppaint.palette.rules import BACKGROUNDS, BANDS, COLORS

# The name of the description inside a file.
METADATA = "tf_deeppaint"
_FIELDS = {"size": int, "gates": int} | dict.fromkeys(
    ("background", "head", "precision", "weights_sha256"), str
)


def parse_description(text: str | bytes) -> dict:
    """The description of a network; see `traced_function.describe`.

    Raises:
        Exception: It is not one; of any class.
    """
    description = json.loads(text)
    if wrong := [name for name, kind in _FIELDS.items() if type(description[name]) is not kind]:
        raise TypeError(f"{wrong[0]} has another type")
    if description["background"] not in BACKGROUNDS:
        raise ValueError("no such palette rule")
    return description


def is_described(description: dict, inputs: dict[str, tuple], outputs: set[str]) -> bool:
    """Whether a graph is the one that its description says, by the shapes of its inputs.

    Args:
        description: As `parse_description` returns it.
        inputs: Shapes of the graph's inputs, by name.
        outputs: Names of its outputs.
    """
    size = description["size"]
    mixture = Mixture._fields if description["head"] == "mixture" else ()
    maps = {name for name in outputs if name.startswith("attention_")}
    return (
        inputs == {"sketch": (1, size, size), "palette": (1, BANDS, COLORS, 3)}
        and {"image", *mixture} <= outputs
        and description["gates"] == len(maps)
    )
