"""Checks a data set: every checksum, CRC, record and split.

    deeppaint verify --data=data/mine

Exits with 1 where anything is wrong.
"""

from absl import flags

from tf_deeppaint.utils import programs
from tf_deeppaint.utils.silence import import_tensorflow

_DATA = flags.DEFINE_string("data", None, "Folder of the data set.", required=True)


def main() -> None:
    import_tensorflow()
    from tf_deeppaint.data import records
    from tf_deeppaint.data.build.verification import verify
    from tf_deeppaint.utils.errors import DeepPaintError

    faults = 0
    for faults, line in enumerate(verify(_DATA.value), start=1):  # noqa: B007 - counts
        print(line, flush=True)
    if faults:
        raise DeepPaintError(f"{_DATA.value}: {faults} faults; build the data set again")
    manifest = records.load_manifest(_DATA.value)
    counts = " and ".join(f"{manifest.count(split)} {split}" for split in records.SPLITS)
    print(f"{_DATA.value}: sound, {counts} records")


if __name__ == "__main__":
    programs.run(main)
