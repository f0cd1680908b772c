"""The evaluator: the share of samples whose date is wrong. Agents cannot change it.

Any Python class will do that has this one method; `setup` and `teardown` are called around it, and exceptions mean no score.
"""

import ctypes
import json
import subprocess
from pathlib import Path

from autoresearch_lab.harness.backend import EvalBackend, EvalResult, SampleResult

PR_SET_DUMPABLE = 4


class Backend(EvalBackend):
    def setup(self):
        # The candidate runs as the same user: this closes /proc/PID/fd of this process to it.
        ctypes.CDLL(None).prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)

    def evaluate(self, pipeline_dir, data_dir, sample_ids=None):
        lines = (Path(data_dir) / "samples.jsonl").read_text(encoding="utf-8").splitlines()
        samples = [json.loads(line) for line in lines]
        if sample_ids:
            samples = [sample for sample in samples if sample["id"] in sample_ids]
        answers = run(Path(pipeline_dir) / "extract.py", [sample["text"] for sample in samples])
        results = [judge(sample, answer) for sample, answer in zip(samples, answers)]
        wrong = sum(result.score for result in results)
        return EvalResult(score=wrong / len(results), metrics={"wrong": wrong}, sample_results=results)


def run(program, texts):
    """The candidate's answer to each text, from a process of its own."""
    done = subprocess.run(
        ["python3", "-I", "-B", "-X", "utf8", str(program)],
        input="\n".join(texts) + "\n", capture_output=True, encoding="utf-8", timeout=20,
    )
    if done.returncode != 0:
        raise RuntimeError(f"{program.name} ended with code {done.returncode}:\n{done.stderr[-2000:]}")
    answers = done.stdout.splitlines()
    if len(answers) != len(texts):
        raise RuntimeError(f"{len(answers)} answers, expected {len(texts)}")
    return answers


def judge(sample, answer):
    right = answer == sample["date"]
    return SampleResult(
        sample_id=sample["id"],
        score=0.0 if right else 1.0,
        error=None if right else f"'{answer}', expected '{sample['date']}'",
        extra={"text": sample["text"]},
    )
