"""From trials to `cv_results_`, the winner and the warnings."""

import math
import pickle
import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.exceptions import FitFailedWarning

from sklearn_btb import Trial
from sklearn_btb._results import (
    best_index,
    make_cv_results,
    mean_score,
    metric_names,
    report_failures,
    warn_if_not_finite,
    warn_of_dropped,
    warn_of_untried,
)
from sklearn_btb._trial import FoldResult

all_floats = st.floats()


def fold(test=1.0, train=None, *, fit_error=None, score_error=None, times=(0.5, 0.25)):
    return FoldResult(test, train, *times, fit_error, score_error)


def trial(number, *folds, name="est", params=None):
    return Trial(number, name, params or {}, folds, "complete", 0.0)


def trials_of(*rows):
    """One trial a row of test scores."""
    return [
        trial(number, *(fold(score) for score in row))
        for number, row in enumerate(rows)
    ]


class TestMetricNames:
    def test_are_none_where_a_score_is_a_number(self):
        assert metric_names([fold(1.0), fold(math.nan)]) is None

    def test_are_those_of_the_first_fold_that_has_them(self):
        folds = [fold(math.nan), fold({"b": 1.0, "a": 2.0}), fold({"b": 0, "a": 0})]
        assert metric_names(folds) == ["b", "a"]


class TestMeanScore:
    def test_is_the_mean_over_the_folds(self):
        assert mean_score([fold(1.0), fold(2.0), fold(6.0)], None) == 3.0

    def test_is_nan_if_a_fold_is(self):
        assert math.isnan(mean_score([fold(1.0), fold(math.nan)], None))

    @pytest.mark.parametrize(
        ("metric", "expected"), [(None, 1.0), ("a", 1.0), ("b", 10.0), ("c", 1.0)]
    )
    def test_is_of_the_metric_or_of_the_first(self, metric, expected):
        folds = [fold({"a": 0.0, "b": 10.0}), fold({"a": 2.0, "b": 10.0})]
        assert mean_score(folds, metric) == expected

    def test_of_one_metric_does_not_care_how_it_is_called(self):
        assert mean_score([fold(2.0)], "accuracy") == 2.0

    def test_takes_an_error_score_for_every_metric(self):
        folds = [fold(-1.0, fit_error="e"), fold({"a": 2.0, "b": 10.0})]
        assert mean_score(folds, "a") == 0.5
        assert mean_score(folds, "b") == 4.5

    @given(scores=st.lists(all_floats, min_size=1, max_size=12))
    def test_is_the_mean_in_cv_results_for_any_scores(self, scores):
        results = make_cv_results(trials_of(scores), len(scores), False)
        expected = results["mean_test_score"][0]
        score = mean_score([fold(score) for score in scores], None)
        assert score == expected or (math.isnan(score) and math.isnan(expected))


class TestCvResults:
    def test_times_and_scores_have_means_and_deviations(self):
        results = make_cv_results(
            [trial(0, fold(1.0, times=(1, 5)), fold(3.0, times=(3, 5)))], 2, False
        )
        assert results["mean_fit_time"] == [2.0]
        assert results["std_fit_time"] == [1.0]
        assert results["mean_score_time"] == [5.0]
        assert results["std_score_time"] == [0.0]
        assert results["split0_test_score"] == [1.0]
        assert results["split1_test_score"] == [3.0]
        assert results["mean_test_score"] == [2.0]
        assert results["std_test_score"] == [1.0]

    def test_several_metrics_have_their_columns(self):
        folds = [fold({"a": 1.0, "b": -1.0}, {"a": 3.0, "b": -3.0})] * 2
        results = make_cv_results([trial(0, *folds)], 2, True)
        for metric, test, train in (("a", 1.0, 3.0), ("b", -1.0, -3.0)):
            assert results[f"mean_test_{metric}"] == [test]
            assert results[f"mean_train_{metric}"] == [train]
            assert results[f"split1_train_{metric}"] == [train]
            assert results[f"rank_test_{metric}"] == [1]
            assert f"rank_train_{metric}" not in results
        assert "mean_test_score" not in results

    def test_train_scores_are_there_only_if_asked_for(self):
        results = make_cv_results([trial(0, fold(1.0, 2.0))], 1, False)
        assert not any("train" in key for key in results)

    @given(
        rows=st.lists(
            st.lists(all_floats, min_size=2, max_size=2), min_size=1, max_size=8
        )
    )
    def test_rank_counts_the_better_ones_with_nan_last(self, rows):
        results = make_cv_results(trials_of(*rows), 2, False)
        means = results["mean_test_score"]
        ranks = results["rank_test_score"]
        assert ranks.dtype == np.int32
        n_numbers = np.count_nonzero(~np.isnan(means))
        for mean, rank in zip(means, ranks, strict=True):
            better = n_numbers if np.isnan(mean) else np.count_nonzero(means > mean)
            assert rank == better + 1

    @given(
        rows=st.lists(
            st.lists(all_floats, min_size=3, max_size=3), min_size=1, max_size=4
        )
    )
    def test_no_score_makes_numpy_complain(self, rows):
        make_cv_results(trials_of(*rows), 3, False)  # warnings are errors

    @pytest.mark.parametrize(
        ("values", "dtype"),
        [
            ([1, 2], int),
            ([1, 2.5], float),
            ([True, False], bool),
            ([True, 2], int),
            ([1, None], object),
            (["a", "b"], object),
            (["a", 1], object),
            ([[1, 2], [3, 4]], object),
            ([np.zeros(2), np.zeros(2)], object),
            ([np.float32(1), np.float32(2)], np.float32),
            ([2**70, 1], object),
        ],
        ids=str,
    )
    def test_columns_of_parameters_have_the_dtype_of_their_values(self, values, dtype):
        trials = [trial(n, fold(), params={"p": v}) for n, v in enumerate(values)]
        column = make_cv_results(trials, 1, False)["param_p"]
        assert isinstance(column, np.ma.MaskedArray)
        assert column.dtype == dtype
        assert column.shape == (2,)
        assert not np.ma.getmaskarray(column).any()
        assert all(np.all(a == b) for a, b in zip(column, values, strict=True))

    def test_columns_are_masked_where_a_row_has_not_the_parameter(self):
        all_params = [{"p": 1}, {}, {"q": "a", "p": 3}, {"q": None}]
        trials = [trial(n, fold(), params=p) for n, p in enumerate(all_params)]
        results = make_cv_results(trials, 1, False)
        assert results["param_p"].tolist() == [1, None, 3, None]
        assert results["param_q"].mask.tolist() == [True, True, False, False]
        assert results["params"] == all_params

    @pytest.mark.parametrize(
        "value",
        [np.array(5), np.ma.masked, np.ma.array([1], mask=[1]), [1, 2], {"a": 1}],
    )
    def test_columns_hold_any_object_itself(self, value):
        trials = [trial(0, fold(), params={"p": value}), trial(1, fold())]
        column = make_cv_results(trials, 1, False)["param_p"]
        assert column.data[0] is value
        assert column.mask.tolist() == [False, True]

    def test_rows_name_their_estimator(self):
        trials = [trial(0, fold(), name="b"), trial(1, fold(), name="a")]
        names = make_cv_results(trials, 1, False)["estimator_name"]
        assert names.tolist() == ["b", "a"]
        assert names.dtype == object


class TestBestIndex:
    RESULTS = make_cv_results(trials_of([0.0], [2.0], [math.nan], [2.0]), 1, False)

    def test_is_the_first_of_the_best_rank(self):
        assert best_index(self.RESULTS, True, "score") == 1
        assert best_index(self.RESULTS, "anything", "score") == 1

    def test_is_what_a_callable_returns(self):
        index = best_index(self.RESULTS, lambda results: np.int64(2), "score")
        assert (index, type(index)) == (2, int)

    def test_a_callable_gets_the_results(self):
        got = []
        best_index(self.RESULTS, lambda results: got.append(results) or 0, "score")
        assert got == [self.RESULTS]

    @pytest.mark.parametrize("index", [1.0, None, "1"])
    def test_that_is_no_integer_is_refused(self, index):
        with pytest.raises(TypeError, match="best_index_ returned is not an integer"):
            best_index(self.RESULTS, lambda results: index, "score")

    @pytest.mark.parametrize("index", [-1, 4])
    def test_that_is_no_row_is_refused(self, index):
        with pytest.raises(IndexError, match="best_index_ index out of range"):
            best_index(self.RESULTS, lambda results: index, "score")


class TestReportFailures:
    def test_is_silent_where_nothing_failed(self):
        report_failures(trials_of([1.0, math.nan], [math.inf, 0.0]), math.nan)

    def test_warns_of_fits_once_with_each_error_quoted_once(self):
        failed = fold(math.nan, fit_error="Traceback one")
        other = fold(math.nan, fit_error="Traceback two")
        trials = [trial(0, failed, fold()), trial(1, failed, other)]
        with pytest.warns(FitFailedWarning) as caught:
            report_failures(trials, -5)
        (message,) = (str(warning.message) for warning in caught)
        assert "3 fits failed out of a total of 4" in message
        assert "set to -5" in message
        assert "2 fits failed with the following error:\nTraceback one" in message
        assert "1 fits failed with the following error:\nTraceback two" in message

    def test_warns_of_scorings_once(self):
        failed = fold(math.nan, score_error="Traceback")
        with pytest.warns(UserWarning, match="Scoring failed on 1 of 2") as caught:
            report_failures([trial(0, failed, fold())], math.nan)
        assert len(caught) == 1

    def test_raises_if_every_fit_failed_with_the_commonest_error_first(self):
        errors = ["rare", "common", "common"]
        trials = [trial(n, fold(fit_error=error)) for n, error in enumerate(errors)]
        with pytest.raises(ValueError, match="All the 3 fits failed") as caught:
            report_failures(trials, 0.0)
        message = str(caught.value)
        assert message.index("common") < message.index("rare")

    def test_does_not_raise_if_every_scoring_failed(self):
        with pytest.warns(UserWarning, match="Scoring failed on 1 of 1"):
            report_failures([trial(0, fold(score_error="e"))], math.nan)


class TestWarnings:
    @pytest.mark.parametrize("score", [math.nan, math.inf, -math.inf])
    def test_one_of_scores_that_are_not_finite_however_many_there_are(self, score):
        folds = [fold({"a": score, "b": score}, {"a": score, "b": score})]
        trials = [trial(0, *folds)]
        results = make_cv_results(trials, 1, True)
        with pytest.warns(UserWarning, match="test scores are non-finite") as caught:
            warn_if_not_finite(results, trials)
        assert len(caught) == 1

    def test_of_train_scores_if_the_test_scores_are_finite(self):
        trials = [trial(0, fold(1.0, math.nan))]
        results = make_cv_results(trials, 1, True)
        with pytest.warns(UserWarning, match="train scores are non-finite"):
            warn_if_not_finite(results, trials)

    def test_none_of_finite_scores(self):
        trials = trials_of([1.0], [2.0])
        warn_if_not_finite(make_cv_results(trials, 1, False), trials)

    def test_one_of_every_estimator_that_was_dropped(self):
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            warn_of_dropped({"a": 2, "b": 3, "c": 5}, 3)
        dropped = [str(warning.message).split("'")[1] for warning in caught]
        assert dropped == ["b", "c"]

    @pytest.mark.parametrize("stop_reason", ["n_iter", "time_budget", "patience"])
    def test_one_of_the_estimators_for_which_there_was_no_room(self, stop_reason):
        trials = trials_of([1.0])
        names = [trials[0].estimator_name, "b", "c"]
        said = rf"`{stop_reason}`\) before the estimators \['b', 'c'\] were tried"
        with pytest.warns(UserWarning, match=said):
            warn_of_untried(trials, names, stop_reason)

    def test_none_of_untried_estimators_where_the_search_was_to_end(self):
        for stop_reason in ("target_score", "callback"):
            warn_of_untried(trials_of([1.0]), ["b"], stop_reason)

    def test_none_of_dropped_estimators_without_a_limit(self):
        warn_of_dropped({"a": 1000}, math.inf)


class TestTrial:
    def test_error_is_the_first_that_was_raised(self):
        folds = (fold(), fold(score_error="scoring"), fold(fit_error="fitting"))
        assert trial(0, *folds).error == "scoring"
        assert trial(0, fold()).error is None

    def test_shows_scores_and_times_of_the_folds(self):
        one = trial(0, fold(1.0, times=(1, 2)), fold({"a": 2.0}, times=(3, 4)))
        assert one.fold_scores == (1.0, {"a": 2.0})
        assert one.fit_times == (1, 3)
        assert one.score_times == (2, 4)

    def test_is_frozen_and_pickles(self):
        one = trial(3, fold(fit_error="e"), params={"p": [1]})
        with pytest.raises(AttributeError):
            one.number = 4
        assert pickle.loads(pickle.dumps(one)) == one
