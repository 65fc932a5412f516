"""Tables of a search: its estimators compared, its candidates one by one."""

import math

import numpy as np
import pandas as pd
import pytest
from scipy.stats import randint
from sklearn.exceptions import FitFailedWarning, NotFittedError
from toys import THREE_FOLDS, Toy, X, Y

from sklearn_btb import BTBSearchCV, Trial, fastest_within
from sklearn_btb._leaderboard import leaderboard, results_frame, steering
from sklearn_btb._results import make_cv_results
from sklearn_btb._trial import FoldResult


def trial(
    number, name, scores, *, params=None, state="complete", seconds=1.0, expected=0.0
):
    folds = tuple(
        None if score is None else FoldResult(score, None, seconds, 0.0)
        for score in scores
    )
    return Trial(number, name, params or {}, folds, state, expected)


def board_of(trials, metric="score"):
    results = make_cv_results(trials, len(trials[0].folds), False)
    return leaderboard(results, trials, metric)


def frame_of(trials):
    return results_frame(make_cv_results(trials, len(trials[0].folds), False), trials)


def interrupt(search, trial):
    if trial.number == 3:
        raise KeyboardInterrupt


def search_for(**params):
    search = BTBSearchCV(
        {"far": Toy(peak=50), "near": Toy(bad=(2, 3))},
        {"far": {"x": randint(0, 5)}, "near": {"x": randint(0, 5)}},
        n_iter=8,
        cv=THREE_FOLDS,
        random_state=0,
    )
    return search.set_params(**params)


class TestLeaderboard:
    def test_has_a_row_an_estimator_the_best_first(self):
        trials = [trial(0, "a", [1, 1]), trial(1, "b", [2, 4]), trial(2, "b", [0, 0])]
        board = board_of(trials)
        assert list(board.index) == ["b", "a"]
        assert list(board["rank"]) == [1, 2]
        assert list(board["best_score"]) == [3.0, 1.0]
        assert list(board["n_candidates"]) == [2, 1]

    def test_standard_error_is_that_of_the_mean_over_the_folds(self):
        board = board_of([trial(0, "a", [1.0, 2.0, 3.0])])
        assert board["standard_error"]["a"] == pytest.approx(1 / math.sqrt(3))

    def test_standard_error_is_unknown_with_one_fold(self):
        assert math.isnan(board_of([trial(0, "a", [1.0])])["standard_error"]["a"])

    def test_equal_scores_share_a_rank_in_the_order_tried(self):
        trials = [trial(0, "a", [1]), trial(1, "b", [2]), trial(2, "c", [2])]
        board = board_of(trials)
        assert list(zip(board.index, board["rank"], strict=True)) == [
            ("b", 1),
            ("c", 1),
            ("a", 3),
        ]

    def test_failed_candidates_are_counted_and_come_last(self):
        trials = [
            trial(0, "bad", [math.nan], state="failed"),
            trial(1, "good", [1]),
            trial(2, "good", [math.nan], state="failed"),
        ]
        board = board_of(trials)
        assert list(board.index) == ["good", "bad"]
        assert list(board["n_failed"]) == [1, 1]
        assert math.isnan(board["best_score"]["bad"])

    def test_a_number_for_a_failure_is_no_score(self):
        trials = [
            trial(0, "bad", [0.0, 0.0], state="failed"),
            trial(1, "good", [-2.0, -4.0]),
            trial(2, "good", [0.0, 0.0], state="failed"),
        ]
        board = board_of(trials)
        assert list(board.index) == ["good", "bad"]
        assert board["best_score"]["good"] == -3.0
        assert math.isnan(board["best_score"]["bad"])
        assert math.isnan(board["standard_error"]["bad"])

    def test_candidates_with_all_folds_come_before_others(self):
        trials = [
            trial(0, "stopped", [9, 9, None], state="stopped"),
            trial(1, "complete", [1, 1, 1]),
        ]
        board = board_of(trials)
        assert list(board.index) == ["complete", "stopped"]
        assert math.isnan(board["standard_error"]["stopped"])

    def test_of_what_racing_stopped_the_score_expected_over_all_folds_counts(self):
        trials = [
            trial(0, "a", [5, None], state="stopped", expected=1.0, params={"x": 0}),
            trial(1, "a", [4, None], state="stopped", expected=2.0, params={"x": 1}),
            trial(2, "b", [3, None], state="stopped", expected=3.0),
            trial(3, "c", [-9, -9]),
        ]
        board = board_of(trials)
        assert list(board.index) == ["c", "b", "a"]
        assert list(board["best_score"]) == [-9.0, 3.0, 2.0]
        assert board["best_params"]["a"] == {"x": 1}

    def test_fit_time_is_the_mean_over_all_candidates(self):
        trials = [trial(0, "a", [1], seconds=1.0), trial(1, "a", [0], seconds=3.0)]
        assert board_of(trials)["mean_fit_time"]["a"] == 2.0

    def test_best_params_are_those_of_the_best_candidate(self):
        trials = [trial(i, "a", [s], params={"x": s}) for i, s in enumerate([1, 5, 3])]
        assert board_of(trials)["best_params"]["a"] == {"x": 5}

    @pytest.mark.parametrize(
        ("refit", "expected"),
        [
            ("f1", "f1"),
            (False, "acc"),
            (lambda results: 0, "acc"),
            (fastest_within(0.1, metric="f1"), "f1"),
            ("score", "acc"),
        ],
    )
    def test_of_several_metrics_the_one_that_steers_counts(self, refit, expected):
        trials = [
            trial(0, "a", [{"acc": 1.0, "f1": 0.0}]),
            trial(1, "b", [{"acc": 0.0, "f1": 1.0}]),
        ]
        results = make_cv_results(trials, 1, False)
        metric = steering(results, refit, None).metric
        assert metric == expected
        best = {"acc": "a", "f1": "b"}[expected]
        assert leaderboard(results, trials, metric).index[0] == best


class TestResultsFrame:
    def test_has_a_row_a_candidate_in_their_order(self):
        frame = frame_of([trial(0, "a", [1]), trial(2, "b", [2], state="stopped")])
        assert list(frame["candidate"]) == [0, 2]
        assert list(frame["estimator_name"]) == ["a", "b"]
        assert list(frame["state"]) == ["complete", "stopped"]
        assert list(frame["rank_test_score"]) == [2, 1]

    def test_has_the_expected_score_where_folds_were_spared(self):
        trials = [
            trial(0, "a", [1, 1], expected=1.0),
            trial(1, "a", [3, None], state="stopped", expected=0.5),
        ]
        results = make_cv_results(trials, 2, False, may_skip_folds=True)
        assert list(results_frame(results, trials)["expected_score"]) == [1.0, 0.5]
        assert "expected_score" not in frame_of(trials[:1])

    def test_integers_stay_integers_where_others_are_missing(self):
        frame = frame_of([trial(0, "a", [1], params={"n": 3}), trial(1, "b", [1])])
        assert frame["param_n"][0] == 3 and frame["param_n"][1] is pd.NA
        assert frame["param_n"].dtype == "Int64"

    def test_none_is_a_value_and_not_missing(self):
        trials = [
            trial(0, "a", [1], params={"depth": None}),
            trial(1, "a", [1], params={"depth": "deep"}),
            trial(2, "b", [1]),
        ]
        column = frame_of(trials)["param_depth"]
        assert column[0] is None and column[1] == "deep"
        assert column[2] is not None and math.isnan(column[2])

    def test_booleans_and_floats_have_their_types(self):
        trials = [trial(0, "a", [1], params={"on": True, "C": 0.5}), trial(1, "b", [1])]
        frame = frame_of(trials)
        assert frame["param_on"].dtype == "boolean" and frame["param_on"][0]
        assert frame["param_C"].dtype == float and np.isnan(frame["param_C"][1])

    def test_has_every_metric(self):
        frame = frame_of([trial(0, "a", [{"acc": 1.0, "f1": 0.5}])])
        assert frame["mean_test_acc"][0] == 1.0 and frame["mean_test_f1"][0] == 0.5

    def test_says_how_many_folds_were_run_where_some_were_not(self):
        frame = frame_of([trial(0, "a", [1, None]), trial(1, "a", [1, 1])])
        assert list(frame["n_splits_evaluated"]) == [1, 2]
        assert "n_splits_evaluated" not in frame_of([trial(0, "a", [1, 1])])


class TestOfASearch:
    def test_are_not_there_before_fit(self):
        assert not hasattr(search_for(), "leaderboard_")
        with pytest.raises(NotFittedError):
            search_for().results_frame()

    @pytest.mark.parametrize("params", [{}, {"refit": False}, {"racing": True}])
    def test_agree_with_its_results(self, params):
        with pytest.warns(FitFailedWarning):
            search = search_for(error_score=-9, **params).fit(X, Y)
        board, frame = search.leaderboard_, search.results_frame()
        assert board.index[0] == search.best_estimator_name_ == "near"
        assert board["best_score"].iloc[0] == search.best_score_
        assert board["best_params"].iloc[0] == search.best_params_
        assert board["n_candidates"].sum() == len(frame) == 8
        assert board["n_failed"]["near"] == (frame["state"] == "failed").sum() > 0

    def test_are_there_after_an_interrupt_and_after_it_went_on(self):
        search = search_for(callback=interrupt, warm_start=True, error_score=-9)
        with pytest.raises(KeyboardInterrupt):
            search.fit(X, Y)
        assert search.leaderboard_["n_candidates"].sum() == 4
        with pytest.warns(FitFailedWarning):
            search.set_params(callback=None, n_iter=4).fit(X, Y)
        assert search.leaderboard_["n_candidates"].sum() == 8
        assert len(search.results_frame()) == 8
