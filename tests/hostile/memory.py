"""The memory that this process has had at most, itself."""


def peak() -> int:
    """Bytes of memory at most since the program began.

    `getrusage` would count what the process had before it became this program, which is the memory
    of whoever started it.
    """
    with open("/proc/self/status") as file:
        line = next(line for line in file if line.startswith("VmHWM:"))
    return int(line.split()[1]) * 1024
