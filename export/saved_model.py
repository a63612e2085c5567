"""Writes a trained generator as a SavedModel. The same as `deeppaint export saved_model`."""

from tf_deeppaint.commands.export_saved_model import main
from tf_deeppaint.utils import programs

if __name__ == "__main__":
    programs.run(main)
