"""LightGBM, XGBoost and CatBoost: names that mean the same, and what None stands for.

The facts are compared with the libraries themselves, where they are installed.
"""

import json

import lightgbm
import numpy as np
import pytest
import xgboost
from scipy.stats import loguniform, randint, uniform
from sklearn.datasets import load_iris
from sklearn.linear_model import Ridge
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from sklearn_btb import BTBSearchCV, FloatHyperParam, Tunable, default_space, when
from sklearn_btb._boosting_facts import IMPLIED, SYNONYMS
from sklearn_btb._estimators import make_tunables

IRIS = load_iris(return_X_y=True)


def tunable(estimator, space):
    return make_tunables({"it": estimator}, {"it": space}, single=False)["it"]


def start(estimator, space):
    """Return what the search begins with."""
    return tunable(estimator, space).defaults


def prefixed(prefix, space):
    return {f"{prefix}__{name}": values for name, values in space.items()}


class TestSynonyms:
    @pytest.mark.parametrize(
        ("estimator", "space", "said"),
        [
            (
                xgboost.XGBClassifier(),
                {"eta": [0.1, 0.2], "learning_rate": [0.1, 0.2]},
                "'eta' and 'learning_rate' are two names of one parameter of "
                "XGBClassifier, and both are searched",
            ),
            (
                xgboost.XGBRegressor(reg_lambda=2.0),
                {"lambda": [0.1, 0.2]},
                "'lambda' and 'reg_lambda' .* 'reg_lambda' is set to 2.0",
            ),
            (
                xgboost.XGBRegressor(eta=0.5),
                {"learning_rate": [0.1, 0.2]},
                "'learning_rate' and 'eta' .* 'eta' is set to 0.5",
            ),
            (
                lightgbm.LGBMClassifier(colsample_bytree=0.8),
                {"feature_fraction": [0.5, 1.0]},
                "'feature_fraction' and 'colsample_bytree' .* set to 0.8",
            ),
            (
                lightgbm.LGBMClassifier(min_data_in_leaf=5),
                {"min_child_samples": [5, 10]},
                "'min_child_samples' and 'min_data_in_leaf' .* set to 5",
            ),
            (
                make_pipeline(StandardScaler(), lightgbm.LGBMRegressor()),
                {"lgbmregressor__reg_alpha": [0, 1], "lgbmregressor__lambda_l1": [0]},
                "'lgbmregressor__reg_alpha' and 'lgbmregressor__lambda_l1' .* both",
            ),
            (
                Pipeline([("clf", "passthrough")]),
                {
                    "clf": [SVC(), lightgbm.LGBMClassifier(subsample=0.5)],
                    "clf__bagging_fraction": [0.5, 1.0],
                },
                "'clf__bagging_fraction' and 'clf__subsample' .* set to 0.5",
            ),
        ],
        ids=repr,
    )
    def test_are_told_once_by_both_names(self, estimator, space, said):
        with pytest.warns(UserWarning, match=f"estimator 'it' .*: {said}") as told:
            tunable(estimator, [space, {**space, list(space)[-1]: [0.3]}])
        assert len(told) == 1

    @pytest.mark.parametrize(
        ("estimator", "space"),
        [
            (lightgbm.LGBMClassifier(), {"feature_fraction": [0.5, 1.0]}),
            (lightgbm.LGBMClassifier(), {"num_iterations": [5, 10]}),
            (xgboost.XGBRegressor(learning_rate=0.1), {"learning_rate": [0.1, 0.2]}),
            (xgboost.XGBRegressor(), [{"eta": [0.1]}, {"learning_rate": [0.1]}]),
            (SVC(C=3), {"C": [1, 2]}),
        ],
        ids=repr,
    )
    def test_are_not_told_where_only_one_is_in_use(self, estimator, space):
        tunable(estimator, space)

    @pytest.mark.parametrize(
        ("estimator", "left_out"),
        [
            (lightgbm.LGBMClassifier(eta=0.3), "learning_rate"),
            (lightgbm.LGBMClassifier(lambda_l2=3), "reg_lambda"),
            (lightgbm.LGBMClassifier(max_leaf_nodes=3), "num_leaves"),
            (xgboost.XGBClassifier(eta=0.5), "learning_rate"),
        ],
    )
    def test_that_are_set_leave_the_default_space(self, estimator, left_out):
        assert left_out in default_space(type(estimator)())
        assert left_out not in default_space(estimator)

    def test_of_lightgbm_are_those_that_it_knows(self):
        from lightgbm.basic import _ConfigAliases

        own = _ConfigAliases._get_all_param_aliases().values()
        groups = {frozenset(group) for group in own}
        for group in SYNONYMS["lightgbm.sklearn.LGBMModel"]:
            assert any(frozenset(group) <= known for known in groups), group

    def test_of_xgboost_have_the_same_value(self):
        for names in SYNONYMS["xgboost.sklearn.XGBModel"]:
            for name in names:
                config = xgboost_config({name: 2})
                assert {config[each] for each in names} == {2}, name

    def test_no_name_stands_in_two_groups(self):
        for groups in SYNONYMS.values():
            names = [name for group in groups for name in group]
            assert len(names) == len(set(names))


def xgboost_config(params):
    """Return all that XGBoost takes for its parameters, given some."""
    model = xgboost.XGBRegressor(**{"n_jobs": 1, "n_estimators": 1, **params})
    model.fit(np.arange(8.0).reshape(-1, 1), np.tile([0.0, 1.0], 4))
    config = json.loads(model.get_booster().save_config())
    found = {}

    def collect(node):
        for name, value in node.items() if isinstance(node, dict) else ():
            if isinstance(value, dict):
                collect(value)
            elif isinstance(value, str):
                try:
                    found[name] = float(value)
                except ValueError:
                    found[name] = value

    collect(config)
    return found


class TestImpliedValues:
    """What None stands for, by the libraries' documentation."""

    @pytest.mark.parametrize(
        ("estimator", "name", "values", "first"),
        [
            (xgboost.XGBRegressor(), "learning_rate", loguniform(0.01, 1), 0.3),
            (xgboost.XGBRegressor(), "eta", loguniform(0.01, 1), 0.3),
            (xgboost.XGBRegressor(), "max_depth", [2, 4, 6, 8], 6),
            (xgboost.XGBRegressor(), "max_depth", [2, 3, 4], 4),
            (xgboost.XGBRegressor(), "max_depth", [None, 2, 4, 6], None),
            (xgboost.XGBRegressor(), "n_estimators", randint(50, 400), 100),
            (xgboost.XGBRegressor(), "lambda", [0.1, 0.5, 2.0, 4.0], 0.5),
            (xgboost.XGBRegressor(), "booster", ["dart", "gbtree"], "gbtree"),
            (xgboost.XGBRegressor(eta=0.7), "learning_rate", [0.3, 0.5, 0.7], 0.7),
            (xgboost.XGBRegressor(max_depth=3), "max_depth", [2, 3, 6], 3),
            (xgboost.XGBRFRegressor(), "subsample", uniform(0.5, 0.5), 0.8),
            (lightgbm.LGBMRegressor(), "feature_fraction", [0.4, 0.7, 1.0], 1.0),
            (lightgbm.LGBMRegressor(), "min_data_in_leaf", [5, 10, 15], 15),
            (lightgbm.LGBMRegressor(), "max_bin", [63, 127, 255], 255),
            (lightgbm.LGBMRegressor(), "max_depth", [3, 5, 7], 5),  # -1: no limit
            (lightgbm.LGBMRegressor(), "path_smooth", [0.0, 1.0, 10.0], 0.0),
        ],
    )
    @pytest.mark.filterwarnings("ignore:.*two names of one parameter:UserWarning")
    def test_are_tried_first(self, estimator, name, values, first):
        assert start(estimator, {name: values}) == {name: first}
        kind = type(estimator).__name__.lower()
        pipeline = make_pipeline(StandardScaler(), estimator)
        assert start(pipeline, {f"{kind}__{name}": values}) == {
            f"{kind}__{name}": first
        }

    def test_of_an_estimator_among_the_values_as_well(self):
        pipeline = Pipeline([("reg", "passthrough")])
        space = {
            "reg": [xgboost.XGBRegressor(), Ridge()],
            "reg__max_depth": when("reg", xgboost.XGBRegressor, [2, 4, 6]),
        }
        assert start(pipeline, space)["reg__max_depth"] == 6

    def test_give_way_to_the_defaults_of_the_space(self):
        space = Tunable({"max_depth": [2, 4, 6]}, {"max_depth": 2})
        assert start(xgboost.XGBRegressor(), space) == {"max_depth": 2}
        space = {"eta": FloatHyperParam(0.01, 1, default=0.05)}
        assert start(xgboost.XGBRegressor(), space) == {"eta": 0.05}

    def test_keep_constraint_and_portfolio(self):
        space = Tunable(
            {"max_depth": [2, 4, 6], "n_estimators": [5, 10]},
            constraint=lambda config: config["max_depth"] < 6,
            portfolio=[{"max_depth": 2}],
        )
        own = tunable(xgboost.XGBRegressor(), space)
        assert own.defaults == {"max_depth": 4, "n_estimators": 10}
        assert own.portfolio == space.portfolio
        assert own.cardinality == 4

    def test_of_xgboost_are_what_it_uses(self):
        config = xgboost_config({})
        implied = dict(IMPLIED["xgboost.sklearn.XGBModel"])
        for not_there in ("n_estimators",):  # it is given to `fit`
            assert implied.pop(not_there) == 100
        defaults = {name: config.get(name, 1.0) for name in implied}
        assert defaults == pytest.approx(implied)

    def test_of_lightgbm_are_what_it_uses(self):
        model = lightgbm.LGBMRegressor(
            n_estimators=1, min_child_samples=1, verbose=-1, n_jobs=1
        )
        model.fit(np.arange(8.0).reshape(-1, 1), np.tile([0.0, 1.0], 4))
        text = model.booster_.model_to_string()
        for name, value in IMPLIED["lightgbm.sklearn.LGBMModel"].items():
            assert f"[{name}: {value + 0:g}]" in text

    def test_of_catboost_are_what_it_uses(self):
        catboost = pytest.importorskip("catboost")
        model = catboost.CatBoostRegressor(
            verbose=False, allow_writing_files=False, thread_count=1
        )
        model.fit(np.arange(8.0).reshape(-1, 1), np.tile([0.0, 1.0], 4))
        used = model.get_all_params()
        implied = IMPLIED["catboost.core.CatBoost"]
        shared = implied.keys() & used.keys()
        assert len(shared) > 10
        assert {n: used[n] for n in shared} == {n: implied[n] for n in shared}


class TestBoosting:
    """LightGBM and XGBoost themselves, by names that they do not list."""

    @pytest.mark.parametrize(
        ("model", "space"),
        [
            (
                lightgbm.LGBMClassifier(n_estimators=3, n_jobs=1, verbose=-1),
                {
                    "feature_fraction": uniform(0.5, 0.5),
                    "bagging_fraction": [0.5, 1.0],
                    "max_bin": [15, 63],
                    "min_data_in_leaf": [2, 5],
                    "scale_pos_weight": [1.0, 2.0],
                },
            ),
            (
                xgboost.XGBClassifier(n_estimators=3, n_jobs=1),
                {"eta": [0.1, 0.3], "lambda": [0.1, 1.0]},
            ),
        ],
        ids=["LightGBM", "XGBoost"],
    )
    def test_are_searched_alone_and_in_pipelines(self, model, space):
        X, y = IRIS[0][:100], IRIS[1][:100]
        kind = type(model).__name__
        pipeline = make_pipeline(StandardScaler().set_output(transform="pandas"), model)
        for one, its in [
            (model, space),
            (pipeline, prefixed(kind.lower(), space)),
        ]:
            search = BTBSearchCV(one, its, n_iter=4, cv=2, random_state=0).fit(X, y)
            assert search.best_params_.keys() == its.keys()
            assert search.best_estimator_.get_params().items() >= (
                search.best_params_.items()
            )
