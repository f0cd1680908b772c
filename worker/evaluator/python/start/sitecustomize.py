"""What every Python of an evaluator or a guard starts with (by PYTHONPATH; `python -I` goes without).

A candidate may be able to put files beside the evaluator, and its code may run beside it, as the same user.
"""

import sys
from importlib.machinery import PathFinder

PR_SET_DUMPABLE = 4


class StandardLibraryFirst:
    """So that a json.py beside a script is never taken for the json of Python itself."""

    folders = []

    @classmethod
    def find_spec(cls, name, path=None, target=None):
        if path is not None or name not in sys.stdlib_module_names:
            return None
        return PathFinder.find_spec(name, cls.folders)


def prefer_standard_library():
    import os

    folder = os.path.dirname(os.__file__)
    StandardLibraryFirst.folders = [folder, os.path.join(folder, "lib-dynload")]
    place = sys.meta_path.index(PathFinder)
    sys.meta_path.insert(place, StandardLibraryFirst)


def close_to_other_processes():
    """Nobody may trace this process or write into its memory (/proc/PID/mem). Programs that it starts are not closed."""
    import ctypes

    ctypes.CDLL(None).prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)


for step in (prefer_standard_library, close_to_other_processes):
    try:
        step()
    except (AttributeError, ImportError, OSError, ValueError):
        pass  # a Python without it: an old one, or no CPython
