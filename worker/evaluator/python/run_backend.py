"""Runs a backend class of Autoresearch Lab. Its result leaves as one line of JSON through file descriptor 3.

What the backend or the candidate print is log and nothing else. The descriptor is moved out of the way and closed to
programs that the backend starts, and this process is closed to them too (/proc/PID/fd, /proc/PID/mem). A backend that
imports the candidate's code runs it in this process, though, and nothing can be hidden from that for good.
"""

import argparse
import ctypes
import fcntl
import importlib.util
import json
import math
import os
import sys
import tempfile
import traceback
from pathlib import Path

CHANNEL = 3
LEAST_HIDDEN_FD = 100  # above what a program opens by habit
PR_SET_DUMPABLE = 4
MAX_MESSAGE_CHARS = 2000
MAX_EXTRA_CHARS = 20_000
MAX_RESULT_CHARS = 12_000_000


class BadResult(Exception):
    """The backend gave something back that is no result."""


def main():
    channel = take_channel()
    args = parse_args()
    try:
        message = run(args)
    except BadResult as error:
        message = {"invalid": str(error)[:MAX_MESSAGE_CHARS]}
    except BaseException as error:  # sys.exit() in a backend is no result either
        traceback.print_exc()
        message = {"error": f"{type(error).__name__}: {error}"[:MAX_MESSAGE_CHARS]}
    send(channel, message)


def take_channel():
    channel = fcntl.fcntl(CHANNEL, fcntl.F_DUPFD_CLOEXEC, LEAST_HIDDEN_FD)
    os.close(CHANNEL)
    try:
        ctypes.CDLL(None).prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)
    except (AttributeError, OSError):
        pass  # no such call here
    return channel


def parse_args():
    parser = argparse.ArgumentParser()
    parser.add_argument("--module", required=True, type=Path)
    parser.add_argument("--class", required=True, dest="class_name")
    parser.add_argument("--pipeline", required=True, type=Path)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--sample", action="append")
    return parser.parse_args()


def run(args):
    # Where Autoresearch Lab is installed, its own package goes before ours.
    here = str(Path(__file__).resolve().parent)
    sys.path[:] = [path for path in sys.path if path != here] + [here]
    data = args.data if args.data is not None else Path(tempfile.mkdtemp(prefix="no-data-"))
    backend = load(args.module, args.class_name)
    backend.setup()
    try:
        result = backend.evaluate(args.pipeline, data, args.sample)
    finally:
        tear_down(backend)
    return encode(result)


def load(module_path, class_name):
    if not module_path.is_file():
        raise FileNotFoundError(f"there is no backend module {module_path}")
    spec = importlib.util.spec_from_file_location("lab_backend", module_path)
    if spec is None or spec.loader is None:
        raise ImportError(f"{module_path} is no Python module")
    module = importlib.util.module_from_spec(spec)
    sys.modules["lab_backend"] = module
    spec.loader.exec_module(module)
    if not hasattr(module, class_name):
        raise AttributeError(f"{module_path.name} has no class {class_name}")
    from autoresearch_lab.harness.backend import EvalBackend

    backend = getattr(module, class_name)()
    if not isinstance(backend, EvalBackend):
        raise TypeError(f"{class_name} in {module_path.name} is no subclass of EvalBackend")
    return backend


def tear_down(backend):
    try:
        backend.teardown()
    except Exception:  # the score stands: it was there before
        traceback.print_exc()


def encode(result):
    if not hasattr(result, "score"):
        raise BadResult(f"evaluate() gave {shown(result)}, expected an EvalResult")
    warnings = []
    message = {
        "score": number(result.score, "the score"),
        "metrics": encode_metrics(getattr(result, "metrics", None) or {}, warnings),
        "samples": [encode_sample(sample) for sample in getattr(result, "sample_results", None) or []],
        "warnings": warnings,
    }
    if len(json.dumps(message)) > MAX_RESULT_CHARS:
        warnings.append(f"the {len(message['samples'])} samples are too large together: left out")
        message["samples"] = []
    return message


def encode_metrics(metrics, warnings):
    encoded = {}
    for name, value in dict(metrics).items():
        try:
            encoded[text(name)] = number(value, f"metric {name}")
        except BadResult as error:
            warnings.append(text(error))
    return encoded


def encode_sample(sample):
    if not hasattr(sample, "sample_id") or not hasattr(sample, "score"):
        raise BadResult(f"sample_results has {shown(sample)}, expected a SampleResult")
    error = getattr(sample, "error", None)
    extra = getattr(sample, "extra", None)
    return {
        "id": text(sample.sample_id),
        "score": number(sample.score, f"the score of sample {sample.sample_id}"),
        "error": text(error) if error is not None else "",
        "extra": encode_extra(extra) if extra else "",
    }


def encode_extra(extra):
    """A JSON object as a text; too large or no JSON at all: nothing."""
    try:
        encoded = json.dumps(plain(dict(extra)), allow_nan=False)
    except (TypeError, ValueError, RecursionError):
        return ""
    return encoded if len(encoded) <= MAX_EXTRA_CHARS else ""


def plain(value):
    """The same in JSON's own types: numbers that are not finite become null, what is unknown becomes text."""
    if value is None or isinstance(value, (bool, int)):
        return value
    if isinstance(value, str):
        return text(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {text(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [plain(item) for item in value]
    if hasattr(value, "tolist"):  # numpy, torch
        return plain(value.tolist())
    return text(value)


def number(value, what):
    """A finite float, or the text of one that is not: JSON has no word for those."""
    if value is None or isinstance(value, (str, bytes)):
        raise BadResult(f"{what} is {shown(value)}, expected a number")
    try:
        as_float = float(value)
    except (TypeError, ValueError, OverflowError):
        raise BadResult(f"{what} is {shown(value)}, expected a number") from None
    return as_float if math.isfinite(as_float) else repr(as_float)


def text(value):
    return str(value).encode("utf-8", "replace").decode("utf-8")  # a lone surrogate is no UTF-8


def shown(value):
    return f"{value!r:.100} ({type(value).__name__})"


def send(channel, message):
    """Sends, and ends the process at once: threads that still run have no say any more."""
    failed = "score" not in message
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (AttributeError, OSError, ValueError):
            pass  # closed or replaced: only log is lost
    rest = json.dumps(message, allow_nan=False).encode("ascii") + b"\n"
    while rest:
        rest = rest[os.write(channel, rest):]
    os._exit(1 if failed else 0)


if __name__ == "__main__":
    main()
