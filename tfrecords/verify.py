r"""Checks a data set: every checksum, CRC, record and split. Exits with 1 where anything is wrong.

python -m tfrecords.verify --data=data/mine
"""

from absl import flags

from tf_deeppaint import program
from tf_deeppaint.quiet import import_tensorflow

_DATA = flags.DEFINE_string("data", None, "Folder of the data set.", required=True)


def main() -> None:
    import_tensorflow()
    from tf_deeppaint import records
    from tf_deeppaint.errors import DeepPaintError
    from tf_deeppaint.verification import verify

    faults = 0
    for faults, line in enumerate(verify(_DATA.value), start=1):  # noqa: B007 - counts
        print(line, flush=True)
    if faults:
        raise DeepPaintError(f"{_DATA.value}: {faults} faults; build the data set again")
    manifest = records.read_manifest(_DATA.value)
    counts = " and ".join(f"{manifest.count(split)} {split}" for split in records.SPLITS)
    print(f"{_DATA.value}: sound, {counts} records")


if __name__ == "__main__":
    program.run(main)
