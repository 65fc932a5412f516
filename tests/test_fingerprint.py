"""What a search is, in words: the same in every process, another for another search."""

import collections
import datetime
import functools
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import sklearn
from scipy import sparse, stats
from sklearn.base import BaseEstimator
from sklearn.compose import ColumnTransformer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, make_scorer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler
from sklearn.svm import SVC
from toys import Toy

from sklearn_btb import CategoricalHyperParam, FloatHyperParam, when
from sklearn_btb._fingerprint import check_same, differences, fingerprint

ROWS = [[0.0, 1.0], [2.0, 3.0], [4.0, 5.0], [6.0, 7.0]]
FRAME = pd.DataFrame(
    {
        "number": [1.5, 2.5, np.nan],
        "text": ["a", "bb", "ccc"],
        "kind": pd.Categorical(["u", "v", "u"]),
        "day": pd.to_datetime(["2020-01-01", "2020-01-02", "2020-01-03"]),
    }
)


class Holder(BaseEstimator):
    """Takes any value."""

    def __init__(self, value=None):
        self.value = value

    def fit(self, X, y=None):
        return self


class Plain:
    """An object that is no estimator, with or without slots."""

    def __init__(self, value):
        self.value = value

    def double(self, x):
        return self.value * x


class Slotted:
    __slots__ = ("value",)

    def __init__(self, value):
        self.value = value


def describe(value=None, **changes):
    """The fingerprint of a search in which one thing is changed."""
    given = {
        "estimators": {"a": Holder(value), "svc": SVC(C=2.0)},
        "search_spaces": {"a": {}, "svc": {"C": [1, 2], "gamma": stats.uniform(0, 1)}},
        "splits": [(np.array([0, 1]), np.array([2, 3]))],
        "data": {"X": np.array(ROWS), "y": [0, 1, 0, 1]},
        "scoring": "accuracy",
        "fit_params": {"svc": {"sample_weight": [1.0, 2.0, 3.0, 4.0]}},
    }
    return fingerprint(**given | changes)


def names_of(old, new):
    return [line.partition(": ")[0] for line in differences(old, new)]


def scaler(factor):
    return lambda X: X * factor


def of_many_things():
    """Describe a search that has everything; another process calls this as well."""
    values = {
        "lambda": lambda X: X[:, [0, 1, 2]],
        "members": lambda x: x in {"a", "b", "c", "d", "e", "f", "g", "h", "i"},
        "closure": scaler(3),
        "function": scaler,
        "ufunc": np.log1p,
        "method": str.lower,
        "bound": Plain(1).double,
        "partial": functools.partial(scaler, factor=2),
        "random": np.random.RandomState(0),
        "generator": np.random.default_rng(0),
        "array": np.arange(5.0),
        "objects": np.array(["a", None, 1], dtype=object),
        "nought": np.array(1.0),
        "frame": FRAME,
        "sparse": sparse.random(5, 5, 0.5, format="csc", random_state=0),
        "set": {"some", "words", "in", "no", "order"},
        "class": np.float64,
        "module": np,
        "object": [Plain(1), Slotted(2), object()],
        "pattern": re.compile("a+"),
        "nested": {"k": [1, (2.0, None)], 3: slice(1, 2)},
        "scorer": make_scorer(accuracy_score),
    }
    columns = ColumnTransformer([("hot", OneHotEncoder(), ["kind"])])
    estimators = {name: Holder(value) for name, value in values.items()}
    pipeline = make_pipeline(columns, FunctionTransformer(np.log), LogisticRegression())
    estimators["pipeline"] = pipeline
    spaces = {name: {"value": list(values.values())[:4]} for name in values}
    spaces["pipeline"] = [
        {
            "logisticregression__C": stats.loguniform(1e-3, 1e3),
            "columntransformer": [columns, StandardScaler()],
            "logisticregression__penalty": CategoricalHyperParam(["l1", "l2"]),
        },
        {"logisticregression__C": stats.argus(1.1), "functiontransformer": [SVC()]},
        {"logisticregression__max_iter": stats.randint(1, 9)},
        {"logisticregression__tol": FloatHyperParam(1e-4, 1, log=True)},
        {
            "logisticregression__tol": [1e-3, 1e-4],
            "logisticregression__C": when(
                "logisticregression__tol", {1e-3, 1e-4}, when("a", str.isupper, [1])
            ),
        },
        {"logisticregression__C": stats.rv_histogram(([1, 2], [0, 1, 2]))},
        {"logisticregression__max_iter": stats.rv_discrete(values=([1, 2], [0.5] * 2))},
    ]
    return fingerprint(
        estimators=estimators,
        search_spaces=spaces,
        splits=[([0, 1], [2]), ([1, 2], [0])],
        data={"X": FRAME, "y": ["a", "b", "a"]},
        scoring={"own": make_scorer(accuracy_score), "name": "roc_auc"},
    )


def test_is_the_same_in_every_process():
    outputs = []
    for seed in ("1", "2"):
        code = (
            "import json, test_fingerprint as t; print(json.dumps(t.of_many_things()))"
        )
        done = subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "PYTHONHASHSEED": seed},
            cwd=Path(__file__).parent,
            capture_output=True,
            check=True,
        )
        outputs.append(json.loads(done.stdout))
    assert differences(*outputs) == []
    assert len(outputs[0]) > 100
    assert not re.search("0x[0-9a-f]{6}", str(outputs))  # an address


def test_knows_of_everything_what_it_is():
    facts = of_many_things()
    assert facts["estimators['pipeline'].steps[2][1].C"] == "1.0"
    assert facts["search_spaces['pipeline'][2]['logisticregression__max_iter'].args"]
    assert facts["version of sklearn"] == sklearn.__version__
    assert all(type(text) is str for text in facts.values())


DISTRIBUTIONS = [
    stats.loguniform(1, 2),
    stats.argus(1.1),
    stats.gamma(2),
    stats.randint(0, 5),
    stats.poisson(3),
    stats.norm(0, 1),
    stats.beta(2, 3),
    stats.rv_histogram(([1, 2], [0, 1, 2])),
]


@pytest.mark.parametrize("distribution", DISTRIBUTIONS)
def test_using_a_distribution_does_not_change_it(distribution):
    before = describe(distribution)
    distribution.ppf([0.3, 0.5])
    distribution.cdf(1)
    distribution.rvs(3)
    distribution.mean()
    assert differences(before, describe(distribution)) == []


PAIRS = {  # two that are nearly the same
    "int and float": (1, 1.0),
    "int and bool": (1, True),
    "int and text": (1, "1"),
    "types of numpy": (np.float32(1), np.float64(1)),
    "list and tuple": ([1, 2], (1, 2)),
    "order": ([1, 2], [2, 1]),
    "keys": ({"a": 1}, {"b": 1}),
    "order of keys": ({"a": 1, "b": 2}, {"b": 2, "a": 1}),
    "sets": ({"a", "b"}, {"a", "c"}),
    "long lists": ([0.0] * 1000, [0.0] * 999 + [0.5]),
    "long lists of tuples": ([(0, 1)] * 1000, [(0, 1)] * 999 + [(1, 0)]),
    "long lists of dicts": ([{"a": [1]}] * 1000, [{"a": [1]}] * 999 + [{"a": [2]}]),
    "arrays": (np.array([1.0, 2]), np.array([1.0, 2 + 1e-15])),
    "dtypes": (np.array([1]), np.array([1.0])),
    "arrays without a dimension": (np.array(1), np.array(2)),
    "ranges": (range(3), range(4)),
    "slices": (slice(3), slice(4)),
    "dates": (datetime.date(2020, 1, 1), datetime.date(2020, 1, 2)),
    "patterns": (re.compile("a"), re.compile("b")),
    "paths": (Path("a"), Path("b")),
    "queues": (collections.deque([1]), collections.deque([2])),
    "ufuncs": (np.log, np.log1p),
    "classes": (np.float64, np.float32),
    "modules": (np, os),
    "methods": (str.lower, str.upper),
    "seeds": (np.random.RandomState(0), np.random.RandomState(1)),
    "generators": (np.random.default_rng(0), np.random.default_rng(1)),
    "partials": (functools.partial(max, 1), functools.partial(max, 2)),
    "keywords": (functools.partial(max, key=1), functools.partial(max, key=2)),
    "objects": (Plain(1), Plain(2)),
    "slots": (Slotted(1), Slotted(2)),
    "bound methods": (Plain(1).double, Plain(2).double),
    "distributions": (stats.uniform(0, 1), stats.uniform(0, 2)),
    "keywords of one": (stats.norm(scale=1), stats.norm(scale=2)),
    "families": (stats.norm(0, 1), stats.cauchy(0, 1)),
    "histograms": tuple(stats.rv_histogram(([1, n], [0, 1, 2])) for n in (2, 3)),
    "estimators": (SVC(C=1), SVC(C=2)),
    "nested estimators": tuple(make_pipeline(SVC(C=c)) for c in (1, 2)),
    "scorers": tuple(make_scorer(accuracy_score, normalize=n) for n in (True, False)),
    "operations": (lambda x: x + 1, lambda x: x - 1),
    "constants": (lambda x: x * 1 + 23, lambda x: x * 12 + 3),
    "lists in code": (lambda x: x[[0, 1, 2]], lambda x: x[[0, 1, 3]]),
    "sets in code": (lambda x: x in {1, 2}, lambda x: x in {1, 3}),
    "names in code": (lambda x: x.min(), lambda x: x.max()),
    "inner functions": (lambda x: lambda: x + 1, lambda x: lambda: x + 2),
    "arguments": (lambda x: x, lambda x, y: x),
    "defaults": (lambda x, y=1: x, lambda x, y=2: x),
    "closures": (scaler(1), scaler(2)),
}


@pytest.mark.parametrize("values", PAIRS.values(), ids=PAIRS)
def test_tells_values_apart(values):
    one, other = map(describe, values)
    named = names_of(one, other)
    assert named and all(name.startswith("estimators['a'].value") for name in named)
    spaces = [describe(search_spaces={"a": {"value": [v]}}) for v in values]
    assert names_of(*spaces)


def test_a_function_may_move_to_another_line():
    codes = [compile(" \n" * n + "f = lambda x: x + 1", "f.py", "exec") for n in (0, 9)]
    functions = []
    for code in codes:
        exec(code, names := {"__name__": "own"})
        functions.append(names["f"])
    lines = {function.__code__.co_firstlineno for function in functions}
    assert len(lines) == 2
    assert differences(*map(describe, functions)) == []


def test_does_not_follow_a_circle_for_ever():
    def recursive(x):
        return recursive(x - 1) if x else loop

    loop = Plain(None)
    loop.value = [loop, recursive]
    assert differences(describe(loop), describe(loop)) == []


CHANGES = {
    "estimators": {"estimators": {"a": Holder(), "svc": SVC(C=3.0)}},
    "search_spaces": {"search_spaces": {"a": {}, "svc": {"C": [1, 3]}}},
    "constraints": {"constraints": {"svc": lambda params: params["C"] > 1}},
    "splits": {"splits": [(np.array([0, 1, 2]), np.array([3]))]},
    "X": {"data": {"X": np.array(ROWS) + np.eye(4, 2) * 1e-9, "y": [0, 1, 0, 1]}},
    "y": {"data": {"X": np.array(ROWS), "y": [0, 1, 0, 0]}},
    "scoring": {"scoring": "roc_auc"},
    "fit_params": {"fit_params": {"svc": {"sample_weight": [1.0, 2.0, 3.0, 5.0]}}},
}


@pytest.mark.parametrize("what", CHANGES)
def test_differences_name_what_differs(what):
    lines = differences(describe(), describe(**CHANGES[what]))
    assert lines
    for line in lines:
        assert re.match(rf"{what}\b.*: .* there, .* here( \(|$)", line)


def test_differences_say_both_sides():
    changed = CHANGES["estimators"]
    assert differences(describe(), describe(**changed)) == [
        "estimators['svc'].C: 2.0 there, 3.0 here"
    ]


@pytest.mark.parametrize(
    "splits",
    [
        [([0, 1], [2])],
        [([0], [1, 2, 3])],
        [([1, 0], [2, 3])],
        [([0, 1], [2, 3]), ([0, 1], [2, 3])],
    ],
)
def test_tells_splits_apart(splits):
    assert names_of(describe(), describe(splits=splits)) == ["splits"]


def test_splits_may_be_lists_or_arrays_of_any_integers():
    for kind in (list, np.int32, np.uint16):
        rows = [np.array(r).astype(kind) if kind is not list else r for r in ([0, 1],)]
        assert names_of(describe(), describe(splits=[(rows[0], [2, 3])])) == []


def test_versions_are_part_of_it(monkeypatch):
    before = describe(make_pipeline(Toy()))
    monkeypatch.setattr(sklearn, "__version__", "0.1")
    monkeypatch.setattr(sys.modules["toys"], "__version__", "7", raising=False)
    after = describe(make_pipeline(Toy()))
    assert set(names_of(before, after)) == {"version of sklearn", "version of toys"}
    check_same(before, after)  # within a process they do not matter


def test_check_same_compares_what_both_know_of():
    before = describe()
    check_same({"splits": before["splits"]}, before)
    with pytest.raises(ValueError, match=r"same search; .*\n- scoring: 'accuracy'"):
        check_same(before, describe(scoring="roc_auc"))


def tables():
    """Pairs of tables that differ in one value or in its type."""
    yield ROWS, [[0.0, 1.0], [2.0, 3.0], [4.0, 5.0], [6.0, 7.5]]
    yield ["some", "text"], ["some", "test"]
    yield np.array(ROWS), np.array(ROWS, dtype=np.float32)
    changes = {"number": 9.0, "text": "z", "kind": "v", "day": pd.Timestamp("1999")}
    for column, value in changes.items():
        changed = FRAME.copy()
        changed.loc[0, column] = value
        yield FRAME, changed
    yield FRAME, FRAME.rename(columns={"text": "test"})
    yield FRAME, FRAME.astype({"kind": object})
    yield FRAME, FRAME.assign(kind=FRAME["kind"].cat.add_categories("w"))
    yield FRAME["number"], FRAME["number"] + 1
    for kind in ("csr", "csc", "coo", "lil"):
        matrix = sparse.random(6, 4, 0.5, format=kind, random_state=0)
        yield matrix, matrix * 2
        yield matrix, matrix.astype(np.float32)
    try:
        import polars
    except ImportError:
        return
    columns = {"a": [1, 2], "b": ["u", "v"]}
    frames = [polars.DataFrame(columns | {"a": a}) for a in ([1, 2], [1, 3])]
    yield tuple(frames)
    yield frames[0], frames[0].with_columns(polars.col("b").cast(polars.Categorical))


@pytest.mark.parametrize(
    "pair", list(tables()), ids=lambda pair: type(pair[0]).__name__
)
def test_tells_tables_apart(pair):
    one, other = (describe(data={"X": table}) for table in pair)
    assert names_of(one, other) == ["X"]
    assert names_of(one, describe(data={"X": pair[0]})) == []


def test_using_a_sparse_matrix_does_not_change_it():
    parts = np.arange(1.0, 7.0), [2, 1, 0, 2, 1, 0], [0, 3, 6]
    matrix = sparse.csr_matrix(parts, shape=(2, 3))
    before = describe(data={"X": matrix})
    assert not matrix.has_sorted_indices
    matrix.sort_indices()  # as estimators do
    assert matrix.has_canonical_format
    assert names_of(before, describe(data={"X": matrix})) == []


def test_a_mask_is_a_part_of_an_array():
    values = np.ma.masked_array([1.0, 2.0, 3.0], [0, 1, 0])
    other = np.ma.masked_array([1.0, 2.0, 3.0], [0, 0, 0])
    hidden = np.ma.masked_array([1.0, 9.0, 3.0], [0, 1, 0])
    one, two, three = (describe(data={"X": array}) for array in (values, other, hidden))
    assert names_of(one, two) == ["X"]
    assert differences(one, three) == []


def test_only_splits_that_differ_alone_suggest_a_seed_for_the_splitter():
    splits = CHANGES["splits"]
    [line] = differences(describe(), describe(**splits))
    assert line.endswith("`random_state` to split alike again)")
    lines = differences(describe(), describe(**splits, scoring="roc_auc"))
    assert not any("`random_state`" in line for line in lines)


def test_a_sample_is_not_named_beside_the_whole():
    data = {"X": np.arange(6), "sample of X": np.arange(3)}
    other = {"X": np.arange(1, 7), "sample of X": np.arange(1, 4)}
    assert names_of(describe(data=data), describe(data=other)) == ["X"]
    samples = [{"sample of X": table["sample of X"]} for table in (data, other)]
    assert names_of(*(describe(data=each) for each in samples)) == ["sample of X"]


def test_a_large_dict_of_plain_values_is_one_fact():
    words = {f"word {number}": number for number in range(1000)}
    facts = describe(vocabulary=words)
    assert [name for name in facts if name.startswith("vocabulary")] == ["vocabulary"]
    changed = describe(vocabulary=words | {"word 7": 8})
    assert names_of(facts, changed) == ["vocabulary"]


def test_layout_of_an_array_does_not_matter():
    rows = np.arange(12.0).reshape(4, 3)
    layouts = (rows, np.asfortranarray(rows), np.arange(24.0).reshape(4, 6)[:, :3])
    c, f, cut = (describe(data={"X": layout}) for layout in layouts)
    assert differences(c, f) == []
    assert names_of(c, cut) == ["X"]
    assert names_of(describe(data={"X": rows[:, 1:]}), c) == ["X"]
    part = describe(data={"X": np.ascontiguousarray(rows[:, 1:])})
    assert differences(describe(data={"X": rows[:, 1:]}), part) == []


def test_layout_of_a_frame_does_not_matter():
    columns = {"a": [1.0, 2], "b": [3.0, 4], "c": [5.0, 6]}
    grown = pd.DataFrame({"a": columns["a"]})
    for name in ("b", "c"):
        grown[name] = columns[name]
    facts = [describe(data={"X": frame}) for frame in (grown, pd.DataFrame(columns))]
    assert differences(*facts) == []
