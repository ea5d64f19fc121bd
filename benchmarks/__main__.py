"""Run every benchmark, print the tables, and save them to benchmarks/results/latest.

`python -m benchmarks [NAME ...]` runs all, or those named. `--markdown docs/benchmarks.md` renews the page of the
documentation, from one run of all.
"""

from __future__ import annotations

import argparse
import importlib
import json
from dataclasses import asdict
from pathlib import Path

from benchmarks.page import load, machine, page, section

NAMES = (
    *("readers", "vision", "network", "store", "igtl", "startup", "twin", "scanner", "live", "anatomy", "realism"),
    *("guidance", "closed_loop", "trend", "muscle", "motion"),
)
RESULTS = Path(__file__).parent / "results" / "latest"


def main() -> None:
    """Run, print and save."""
    asked = _arguments()
    where, before = machine(), load()
    print(f"Measured on {where}.\n")
    sections, tables = [], {}
    for name in asked.names or NAMES:
        module = importlib.import_module(f"benchmarks.{name}")
        rows = module.rows()
        sections.append(section(name, module.__doc__ or "", rows))
        tables[name] = [asdict(row) for row in rows]
        print(sections[-1])
    where += f"; load {before:.1f} before the first run, {load():.1f} after the last"
    RESULTS.mkdir(parents=True, exist_ok=True)
    for target in (RESULTS / "table.md", asked.markdown):
        if target:
            target.write_text(page(where, sections))
            print(f"saved {target}")
    (RESULTS / "table.json").write_text(json.dumps({"machine": where, "tables": tables}, indent=2))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"which to run: {', '.join(NAMES)}; default: all")
    parser.add_argument("--markdown", type=Path, metavar="FILE", help="write the page of all tables there, too")
    asked = parser.parse_args()
    if unknown := set(asked.names) - set(NAMES):
        parser.error(f"there is no benchmark {', '.join(sorted(unknown))}; known are {', '.join(NAMES)}")
    if asked.markdown and asked.names:
        parser.error("--markdown is written from one run of all benchmarks; leave the names out")
    return asked


if __name__ == "__main__":
    main()
