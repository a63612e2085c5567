"""Compares an exported network with its own. The same as `deeppaint export verify`."""

from tf_deeppaint.commands.export_verify import main
from tf_deeppaint.utils import programs

if __name__ == "__main__":
    programs.run(main)
