"""The work of a build on many machines, by Apache Beam on any of its runners.

Machines share nothing but the folders of input and output. The work to do goes into files there,
one JSON line a portion; so does what comes of it, and a run that was broken off goes on from that.
"""

import contextlib
import json
import os
import re
from collections.abc import Iterable, Iterator, Sequence

from tf_deeppaint.data.build.plan import Planned, Seen
from tf_deeppaint.data.build.preparation import LookTask, PrepareTask
from tf_deeppaint.data.build.shards import (
    WORK_FOLDER,
    PlannedShard,
    Progress,
    portions,
    read_note,
    write_shard,
)
from tf_deeppaint.data.sources.registry import Example
from tf_deeppaint.utils import files
from tf_deeppaint.utils.errors import DeepPaintError

try:
    import apache_beam as beam
    from apache_beam.options.pipeline_options import PipelineOptions
except ImportError as _error:
    raise DeepPaintError(
        '--runner needs Apache Beam: run pip install "tf-deeppaint[beam]"'
    ) from _error

# Drawings in one line of work for the looks: seconds of work, and a file of results for each.
LOOKS = 256
_OURS = re.compile(r"DeepPaintError: (.+?)(?: \[while running|\n|$)")


class Beam:
    """Looks at drawings and writes shards as Beam pipelines; a context manager.

    Args:
        runner: Name of the runner, such as `"DirectRunner"`.
        options: Further options of the pipelines, such as `"--direct_num_workers=2"`.
    """

    def __init__(self, runner: str, options: Sequence[str] = ()):
        self.options = [f"--runner={runner}", *options]

    def __enter__(self) -> "Beam":
        return self

    def __exit__(self, *exception) -> None:
        pass

    def look(
        self, task: LookTask, output: str, drawings: Iterator[tuple[int, Example]]
    ) -> Iterator[list[tuple[int, Seen]]]:
        """Looks at numbered drawings; yields what was seen, in no certain order."""
        yield from _collect_looks(output)  # of a run that was broken off
        lines = (json.dumps(portion) for portion in portions(drawings, LOOKS))
        self._run(beam.ParDo(_LookAtLine(task, output)), output, "looks.jsonl", lines)
        yield from _collect_looks(output)

    def write(
        self, task: PrepareTask, output: str, shards: Iterable[PlannedShard]
    ) -> Iterator[Progress]:
        """Prepares and writes shards, each on one machine; then yields what came of them."""
        names = []

        def lines() -> Iterator[str]:
            for shard in shards:
                names.append(shard.name)
                yield json.dumps(shard)

        self._run(beam.ParDo(_WriteLine(task, output)), output, "shards.jsonl", lines())
        for name in names:
            note = read_note(output, name)
            if note is None:
                raise DeepPaintError(
                    f"{files.join(output, name)}: not there after the pipeline's end; all machines "
                    "must reach the output folder"
                )
            drawings = note.shard.records + sum(note.left_out.values())
            yield Progress(drawings, note.complaints)

    def _run(self, step: beam.PTransform, output: str, name: str, lines: Iterator[str]) -> None:
        """Runs a step on every line, which go into a file that all machines read."""
        path = files.join(files.join(output, WORK_FOLDER), name)
        if not files.write_lines(path, lines):
            return
        try:
            with beam.Pipeline(options=PipelineOptions(self.options)) as pipeline:
                _ = pipeline | beam.io.ReadFromText(path) | beam.Reshuffle() | step
        except DeepPaintError:
            raise
        except Exception as error:
            # What failed on another machine comes back as text.
            ours = _OURS.search(str(error))
            reason = ours[1] if ours else f"the pipeline failed: {str(error).strip()[-500:]}"
            raise DeepPaintError(reason) from error
        finally:
            with contextlib.suppress(DeepPaintError):
                files.remove(path)


class _LookAtLine(beam.DoFn):
    """Looks at the drawings of a line and leaves a file of what was seen."""

    def __init__(self, task: LookTask, output: str):
        self.task = task
        self.output = output

    def process(self, line: str) -> None:
        numbered = [(number, Example(*drawing)) for number, drawing in json.loads(line)]
        seen = [
            [number, look._replace(likeness=look.likeness.hex())]
            for number, look in self.task(numbered)
        ]
        path = files.join(self.output, f"{WORK_FOLDER}/looks-{numbered[0][0]:09d}.json")
        files.write_bytes(path, json.dumps(seen).encode())


class _WriteLine(beam.DoFn):
    """Writes the shard of a line, unless it is there."""

    def __init__(self, task: PrepareTask, output: str):
        self.task = task
        self.output = output

    def process(self, line: str) -> None:
        name, drawings = json.loads(line)
        planned = [Planned(Example(*drawing), digest) for drawing, digest in drawings]
        if read_note(self.output, name) is None:
            write_shard(self.task, self.output, PlannedShard(name, planned))


def _collect_looks(output: str) -> Iterator[list[tuple[int, Seen]]]:
    """Yields what files of looks hold; a file is removed once the next is asked for."""
    folder = files.join(output, WORK_FOLDER)
    for name in files.names(folder):
        if not re.fullmatch(r"looks-[0-9]+\.json", os.path.basename(name)):
            continue
        path = files.join(folder, name)
        found = [(number, Seen(*seen)) for number, seen in json.loads(files.read_bytes(path))]
        yield [(number, s._replace(likeness=bytes.fromhex(s.likeness))) for number, s in found]
        files.remove(path)
