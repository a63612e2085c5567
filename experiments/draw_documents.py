r"""Draws the pictures of the README and the documents anew, with the bundled model.

python -m experiments.draw_documents --output=docs/pictures
"""

from pathlib import Path

from absl import flags

from tf_deeppaint.utils import programs

_OUTPUT = flags.DEFINE_string("output", "docs/pictures", "Folder of the pictures.")
# Written in all their colors, as they are read by programs; the others only illustrate.
INPUTS = ("sketch", "reference")


def main() -> None:
    from experiments import document_pictures
    from tf_deeppaint.images.encoding import encode_png
    from tf_deeppaint.utils.files import write_bytes

    for name, picture in document_pictures.draw_all():
        path = Path(_OUTPUT.value) / f"{name}.png"
        encode = encode_png if name in INPUTS else document_pictures.encode_small
        write_bytes(path, encode(picture))
        print(path)


if __name__ == "__main__":
    programs.run(main)
