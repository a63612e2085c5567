"""Checks a data set: every checksum, CRC, record and split. The same as `deeppaint verify`."""

from tf_deeppaint.commands.verify import main
from tf_deeppaint.utils import programs

if __name__ == "__main__":
    programs.run(main)
