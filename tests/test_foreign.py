"""What other libraries' spaces become, with the libraries where they are installed."""

import copy
import warnings

import numpy as np
import pytest
from sklearn.datasets import make_classification
from sklearn.decomposition import PCA
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier

from sklearn_btb import BTBSearchCV, Tunable, when
from sklearn_btb._conditions import values_of
from sklearn_btb._fingerprint import fingerprint

X, y = make_classification(n_samples=90, random_state=0)
OWN = {"C": 1.0, "degree": 3, "kernel": "rbf"}  # of an SVC


def library(name):
    """Import a library, without its warnings of what itself imports."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return pytest.importorskip(name, exc_type=ImportError)


def hyperparam_of(values):
    return Tunable({"a": values}).parts[0]["a"]


def sampled(values):
    tunable = Tunable({"a": values})
    images = tunable.sample(4000, np.random.default_rng(0))
    return [config["a"] for config in tunable.decode(images)]


def described(values):
    hyperparam = hyperparam_of(values)
    kind = type(hyperparam).__name__.removesuffix("HyperParam")
    return kind, hyperparam.min, hyperparam.max, hyperparam.log


def search(estimator, space, **parameters):
    found = BTBSearchCV(estimator, space, n_iter=8, cv=2, random_state=0)
    found.set_params(error_score="raise", **parameters).fit(X, y)
    assert len(found.cv_results_["params"]) == 8
    return found


def facts(space):
    return fingerprint(
        estimators={"svc": SVC()},
        search_spaces={"svc": Tunable(space).space},
        splits=[],
        data={},
        constraints={"svc": Tunable(space).constraint},
    )


class TestOptuna:
    @pytest.fixture
    def optuna(self):
        return library("optuna.distributions")

    def test_floats_are_bounded_and_have_their_scale(self, optuna):
        uniform = optuna.FloatDistribution(-1, 3)
        logarithmic = optuna.FloatDistribution(1e-4, 1e2, log=True)
        assert described(uniform) == ("Float", -1.0, 3.0, False)
        assert described(logarithmic) == ("Float", 1e-4, 1e2, True)
        assert np.median(sampled(uniform)) == pytest.approx(1, abs=0.1)
        assert np.log10(np.median(sampled(logarithmic))) == pytest.approx(-1, abs=0.1)

    def test_integers_include_both_bounds(self, optuna):
        assert set(sampled(optuna.IntDistribution(-2, 3))) == set(range(-2, 4))
        logarithmic = optuna.IntDistribution(1, 1000, log=True)
        assert described(logarithmic) == ("Int", 1, 1000, True)
        middle = np.sqrt(0.5 * 1000.5)  # as in Optuna, a cell reaches half a step
        assert np.median(sampled(logarithmic)) == pytest.approx(middle, rel=0.1)

    def test_steps_are_exact_decimals(self, optuna):
        tenths = hyperparam_of(optuna.FloatDistribution(0.1, 0.9, step=0.2))
        assert values_of(tenths) == [0.1, 0.3, 0.5, 0.7, 0.9]
        assert tenths.numeric
        assert np.ptp(np.diff(tenths.at(np.arange(5)).ravel())) < 1e-12
        integers = values_of(hyperparam_of(optuna.IntDistribution(2, 11, step=3)))
        assert integers == [2, 5, 8, 11]
        assert {type(value) for value in integers} == {int}

    @pytest.mark.parametrize("high, step", [(1.0, 0.3), (2.0, 0.07), (1e-3, 3e-4)])
    def test_steps_end_where_optuna_ends(self, optuna, high, step):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # says that it lowers the bound
            given = optuna.FloatDistribution(0.0, high, step=step)
        values = values_of(hyperparam_of(given))
        assert values[-1] == pytest.approx(given.high)
        assert all(given._contains(value) for value in values)

    def test_a_range_of_one_value(self, optuna):
        assert sampled(optuna.FloatDistribution(0.5, 0.5))[0] == 0.5
        assert sampled(optuna.IntDistribution(3, 3))[0] == 3

    def test_too_many_steps(self, optuna):
        with pytest.raises(ValueError, match=r"'a': a range with a step must .* 65536"):
            hyperparam_of(optuna.IntDistribution(0, 10**6, step=2))

    def test_choices_keep_their_order_and_have_none(self, optuna):
        choices = hyperparam_of(optuna.CategoricalDistribution([10, None, "x", 1]))
        assert choices.choices == [10, None, "x", 1]
        assert not hyperparam_of(optuna.CategoricalDistribution([1, 2, 3])).numeric

    def test_what_inherits_is_known(self, optuna):
        class Own(optuna.FloatDistribution):
            pass

        assert described(Own(0, 1)) == ("Float", 0.0, 1.0, False)

    def test_what_is_not_known(self, optuna):
        class Own(optuna.BaseDistribution):
            __abstractmethods__ = frozenset()

            def __repr__(self):
                return "Own()"

        Own.__abstractmethods__ = frozenset()
        with pytest.raises(
            TypeError, match=r"optuna must be .* FloatDistribution.*Own"
        ):
            hyperparam_of(Own())

    def test_under_a_condition(self, optuna):
        distribution = optuna.IntDistribution(2, 5)
        space = {
            "kernel": ["rbf", "poly"],
            "degree": when("kernel", "poly", distribution),
        }
        assert Tunable(space).cardinality == 5

    def test_a_search(self, optuna):
        found = search(
            SVC(),
            {
                "C": optuna.FloatDistribution(1e-2, 1e2, log=True),
                "degree": optuna.IntDistribution(1, 5, step=2),
                "kernel": optuna.CategoricalDistribution(["rbf", "poly"]),
            },
        )
        assert found.cv_results_["params"][0] == {
            "C": 1.0,
            "degree": 3,
            "kernel": "rbf",
        }
        for params in found.cv_results_["params"]:
            assert 1e-2 <= params["C"] <= 1e2
            assert params["degree"] in (1, 3, 5)

    def test_a_checkpoint_tells_distributions_apart(self, optuna):
        one, same, other = (
            {"C": optuna.FloatDistribution(1, high, log=True)} for high in (5, 5, 6)
        )
        assert facts(one) == facts(same) != facts(other)


class TestScikitOptimize:
    @pytest.fixture
    def space(self):
        library("skopt")
        return library("skopt.space")

    def test_floats_are_bounded_and_have_their_scale(self, space):
        assert described(space.Real(1, 3)) == ("Float", 1.0, 3.0, False)
        logarithmic = space.Real(1e-4, 1e2, prior="log-uniform", base=2)
        assert described(logarithmic) == ("Float", 1e-4, 1e2, True)
        assert np.log10(np.median(sampled(logarithmic))) == pytest.approx(-1, abs=0.1)

    def test_integers_include_both_bounds(self, space):
        assert set(sampled(space.Integer(-2, 3))) == set(range(-2, 4))
        logarithmic = space.Integer(10, 1000, prior="log-uniform")
        assert described(logarithmic) == ("Int", 10, 1000, True)
        assert np.median(sampled(logarithmic)) == pytest.approx(100, rel=0.1)

    def test_categories_keep_their_order(self, space):
        assert hyperparam_of(space.Categorical(["x", 2, None])).choices == [
            "x",
            2,
            None,
        ]
        even = space.Categorical(["x", "y"], prior=[0.5, 0.5])
        assert hyperparam_of(even).choices == ["x", "y"]

    def test_weights_are_refused(self, space):
        uneven = space.Categorical(["x", "y"], prior=[0.2, 0.8])
        with pytest.raises(ValueError, match=r"equally likely; got the .*\[0.2, 0.8\]"):
            hyperparam_of(uneven)

    def test_named_dimensions_are_a_space(self, space):
        named = [
            space.Real(1e-2, 1e2, "log-uniform", name="C"),
            space.Integer(1, 5, name="degree"),
        ]
        for given in (named, tuple(named), space.Space(named)):
            tunable = Tunable(given)
            assert tunable.names == ("C", "degree")
        assert search(SVC(), named).best_params_.keys() == {"C", "degree"}

    def test_names_are_needed(self, space):
        nameless = [space.Real(0, 1, name="a"), space.Real(0, 1)]
        with pytest.raises(ValueError, match="must have names, each its own"):
            Tunable(nameless)
        with pytest.raises(ValueError, match="must have names, each its own"):
            Tunable([space.Real(0, 1, name="a"), space.Real(0, 1, name="a")])

    def test_a_constraint_is_refused(self, space):
        constrained = space.Space([space.Real(0, 1, name="a")], constraint=print)
        with pytest.raises(ValueError, match="must have no constraint"):
            Tunable(constrained)

    def test_a_search(self, space):
        found = search(
            SVC(),
            {
                "C": space.Real(1e-2, 1e2, prior="log-uniform"),
                "degree": space.Integer(1, 5),
                "kernel": space.Categorical(["rbf", "poly"]),
            },
        )
        assert found.cv_results_["params"][0] == {
            "C": 1.0,
            "degree": 3,
            "kernel": "rbf",
        }
        for params in found.cv_results_["params"]:
            assert 1e-2 <= params["C"] <= 1e2
            assert params["degree"] in range(1, 6)

    def test_a_checkpoint_tells_dimensions_apart(self, space):
        one, same, other = ({"C": space.Real(1, high)} for high in (5, 5, 6))
        assert facts(one) == facts(same) != facts(other)


class TestConfigSpace:
    @pytest.fixture
    def cs(self):
        return library("ConfigSpace")

    def test_floats_are_bounded_and_have_their_scale(self, cs):
        assert described(cs.Float("a", (1, 3))) == ("Float", 1.0, 3.0, False)
        logarithmic = cs.Float("a", (1e-4, 1e2), log=True)
        assert described(logarithmic) == ("Float", 1e-4, 1e2, True)
        assert np.log10(np.median(sampled(logarithmic))) == pytest.approx(-1, abs=0.1)

    def test_integers_include_both_bounds(self, cs):
        assert set(sampled(cs.Integer("a", (-2, 3)))) == set(range(-2, 4))
        logarithmic = cs.Integer("a", (10, 1000), log=True)
        assert described(logarithmic) == ("Int", 10, 1000, True)
        assert np.median(sampled(logarithmic)) == pytest.approx(100, rel=0.1)

    def test_normal_floats(self, cs):
        given = cs.Float("a", (0, 10), distribution=cs.Normal(8, 3))
        ours = np.quantile(sampled(given), [0, 0.25, 0.5, 0.75, 1])
        theirs = np.quantile(given.sample_value(4000, seed=0), [0, 0.25, 0.5, 0.75, 1])
        assert ours[1:-1] == pytest.approx(theirs[1:-1], abs=0.3)
        assert 0 <= ours[0] and ours[-1] <= 10

    def test_other_distributions_are_refused(self, cs):
        given = cs.Integer("a", (0, 10), distribution=cs.Normal(3, 1))
        with pytest.raises(TypeError, match=r"ConfigSpace must .* got NormalInteger"):
            hyperparam_of(given)
        given = cs.Float("a", (1, 10), distribution=cs.Normal(3, 1), log=True)
        with pytest.raises(ValueError, match=r"must not have a log"):
            hyperparam_of(given)

    def test_choices(self, cs):
        assert hyperparam_of(cs.Categorical("a", ["x", "y"])).choices == ["x", "y"]
        assert values_of(hyperparam_of(cs.Constant("a", "x"))) == ["x"]
        with pytest.raises(ValueError, match="equally likely"):
            hyperparam_of(cs.Categorical("a", ["x", "y"], weights=[1, 2]))

    def test_ordinals_of_numbers_keep_their_order(self, cs):
        ordinal = hyperparam_of(cs.Categorical("a", [1, 10, 100], ordered=True))
        assert ordinal.numeric
        assert values_of(ordinal) == [1, 10, 100]
        sizes = cs.Categorical("a", ["s", "m", "l"], ordered=True, default="m")
        assert hyperparam_of(sizes).choices == ["s", "m", "l"]
        assert hyperparam_of(sizes).default == "m"

    def test_defaults_that_were_chosen(self, cs):
        for given, default in (
            (cs.Float("a", (0, 1), default=0.3), 0.3),
            (cs.Integer("a", (1, 9), default=2, log=True), 2),
            (cs.Categorical("a", ["x", "y"], default="y"), "y"),
            (cs.Categorical("a", [1, 2, 3], ordered=True, default=3), 3),
        ):
            hyperparam = hyperparam_of(given)
            assert hyperparam.has_own_default
            assert hyperparam.default == default

    def test_defaults_that_nobody_chose_leave_the_estimators_own(self, cs):
        space = cs.ConfigurationSpace(
            {"C": (0.1, 10.0), "degree": (1, 9), "kernel": ["poly", "rbf"]}
        )
        assert search(SVC(), space).cv_results_["params"][0] == OWN

    def test_conditions(self, cs):
        space = cs.ConfigurationSpace(
            {
                "kernel": ["linear", "poly", "rbf"],
                "degree": (1, 5),
                "gamma": (0.01, 1.0),
                "coef0": [0.0, 1.0],
                "shrinking": [True, False],
            }
        )
        space.add(
            cs.EqualsCondition(space["degree"], space["kernel"], "poly"),
            cs.InCondition(space["gamma"], space["kernel"], ["poly", "rbf"]),
            cs.AndConjunction(
                cs.EqualsCondition(space["coef0"], space["kernel"], "poly"),
                cs.GreaterThanCondition(space["coef0"], space["degree"], 3),
            ),
            cs.OrConjunction(
                cs.NotEqualsCondition(space["shrinking"], space["kernel"], "poly"),
                cs.EqualsCondition(space["shrinking"], space["kernel"], "rbf"),
            ),
        )
        tunable = Tunable(space)
        configs = tunable.decode(tunable.sample(500, np.random.default_rng(0)))
        for config in configs:
            cs.Configuration(space, config)  # raises if it is not valid
        theirs = {frozenset(config) for config in space.sample_configuration(500)}
        assert {frozenset(config) for config in configs} == theirs
        for params in search(SVC(), space).cv_results_["params"]:
            cs.Configuration(space, params)

    def test_alternatives_on_several_parameters_are_refused(self, cs):
        space = cs.ConfigurationSpace({"a": [1, 2], "b": [1, 2], "c": (0.0, 1.0)})
        space.add(
            cs.OrConjunction(
                cs.EqualsCondition(space["c"], space["a"], 1),
                cs.EqualsCondition(space["c"], space["b"], 1),
            )
        )
        with pytest.raises(ValueError, match="alternative conditions must be on one"):
            Tunable(space)

    def test_conditions_on_what_is_endless_are_refused(self, cs):
        space = cs.ConfigurationSpace({"a": (0.0, 1.0), "b": (0.0, 1.0)})
        space.add(cs.GreaterThanCondition(space["b"], space["a"], 0.5))
        with pytest.raises(ValueError, match="a condition must be on a parameter with"):
            Tunable(space)

    @pytest.fixture
    def forbidding(self, cs):
        space = cs.ConfigurationSpace(
            {
                "max_depth": (1, 9),
                "min_samples_leaf": (1, 9),
                "splitter": ["best", "random"],
            }
        )
        space.add(
            cs.ForbiddenLessThanRelation(space["max_depth"], space["min_samples_leaf"]),
            cs.ForbiddenAndConjunction(
                cs.ForbiddenEqualsClause(space["splitter"], "random"),
                cs.ForbiddenInClause(space["max_depth"], [7, 8]),
            ),
        )
        return space

    def test_what_is_forbidden_is_not_tried(self, forbidding):
        tunable = Tunable(forbidding)
        assert tunable.cardinality == 2 * 45 - 15
        found = search(DecisionTreeClassifier(random_state=0), forbidding)
        for params in found.cv_results_["params"]:
            assert params["max_depth"] >= params["min_samples_leaf"]

    def test_a_constraint_holds_as_well(self, forbidding):
        def shallow(config):
            return config["max_depth"] <= 2

        assert Tunable(forbidding, constraint=shallow).cardinality == 2 * 3
        found = search(
            {"tree": DecisionTreeClassifier(random_state=0)},
            {"tree": forbidding},
            constraints={"tree": lambda config: config["max_depth"] <= 4},
        )
        for params in found.cv_results_["params"]:
            assert params["min_samples_leaf"] <= params["max_depth"] <= 4

    def test_what_is_forbidden_only_in_a_whole_space(self, forbidding):
        with pytest.raises(ValueError, match="must not be a part of a union"):
            Tunable([forbidding, {"max_depth": [1]}])

    def test_in_a_union(self, cs):
        space = cs.ConfigurationSpace({"a": [1, 2]})
        assert Tunable([space, {"a": [3], "b": [1, 2]}]).cardinality == 4

    def test_a_checkpoint_tells_spaces_apart(self, cs, forbidding):
        assert facts(forbidding) == facts(copy.deepcopy(forbidding))
        used = copy.deepcopy(forbidding)
        used.sample_configuration(10)
        assert facts(forbidding) == facts(used)
        forbidding.add(cs.ForbiddenEqualsClause(forbidding["max_depth"], 3))
        assert facts(forbidding) != facts(used)

    def test_a_checkpoint_is_taken_up(self, forbidding, tmp_path):
        tree = DecisionTreeClassifier(random_state=0)
        checkpoint = tmp_path / "log"
        first = search(tree, forbidding, checkpoint=checkpoint)
        again = search(tree, copy.deepcopy(forbidding), checkpoint=checkpoint)
        assert first.cv_results_["params"] == again.cv_results_["params"]


class TestSkrub:
    @pytest.fixture
    def skrub(self):
        return library("skrub")

    def test_floats_are_bounded_and_have_their_scale(self, skrub):
        assert described(skrub.choose_float(1, 3)) == ("Float", 1.0, 3.0, False)
        logarithmic = skrub.choose_float(1e-4, 1e2, log=True)
        assert described(logarithmic) == ("Float", 1e-4, 1e2, True)
        assert np.log10(np.median(sampled(logarithmic))) == pytest.approx(-1, abs=0.1)

    def test_integers_include_both_bounds(self, skrub):
        assert set(sampled(skrub.choose_int(-2, 3))) == set(range(-2, 4))
        logarithmic = skrub.choose_int(10, 1000, log=True)
        assert described(logarithmic) == ("Int", 10, 1000, True)
        assert np.median(sampled(logarithmic)) == pytest.approx(100, rel=0.1)

    @pytest.mark.parametrize("log", [False, True])
    def test_steps(self, skrub, log):
        for given in (
            skrub.choose_float(1, 100, n_steps=5, log=log),
            skrub.choose_int(1, 100, n_steps=7, log=log),
        ):
            hyperparam = hyperparam_of(given)
            assert values_of(hyperparam) == list(given.grid)
            assert hyperparam.numeric

    def test_defaults(self, skrub):
        for given, default in (
            (skrub.choose_float(0, 1, default=0.3), 0.3),
            (skrub.choose_int(1, 9, default=2, log=True), 2),
            (skrub.choose_int(1, 9, n_steps=3, default=8), 9),
            (skrub.choose_bool(), True),
            (skrub.choose_bool(default=False), False),
            (skrub.choose_from([3, 1, 2]), 3),
            (skrub.choose_from({"one": "x", "two": "y"}), "x"),
            (skrub.optional("x"), "x"),
            (skrub.optional("x", default=None), None),
        ):
            hyperparam = hyperparam_of(given)
            assert hyperparam.has_own_default
            assert hyperparam.default == default
        assert not hyperparam_of(skrub.choose_float(0, 1)).has_own_default
        assert not hyperparam_of(skrub.choose_int(0, 9, n_steps=2)).has_own_default

    def test_choices_within_choices_are_refused(self, skrub):
        with pytest.raises(ValueError, match="must not be choices themselves"):
            hyperparam_of(skrub.choose_from([skrub.choose_int(1, 3), 7]))
        match = skrub.choose_bool().match({True: 1, False: 2})
        with pytest.raises(TypeError, match=r"skrub must be .* got Match"):
            hyperparam_of(match)

    def test_a_search(self, skrub):
        found = search(
            Pipeline([("scale", None), ("reduce", None), ("svc", SVC())]),
            {
                "scale": skrub.optional(StandardScaler(), default=None),
                "reduce": skrub.choose_from({"pca": PCA(), "no": "passthrough"}),
                "reduce__n_components": when("reduce", PCA, skrub.choose_int(2, 9)),
                "svc__C": skrub.choose_float(1e-2, 1e2, log=True, default=2.0),
                "svc__shrinking": skrub.choose_bool(),
            },
        )
        first = found.cv_results_["params"][0]
        assert first["scale"] is None
        assert first["svc__C"] == 2.0
        assert isinstance(first["reduce"], PCA)
        for params in found.cv_results_["params"]:
            assert 1e-2 <= params["svc__C"] <= 1e2
            assert params.get("reduce__n_components", 2) in range(2, 10)

    def test_a_checkpoint_tells_choices_apart(self, skrub):
        one, same, other = ({"C": skrub.choose_float(1, high)} for high in (5, 5, 6))
        assert facts(one) == facts(same) != facts(other)
