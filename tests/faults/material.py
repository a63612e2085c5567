"""What the scenarios share: a folder, pictures, sketches, data sets, and a seed."""

import random
from pathlib import Path

from tests.faults import programs


class Material:
    """What scenarios share: a folder, material, and a seed.

    Args:
        folder: Where everything lies.
        seed: Decides about every moment.
        kills: How often each program is killed.
    """

    def __init__(self, folder: Path, seed: int, kills: int):
        self.folder = folder
        self.rng = random.Random(seed)
        self.kills = kills
        self.script = folder / "build.py"
        self.script.write_text(programs.SMALL_SHARDS)

    def pictures(self, count: int) -> Path:
        """Dolls as PNG files, some twice, and two files that are no pictures.

        What builds from them ends as `programs.finish_build` says.
        """
        from tf_deeppaint.data.sources.dolls.source import Dolls
        from tf_deeppaint.images.encoding import write_picture

        folder = self.folder / f"pictures-{count}"
        if folder.is_dir():
            return folder
        dolls = Dolls(count, seed=4)
        for number, drawing in enumerate(dolls.examples()):
            picture = dolls.load(drawing, 96).picture
            write_picture(folder / f"{number}.png", picture)
            if number % 5 == 0:
                write_picture(folder / "again" / f"{number}.png", picture)
        cut, text = (folder / name for name in programs.NO_PICTURES)
        cut.write_bytes((folder / "0.png").read_bytes()[:200])
        text.write_text("no picture")
        return folder

    def sketches(self, count: int) -> Path:
        """Sketches of dolls."""
        from tf_deeppaint.data.sources.dolls.source import Dolls
        from tf_deeppaint.images.encoding import write_picture

        folder = self.folder / f"sketches-{count}"
        if not folder.is_dir():
            dolls = Dolls(count, seed=9)
            for number, drawing in enumerate(dolls.examples()):
                write_picture(folder / f"{number}.png", dolls.load(drawing, 128).sketch)
        return folder

    def data(self) -> Path:
        """A data set of a few dolls in two training shards, to be copied where it is hurt."""
        from tf_deeppaint.data.build import builder
        from tf_deeppaint.data.build.config import BuildConfig
        from tf_deeppaint.data.sources.dolls.source import Dolls

        folder = self.folder / "data"
        if not folder.is_dir():
            builder.SHARD_PIXELS = 4 * 64 * 64
            builder.build_dataset(Dolls(12, seed=12), folder, BuildConfig(64, "drop"))
        return folder
