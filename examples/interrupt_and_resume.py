"""
A search that survives: time budget, interruption, a killed process
===================================================================

A search with a ``checkpoint`` writes every finished candidate to a log before it
decides what comes next. Whatever ends the process, Ctrl-C, a reboot, the administrator,
the same script started again goes on where it ended. Here the process is killed for
real.
"""

import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from scipy.stats import loguniform, randint
from sklearn.datasets import load_breast_cancer
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_btb import BTBSearchCV


def make_search(checkpoint):
    return BTBSearchCV(
        {
            "logreg": make_pipeline(StandardScaler(), LogisticRegression()),
            "boosting": HistGradientBoostingClassifier(random_state=0, max_iter=30),
        },
        {
            "logreg": {"logisticregression__C": loguniform(1e-4, 1e4)},
            "boosting": {
                "learning_rate": loguniform(1e-3, 1),
                "max_leaf_nodes": randint(4, 64),
            },
        },
        n_iter=30,
        cv=3,
        random_state=0,
        checkpoint=checkpoint,
        time_budget=60,  # seconds for the search; the refit comes after it
        racing=True,  # spares the folds of candidates that have surely lost
    )


def n_logged(checkpoint):
    """How many candidates a log has; its first line says which search it is."""
    return len(checkpoint.read_bytes().splitlines()) - 1 if checkpoint.exists() else 0


def main():
    X, y = load_breast_cancer(return_X_y=True, as_frame=True)
    if len(sys.argv) > 1:
        make_search(sys.argv[1]).fit(X, y)
        return
    with tempfile.TemporaryDirectory() as folder:
        checkpoint = Path(folder, "search.log")
        process = subprocess.Popen([sys.executable, __file__, checkpoint])
        while n_logged(checkpoint) < 5 and process.poll() is None:
            time.sleep(0.01)
        os.kill(process.pid, signal.SIGTERM)
        process.wait()
        print(f"ended from outside after {n_logged(checkpoint)} candidates")

        search = make_search(checkpoint).fit(X, y)
        print(f"{len(search.trials_)} candidates; the end: {search.stop_reason_}")
        print(f"{search.best_estimator_name_}: {search.best_score_:.4f}")

        # more of the same, in the same process
        search.set_params(warm_start=True, n_iter=5).fit(X, y)
        print(f"{len(search.trials_)} candidates; best {search.best_score_:.4f}")


if __name__ == "__main__":
    main()
