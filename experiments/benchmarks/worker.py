"""A process that prepares one work, then does it and tells how long it took, line by line.

`python -m experiments.benchmarks.worker MODULE:FUNCTION ARGUMENTS WARM_UP`; see `turns`.
"""

import importlib
import json
import os
import resource
import sys

from experiments.benchmarks.turns import seconds_of


def main() -> None:
    # What libraries print must not stand among the answers.
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    module, function = sys.argv[1].split(":")
    prepare = getattr(importlib.import_module(f"{__package__}.{module}"), function)
    idle = peak_mib()
    work = prepare(**json.loads(sys.argv[2]))
    for _ in range(int(sys.argv[3])):
        work()
    replies = {"ready": lambda: 0, "work": lambda: seconds_of(work), "peak": peak_mib}
    replies["idle"] = lambda: idle
    for line in sys.stdin:
        print(replies[line.strip()](), file=answers, flush=True)


def peak_mib() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main()
