"""What users give is checked before any fit, and messages say what would be valid."""

import re

import numpy as np
import pytest
from scipy import stats
from sklearn.base import BaseEstimator
from sklearn.cluster import KMeans
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import BaggingClassifier, RandomForestClassifier
from sklearn.linear_model import LinearRegression, LogisticRegression, Ridge
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC
from sklearn.utils import get_tags

from sklearn_btb import BTBSession, FloatHyperParam, IntHyperParam, Tunable, when
from sklearn_btb._estimators import (
    combine_tags,
    common_type,
    make_tunables,
    named_estimators,
    nested_params,
    set_nested_params,
)


class Duck:
    """An estimator without scikit-learn's base classes."""

    def __init__(self, depth=3):
        self.depth = depth

    def get_params(self, deep=True):
        return {"depth": self.depth}

    def set_params(self, **params):
        self.depth = params.get("depth", self.depth)
        return self

    def fit(self, X, y=None):
        return self


class Unfit(BaseEstimator):
    """An estimator that lacks `fit`."""


def scaled(estimator):
    return make_pipeline(StandardScaler(), estimator)


def tunable(estimator, space):
    return make_tunables({"it": estimator}, {"it": space}, single=False)["it"]


class TestNamedEstimators:
    def test_a_dict_keeps_its_names_and_order(self):
        estimators = {"b": SVC(), "a": Duck()}
        named = named_estimators(estimators)
        assert list(named.items()) == list(estimators.items())
        assert named is not estimators

    @pytest.mark.parametrize(
        ("estimator", "name"),
        [(SVC(), "svc"), (scaled(SVC()), "pipeline"), (Duck(), "duck")],
    )
    def test_a_single_one_is_named_after_its_class(self, estimator, name):
        assert named_estimators(estimator) == {name: estimator}

    def test_an_empty_dict_is_refused(self):
        with pytest.raises(ValueError, match="`estimators` must not be empty"):
            named_estimators({})

    @pytest.mark.parametrize("name", ["a__b", "__", "", 1, None, ("a",)])
    def test_a_name_that_parameters_could_not_reach_is_refused(self, name):
        with pytest.raises(
            ValueError, match="non-empty strings without '__'; got"
        ) as e:
            named_estimators({"good": SVC(), name: SVC()})
        assert repr(name) in str(e.value)

    @pytest.mark.parametrize("estimators", [SVC, {"svc": SVC}])
    def test_a_class_is_refused(self, estimators):
        with pytest.raises(
            TypeError, match=r"(?i)'svc' must be an instance.*: SVC\(\)"
        ):
            named_estimators(estimators)

    @pytest.mark.parametrize(
        ("estimator", "missing"),
        [
            (Unfit(), "fit"),
            ("svc", "fit"),
            (None, "fit"),
            (5, "fit"),
            ([SVC()], "fit"),
            ([("svc", SVC())], "fit"),
        ],
        ids=repr,
    )
    def test_what_is_no_estimator_is_refused(self, estimator, missing):
        for estimators in (estimator, {"it": estimator}):
            message = f"an estimator or a dict of names to estimators.*no `{missing}`"
            with pytest.raises(TypeError, match=message) as raised:
                named_estimators(estimators)
            assert repr(estimator) in str(raised.value)

    def test_what_has_no_parameters_is_refused(self):
        class Bare:
            def fit(self, X, y=None):
                return self

        with pytest.raises(TypeError, match=r"'bare', .*, has no `get_params`"):
            named_estimators({"good": SVC(), "bare": Bare()})


class TestNestedParams:
    def test_reach_every_parameter_of_every_estimator(self):
        svc = SVC(C=2)
        params = nested_params({"svc": svc, "pipe": scaled(Ridge(alpha=5)), "no": None})
        assert params["estimators__svc"] is svc
        assert params["estimators__svc__C"] == 2
        assert params["estimators__pipe__ridge__alpha"] == 5
        assert params["estimators__no"] is None

    def test_can_be_set(self):
        estimators = {"svc": SVC(), "pipe": scaled(Ridge())}
        changed = set_nested_params(
            estimators, {"estimators__svc__C": 7, "estimators__pipe__ridge__alpha": 3}
        )
        params = nested_params(changed)
        assert params["estimators__svc__C"] == 7
        assert params["estimators__pipe__ridge__alpha"] == 3

    def test_an_estimator_is_replaced_before_its_parameters_are_set(self):
        svc, new = SVC(), LogisticRegression()
        estimators = {"it": svc}
        changed = set_nested_params(
            estimators, {"estimators__it__C": 7, "estimators__it": new}
        )
        assert changed == {"it": new}
        assert new.C == 7
        assert estimators == {"it": svc}

    @pytest.mark.parametrize("key", ["estimators__svm", "estimators__svm__C"])
    def test_an_unknown_estimator_is_refused(self, key):
        message = rf"{key}.*no estimator 'svm'; valid names are \['svc'\]"
        with pytest.raises(ValueError, match=message):
            set_nested_params({"svc": SVC()}, {key: 1})

    def test_an_unknown_parameter_is_refused(self):
        with pytest.raises(ValueError, match="Invalid parameter 'c'"):
            set_nested_params({"svc": SVC()}, {"estimators__svc__c": 1})


class TestCommonType:
    @pytest.mark.parametrize(
        ("estimators", "kind"),
        [
            ([SVC(), scaled(LogisticRegression())], "classifier"),
            ([Ridge(), scaled(LinearRegression())], "regressor"),
            ([KMeans()], "clusterer"),
            ([Duck()], None),
            ([Duck(), SVC()], "classifier"),
        ],
    )
    def test_is_that_of_all_which_have_one(self, estimators, kind):
        assert common_type(dict(enumerate(estimators))) == kind

    def test_classifiers_with_regressors_are_refused(self):
        message = (
            "must all be of one type; 'a' is a classifier, 'b' is a regressor, "
            "'c' is a classifier"
        )
        with pytest.raises(ValueError, match=message):
            common_type({"a": SVC(), "b": Ridge(), "c": SVC()})


class TestCombineTags:
    @pytest.mark.parametrize(
        ("estimators", "sparse"),
        [([SVC(), LogisticRegression()], True), ([SVC(), Duck()], False)],
    )
    def test_a_capability_holds_if_all_have_it(self, estimators, sparse):
        tags = combine_tags(get_tags(SVC()), estimators)
        assert tags.input_tags.sparse == sparse

    def test_the_type_is_the_estimators(self):
        tags = combine_tags(get_tags(KMeans()), [Ridge(), LinearRegression()])
        assert tags.estimator_type == "regressor"
        assert tags.regressor_tags is not None

    def test_transformers_preserve_what_all_of_them_preserve(self):
        def preserving(*kept):
            class Scaler(StandardScaler):
                def __sklearn_tags__(self):
                    tags = super().__sklearn_tags__()
                    tags.transformer_tags.preserves_dtype = list(kept)
                    return tags

            return Scaler()

        scalers = [preserving("float64", "float32"), preserving("float32", "int64")]
        tags = combine_tags(get_tags(SVC()), scalers)
        assert tags.transformer_tags.preserves_dtype == ["float32"]

    def test_multi_class_holds_if_all_have_it(self):
        def binary_only(multi_class):
            class Classifier(LogisticRegression):
                def __sklearn_tags__(self):
                    tags = super().__sklearn_tags__()
                    tags.classifier_tags.multi_class = multi_class
                    return tags

            return Classifier()

        for other in (True, False):
            tags = combine_tags(get_tags(SVC()), [SVC(), binary_only(other)])
            assert tags.classifier_tags.multi_class == other


class TestSpacesByName:
    def test_each_estimator_gets_its_own(self):
        estimators = {"svc": SVC(), "knn": KNeighborsClassifier()}
        spaces = {"knn": {"n_neighbors": [1, 3]}, "svc": {"C": [1.0]}}
        tunables = make_tunables(estimators, spaces, single=False)
        assert list(tunables) == ["svc", "knn"]
        assert tunables["svc"].names == ("C",)

    @pytest.mark.parametrize(
        "space", [{"C": [1.0]}, [{"C": [1.0]}], Tunable({"C": [1.0]})], ids=repr
    )
    def test_a_single_estimator_has_a_single_space(self, space):
        tunables = make_tunables({"svc": SVC()}, space, single=True)
        assert tunables["svc"].defaults == {"C": 1.0}

    def test_an_empty_space_is_a_single_candidate(self):
        assert tunable(SVC(), {}).cardinality == 1

    @pytest.mark.parametrize("spaces", [None, {}, {"svc": None}])
    def test_a_missing_space_is_the_default_one(self, spaces):
        tunables = make_tunables({"svc": SVC()}, spaces, single=False)
        assert set(tunables["svc"].names) == {"C", "gamma", "class_weight"}

    def test_a_missing_space_of_a_single_estimator_is_the_default_one(self):
        tunables = make_tunables({"svc": SVC()}, None, single=True)
        assert tunables["svc"].defaults["C"] == 1.0

    def test_a_missing_space_of_a_single_unknown_estimator_is_refused(self):
        message = r"param_grid=\{parameter: values\}`, or `\{\}` to compare it as"
        with pytest.raises(ValueError, match=message):
            make_tunables({"duck": Duck()}, None, single=True)

    @pytest.mark.parametrize("spaces", [None, {}, {"duck": None}])
    def test_a_missing_space_of_an_unknown_estimator_is_refused(self, spaces):
        message = r"estimator 'duck' \(Duck\) has no search space.* for Duck; give"
        with pytest.raises(ValueError, match=message):
            make_tunables({"duck": Duck()}, spaces, single=False)

    def test_a_space_for_another_name_is_refused_with_the_nearest(self):
        message = (
            r"has a space for 'forset', which is not among the estimators "
            r"\['svc', 'forest'\] \(did you mean 'forest'\?\)"
        )
        estimators = {"svc": SVC(), "forest": RandomForestClassifier()}
        with pytest.raises(ValueError, match=message):
            make_tunables(estimators, {"forset": {}, "svc": {}}, single=False)

    @pytest.mark.parametrize("name", [5, None, ("svc",)])
    def test_a_name_of_another_type_is_refused(self, name):
        with pytest.raises(ValueError, match=f"a space for {re.escape(repr(name))}"):
            make_tunables({"svc": SVC()}, {"svc": {}, name: {}}, single=False)

    @pytest.mark.parametrize("spaces", [[{"C": [1]}], "svc", 5, Tunable({})])
    def test_spaces_without_names_are_refused(self, spaces):
        message = "`search_spaces` must be a dict of estimator names to spaces; got"
        with pytest.raises(TypeError, match=message):
            make_tunables({"svc": SVC()}, spaces, single=False)

    def test_the_spaces_given_stay_as_they_are(self):
        spaces = {"svc": [{"C": [1.0], "kernel": ["rbf"]}, {}]}
        make_tunables({"svc": SVC()}, spaces, single=False)
        assert spaces == {"svc": [{"C": [1.0], "kernel": ["rbf"]}, {}]}


class TestNothingToTune:
    SET = KNeighborsClassifier(3, weights="distance", p=1)

    @pytest.mark.parametrize(
        ("single", "space"),
        [(True, "param_grid={...}"), (False, "search_spaces={'knn': {...}}")],
    )
    def test_warns_where_a_default_space_was_to_be_searched(self, single, space):
        said = re.escape(
            "estimator 'knn' (KNeighborsClassifier) is the only candidate, as it is: "
            "its default space is empty"
        )
        advice = re.escape(
            f"`{space.replace('...', 'parameter: values')}`, or "
            f"`{space.partition('=')[2].replace('...', '')}`"
        )
        with pytest.warns(UserWarning, match=f"{said}.*{advice}"):
            make_tunables({"knn": self.SET}, None, single)

    @pytest.mark.parametrize("space", [{}, {"p": [1]}])
    def test_is_nothing_to_say_of_a_space_that_was_written(self, space):
        assert tunable(self.SET, space).cardinality == 1

    def test_is_nothing_to_say_of_one_beside_others(self):
        others = make_tunables({"knn": self.SET, "linear": LinearRegression()}, None, 0)
        assert sum(each.cardinality for each in others.values()) > 1


class TestDefaults:
    def test_the_search_starts_from_the_estimators_parameters(self):
        space = {
            "svc__C": stats.loguniform(1e-3, 1e3),
            "svc__kernel": ["linear", "rbf"],
        }
        assert tunable(scaled(SVC(C=7)), space).defaults == {
            "svc__C": 7,
            "svc__kernel": "rbf",
        }

    def test_where_they_lie_outside_from_the_nearest_or_the_middle(self):
        space = {"n_estimators": [10, 20, 30], "max_features": stats.uniform(0.1, 0.8)}
        assert tunable(RandomForestClassifier(), space).defaults == {
            "n_estimators": 30,
            "max_features": 0.5,
        }

    def test_a_default_of_a_hyperparameter_wins(self):
        space = {
            "C": FloatHyperParam(0.1, 10, default=2),
            "degree": IntHyperParam(1, 5),
        }
        assert tunable(SVC(C=1), space).defaults == {"C": 2.0, "degree": 3}

    def test_a_default_of_a_tunable_wins(self):
        space = Tunable({"C": [1.0, 2.0, 3.0], "degree": [2, 3, 4]}, {"C": 2.0})
        assert tunable(SVC(C=3.0, degree=4), space).defaults == {"C": 2.0, "degree": 4}

    def test_the_part_of_a_union_that_fits_the_estimator_comes_first(self):
        space = [
            {"kernel": ["linear"]},
            {"kernel": ["rbf"], "gamma": ["scale", "auto"]},
        ]
        assert tunable(SVC(gamma="auto"), space).defaults == {
            "kernel": "rbf",
            "gamma": "auto",
        }

    def test_an_integer_parameter_is_no_float_of_the_space(self):
        forest = RandomForestClassifier(max_features=1)
        space = [{"max_features": [0.5, 1.0]}, {"max_features": [1, 2]}]
        assert tunable(forest, space).defaults["max_features"] is forest.max_features


class TestReachesNestedParameters:
    @pytest.mark.parametrize(
        ("estimator", "parameter"),
        [
            (scaled(SVC()), "svc__C"),
            (scaled(SVC()), "standardscaler__with_mean"),
            (scaled(SVC()), "svc"),
            (scaled(SVC()), "memory"),
            (
                scaled(ColumnTransformer([("sc", StandardScaler(), [0])])),
                "columntransformer__sc__with_std",
            ),
            (BaggingClassifier(scaled(SVC())), "estimator__svc__C"),
            (Duck(), "depth"),
        ],
    )
    def test_that_the_estimator_has(self, estimator, parameter):
        assert tunable(estimator, {parameter: [1]}).names == (parameter,)

    @pytest.mark.parametrize(
        "choices",
        [
            [SVC(), RandomForestClassifier()],
            np.array([SVC(), LogisticRegression()], dtype=object),
            {"type": "str", "values": [SVC(), RandomForestClassifier()]},
        ],
        ids=["list", "array", "btb"],
    )
    def test_that_an_estimator_among_the_values_has(self, choices):
        pipeline = Pipeline([("clf", "passthrough")])
        space = {"clf": choices, "clf__C": [1, 2]}
        assert tunable(pipeline, space).names == ("clf", "clf__C")

    def test_that_an_estimator_within_a_value_has(self):
        pipeline = Pipeline([("clf", "passthrough")])
        space = {
            "clf": [BaggingClassifier()],
            "clf__estimator": [SVC(), RandomForestClassifier()],
            "clf__estimator__C": [1, 2],
        }
        assert tunable(pipeline, space).cardinality == 4

    def test_but_not_one_that_only_a_value_of_another_part_has(self):
        pipeline = Pipeline([("clf", "passthrough")])
        with pytest.raises(ValueError, match="invalid parameter 'clf__C'"):
            tunable(pipeline, [{"clf": [SVC()]}, {"clf__C": [1]}])


class TestTuplesOfTwoNumbers:
    @pytest.mark.parametrize(
        ("pair", "range_"),
        [
            ((0.1, 10), "scipy.stats.uniform(0.1, 9.9) or loguniform(0.1, 10)"),
            ((0.0, 1.0), "scipy.stats.uniform(0.0, 1)"),
            ((1, 5), "scipy.stats.randint(1, 6)"),
        ],
    )
    def test_are_two_values_with_a_warning(self, pair, range_):
        said = re.escape(
            f"search space of estimator 'it' (SVC): parameter 'C': {pair} means these "
            f"two values, as in GridSearchCV; write {list(pair)} for them, or {range_} "
            "for the range between them"
        )
        with pytest.warns(UserWarning, match=said):
            space = tunable(SVC(), {"C": pair})
        assert space.decode(space.at(0, 2)) == [{"C": value} for value in pair]

    @pytest.mark.parametrize(
        "space",
        [
            [{"C": [1]}, {"C": (2, 3)}],
            {"kernel": ["rbf", "poly"], "C": when("kernel", "rbf", (2, 3))},
            Tunable({"C": (2, 3)}),
        ],
        ids=["part", "condition", "Tunable"],
    )
    def test_warn_wherever_they_stand(self, space):
        with pytest.warns(UserWarning, match="parameter 'C'"):
            tunable(SVC(), space)

    @pytest.mark.parametrize(
        "values", [[0.1, 10], (1, 2, 3), (10, 0.1), (2, 2), (True, False), ("a", "b")]
    )
    def test_others_do_not_warn(self, values):
        tunable(SVC(), {"C": values})

    def test_warn_in_a_session_as_well(self):
        with pytest.warns(UserWarning, match=r"tunable 'a': parameter 'x': \(1, 9\)"):
            BTBSession({"a": {"x": (1, 9)}}, None)


class TestRefusedSpaces:
    @pytest.mark.parametrize(
        ("estimator", "parameter", "nearest"),
        [
            (RandomForestClassifier(), "max_feature", "max_features"),
            (RandomForestClassifier(), "n_estimator", "n_estimators"),
            (scaled(SVC()), "C", "svc__C"),
            (scaled(SVC()), "svm__C", "svc__C"),
            (scaled(SVC()), "svc_C", "svc__C"),
            (scaled(SVC()), "with_mean", "standardscaler__with_mean"),
            (Pipeline([("clf", SVC())]), "clf__max_dept", None),
            (SVC(), "qqqqqq", None),
        ],
    )
    def test_an_unknown_parameter_with_the_nearest_valid_name(
        self, estimator, parameter, nearest
    ):
        with pytest.raises(ValueError) as raised:
            tunable(estimator, {parameter: [1]})
        message = str(raised.value)
        kind = type(estimator).__name__
        assert f"estimator 'it' ({kind}): invalid parameter {parameter!r}" in message
        if nearest:
            assert f"(did you mean {nearest!r}?)" in message
        assert str(sorted(estimator.get_params())) in message

    def test_an_unknown_parameter_beside_values_that_do_not_have_it(self):
        pipeline = Pipeline([("clf", SVC())])
        with pytest.raises(ValueError, match="invalid parameter 'clf__max_depth'"):
            tunable(pipeline, {"clf": [SVC()], "clf__max_depth": [1]})

    def test_an_unknown_parameter_in_any_part_of_a_union(self):
        with pytest.raises(
            ValueError, match=r"invalid parameter 'c' .did you mean 'C'"
        ):
            tunable(SVC(), [{"C": [1]}, {"C": [1], "c": [1]}])

    @pytest.mark.parametrize(
        ("space", "error", "message"),
        [
            ({"C": []}, ValueError, "parameter 'C': .*empty; give at least one value"),
            ({"C": 1.0}, TypeError, "parameter 'C': the values must be a list"),
            ({"C": "auto"}, TypeError, "parameter 'C': the values must be a list"),
            ({"C": stats.loguniform(1, 0.1)}, ValueError, "'C': .*not a proper one"),
            ({"C": {"type": "float", "range": [2, 1]}}, ValueError, "'C': .*greater"),
            ({1: [1]}, TypeError, "name must be a string; got 1"),
            ([], TypeError, "a space must be a dict .*; got"),
            ("C", TypeError, "a space must be a dict .*; got 'C'"),
            (5, TypeError, "a space must be a dict .*; got 5"),
            (["C"], TypeError, "a space must be a dict .*; got"),
            ([{"C": [1]}, 5], TypeError, "a space must be a dict .*; got"),
        ],
    )
    def test_values_of_which_nothing_can_be_made_by_estimator_and_parameter(
        self, space, error, message
    ):
        full = rf"search space of estimator 'it' \(SVC\): .*{message}"
        for one in (SVC(), SVC(C=2)):
            with pytest.raises(error, match=full):
                tunable(one, space)
