"""What a proposal costs after many trials: `python -m benchmarks.quality.cost`.

The CPU milliseconds of a proposal and of taking in its score, the mean of ten trials
each, on one problem of tuning with seven hyperparameters. Runs on what is installed.
"""

import argparse

import numpy as np

from .run import Problem, run

TRIALS = (10, 100, 200, 300, 1000)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--peers", nargs="+", default=["sklearn_btb"])
    parser.add_argument("--n", type=int, default=TRIALS[-1])
    parser.add_argument("--data-set", default="friedman1")
    options = parser.parse_args()
    print("| |", " | ".join(map(str, TRIALS)), "| mean of the first 100 |")
    print("|---" * (len(TRIALS) + 2) + "|")
    for peer in options.peers:
        run(Problem(options.data_set, "boosting"), peer, 0, 2)  # imports
        result = run(Problem(options.data_set, "boosting"), peer, 0, options.n)
        milliseconds = 1e3 * np.array(result["proposing"])
        parts = [milliseconds[max(0, k - 10) : k] for k in TRIALS if k <= options.n]
        cells = [f"{part.mean():.1f}" for part in parts]
        cells += ["" for _ in range(len(TRIALS) - len(cells))]
        cells.append(f"{milliseconds[:100].mean():.1f}")
        print(f"| {peer} |", " | ".join(cells), "|", flush=True)


if __name__ == "__main__":
    main()
