"""Time to import sklearn_gradlasso against torch, scikit-learn and skorch together.

    python examples/benchmarks/import_time.py

Each import runs in a process of its own; the two take turns.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import time

FOUNDATIONS = "import torch, sklearn, skorch"
OURS = "import sklearn_gradlasso"


def seconds(code: str) -> float:
    started = time.perf_counter()
    subprocess.run([sys.executable, "-c", code], check=True)
    return time.perf_counter() - started


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=7)
    rounds = parser.parse_args().rounds
    pairs = [(seconds(FOUNDATIONS), seconds(OURS)) for _ in range(rounds + 1)][1:]
    foundations, ours = (statistics.median(column) for column in zip(*pairs))
    ratio = statistics.median(ours / foundations for foundations, ours in pairs)
    print(f"torch + scikit-learn + skorch  {foundations:.2f} s")
    print(f"sklearn_gradlasso              {ours:.2f} s")
    print(f"ratio {ratio:.2f}  (bar 1.20; median of {rounds} rounds)")


if __name__ == "__main__":
    main()
