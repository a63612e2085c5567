"""The work of a build on many machines, by Apache Beam on any of its runners.

Machines share nothing but the folders of input and output. The work goes into files there, one JSON
line a portion, and so do the results, from which a run that was broken off goes on.
"""

import contextlib
import json
import os
import re
from collections.abc import Iterable, Iterator, Sequence

from tf_deeppaint.data.build.plan import InspectionResult, PlannedExample
from tf_deeppaint.data.build.preparation import InspectTask, PrepareTask
from tf_deeppaint.data.build.shards import (
    WORK_FOLDER,
    PlannedShard,
    Progress,
    load_receipt,
    portions,
    write_shard,
)
from tf_deeppaint.data.sources.base import Example
from tf_deeppaint.utils import files
from tf_deeppaint.utils.commands import install_command
from tf_deeppaint.utils.errors import DeepPaintError

try:
    import apache_beam as beam
    from apache_beam.options.pipeline_options import PipelineOptions
except ImportError as _error:
    raise DeepPaintError(f"--runner needs Apache Beam: run {install_command('beam')}") from _error

# Examples in one line of work for inspections: seconds of work, and one file of results.
INSPECTIONS = 256
# An error of this project in the text of a failure on another machine.
_OUR_ERROR = re.compile(r"DeepPaintError: (.+?)(?: \[while running|\n|$)")


class Beam:
    """Inspects examples and writes shards as Beam pipelines.

    Args:
        runner: Name of the runner, such as `"DirectRunner"`.
        options: Further options of the pipelines, such as `"--direct_num_workers=2"`.
    """

    def __init__(self, runner: str, options: Sequence[str] = ()):
        self.options = [f"--runner={runner}", *options]

    def inspect(
        self, task: InspectTask, output: str, examples: Iterator[tuple[int, Example]]
    ) -> Iterator[list[tuple[int, InspectionResult]]]:
        """Inspects numbered examples; yields the results, in no certain order."""
        yield from _collect_inspections(output)  # of a run that was broken off
        lines = (json.dumps(portion) for portion in portions(examples, INSPECTIONS))
        self._run(beam.Map(_inspect_line, task, output), output, "inspections.jsonl", lines)
        yield from _collect_inspections(output)

    def write(
        self, task: PrepareTask, output: str, shards: Iterable[PlannedShard]
    ) -> Iterator[Progress]:
        """Prepares and writes shards, each on one machine; then yields their results."""
        names = []

        def lines() -> Iterator[str]:
            for shard in shards:
                names.append(shard.name)
                yield json.dumps(shard)

        self._run(beam.Map(_write_line, task, output), output, "shards.jsonl", lines())
        for name in names:
            receipt = load_receipt(output, name)
            if receipt is None:
                raise DeepPaintError(
                    f"{files.join(output, name)}: not there after the pipeline's end; all machines "
                    "must reach the output folder"
                )
            examples = receipt.shard.records + sum(receipt.skipped.values())
            yield Progress(examples, receipt.complaints)

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
            # A failure on another machine comes back as text.
            match = _OUR_ERROR.search(str(error))
            reason = match[1] if match else f"the pipeline failed: {str(error).strip()[-500:]}"
            raise DeepPaintError(reason) from error
        finally:
            with contextlib.suppress(DeepPaintError):
                files.remove(path)


def _inspect_line(line: str, task: InspectTask, output: str) -> None:
    """Inspects the examples of a line and writes a file of the results."""
    numbered = [(number, Example(*example)) for number, example in json.loads(line)]
    results = [
        [number, result._replace(perceptual_hash=result.perceptual_hash.hex())]
        for number, result in task(numbered)
    ]
    path = files.join(output, f"{WORK_FOLDER}/inspections-{numbered[0][0]:09d}.json")
    files.write_bytes(path, json.dumps(results).encode())


def _write_line(line: str, task: PrepareTask, output: str) -> None:
    """Writes the shard of a line, unless it is there."""
    name, examples = json.loads(line)
    planned = [PlannedExample(Example(*example), digest) for example, digest in examples]
    if load_receipt(output, name) is None:
        write_shard(task, output, PlannedShard(name, planned))


def _collect_inspections(output: str) -> Iterator[list[tuple[int, InspectionResult]]]:
    """Yields the results in files of inspections; a file is removed once the next is asked for."""
    folder = files.join(output, WORK_FOLDER)
    for name in files.names(folder):
        if not re.fullmatch(r"inspections-[0-9]+\.json", os.path.basename(name)):
            continue
        path = files.join(folder, name)
        results = []
        for number, fields in json.loads(files.read_bytes(path)):
            result = InspectionResult(*fields)
            own_hash = bytes.fromhex(result.perceptual_hash)
            results.append((number, result._replace(perceptual_hash=own_hash)))
        yield results
        files.remove(path)
