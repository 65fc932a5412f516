"""
A tuner and a selector of one's own
===================================

The selector says which estimator is tried next, the tuner with which parameters. Either
is a small class without a base class, and so is what varies the ones that are there: an
acquisition function, a rule for racing.
"""

from functools import partial

import numpy as np
from scipy.stats import loguniform, randint
from sklearn.datasets import load_wine
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier

from sklearn_btb import BTBSearchCV, GPTuner, MaxUCB, Selector, StopTuning, Tuner

X, y = load_wine(return_X_y=True)


def search_with(**options):
    search = BTBSearchCV(
        {
            "logreg": make_pipeline(StandardScaler(), LogisticRegression()),
            "tree": DecisionTreeClassifier(random_state=0),
        },
        {
            "logreg": {"logisticregression__C": loguniform(1e-4, 1e4)},
            "tree": {
                "max_depth": randint(1, 10),
                "min_samples_leaf": randint(1, 20),
                "criterion": ["gini", "entropy"],
            },
        },
        n_iter=25,
        cv=3,
        random_state=0,
        **options,
    ).fit(X, y)
    board = search.leaderboard_
    shares = ", ".join(f"{n} of {name}" for name, n in board["n_candidates"].items())
    print(f"{search.best_score_:.4f} by {search.best_estimator_name_} ({shares})")


search_with()

# %%
# A selector
# ----------
#
# It is asked with the rewards of every estimator so far: their scores on one scale from
# 0 to 1, greater being better, and maybe none yet. This one takes the best at random
# half of the time, and any otherwise.


class Greedy:
    def __init__(self, random_state=None):
        self.random = random_state  # a numpy.random.Generator

    def select(self, scores):
        names = sorted(scores)
        untried = [name for name in names if not scores[name]]
        if untried:
            return untried[0]
        if self.random.random() < 0.5:
            return names[self.random.integers(len(names))]
        return max(names, key=lambda name: max(scores[name]))


print(f"a selector: {isinstance(Greedy(), Selector)}")
search_with(selector=Greedy)

# %%
# A tuner
# -------
#
# It is made once for every estimator, with its space as a `Tunable`, which draws
# configurations and maps them to the unit cube and back. This one, an evolution
# strategy, puts noise on the best configuration, and the less so the more it knows.


class Evolution:
    def __init__(self, tunable, random_state=None):
        self.tunable = tunable
        self.random = np.random.default_rng(random_state)
        self.known = {}  # scores by image

    def draw(self):
        if len(self.known) < 3:
            return self.tunable.sample(1, self.random)
        best = np.array(max(self.known, key=self.known.get))
        noise = self.random.normal(scale=0.5 / len(self.known) ** 0.5, size=best.shape)
        return np.clip(best + noise, 0, 1)[np.newaxis]

    def propose(self, n=1, *, pending=()):
        taken = {self.key(params) for params in pending} | set(self.known)
        proposals = []
        for _ in range(1000 * n):
            params = self.tunable.decode(self.draw())[0]
            if self.key(params) not in taken:
                taken.add(self.key(params))
                proposals.append(params)
                if len(proposals) == n:
                    return proposals if n > 1 else params
        if proposals:
            return proposals
        raise StopTuning("nothing new in 1,000 draws")

    def record(self, params, score):
        self.known[self.key(params)] = score

    def key(self, params):
        return tuple(self.tunable.encode([params])[0])


print(f"a tuner: {issubclass(Evolution, Tuner)}")
search_with(tuner=Evolution)

# %%
# What is there, varied
# ---------------------
#
# `tuner` and `selector` are called, so `partial` sets what their constructors have: an
# acquisition, a function of mean and deviation of the (transformed) score and the best
# so far; or how much the bandit explores.


def upper_confidence(mean, std, best):
    return mean + 2 * std


search_with(
    tuner=partial(GPTuner, acquisition=upper_confidence, n_initial=5),
    selector=partial(MaxUCB, alpha=1.0),
)

# %%
# A rule for racing
# -----------------
#
# Called after every fold with the candidate's scores, NaN where not yet run, and those
# of all candidates with all folds. This one stops what is worse on each fold so far
# than the worst complete candidate.


def hopeless(scores, complete):
    done = ~np.isnan(scores)
    return len(complete) > 0 and bool(np.all(scores[done] < complete[:, done].min(0)))


search_with(racing=hopeless)
