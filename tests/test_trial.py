"""The records are frozen, travel between processes and name the first error."""

import copy
import dataclasses
import pickle

import pytest

from sklearn_btb import StopTuning, Trial
from sklearn_btb._trial import FoldResult, Proposal

GOOD = FoldResult(0.5, None, fit_time=1.0, score_time=0.25)
UNFITTED = FoldResult(0.0, None, 2.0, 0.0, fit_error="Traceback: fit")
UNSCORED = FoldResult(
    {"f1": 0.0}, {"f1": 1.0}, 3.0, 0.5, score_error="Traceback: score"
)


def trial(*folds):
    return Trial(3, "svc", {"C": 1.0}, folds=folds, state="complete", score=0.5)


class TestProposal:
    def test_is_a_pair(self):
        name, params = Proposal("svc", {"C": 1.0})
        assert (name, params) == ("svc", {"C": 1.0})

    def test_has_names(self):
        proposal = Proposal("svc", {"C": 1.0})
        assert (proposal.name, proposal.params) == ("svc", {"C": 1.0})


class TestFoldResult:
    def test_nothing_failed_unless_told(self):
        assert GOOD.fit_error is None
        assert GOOD.score_error is None

    def test_is_frozen(self):
        with pytest.raises(dataclasses.FrozenInstanceError):
            GOOD.fit_time = 0.0

    @pytest.mark.parametrize("fold", [GOOD, UNFITTED, UNSCORED])
    def test_can_be_copied_and_pickled(self, fold):
        assert pickle.loads(pickle.dumps(fold)) == copy.deepcopy(fold) == fold


class TestTrial:
    def test_is_frozen(self):
        with pytest.raises(dataclasses.FrozenInstanceError):
            trial(GOOD).score = 1.0

    def test_takes_no_new_attributes(self):
        with pytest.raises((AttributeError, TypeError)):
            trial(GOOD).note = "new"

    def test_can_be_copied_and_pickled(self):
        one = trial(GOOD, UNFITTED)
        assert pickle.loads(pickle.dumps(one)) == copy.deepcopy(one) == one

    def test_its_seconds_are_those_of_all_folds_that_ran(self):
        assert trial(GOOD, None, UNFITTED).seconds == 3.25

    def test_lists_what_each_fold_gave(self):
        one = trial(GOOD, UNFITTED, UNSCORED)
        assert one.fold_scores == (0.5, 0.0, {"f1": 0.0})
        assert one.fit_times == (1.0, 2.0, 3.0)
        assert one.score_times == (0.25, 0.0, 0.5)

    @pytest.mark.parametrize(
        ("folds", "error"),
        [
            ((), None),
            ((GOOD, GOOD), None),
            ((GOOD, UNFITTED), "Traceback: fit"),
            ((UNSCORED, GOOD), "Traceback: score"),
            ((GOOD, UNSCORED, UNFITTED), "Traceback: score"),
            ((UNFITTED, UNSCORED), "Traceback: fit"),
        ],
    )
    def test_the_error_is_that_of_the_first_fold_that_raised(self, folds, error):
        assert trial(*folds).error == error


class TestStopTuning:
    def test_is_no_error_of_python_that_a_scorer_might_raise(self):
        ancestors = StopTuning.__mro__[1:]
        assert ancestors == (Exception, BaseException, object)
