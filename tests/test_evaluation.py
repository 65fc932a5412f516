"""Fitting and scoring one configuration on one split."""

import math
import pickle

import numpy as np
import pytest
from scipy import sparse
from sklearn.base import BaseEstimator
from sklearn.linear_model import LinearRegression
from sklearn.metrics import check_scoring
from toys import Log, Toy, X, Y

from sklearn_btb._evaluation import Settings, evaluate_fold

TRAIN, TEST = np.array([0, 1, 2, 5]), np.array([3, 4])


def evaluate(estimator, params=None, X=X, y=Y, *, scorer=None, **settings):
    """Evaluate on TRAIN and TEST."""
    defaults = {
        "scorers": {"est": scorer or check_scoring(estimator)},
        "fit_params": {"est": {}},
        "score_params": {"est": {}},
        "error_score": math.nan,
        "return_train_score": False,
        "verbose": 0,
        "n_splits": 2,
        "n_candidates": 9,
    }
    return evaluate_fold(
        estimator,
        X,
        y,
        TRAIN,
        TEST,
        name="est",
        params=params or {},
        settings=Settings(**defaults | settings),
        candidate=4,
        split=1,
    )


class Spy(BaseEstimator):
    """Logs all that `fit` and `score` get."""

    def __init__(self, log=None):
        self.log = log

    def fit(self, X, y="no y", **params):
        self.log.append(("fit", X, y, params))
        return self

    def score(self, X, y="no y", **params):
        self.log.append(("score", X, y, params))
        return float(len(X))


class TestEvaluation:
    def test_fits_on_the_training_part_and_scores_on_the_test_part(self):
        log = Log()
        result = evaluate(Spy(log))
        (_, X_fit, y_fit, _), (_, X_score, y_score, _) = log
        assert X_fit[:, 0].tolist() == TRAIN.tolist()
        assert y_fit.tolist() == Y[TRAIN].tolist()
        assert X_score[:, 0].tolist() == TEST.tolist()
        assert y_score.tolist() == Y[TEST].tolist()
        assert result.test_scores == 2.0
        assert result.train_scores is None

    def test_scores_the_training_part_too_if_asked(self):
        log = Log()
        result = evaluate(Spy(log), return_train_score=True)
        assert [what for what, *_ in log] == ["fit", "score", "score"]
        assert (result.test_scores, result.train_scores) == (2.0, 4.0)

    def test_passes_no_target_where_there_is_none(self):
        log = Log()
        evaluate(Spy(log), y=None, return_train_score=True)
        assert [y for _, _, y, _ in log] == ["no y"] * 3

    def test_sets_the_parameters_on_a_clone(self):
        toy, log = Toy(x=1, log=Log()), Log()
        result = evaluate(toy, {"x": 3, "log": log})
        assert result.test_scores == 1.0
        assert (toy.x, toy.log, log[0][0]) == (1, [], 3)
        assert not hasattr(toy, "n_features_in_")

    def test_splits_parameters_that_are_as_long_as_the_data(self):
        log = Log()
        weight = np.arange(12) * 10
        evaluate(
            Spy(log),
            fit_params={"est": {"weight": weight, "scalar": 3, "short": [1, 2]}},
            score_params={"est": {"weight": weight}},
            return_train_score=True,
        )
        fit, test, train = (params for *_, params in log)
        assert fit["weight"].tolist() == (TRAIN * 10).tolist()
        assert (fit["scalar"], fit["short"]) == (3, [1, 2])
        assert test["weight"].tolist() == (TEST * 10).tolist()
        assert train["weight"].tolist() == (TRAIN * 10).tolist()

    @pytest.mark.parametrize("as_kernel", [np.asarray, sparse.csr_matrix])
    def test_takes_rows_and_columns_of_a_precomputed_kernel(self, as_kernel):
        class Pairwise(Spy):
            def __sklearn_tags__(self):
                tags = super().__sklearn_tags__()
                tags.input_tags.pairwise = True
                return tags

        log = Log()
        kernel = as_kernel(X @ X.T)
        result = evaluate(Pairwise(log), X=kernel, scorer=lambda est, X, y: X[1, 3])
        assert log[0][1].shape == (4, 4)
        assert result.test_scores == X[TEST[1], 0] * X[TRAIN[3], 0] == 20.0

    def test_measures_seconds(self):
        result = evaluate(LinearRegression())
        assert 0 < result.fit_time < 60
        assert 0 < result.score_time < 60

    def test_gives_a_result_that_pickles(self):
        result = evaluate(Toy(bad=(0,)))
        assert pickle.loads(pickle.dumps(result)).fit_error == result.fit_error


class TestErrors:
    def test_of_fit_are_in_the_result(self):
        result = evaluate(Toy(bad=(0,)))
        assert math.isnan(result.test_scores)
        assert "ValueError: x must not be 0" in result.fit_error
        assert result.score_error is None
        assert (result.train_scores, result.score_time) == (None, 0.0)

    def test_of_set_params_are_in_the_result(self):
        result = evaluate(Toy(), {"y": 1})
        assert "Invalid parameter 'y'" in result.fit_error

    def test_of_the_scorer_are_in_the_result(self):
        result = evaluate(Toy(), scorer=lambda est, X, y: 1 / 0, error_score=-2)
        assert result.test_scores == -2
        assert "ZeroDivisionError" in result.score_error
        assert result.fit_error is None

    def test_of_fit_stand_for_every_metric(self):
        toy = Toy(bad=(0,))
        scorer = check_scoring(toy, ["accuracy", "f1"], raise_exc=False)
        result = evaluate(toy, scorer=scorer, error_score=0, return_train_score=True)
        assert result.test_scores == result.train_scores == {"accuracy": 0, "f1": 0}

    @pytest.mark.parametrize("what", ["fit", "score"])
    def test_are_raised_if_error_score_says_so(self, what):
        toy = Toy(bad=(0,) if what == "fit" else ())
        with pytest.raises(ValueError if what == "fit" else ZeroDivisionError):
            evaluate(toy, scorer=lambda est, X, y: 1 / 0, error_score="raise")

    def test_that_are_no_exceptions_go_through(self):
        class Interrupted(Toy):
            def fit(self, X, y=None):
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            evaluate(Interrupted())

    @pytest.mark.parametrize("score", [None, "text", [1.0], np.ones(2)])
    def test_a_score_that_is_no_number_is_refused(self, score):
        with pytest.raises(ValueError, match="scoring must return a number, got"):
            evaluate(Toy(), scorer=lambda est, X, y: score)

    def test_a_score_of_one_metric_that_is_no_number_is_refused_by_its_name(self):
        with pytest.raises(ValueError, match=r"scorer=b\)"):
            evaluate(Toy(), scorer=lambda est, X, y: {"a": 1.0, "b": None})


class TestMessages:
    def end(self, capsys, verbose, estimator=None, params=None, **settings):
        evaluate(estimator or Toy(), params, verbose=verbose, **settings)
        return capsys.readouterr().out.splitlines()[-1]

    def test_list_the_parameters_by_name(self, capsys):
        line = self.end(capsys, 2, params={"x": 1, "peak": 2})
        assert "peak=2, x=1; total time=" in line

    def test_without_parameters_have_only_the_time(self, capsys):
        line = self.end(capsys, 2)
        assert line.startswith("[CV] END ...")
        assert "... total time=" in line

    def test_count_splits_and_candidates_from_one(self, capsys):
        assert self.end(capsys, 10).startswith("[CV 2/2; 5/9] END ")

    def test_show_error_scores(self, capsys):
        assert "score=nan total" in self.end(capsys, 3, Toy(bad=(0,)))
        line = self.end(capsys, 3, Toy(bad=(0,)), return_train_score=True)
        assert "score=(train=nan, test=nan) total" in line

    def test_name_the_estimator_if_there_are_others(self, capsys):
        scorers = dict.fromkeys(["est", "other"], check_scoring(Toy()))
        line = self.end(capsys, 2, params={"x": 1}, scorers=scorers)
        assert "est: x=1; total time=" in line
