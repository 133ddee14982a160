"""Runs one command and writes what it cost: `python -I -S launch.py FILE PROGRAM ARGUMENT…`.

Nearly nothing is imported here: on Linux a process inherits the peak memory of the one that started it, so that one
has to be small.
"""

import os
import sys
import time

result, *program = sys.argv[1:]
begun = time.perf_counter()
_, status, usage = os.wait4(os.posix_spawnp(program[0], program, os.environ), 0)
wall = time.perf_counter() - begun
unit = 1024 if sys.platform == "linux" else 1024 * 1024  # ru_maxrss: kilobytes here, bytes on macOS
with open(result, "w") as file:
    code = os.waitstatus_to_exitcode(status)
    file.write(f"{code} {wall} {usage.ru_utime + usage.ru_stime} {usage.ru_maxrss / unit}")
