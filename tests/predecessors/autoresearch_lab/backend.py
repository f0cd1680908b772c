import json
import sys
from pathlib import Path

from autoresearch_lab.harness.backend import EvalBackend, EvalResult, SampleResult


class Backend(EvalBackend):
    def evaluate(self, pipeline_dir: Path, data_dir: Path, sample_ids=None) -> EvalResult:
        sys.path.insert(0, str(pipeline_dir))
        from extract import year

        samples = []
        for line in (data_dir / "samples.jsonl").read_text().splitlines():
            sample = json.loads(line)
            if sample_ids and sample["id"] not in sample_ids:
                continue
            found = year(sample["text"])
            wrong = found != sample["year"]
            samples.append(SampleResult(sample_id=sample["id"], score=float(wrong), error=f"found {found}" if wrong else None,
                                        extra={"text": sample["text"]}))
        score = sum(sample.score for sample in samples) / max(len(samples), 1)
        return EvalResult(score=score, metrics={"wrong": sum(sample.score for sample in samples)}, sample_results=samples)
