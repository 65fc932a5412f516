"""
A search that ends in time, and goes on
=======================================

A time budget, Ctrl-C, a killed process, a reboot: what a search leaves in each case,
and how it goes on from there.
"""

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

X, y = load_breast_cancer(return_X_y=True, as_frame=True)


def make_search(**options):
    return BTBSearchCV(
        {
            "logreg": make_pipeline(
                StandardScaler(), LogisticRegression(max_iter=5000)
            ),
            "boosting": HistGradientBoostingClassifier(random_state=0, max_iter=30),
        },
        {
            "logreg": {"logisticregression__C": loguniform(1e-4, 1e4)},
            "boosting": {
                "learning_rate": loguniform(1e-3, 1),
                "max_leaf_nodes": randint(4, 64),
            },
        },
        cv=3,
        random_state=0,
        **options,
    )


def show(search):
    print(f"{len(search.trials_)} candidates, then {search.stop_reason_};", end=" ")
    print(f"best {search.best_score_:.4f} by {search.best_estimator_name_}")


if len(sys.argv) > 1:  # the process that is killed below
    make_search(n_iter=20, checkpoint=sys.argv[1]).fit(X, y)
    sys.exit()

# %%
# A time budget
# -------------
#
# Two seconds, and as many candidates as find room in them; the refit comes after that.
# `racing` makes room, as it spares the folds of candidates that have surely lost.
show(make_search(n_iter=10_000, time_budget=2, racing=True).fit(X, y))

# %%
# `patience` and `target_score` end a search by what it has found.
show(make_search(n_iter=10_000, patience=8).fit(X, y))

# %%
# Ctrl-C
# ------
#
# In a notebook: interrupt the cell. Here a callback presses the keys, at the seventh
# candidate. The results so far are there, and `n_iter=0` fits the winner.


def impatient(search, trial):
    if trial.number == 6:
        signal.raise_signal(signal.SIGINT)


search = make_search(n_iter=20, callback=impatient)
try:
    search.fit(X, y)
except KeyboardInterrupt:
    show(search)
search.set_params(warm_start=True, n_iter=0, callback=None).fit(X, y)
print(search.predict(X[:5]))

# %%
# A killed process
# ----------------
#
# With a `checkpoint`, every finished candidate is in a log before the next decision.
# This starts the script once more, as a process that searches, and kills it.
files = tempfile.TemporaryDirectory()
log = Path(files.name, "search.log")


def n_logged():
    """Count the candidates; the first line of a log says which search it is."""
    return len(log.read_bytes().splitlines()) - 1 if log.exists() else 0


with subprocess.Popen([sys.executable, __file__, log]) as process:
    while n_logged() < 5 and process.poll() is None:
        time.sleep(0.01)
    process.kill()
print(f"killed after {n_logged()} candidates")

# %%
# The same search with the same log goes on from there, to the end that it would have
# come to anyway.
resumed = make_search(n_iter=20, checkpoint=log).fit(X, y)
show(resumed)

undisturbed = make_search(n_iter=20).fit(X, y)
same = [trial.params for trial in resumed.trials_] == [
    trial.params for trial in undisturbed.trials_
]
print(f"the same candidates: {same}")

# %%
# More of the same
# ----------------
#
# `warm_start` adds candidates to a search that is done, or was loaded from a pickle.
show(resumed.set_params(warm_start=True, n_iter=5).fit(X, y))
files.cleanup()
