"""A process that prepares one workload, runs it when asked, and replies with a number a line.

`python -m experiments.benchmarks.workloads.worker MODULE:FUNCTION ARGUMENTS WARM_UP`; see `rounds`.
"""

import importlib
import json
import os
import resource
import sys

from experiments.benchmarks.rounds import seconds_of


def main() -> None:
    # What libraries print must not mix with the replies.
    replies = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    module, function = sys.argv[1].split(":")
    prepare = getattr(importlib.import_module(f"{__package__}.{module}"), function)
    idle = peak_mib()
    run = prepare(**json.loads(sys.argv[2]))
    for _ in range(int(sys.argv[3])):
        run()
    answers = {
        "ready": lambda: 0,
        "run": lambda: seconds_of(run),
        "peak": peak_mib,
        "idle": lambda: idle,
    }
    for line in sys.stdin:
        print(answers[line.strip()](), file=replies, flush=True)


def peak_mib() -> float:
    """The peak memory of this process in MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main()
