"""The classes that a backend is made of, with the names and fields of Autoresearch Lab."""

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Dict, List, Optional


@dataclass(frozen=True)
class SampleResult:
    sample_id: str
    score: float
    error: Optional[str] = None
    extra: Dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class EvalResult:
    score: float
    metrics: Dict[str, float] = field(default_factory=dict)
    sample_results: List[SampleResult] = field(default_factory=list)


class EvalBackend(ABC):
    @abstractmethod
    def evaluate(self, pipeline_dir: Path, data_dir: Path, sample_ids: Optional[List[str]] = None) -> EvalResult:
        """Scores the pipeline, on these samples only if any are given."""

    def setup(self) -> None:
        """Called once before evaluate()."""

    def teardown(self) -> None:
        """Called once after evaluate(), also if that raised."""
