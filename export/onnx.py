"""Converts a trained generator to ONNX. The same as `deeppaint export onnx`."""

from tf_deeppaint.commands.export_onnx import main
from tf_deeppaint.utils import programs

if __name__ == "__main__":
    programs.run(main)
