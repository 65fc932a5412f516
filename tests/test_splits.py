"""Splits are checked before the first fit."""

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_array_equal
from sklearn.dummy import DummyClassifier
from sklearn.model_selection import KFold
from toys import Log, Toy, X, Y

from sklearn_btb import BTBSearchCV
from sklearn_btb._splits import make_splits

N = len(X)
ALL = np.arange(N)


def splits_of(cv, X=X, y=Y):
    return make_splits(cv, X, y, False, {})


class TestRows:
    def test_of_a_splitter_stay_as_they_are(self):
        expected = list(KFold(3).split(X))
        for ours, theirs in zip(splits_of(KFold(3)), expected, strict=True):
            assert_array_equal(ours[0], theirs[0])
            assert_array_equal(ours[1], theirs[1])

    @pytest.mark.parametrize(
        "rows",
        [
            [1, 2, 4],
            (1, 2, 4),
            np.array([1, 2, 4], np.uint8),
            pd.Index([1, 2, 4]),
            np.isin(ALL, [1, 2, 4]),
            list(np.isin(ALL, [1, 2, 4])),
            [1 - N, 2, 4 - N],
        ],
        ids=str,
    )
    def test_may_be_positions_or_a_mask(self, rows):
        [(train, test)] = splits_of([(rows, ALL)])
        assert_array_equal(train, [1, 2, 4])
        assert_array_equal(test, ALL)

    def test_may_be_a_slice(self):
        [(train, test)] = splits_of([(slice(None), slice(2, 5))])
        assert_array_equal(train, ALL)
        assert_array_equal(test, [2, 3, 4])

    def test_may_be_in_both_parts(self):
        [(train, test)] = splits_of([(ALL, ALL)])
        assert_array_equal(train, test)


class TestRefused:
    @pytest.mark.parametrize(
        ("split", "message"),
        [
            ((ALL, [0, N]), "test rows of split 1 .* from 0 to 11.* got 12 .1 of 2"),
            (([-N - 1, 0], ALL), "training rows of split 1 of `cv`.* got -13"),
            ((ALL, []), "test rows of split 1 of `cv` must not be empty"),
            ((np.zeros(N, bool), ALL), "training rows of split 1 .* must not be empty"),
            (
                (np.ones(5, bool), ALL),
                "are a mask, which must be as long as X, 12; got 5",
            ),
            ((["a", "b"], ALL), "must be positions.* got values like .*'a'"),
            (([0.5, 1.0], ALL), "must be positions"),
            (
                (ALL.reshape(2, -1), ALL),
                r"one-dimensional; got an array of shape \(2, 6",
            ),
        ],
    )
    def test_by_naming_cv_and_the_split(self, split, message):
        with pytest.raises(ValueError, match=message):
            splits_of([(ALL, ALL), split])

    def test_where_a_splitter_gives_no_pairs(self):
        class Single(KFold):
            def split(self, X, y=None, groups=None):
                return [ALL] * 3

        with pytest.raises(ValueError, match=r"pairs of training .*; split 0 is"):
            splits_of(Single(3))

    def test_before_anything_is_fitted(self):
        log = Log()
        search = BTBSearchCV(Toy(log=log), {"x": [1, 2]}, cv=[(ALL, [0, N])])
        with pytest.raises(ValueError, match="of `cv`"):
            search.fit(X, Y)
        assert not log

    def test_where_there_are_none(self):
        with pytest.raises(ValueError, match="No fits were performed"):
            splits_of([])

    def test_where_they_are_not_as_many_as_announced(self):
        class Lying(KFold):
            def get_n_splits(self, X=None, y=None, groups=None):
                return 5

        with pytest.raises(ValueError, match="Expected 5 splits, got 3"):
            splits_of(Lying(3))


def test_a_search_by_masks_scores_as_one_by_positions():
    odd = ALL % 2 == 1
    by_mask, by_position = (
        BTBSearchCV(DummyClassifier(), {"strategy": ["prior"]}, cv=cv).fit(X, Y)
        for cv in ([(odd, ~odd)], [(ALL[odd], ALL[~odd])])
    )
    assert by_mask.best_score_ == by_position.best_score_
