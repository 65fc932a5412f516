"""One estimator's candidates that have a score."""

import numpy as np
import pytest
from sklearn.exceptions import FitFailedWarning
from toys import THREE_FOLDS, Toy, X, Y

from sklearn_btb import BTBSearchCV
from sklearn_btb._scored import scored_candidates


def search_for(**params):
    search = BTBSearchCV(
        {"near": Toy(), "far": Toy(peak=50)},
        {"near": {"x": range(10)}, "far": {"x": range(10)}},
        n_iter=20,
        selector="uniform",
        cv=THREE_FOLDS,
        random_state=0,
    )
    return search.set_params(**params).fit(X, Y)


def test_are_by_default_those_of_the_best():
    assert scored_candidates(search_for(), None, "owner", 4).estimator_name == "near"


def test_are_by_default_those_of_the_winner_that_a_rule_chose():
    def far(results):
        return int(np.flatnonzero(results["estimator_name"] == "far")[0])

    found = scored_candidates(search_for(refit=far), None, "owner", 4)
    assert found.estimator_name == "far"


def test_are_by_default_those_of_the_best_without_a_refit():
    found = scored_candidates(search_for(refit=False), None, "owner", 4)
    assert found.estimator_name == "near"


def test_are_those_that_racing_stopped_as_well_with_the_score_that_is_expected():
    search = search_for(racing=lambda scores, complete: bool(len(complete)))
    found = scored_candidates(search, "near", "owner", 4)
    own = [trial for trial in search.trials_ if trial.estimator_name == "near"]
    assert [trial.state for trial in own].count("stopped") > 3
    assert found.scores.tolist() == [trial.score for trial in own]


def test_are_not_those_that_failed():
    with pytest.warns(FitFailedWarning), pytest.warns(UserWarning, match="non-finite"):
        search = search_for(estimators__near__bad=(2, 3))
    found = scored_candidates(search, "near", "owner", 4)
    assert {2, 3} & {trial.params["x"] for trial in search.trials_}
    assert not {2, 3} & {config["x"] for config in found.configs}


def test_too_few_are_refused():
    said = r"owner needs at least 99 .* 'near' .* got 10"
    with pytest.raises(ValueError, match=said):
        scored_candidates(search_for(), "near", "owner", 99)
