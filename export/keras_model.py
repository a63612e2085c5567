"""Writes a trained generator as a Keras file. The same as `deeppaint export keras`."""

from tf_deeppaint.commands.export_keras import main
from tf_deeppaint.utils import programs

if __name__ == "__main__":
    programs.run(main)
