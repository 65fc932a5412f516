"""`BTBSearchCV`: the search as a scikit-learn meta-estimator."""

import contextlib
import math
import numbers
import os
import time
from functools import partial
from typing import ClassVar

import numpy as np
from sklearn.base import BaseEstimator, MetaEstimatorMixin, clone
from sklearn.metrics import get_scorer_names
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import indexable

from . import _engine, _report
from ._correction import corrected_score_of
from ._delegation import can_score, classes_of, delegate, score_winner, visual_block
from ._estimators import (
    combine_tags,
    common_type,
    make_tunables,
    named_estimators,
    nested_params,
    set_nested_params,
)
from ._evaluation import Problem, Settings
from ._given import (
    ESTIMATOR_NAMES,
    check_given,
    explain_foreign_keywords,
    given_to,
)
from ._grid import in_order_of_rows, size_of, warn_of_cut_grid
from ._interrupts import interrupts_held_back
from ._kept import what_to_keep
from ._leaderboard import steering
from ._past import max_errors_of, most_new_trials, past_of
from ._progress import say
from ._racing import has_lost
from ._refit import check_rule
from ._results import (
    best_index,
    check_complete,
    check_not_empty,
    make_cv_results,
    metric_names,
    report_failures,
    warn_if_not_finite,
    warn_of_dropped,
    warn_of_untried,
)
from ._scoring import check_refit_metric, make_router, make_scorers, metric_of, route
from ._session import SELECTORS, TUNERS
from ._sklearn_compat import (
    BaseSearchCV,
    CallbackSupportMixin,
    HasMethods,
    Interval,
    MultimetricScorer,
    StrOptions,
    check_method_params,
    fit_context,
)
from ._splits import make_splits


class BTBSearchCV(MetaEstimatorMixin, CallbackSupportMixin, BaseEstimator):
    """Search the best of several estimators together with its best parameters.

    Bayesian Tuning and Bandits: a bandit, the *selector*, picks the estimator to try
    next, a Bayesian *tuner* of that estimator proposes its parameters, and the
    cross-validated score is the reward. The first candidates are the estimators as
    they are, in the order given. From outside it is used as `GridSearchCV`.

    Parameters
    ----------
    estimator : estimator, or dict of str to estimator
        One estimator, or several by name, of which the best is chosen. A single
        estimator needs no name.
    param_grid : space, or dict of str to space, default=None
        The search space of the estimator; of several, a dict of spaces by name.
        A space is a dict of parameter names to values, or a list of such dicts,
        their union. Values are a list (numbers, if there are no other values or at
        least three: ordinal on their own scale; anything else: categorical), a frozen
        distribution of `scipy.stats`, an `IntHyperParam`, `FloatHyperParam`,
        `CategoricalHyperParam` or `BooleanHyperParam`, a dict in BTB's form, a
        distribution of Optuna, a dimension of scikit-optimize, a hyperparameter of
        ConfigSpace or a choice of skrub. Of any other object with `rvs`, as
        `RandomizedSearchCV` takes it, 1,024 values are drawn once and stand for it.
        A `Tunable` or a `ConfigurationSpace` of
        ConfigSpace is a space as well.
        `when` lets a parameter apply only while another one has certain values.
        `{}` compares an estimator as it is. A missing space, or None, is replaced by
        `default_space`: the parameters worth tuning, of those that the estimator has
        at their defaults. To twelve of the most used estimators belongs a portfolio,
        three configurations of that space, which are tried after their own parameters
        and `initial_params`. Of these, a space that is given keeps those that lie in
        it with all of their parameters; a `Tunable` is taken as it is. Finite spaces
        are searched without a repeat, and the search ends when nothing is left.
    estimators : dict of str to estimator, default=None
        Another name of `estimator`, for a dict.
    search_spaces : dict of str to space, default=None
        Another name of `param_grid`, for a dict by estimator.
    param_distributions : space, default=None
        Another name of `param_grid`, as in `RandomizedSearchCV`.
    constraints : callable or dict of str to callable, default=None
        Which configurations may be tried: `constraint(params) -> bool`, for all
        estimators or by name. `params` is what `set_params` would get, so parameters
        that do not apply are not there. It is called thousands of times a candidate,
        so it has to be quick. An estimator whose own parameters are not
        valid starts with the nearest valid ones that are known. If nothing valid is
        found in 131,072 draws, `fit` raises; the search of an estimator ends when some
        ten thousand draws had nothing new. See `Tunable`.
    initial_params : dict, list or DataFrame, default=None
        What each estimator tries after its own parameters, before anything else when it
        is its turn: by its name (not for a single estimator) a dict of parameters, in
        which what is left out is as in its own, a list of such dicts, or the
        `cv_results_` of an earlier search, as they are or as a DataFrame. Of these, the
        best candidate that has all its folds and lies in the space is tried, by the
        metric that `refit` names, or else the first; parameters that the space does not
        have are left out. The results of a search over several estimators need no
        name. What is given may change from one `fit` to the next of a `checkpoint`.
    n_iter : int, default=None
        The number of candidates, all estimators together. None is 50, or no limit where
        there is a `time_budget`; if that cuts a grid, a warning says so. With fewer
        candidates than estimators, the last estimators are not tried, with a warning.
        The search ends earlier when nothing is left to try, or when every estimator was
        dropped. 0 only refits the best where there are candidates already
        (`warm_start`, `checkpoint`).

        If `n_iter` covers all combinations of finite spaces, the search is an
        exhaustive grid search: candidates come in the order of `ParameterGrid`, and
        nothing is learned from their scores. (Not with a `time_budget`, `patience`,
        `target_score`, `racing`, a `callback`, or a `tuner` or `selector` of your
        choice: they depend on the order, and the search starts with what is
        promising.)
    scoring : str, callable, list, tuple or dict, default=None
        As in `GridSearchCV`; None takes the estimators' `score`.
    n_jobs : int, default=None
        The number of jobs, as in `GridSearchCV`; the backend is that of
        `joblib.parallel_config`. Folds are evaluated side by side, and whenever a
        worker is free the next one is started: of a candidate that has folds left, or
        else of a new one, which is proposed knowing all results so far and which
        others (at most `n_jobs - 1`) are pending. See Notes.
    refit : bool, str or callable, default=True
        As in `GridSearchCV`. With several metrics, the one named here steers the
        search; with False or a callable, the first one. Callables that prefer simple or
        fast candidates are `one_standard_error` and `fastest_within`, whose own
        `metric` steers the search.
    cv : int, cross-validation generator or iterable, default=None
        As in `GridSearchCV`. The splits are made once a fit and shared by all
        candidates, also those of an unseeded shuffle or a one-shot iterator.
    verbose : int, default=0
        As in `GridSearchCV`: 1 prints the number of fits, more a line for every fold.
        With 1, there is also a line that shows how far the search is, on stderr if
        that is a terminal, or below the cell of a notebook: candidates done, time
        left, by their pace or the `time_budget`, the best score and whose it is. Not
        beside scikit-learn's callbacks, which may show more, nor in a search within
        another or in a worker. What is found is logged as well, see Notes.
    pre_dispatch : int or str, default="2*n_jobs"
        Only there so that calls of `GridSearchCV` need no change: no more folds are
        started than there are workers.
    random_state : int, RandomState instance or None, default=None
        The seed of the search. With `n_jobs=1` the same seed gives the same
        candidates and the same winner, provided that the estimators are
        deterministic. The global state of `numpy.random` plays no part.
    error_score : "raise" or number, default=np.nan
        The score of a fold in which fitting or scoring fails, as in
        `GridSearchCV`.
    return_train_score : bool, default=False
        As in `GridSearchCV`.
    tuner : str, class or callable, default="auto"
        "auto" or "gp" (`GPTuner`: the logarithm of expected improvement by a Gaussian
        process of the power-transformed scores on warped inputs), "uniform", "gpei",
        "gcp", "gcpei", or something that is called as
        `tuner(tunable, random_state=seed)` once for every estimator.
    selector : str, class or callable, default="auto"
        "auto" or "max_ucb" (`MaxUCB`: the best score of an estimator, on a scale from
        the median of all to the best, plus a bonus for fewer candidates than others),
        "cost_aware" (the same by time instead of candidates, for a `time_budget` and
        estimators of very unequal speed; it depends on times, which no seed fixes, and
        `n_iter` has to be large enough for more candidates of the fast ones),
        "ucb1", "best_k_reward", "best_k_velocity", "pure_best_k_velocity",
        "recent_k_reward", "recent_k_velocity", "uniform", or something that is called
        as `selector(random_state=generator)`.
    max_errors : int, default=10
        An estimator is dropped from the search, with a warning, after so many of its
        candidates failed. A single estimator is never dropped.
    time_budget : float, default=None
        Seconds for the search, without the refit, counted from the start of each `fit`
        (also one that resumes). When they are over, nothing is
        started any more; folds that run then have 5 % of the budget to finish, after
        which their processes are killed (threads and dask's workers are left to
        themselves). With `n_jobs=1` the running fold is finished.
    fit_timeout : float, default=None
        Seconds for one fold. A fold that takes longer has failed ("timed out"), with
        those of its candidate that have not been started; its
        process is killed, and another one takes its place. On dask the worker is
        restarted, with all that it was doing; this needs workers with a nanny. A thread
        runs on unseen, and with `n_jobs=1` there is no timeout; both warn.
    patience : int, default=None
        The search ends after so many candidates in a row without a new best score.
    target_score : float, default=None
        The search ends when the best score is at least this.
    racing : bool or callable, default=False
        Whether to spare the remaining folds of a candidate that has surely lost
        against the best one on the same folds (see `cv_results_`). Only a candidate
        with all folds can be the best. A callable is the rule: called as
        `racing(scores, complete)` after every fold, with the candidate's fold scores,
        shape (n_splits,), NaN where not yet run, and those of all candidates with
        all folds, shape (n_complete, n_splits), it returns whether the candidate has
        lost. With True, that is when its chance of beating the best is estimated at
        less than 10 %. A candidate with a failed fold has lost.
    warm_start : bool, default=False
        Whether another `fit`, with the same data, spaces and splits, adds `n_iter`
        candidates to those there are (but for those that were interrupted, which may
        be proposed again). It works as well after a search that was
        interrupted, or loaded from a pickle.
    checkpoint : str or path-like, default=None
        A log file, made if there is none. Every finished candidate is written to it
        before the next decision. If the process dies, a new one with the same search,
        data and `checkpoint` goes on where it ended; with `n_jobs=1` it finds what it
        would have found. A log of another search (other estimators, spaces, splits,
        scoring, fit parameters, data, seed or versions) is refused; nothing is
        overwritten. `n_iter` counts the candidates in the log; it may be changed, and
        so may the tuner, the selector, racing, budgets and `n_jobs`. A splitter that
        shuffles needs a `random_state`, or its splits are others in a new process.
    callback : callable, default=None
        Called as `callback(search, trial)` after every candidate, in the process and
        thread of `fit`; a true value ends the search. Of what `fit` leaves, only
        `search.trials_` is there yet, up to date: the best score so far is
        `max(t.score for t in search.trials_ if t.state == "complete")`. With several
        workers it has to be quick.
    keep_predictions : {"predict", "predict_proba", "decision_function"}, default=None
        Of the best candidates, keep what this method of the fold models says of their
        test rows, which together are all rows: `oof_predictions_`. Every estimator, as
        it is given, must have the method, and `cv` must test every row once.
        `fit_ensemble` makes an ensemble of them. It costs the time to predict once more
        and changes nothing about the search.
    keep_estimators : bool, default=False
        Whether to keep the fold models of the best candidates: `fold_estimators_`.
    n_kept : int, default=20
        Of how many candidates to keep them: the best one of each estimator (also if
        there are more estimators than this), and the best of the others. Predictions
        take `n_kept` x rows x columns x 8 bytes, and as much again for every candidate
        that is being evaluated. They stay with the search, also in its pickles.

    Attributes
    ----------
    cv_results_ : dict of str to array or list
        As in `GridSearchCV`, one row a candidate, and "estimator_name". If all spaces
        consist of lists of values, the rows are in the order of `GridSearchCV`, also
        where only some combinations were tried; a combination that is written twice
        has two rows and is fitted once. Otherwise they are in the order of proposal.
        Of several best candidates, the first row wins. `params` and `param_*` carry no
        prefix and belong to the row's own estimator; a parameter that it does not have
        is masked. Where not every fold was run (`racing`, a search that ended early),
        its score is NaN, `mean_*` and `std_*` are over the folds that were,
        "n_splits_evaluated" says how many, and candidates with all folds rank first.
    best_estimator_ : estimator
        The winner, fitted to all the data. Only with `refit`.
    best_estimator_name_ : str
        Its name.
    best_params_ : dict
        Its parameters.
    best_score_ : float
        Its mean cross-validated score. Not with a callable `refit`.
    corrected_score_ : tuple (score, low, high)
        The same, corrected for the winner having been chosen by it, with a 95 %
        interval; see `corrected_score`. With `racing`, corrected too little. There
        where `best_score_` is.
    best_index_ : int
        Its row in `cv_results_`.
    leaderboard_ : DataFrame
        The estimators that were tried, the best first: rank, best score with its
        standard error over the folds, number of candidates and of failed ones, mean
        time of a fit, best parameters.
    trials_ : list of Trial
        Every candidate as a frozen record, in the order of proposal: number, estimator
        name, parameters, fold scores, times, state, error with traceback. There even if
        `fit` raises.
    stop_reason_ : str
        Why the search ended: "n_iter", "exhausted" (nothing was left to try),
        "time_budget", "patience", "target_score", "callback", "interrupted" (by
        Ctrl-C) or "error". After the last two, `fit` raises, but `cv_results_`,
        `trials_` and, if a candidate has all its folds, `best_params_`, `best_score_`
        and `best_estimator_name_` are there.
    scorer_ : callable or dict of str to callable
        The winner's scorer, or the scorers by metric.
    n_splits_ : int
        The number of splits.
    oof_predictions_ : dict of int to array of shape (n_samples, ...)
        Of each candidate that was kept, by the `number` of its trial, the predictions
        of every row of X by the model of the fold in which it was a test row, as
        `cross_val_predict` returns them. Only with `keep_predictions`; candidates from
        the log of another process or of an earlier fit that kept something else have
        none, nor have those that failed or were not run on all splits.
    fold_estimators_ : dict of int to list of estimator
        Of each of them the fitted models, one a split. Only with `keep_estimators`.
    refit_time_ : float
        Seconds that the refit took. Only with `refit`; without it and with several
        metrics there is no `best_*` at all.
    multimetric_ : bool
        Whether there are several metrics.
    classes_ : ndarray of shape (n_classes,)
        The winner's. Only for classifiers and with `refit`.
    n_features_in_ : int
        The winner's, if it has it. Only with `refit`.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        The winner's, if it has it. Only with `refit`.

    Notes
    -----
    The data go to a worker once, not with every fold. On the loky backend (and on the
    multiprocessing backend, which gets the same workers, because its own are forked
    and not safe) large arrays are memory-mapped as by `joblib.Parallel`; on a
    `dask.distributed` cluster, `parallel_config(backend="dask")`, the scheduler keeps
    a copy. A worker that dies costs its own folds a second try; then their candidate
    has failed. Any other joblib backend evaluates batches of `n_jobs` folds, and sends
    the data with every fold, as `joblib.Parallel` does.

    The logger "sklearn_btb" of the standard library gets every candidate (DEBUG), the
    begin and the end of the search, every new best score and every estimator that is
    dropped (INFO), and workers that die (WARNING).

    See Also
    --------
    default_space : The space of an estimator that is given none.
    BTBSession : The same search for anything that has a score.
    Tuner, Selector : What a tuner or a selector of one's own has to have.

    Examples
    --------
    >>> from scipy.stats import loguniform, randint
    >>> from sklearn.datasets import load_wine
    >>> from sklearn.linear_model import LogisticRegression
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn.preprocessing import StandardScaler
    >>> from sklearn.tree import DecisionTreeClassifier
    >>> from sklearn_btb import BTBSearchCV
    >>> X, y = load_wine(return_X_y=True)
    >>> search = BTBSearchCV(
    ...     {
    ...         "logreg": make_pipeline(StandardScaler(), LogisticRegression()),
    ...         "tree": DecisionTreeClassifier(random_state=0),
    ...     },
    ...     {
    ...         "logreg": {"logisticregression__C": loguniform(1e-3, 1e3)},
    ...         "tree": {"max_depth": randint(1, 8), "criterion": ["gini", "entropy"]},
    ...     },
    ...     n_iter=12,
    ...     random_state=0,
    ... ).fit(X, y)
    >>> search.best_estimator_name_
    'logreg'
    >>> bool(search.best_score_ > 0.95)
    True
    """

    _parameter_constraints: ClassVar[dict] = {
        "estimator": [dict, HasMethods(["fit"]), None],
        "estimators": [dict, HasMethods(["fit"]), None],
        "constraints": [dict, callable, None],
        "n_iter": [Interval(numbers.Integral, 0, None, closed="left"), None],
        "scoring": [
            StrOptions(set(get_scorer_names())),
            callable,
            list,
            tuple,
            dict,
            None,
        ],
        "n_jobs": [numbers.Integral, None],
        "refit": ["boolean", str, callable],
        "cv": ["cv_object"],
        "verbose": ["verbose"],
        "pre_dispatch": [numbers.Integral, str],
        "random_state": ["random_state"],
        "error_score": [StrOptions({"raise"}), numbers.Real],
        "return_train_score": ["boolean"],
        "tuner": [StrOptions(set(TUNERS)), callable],
        "selector": [StrOptions(set(SELECTORS)), callable],
        "max_errors": [Interval(numbers.Integral, 1, None, closed="left")],
        "time_budget": [Interval(numbers.Real, 0, None, closed="neither"), None],
        "fit_timeout": [Interval(numbers.Real, 0, None, closed="neither"), None],
        "patience": [Interval(numbers.Integral, 1, None, closed="left"), None],
        "target_score": [Interval(numbers.Real, None, None, closed="neither"), None],
        "racing": ["boolean", callable],
        "warm_start": ["boolean"],
        "checkpoint": [str, os.PathLike, None],
        "callback": [callable, None],
        "keep_predictions": [
            StrOptions({"predict", "predict_proba", "decision_function"}),
            None,
        ],
        "keep_estimators": ["boolean"],
        "n_kept": [Interval(numbers.Integral, 1, None, closed="left")],
    }

    @explain_foreign_keywords
    def __init__(
        self,
        estimator=None,
        param_grid=None,
        *,
        estimators=None,
        search_spaces=None,
        param_distributions=None,
        constraints=None,
        initial_params=None,
        n_iter=None,
        scoring=None,
        n_jobs=None,
        refit=True,
        cv=None,
        verbose=0,
        pre_dispatch="2*n_jobs",
        random_state=None,
        error_score=np.nan,
        return_train_score=False,
        tuner="auto",
        selector="auto",
        max_errors=10,
        time_budget=None,
        fit_timeout=None,
        patience=None,
        target_score=None,
        racing=False,
        warm_start=False,
        checkpoint=None,
        callback=None,
        keep_predictions=None,
        keep_estimators=False,
        n_kept=20,
    ):
        self.estimator = estimator
        self.param_grid = param_grid
        self.estimators = estimators
        self.search_spaces = search_spaces
        self.param_distributions = param_distributions
        self.constraints = constraints
        self.initial_params = initial_params
        self.n_iter = n_iter
        self.scoring = scoring
        self.n_jobs = n_jobs
        self.refit = refit
        self.cv = cv
        self.verbose = verbose
        self.pre_dispatch = pre_dispatch
        self.random_state = random_state
        self.error_score = error_score
        self.return_train_score = return_train_score
        self.tuner = tuner
        self.selector = selector
        self.max_errors = max_errors
        self.time_budget = time_budget
        self.fit_timeout = fit_timeout
        self.patience = patience
        self.target_score = target_score
        self.racing = racing
        self.warm_start = warm_start
        self.checkpoint = checkpoint
        self.callback = callback
        self.keep_predictions = keep_predictions
        self.keep_estimators = keep_estimators
        self.n_kept = n_kept

    @fit_context(prefer_skip_nested_validation=False)
    def fit(self, X, y=None, **params):
        """Search, then refit the winner on all the data.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features) or (n_samples, n_samples)
            Training data, whatever the estimators take; for precomputed kernels or
            distances (n_samples, n_samples).
        y : array-like of shape (n_samples,) or (n_samples, n_outputs), default=None
            Target; None for unsupervised learning.
        **params : dict of str to object
            Passed to the `fit` of every estimator; those as long as X are split with
            it. `groups` goes to the splitter, and `sample_weight` also to a scorer
            that takes it. With metadata routing, as requested.

        Returns
        -------
        self : BTBSearchCV

        Raises
        ------
        ValueError, TypeError
            If a parameter is invalid, before anything is fitted; if every fit
            failed.
        """
        started = time.monotonic()
        given = check_given(self)
        estimators = named_estimators(given.estimators)
        kind = common_type(estimators)
        tunables = make_tunables(
            estimators,
            given.spaces,
            given.single,
            self.constraints,
            given.spaces_name if given.spaces is not None else "search_spaces",
        )
        scorers = make_scorers(estimators, self.scoring, self.refit, self.error_score)
        check_rule(self.refit, self.scoring, scorers, tunables)
        X, y = indexable(X, y)
        params = check_method_params(X, params=params)
        routed = route(self, scorers, params)
        splits = make_splits(self.cv, X, y, kind == "classifier", routed["split"])
        keep = what_to_keep(
            self.keep_predictions, self.keep_estimators, estimators, X, y, splits
        )
        weight = params.get("sample_weight")
        metadata = None if weight is None else {"sample_weight": weight}
        task = {"estimator": self, "X": X, "y": y, "metadata": metadata}
        known = getattr(self, "trials_", []) if self.warm_start else []
        earlier = [trial for trial in known if trial.state != "interrupted"]
        n_in_all = min(most_new_trials(self) + len(earlier), size_of(tunables))
        settings = Settings(
            scorers=scorers,
            fit_params=routed["fit"],
            score_params=routed["score"],
            error_score=self.error_score,
            return_train_score=self.return_train_score,
            verbose=self.verbose,
            n_splits=len(splits),
            n_candidates=None if math.isinf(n_in_all) else int(n_in_all),
            keep=keep,
        )
        estimators = {name: clone(est) for name, est in estimators.items()}
        metric = metric_of(scorers, self.refit)
        problem = Problem(estimators, X, y, splits, settings, metric, search=self)
        with contextlib.ExitStack() as ending:
            past = past_of(self, problem, tunables, earlier, ending)
            self._forget_fit()  # not before it is clear that nothing is refused
            self.n_splits_ = len(splits)
            self.trials_ = past.trials
            self._facts, self._shelf, self._tunables = past.facts, past.shelf, tunables
            vars(self).update(past.shelf.attributes)
            context = self._init_callback_context(
                max_subtasks=1 + (self.refit is not False)
            ).call_on_fit_task_begin(**task)
            try:
                self._search(problem, tunables, past, context, started)
            except BaseException as error:
                interrupted = isinstance(error, KeyboardInterrupt)
                self.stop_reason_ = "interrupted" if interrupted else "error"
                if any(trial.state != "interrupted" for trial in self.trials_):
                    # what came first is told, and not half done
                    with interrupts_held_back(), contextlib.suppress(Exception):
                        self._set_results(scorers)
                raise
        check_not_empty(self.trials_, self.stop_reason_)
        report_failures(self.trials_, self.error_score)
        self._set_results(scorers)
        warn_if_not_finite(self.cv_results_, self.trials_)
        self._shelf.warn_of_refusals()
        if self.refit:
            self._refit(estimators, task, context, routed["fit"])
        context.call_on_fit_task_end(**task)
        return self

    def _search(self, problem, tunables, past, context, started):
        """Run the session over the cross-validated scores; adds to `trials_`."""
        self._searched = problem.estimators
        n_splits, n_fits = len(problem.splits), None
        how_many = f"candidate, for {self.time_budget} seconds"
        if problem.settings.n_candidates is not None:
            n_left = max(0, problem.settings.n_candidates - len(past.trials))
            n_fits = n_left * n_splits
            how_many = f"of {n_left} candidates, totalling {n_fits} fits"
        if self.verbose > 0:
            say(f"Fitting {n_splits} folds for each {how_many}")
        search_context = context.subcontext(
            task_name="search", max_subtasks=n_fits, sequential_subtasks=False
        ).call_on_fit_task_begin(estimator=self)
        self.stop_reason_ = _engine.run(
            past.session,
            problem,
            self.trials_,
            _engine.Limits(
                most_new_trials(self) + len(past.earlier),
                past.earlier,
                self.time_budget,
                self.fit_timeout,
                self.patience,
                self.target_score,
                started,
            ),
            n_jobs=self.n_jobs,
            race=has_lost if self.racing is True else self.racing or None,
            spaces=tunables,
            log=(lambda trial: None) if past.journal is None else past.journal.append,
            on_trial=None if self.callback is None else partial(self.callback, self),
            put_away=past.shelf.put,
            context=search_context,
        )
        search_context.call_on_fit_task_end(estimator=self)
        warn_of_dropped(past.session.errors, max_errors_of(self, tunables))
        if most_new_trials(self):
            warn_of_untried(self.trials_, tunables, self.stop_reason_)
        given = given_to(self)
        is_grid = (
            given.spaces is not None and given.spaces_name != "param_distributions"
        )
        if is_grid and self.n_iter is None and self.stop_reason_ == "n_iter":
            warn_of_cut_grid(len(self.trials_), tunables)

    def _set_results(self, scorers):
        """Turn the trials into results and name the winner."""
        folds = [fold for trial in self.trials_ for fold in trial.ran]
        metrics = metric_names(folds)
        self.multimetric_ = metrics is not None
        self._rows = in_order_of_rows(self.trials_, self._tunables)
        self.cv_results_ = make_cv_results(
            self._rows,
            self.n_splits_,
            self.return_train_score,
            may_skip_folds=self.racing is not False,
        )
        self._steering = steering(self.cv_results_, self.refit, self.scoring)
        scorer = next(iter(scorers.values()))
        if self.multimetric_:
            check_refit_metric(self.refit, metrics)
        if self.refit or not self.multimetric_:
            metric = self._steering.metric
            index = best_index(self.cv_results_, self.refit, metric)
            best = self._rows[index]
            check_complete(best, self.trials_, self.stop_reason_)
            self.best_index_ = index
            if not callable(self.refit):
                means = self.cv_results_[f"mean_test_{metric}"]
                self.best_score_ = means[self.best_index_]
            self.best_params_ = best.params
            self.best_estimator_name_ = best.estimator_name
            scorer = scorers[best.estimator_name]
        several = isinstance(scorer, MultimetricScorer)
        self.scorer_ = scorer._scorers if several else scorer

    def _refit(self, estimators, task, context, fit_params):
        name = self.best_estimator_name_
        best_params = clone(self.best_params_, safe=False)
        best_estimator = clone(estimators[name]).set_params(**best_params)
        refit_context = context.subcontext(task_name="refit-with-best-params")
        with refit_context.propagate_callback_context(best_estimator):
            refit_context.call_on_fit_task_begin(**task)
            start = time.perf_counter()
            targets = () if task["y"] is None else (task["y"],)
            best_estimator.fit(task["X"], *targets, **fit_params[name])
            self.refit_time_ = time.perf_counter() - start
        self.best_estimator_ = best_estimator
        if hasattr(best_estimator, "feature_names_in_"):
            self.feature_names_in_ = best_estimator.feature_names_in_
        refit_context.call_on_fit_task_end(**task)

    def _forget_fit(self):
        # warm starts, plots and ensembles go on with what stays: `_facts`, `_shelf`,
        # `_tunables`, `_searched` (clones of the estimators), `_rows` and `_steering`
        for attribute in [name for name in vars(self) if name.endswith("_")]:
            if not attribute.startswith("_"):
                delattr(self, attribute)

    def __sklearn_is_fitted__(self):
        return hasattr(self, "cv_results_")

    @available_if(can_score)
    def score(self, X, y=None, **params):
        """Score the winner with `scoring`, or with its own `score`.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Data.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs), default=None
            Target.
        **params : dict
            Passed to the scorer; only with metadata routing.

        Returns
        -------
        score : float
            With several metrics, the one named by `refit`.
        """
        return score_winner(self, X, y, params)

    predict = delegate("predict", "y_pred")
    predict_proba = delegate("predict_proba", "y_proba")
    predict_log_proba = delegate("predict_log_proba", "y_log_proba")
    decision_function = delegate("decision_function", "y_score")
    score_samples = delegate("score_samples", "y_score")
    transform = delegate("transform", "X_transformed")
    inverse_transform = delegate("inverse_transform", "X_original")

    classes_ = property(classes_of)
    corrected_score_ = property(corrected_score_of)
    leaderboard_ = property(_report.leaderboard)
    results_frame = _report.results_frame
    _repr_mimebundle_ = _report.mimebundle
    _repr_html_ = _report.diagram
    _sk_visual_block_ = visual_block

    @property
    def n_features_in_(self):
        """The winner's number of features."""
        return self.best_estimator_.n_features_in_

    def get_params(self, deep=True):
        """Get parameters, those of the estimators as `estimators__<name>__<parameter>`.

        Parameters
        ----------
        deep : bool, default=True
            Whether to include those of the estimators.

        Returns
        -------
        params : dict
        """
        params = super().get_params(deep=deep)
        given = given_to(self)
        if deep and not given.single:
            params |= nested_params(given.estimators)
        return params

    def set_params(self, **params):
        """Set parameters, those of the estimators as `estimators__<name>__<parameter>`.

        Parameters
        ----------
        **params : dict
            Parameters of the search, `estimators__<name>` to replace an estimator, or
            `estimators__<name>__<parameter>` to change it.

        Returns
        -------
        self : BTBSearchCV
        """
        prefixes = tuple(f"{name}__" for name in ESTIMATOR_NAMES)
        own = {k: v for k, v in params.items() if not k.startswith(prefixes)}
        super().set_params(**own)
        given = given_to(self)
        # either prefix stands for the estimators, whichever name they were given
        prefix = given.estimators_name if given.single else "estimators"
        nested = {
            f"{prefix}__{key.partition('__')[2]}": params[key]
            for key in params
            if key not in own
        }
        if given.single:
            return super().set_params(**nested)
        if nested:
            changed = set_nested_params(given.estimators, nested)
            setattr(self, given.estimators_name, changed)
        return self

    def get_metadata_routing(self):
        """Get the metadata routing of this object.

        Returns
        -------
        routing : MetadataRouter
        """
        estimators = named_estimators(given_to(self).estimators)
        scorers = make_scorers(estimators, self.scoring, self.refit, self.error_score)
        return make_router(self, estimators, scorers)

    def __sklearn_tags__(self):
        return combine_tags(super().__sklearn_tags__(), given_to(self).each)


# Other tools ask for this class, and read `estimator`, `cv_results_`, `best_index_`.
BaseSearchCV.register(BTBSearchCV)
