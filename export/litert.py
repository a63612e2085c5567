"""Converts a trained generator for LiteRT. The same as `deeppaint export litert`."""

from tf_deeppaint.commands.export_litert import main
from tf_deeppaint.utils import programs

if __name__ == "__main__":
    programs.run(main)
