"""Runs one harness; see the package for what a harness is."""

from __future__ import annotations

import argparse
import importlib
import json
import os
import subprocess
import sys
import tempfile
import time
from contextlib import nullcontext
from pathlib import Path
from typing import Any

from tests.assurance import HARNESSES, POSTGRESQL, SQLITE, Figure, Harness, one_is_enough
from tests.databases import own_database


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.assurance", description=__doc__)
    parser.add_argument("name", type=str.upper, choices=sorted(HARNESSES, key=lambda name: int(name[1:])))
    parser.add_argument(
        "--size", type=int, help="how much to try, on all databases together; by default a sample"
    )
    parser.add_argument(
        "--planted", action="store_true", help="plant faults, and fail where one goes unnoticed"
    )
    parser.add_argument(
        "--both", action="store_true", help="measure (with --size), then plant the faults, in one process"
    )
    parser.add_argument("--shape", choices=(SQLITE, POSTGRESQL), help="run on this database only")
    parser.add_argument("--report", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--sample", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    harness = HARNESSES[options.name]
    if options.report is not None:
        return _in_shape(options, harness)
    return _in_each_shape(options, harness)


# --- the process that was started


def _in_each_shape(options: argparse.Namespace, harness: Harness) -> int:
    """Settings choose the database once for a process, hence one process for each."""
    server = os.environ.get("TEST_DATABASE_URL", "")
    shapes = [options.shape] if options.shape else list(harness.shapes)
    if not server and POSTGRESQL in shapes:
        print(f"{options.name}: PostgreSQL is left out, since TEST_DATABASE_URL is not set")
        shapes.remove(POSTGRESQL)
    reports = []
    for shape in shapes:
        with tempfile.TemporaryDirectory(prefix="assurance-") as folder:
            report = Path(folder) / "report.json"
            command = [sys.executable, "-m", "tests.assurance", options.name, "--shape", shape]
            command += ["--report", str(report), *(["--planted"] if options.planted else [])]
            command += ["--both"] if options.both else []
            command += ["--size", str(-(-(options.size or harness.size) // len(shapes)))]
            command += ["--sample", str(-(-harness.size // len(shapes)))]
            env = {**os.environ, "DJANGO_SETTINGS_MODULE": harness.settings}
            env.pop("TEST_DATABASE_URL", None)
            if shape == POSTGRESQL:
                env["TEST_DATABASE_URL"] = server
            code = subprocess.run(command, env=env, check=False).returncode
            if code not in (0, 1) or not report.exists():
                print(f"{options.name}: the harness itself failed on {shape}")
                return 1
            reports.append(json.loads(report.read_text()))
    if not reports:
        return 1
    right = True
    for key, asked in (("measured", not options.planted), ("planted", options.planted or options.both)):
        if asked:
            parts = [report[key] for report in reports]
            holds = all(part["holds"] for part in parts)
            short = "" if holds else "FALLS SHORT: "
            print(f"{options.name}: {short}{_total(parts, key == 'planted', shapes)}")
            right = right and holds
    return 0 if right else 1


def _total(reports: list[dict[str, Any]], planted: bool, shapes: list[str]) -> str:
    if planted:
        noticed, sown = (sum(report[key] for report in reports) for key in ("noticed", "sown"))
        return f"{noticed} of {sown} planted faults noticed ({', '.join(shapes)})"
    bad, tried = (sum(report[key] for report in reports) for key in ("bad", "tried"))
    return f"{bad:,} {reports[0]['what']} in {tried:,} {reports[0]['unit']} ({', '.join(shapes)})"


# --- the process for one database


def _in_shape(options: argparse.Namespace, harness: Harness) -> int:
    import django

    django.setup()
    module = importlib.import_module(harness.module)
    size = options.size
    with own_database(f"assurance_{options.name.lower()}") if harness.database else nullcontext():
        results = {}
        if not options.planted:
            results["measured"] = _measured(options, module, size)
        if options.planted or options.both:
            results["planted"] = _planted(options, module, options.sample if options.both else size)
    options.report.write_text(json.dumps(results))
    return 0 if all(result["holds"] for result in results.values()) else 1


def _measured(options: argparse.Namespace, module: Any, size: int) -> dict[str, Any]:
    figure, seconds = _timed(module, size)
    for detail in figure.details:
        print(f"  {detail}")
    print(f"{options.name} on {options.shape}: {figure} in {seconds:.0f} s", flush=True)
    return {**vars(figure), "holds": figure.holds}


def _timed(module: Any, size: int) -> tuple[Figure, float]:
    start = time.monotonic()
    figure = module.run(size)
    return figure, time.monotonic() - start


def _planted(options: argparse.Namespace, module: Any, size: int) -> dict[str, Any]:
    """Each fault by itself; noticed where the figure no longer holds."""
    faults = {name: fault for name, fault in module.FAULTS.items() if options.shape in fault.shapes}
    noticed = 0
    for name, fault in faults.items():
        with fault.plant(), one_is_enough():
            figure, seconds = _timed(module, min(fault.size or size, size))
        noticed += not figure.holds
        seen = "UNNOTICED" if figure.holds else "noticed"
        print(f"{options.name} on {options.shape}: {name}: {seen}: {figure} in {seconds:.0f} s", flush=True)
    return {"noticed": noticed, "sown": len(faults), "holds": noticed == len(faults) > 0}


if __name__ == "__main__":
    sys.exit(main())
