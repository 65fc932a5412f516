"""Functional ANOVA against functions whose importances are known."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.tree import DecisionTreeRegressor

from sklearn_btb import FloatHyperParam, Tunable, when
from sklearn_btb._importance import (
    coordinates,
    importances,
    leaves,
    variances,
    without_hopeless,
)


def test_scores_that_differ_by_rounding_have_no_importances():
    X = np.random.default_rng(0).random((40, 2))
    main, pairs = importances(X, 0.94 + 1e-13 * X[:, 0])
    assert main.shape == (0, 2) and pairs[0, 1].shape == (0,)


def fractions_of(function, n=400, d=3):
    X = np.random.default_rng(0).random((n, d))
    main, pairs = importances(X, function(X))
    return main.mean(axis=0), {pair: each.mean() for pair, each in pairs.items()}


def test_of_a_sum_are_the_shares_of_the_variance():
    # the variances are 1 / 12 and 4 / 12
    main, pairs = fractions_of(lambda X: X[:, 0] + 2 * X[:, 1])
    np.testing.assert_allclose(main, [0.2, 0.8, 0.0], atol=0.03)
    assert max(pairs.values()) < 0.03


def test_of_a_centred_product_lie_in_the_pair():
    main, pairs = fractions_of(lambda X: (X[:, 0] - 0.5) * (X[:, 1] - 0.5))
    assert max(main) < 0.05
    assert pairs[0, 1] > 0.85


def test_of_a_product_are_divided_as_computed():
    # x y has the variance 7 / 144, of which x and y alone explain 3 / 144 each
    main, pairs = fractions_of(lambda X: X[:, 0] * X[:, 1], n=800, d=2)
    np.testing.assert_allclose(main, [3 / 7, 3 / 7], atol=0.05)
    assert pairs[0, 1] == pytest.approx(1 / 7, abs=0.05)


def test_of_equal_scores_there_are_none():
    main, _ = importances(np.random.default_rng(0).random((20, 2)), np.ones(20))
    assert main.shape == (0, 2)


def test_depend_on_the_seed_alone():
    X = np.random.default_rng(0).random((30, 2))
    first, second = importances(X, X[:, 0], 1)[0], importances(X, X[:, 0], 1)[0]
    np.testing.assert_array_equal(first, second)


@given(seed=st.integers(0, 1000), n=st.integers(2, 40))
def test_parts_of_a_tree_in_two_coordinates_add_up_to_its_variance(seed, n):
    rng = np.random.default_rng(seed)
    tree = DecisionTreeRegressor().fit(rng.random((n, 2)), rng.random(n)).tree_
    total, single, pairs = variances(*leaves(tree))
    assert total == pytest.approx(single.sum() + pairs[0, 1])
    assert single.min() > -1e-12 and pairs[0, 1] > -1e-12


def test_variances_of_a_tree_are_those_of_its_predictions():
    rng = np.random.default_rng(0)
    X = (rng.integers(10, size=(60, 3)) + 0.5) / 10  # so the leaves end on a lattice
    tree = DecisionTreeRegressor(max_leaf_nodes=12).fit(X, X[:, 0] * X[:, 1] + X[:, 2])
    total, single, _ = variances(*leaves(tree.tree_))
    axis = (np.arange(20) + 0.5) / 20
    grid = np.stack(np.meshgrid(axis, axis, axis, indexing="ij"), axis=-1)
    predicted = tree.predict(grid.reshape(-1, 3)).reshape(20, 20, 20)
    by_hand = [predicted.mean(axis=others).var() for others in ((1, 2), (0, 2), (0, 1))]
    assert total == pytest.approx(predicted.var())
    assert single == pytest.approx(by_hand)


class TestCoordinates:
    def test_are_one_a_hyperparameter_spread_evenly(self):
        tunable = Tunable(
            {"C": FloatHyperParam(1, 100, log=True), "kernel": ["a", "b", "c", "d"]}
        )
        configs = [{"C": 10.0, "kernel": kernel} for kernel in "abcd"]
        names, X = coordinates(tunable, tunable.encode(configs))
        assert names == ["C", "kernel"]
        np.testing.assert_allclose(X[:, 0], 0.5)
        np.testing.assert_allclose(X[:, 1], [0.125, 0.375, 0.625, 0.875])

    def test_are_in_the_middle_where_a_hyperparameter_does_not_apply(self):
        tunable = Tunable({"on": [True, False], "x": when("on", True, [1, 2, 3, 4])})
        configs = [{"on": True, "x": 1}, {"on": False}]
        names, X = coordinates(tunable, tunable.encode(configs))
        assert names == ["on", "x"]
        np.testing.assert_allclose(X[:, 1], [0.125, 0.5])

    def test_leave_out_what_never_changes(self):
        tunable = Tunable({"x": [1, 2, 3], "y": ["only"]})
        names, X = coordinates(tunable, tunable.encode([{"x": 2, "y": "only"}]))
        assert names == ["x"] and X.shape == (1, 1)

    def test_tell_the_parts_of_a_union_apart(self):
        tunable = Tunable([{"x": FloatHyperParam(0, 1)}, {"y": FloatHyperParam(0, 1)}])
        names, X = coordinates(tunable, tunable.encode([{"x": 0.2}, {"y": 0.3}]))
        assert names == ["sub-space", "x", "y"]
        np.testing.assert_allclose(X[:, 0], [0.25, 0.75])


@pytest.mark.parametrize("n_best", [1, 20])
def test_scores_of_a_hopeless_minority_are_raised(n_best):
    scores = np.array([1.0] * n_best + [0.9] * 8 + [-1000.0])
    floored = without_hopeless(scores)
    assert floored[:-1].tolist() == scores[:-1].tolist()
    assert 0 < floored[-1] < 0.9


def test_scores_that_plots_show_stay_as_they_are():
    scores = np.array([0.97] * 30 + [0.95, 0.9, 0.86, 0.82, 0.8])
    assert without_hopeless(scores).tolist() == scores.tolist()


def test_scores_that_are_equal_but_for_rounding_count_as_equal():
    scores = np.array([0.9] * 20 + [0.9 + 1e-12] * 20 + [0.3] * 2)
    assert without_hopeless(scores).tolist() == scores.tolist()


def test_bad_scores_stay_where_many_have_them():
    scores = np.array([-55.0] * 7 + [-166.0, -170.0, -170.0])
    assert without_hopeless(scores).tolist() == scores.tolist()
