"""Run every benchmark, print the tables, and save them to benchmarks/results/latest.

`python -m benchmarks [NAME ...]` runs all, or those named.
"""

from __future__ import annotations

import importlib
import json
import os
import platform
import sys
from dataclasses import asdict
from pathlib import Path

from benchmarks.table import markdown

NAMES = ("readers", "vision", "store", "startup")
RESULTS = Path(__file__).parent / "results" / "latest"


def main(names: list[str]) -> None:
    """Run, print and save."""
    machine = f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}, {platform.system()}"
    RESULTS.mkdir(parents=True, exist_ok=True)
    pages, saved = [f"# Benchmarks\n\nMeasured on {machine}.\n"], {}
    print(pages[0])
    for name in names or NAMES:
        rows = importlib.import_module(f"benchmarks.{name}").rows()
        pages.append(markdown(name.capitalize(), rows))
        saved[name] = [asdict(row) for row in rows]
        print(pages[-1])
    (RESULTS / "table.md").write_text("\n".join(pages))
    (RESULTS / "table.json").write_text(json.dumps({"machine": machine, "tables": saved}, indent=2))
    print(f"saved {RESULTS / 'table.md'} and table.json")


if __name__ == "__main__":
    main(sys.argv[1:])
