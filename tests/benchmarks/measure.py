"""Figures: timed in turn within one run, told as medians, with their ratio to another and what is to be reached."""

from __future__ import annotations

import json
import os
import platform
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path


@dataclass(slots=True)
class Figure:
    """One measured value; `ratio` is value ÷ the value of the figure named `ratio_to`.

    `to_reach` is a bound on the ratio where there is one, else on the value: ">= 60" or "<= 0.45".
    """

    name: str
    value: float | None
    unit: str
    ratio_to: str | None = None
    ratio: float | None = None
    to_reach: str | None = None
    reached: bool | None = None


@dataclass(slots=True)
class Book:
    """All figures of a run, in order; those of a long run are kept as they come, in the file `kept`."""

    figures: list[Figure] = field(default_factory=list)
    kept: Path | None = None

    def add(
        self,
        name: str,
        value: float | None,
        unit: str,
        *,
        ratio_to: str | None = None,
        to_reach: str | None = None,
    ) -> None:
        """Notes a figure; its ratio is to one noted before."""
        figure = Figure(name, value, unit, ratio_to, to_reach=to_reach)
        base = next((f for f in self.figures if f.name == ratio_to), None)
        if base is not None and value is not None and base.value:
            figure.ratio = value / base.value
        judged = figure.ratio if ratio_to else value
        if to_reach is not None and judged is not None:
            figure.reached = _holds(judged, to_reach)
        self.figures.append(figure)
        print(_line(figure), flush=True)
        if self.kept is not None:
            self.write(self.kept)

    def write(self, path: Path) -> None:
        """Writes the figures with the machine they were measured on."""
        path.parent.mkdir(parents=True, exist_ok=True)
        found = {"machine": machine(), "figures": [asdict(figure) for figure in self.figures]}
        path.write_text(json.dumps(found, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def _holds(value: float, bound: str) -> bool:
    sign, number = bound.split()
    return value >= float(number) if sign == ">=" else value <= float(number)


def _number(value: float | None) -> str:
    if value is None:
        return "not measured"
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:,.3g}"


def _line(figure: Figure) -> str:
    ratio = "" if figure.ratio is None else f"{figure.ratio:10.3g} × {figure.ratio_to}"
    bound = "" if figure.to_reach is None else f"  {figure.to_reach}"
    verdict = {None: "", True: "  reached", False: "  NOT REACHED"}[figure.reached]
    return f"{figure.name:<58} {_number(figure.value):>12} {figure.unit:<9}{ratio}{bound}{verdict}"


def machine() -> dict[str, object]:
    """The machine, in words that mean something elsewhere."""
    return {
        "cores": os.cpu_count(),
        "processor": platform.machine(),
        "system": platform.system(),
        "python": platform.python_version(),
    }


def in_turn(runs: int, works: Mapping[str, Callable[[], float]]) -> dict[str, float]:
    """Each work's median, the works done in turn so that a drift of the machine's speed hits all alike."""
    found: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(runs):
        for name, work in works.items():
            found[name].append(work())
    return {name: statistics.median(values) for name, values in found.items()}


def seconds(work: Callable[[], object]) -> float:
    """How long a call takes."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def mledger(*arguments: str, database: str = "") -> list[str]:
    """The command line of the installed program."""
    command = [str(Path(sys.executable).parent / "mledger"), *arguments]
    return [*command, "--database", database] if database else command


def process_seconds(command: list[str]) -> float:
    """How long a whole process takes; raises where it fails."""
    began = time.perf_counter()
    done = subprocess.run(command, capture_output=True, check=False)
    took = time.perf_counter() - began
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(command)} failed:\n{done.stderr.decode()}")
    return took


@dataclass(frozen=True, slots=True)
class Took:
    """What a whole process took: seconds of wall clock, seconds of CPU, MB at its peak."""

    wall: float
    cpu: float
    peak_mb: float


def measured(command: list[str]) -> Took:
    """Runs a command, whose output goes nowhere; raises where it fails."""
    began = time.perf_counter()
    with tempfile.TemporaryFile() as said:
        # Not `subprocess.run`, which does not tell one child's usage from another's.
        child = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=said)
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        took = time.perf_counter() - began
        if child.returncode != 0:
            said.seek(0)
            raise RuntimeError(f"{' '.join(command)} failed:\n{said.read().decode()}")
    return Took(took, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


def peak_mb_of_children() -> float:
    """The largest peak memory of any process that this one has waited for, in MB."""
    return resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
