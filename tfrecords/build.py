"""Builds TFRecord shards of sketch, picture and palette. The same as `deeppaint build`."""

from tf_deeppaint.commands.build import main
from tf_deeppaint.utils import programs

if __name__ == "__main__":
    programs.run(main)
