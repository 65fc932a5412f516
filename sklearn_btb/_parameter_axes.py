"""Where the values of a hyperparameter lie on the axis of a plot."""

import itertools
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, NamedTuple

import numpy as np

from ._hyperparams import HyperParam
from ._space import Tunable
from ._values import Lookup, distinct, is_finite_number, short_float

FEW: Final = 6  # so many numbers get a tick each
MOST_CATEGORIES: Final = 12  # of more, only those that were tried are shown
LONGEST_LABEL: Final = 18
LEAST_GAP: Final = 0.05  # between ticks, of the axis
MOST_LETTERS: Final = 50  # of the texts of ticks side by side
TAIL: Final = 0.001  # of a distribution, to either side
LEAST_RATIO: Final = 8.0  # of a logarithmic axis, between its ends


class ParameterAxis(NamedTuple):
    """The axis of a hyperparameter.

    Attributes
    ----------
    parameter : str
    label : str
        Its name without what all names of the space begin with.
    low, high : float
        The ends.
    log : bool
        Whether the space is logarithmic.
    whole : bool
        Whether all values are integers.
    categories : list or None
        Values without a scale, at 0, 1, 2, ... on the axis; None for numbers.
    few : list or None
        All values, if they are few numbers.
    """

    parameter: str
    label: str
    low: float
    high: float
    log: bool = False
    whole: bool = False
    categories: list[Any] | None = None
    few: list[float] | None = None

    def positions(self, values: Iterable[Any]) -> np.ndarray:
        """Return where values lie, NaN for one that has no place here."""
        if self.categories is not None:
            places: Iterable[Any] = map(Lookup(self.categories).find, values)
        else:
            places = (float(it) if is_finite_number(it) else None for it in values)
        return np.array(list(places), dtype=float)

    def scaled(self, positions: np.ndarray) -> np.ndarray:
        """Map positions on the axis to [0, 1]."""
        ends = np.array([self.low, self.high])
        if self.log:
            positions, ends = np.log(positions), np.log(ends)
        if ends[0] == ends[1]:
            return np.where(np.isnan(positions), np.nan, 0.5)
        return (positions - ends[0]) / (ends[1] - ends[0])

    def ticks(self, side_by_side: bool = False) -> tuple[np.ndarray, list[str]]:
        """Return where the ticks are, and what they say.

        Of a few numbers, those that there is room for have a tick. Texts of numbers may
        be in the language of matplotlib for formulas, those of categories are not.

        Parameters
        ----------
        side_by_side : bool, default=False
            Whether the texts stand side by side, rather than one above the other.
        """
        if self.categories is not None:
            return np.arange(len(self.categories)), labels(self.categories)
        if self.few is not None:
            places, texts = np.array(self.few), [f"{value:.4g}" for value in self.few]
            widths = [(len(text) + 1) / MOST_LETTERS * side_by_side for text in texts]
            rows = apart(self.scaled(places), np.maximum(widths, LEAST_GAP))
            return places[rows], [texts[row] for row in rows]
        if self.log:
            places = _log_ticks(self.low, self.high)
            return places, [_power_text(place) for place in places]
        places = linear_ticks(self.low, self.high, self.whole)
        return places, [f"{place:.6g}" for place in places]


def parameter_axis(
    tunable: Tunable, parameter: str, configs: Sequence[Mapping[str, Any]]
) -> ParameterAxis:
    """Make the axis of a parameter, wide enough for the configurations that were tried.

    Parameters
    ----------
    tunable : Tunable
    parameter : str
        One of its names.
    configs : sequence of dict
        What was tried.

    Raises
    ------
    ValueError
        If it applies in none of them.
    """
    label = short_names(tunable.names)[parameter]
    there = [config for config in configs if parameter in config]
    if not there:
        raise ValueError(f"no candidate has the parameter {parameter!r}")
    tried = [config[parameter] for config in there]
    those = [
        dimension.hyperparam
        for _, dimension in tunable.active(tunable.encode(there))
        if dimension.name == parameter
    ]
    finite = [each for each in those if not each.numeric]
    if finite and len(finite) == len(those):
        values = distinct([value for each in finite for value in all_values(each)])
        if len(values) > MOST_CATEGORIES:
            known = Lookup(tried)
            values = [value for value in values if known.find(value) is not None]
        return ParameterAxis(
            parameter, label, -0.5, len(values) - 0.5, categories=values
        )
    numeric = [each for each in those if each.numeric]
    ends = [end for each in numeric for end in _ends(each)]
    seen = [value for value in tried if is_finite_number(value)]
    log = all(is_log(each) for each in numeric if each.cardinality > 1)
    whole = all(float(end).is_integer() for end in [*ends, *seen])
    few = None
    if all(each.cardinality <= FEW for each in numeric):
        few = sorted({float(v) for each in numeric for v in all_values(each)})
    low, high = float(min(ends + seen)), float(max(ends + seen))
    return ParameterAxis(parameter, label, low, high, log and low > 0, whole, few=few)


def all_values(hyperparam: HyperParam) -> list[Any]:
    """List the values of a hyperparameter that has not too many."""
    return hyperparam.decode(hyperparam.at(np.arange(int(hyperparam.cardinality))))


def is_log(hyperparam: HyperParam) -> bool:
    """Whether equal steps of the images are ratios of the values, rather than steps.

    Examples
    --------
    >>> from sklearn_btb import FloatHyperParam
    >>> is_log(FloatHyperParam(1, 100, log=True)), is_log(FloatHyperParam(1, 100))
    (True, False)
    """
    places = hyperparam.snap(np.linspace(0.02, 0.98, 41)[:, np.newaxis])
    values = np.array(hyperparam.decode(places), dtype=float)
    if values[0] <= 0 or values[-1] < LEAST_RATIO * values[0]:
        return False
    straightness = [
        np.corrcoef(places[:, 0], each)[0, 1] for each in (np.log(values), values)
    ]
    return bool(straightness[0] > straightness[1])


def _ends(hyperparam: HyperParam) -> list[float]:
    """Return the ends of a range, without the tails of a distribution that has some."""
    full, most = (
        np.array(hyperparam.decode(np.array([[tail], [1 - tail]])), dtype=float)
        for tail in (0.0, TAIL)
    )
    scale = np.log if is_log(hyperparam) else np.asarray
    short = np.ptp(scale(most)) < 0.9 * np.ptp(scale(full))
    return (most if short else full).tolist()


def short_names(names: Sequence[str]) -> dict[str, str]:
    """Leave out of names with `__` what is not needed to tell them apart.

    Examples
    --------
    >>> short_names(["svc__C", "pca__n_components", "svc__gamma"])
    {'svc__C': 'C', 'pca__n_components': 'n_components', 'svc__gamma': 'gamma'}
    """
    short = {name: name for name in names}
    for name in names:
        parts = name.split("__")
        for n in range(1, len(parts)):
            tail = "__".join(parts[-n:])
            if sum(f"__{other}".endswith(f"__{tail}") for other in names) == 1:
                short[name] = tail
                break
    return short


def labels(values: Sequence[Any]) -> list[str]:
    """Return a short text for each value, the same for none of them.

    Examples
    --------
    >>> labels([None, 0.30000000000000004, "a" * 30, max])
    ['None', '0.3', 'aaaaaaaaaaaaaaaaa…', 'max']
    >>> from sklearn.decomposition import PCA
    >>> labels([PCA(n_components=5), PCA(n_components=12, whiten=True)])
    ['PCA(…5)', 'PCA(…12, whiten=T…']
    """
    full = [_text(value) for value in values]
    short = [_shortened(text) for text in full]
    texts: list[str] = []
    for text, cut in zip(full, short, strict=True):
        alike = {other for other, its in zip(full, short, strict=True) if its == cut}
        if len(alike) > 1:  # what they begin with does not tell them apart
            cut = _shortened(f"{text[:4]}…{text[_n_in_common(alike) :]}")
        texts.append(cut if cut not in texts else f"{cut} ({len(texts) + 1})")
    return texts


def label(value: Any) -> str:
    """Return a short text for a value.

    Examples
    --------
    >>> label(0.30000000000000004), label("poly (deg 2)")
    ('0.3', 'poly (deg 2)')
    """
    return _shortened(_text(value))


def _text(value: Any) -> str:
    text = str(getattr(value, "__name__", value))
    if isinstance(value, float | np.floating):
        text = short_float(value)
    return " ".join(text.split())


def _n_in_common(texts: Iterable[str]) -> int:
    """Return how many letters different texts begin with in common."""
    places = enumerate(itertools.zip_longest(*texts))
    return next(place for place, letters in places if len(set(letters)) > 1)


def _shortened(text: str) -> str:
    return text if len(text) <= LONGEST_LABEL else text[: LONGEST_LABEL - 1] + "…"


def apart(places: np.ndarray, sizes: np.ndarray) -> list[int]:
    """Choose some of increasing places that do not touch; the first and last are kept.

    Examples
    --------
    >>> apart(np.array([0.0, 0.02, 0.5, 0.98, 1.0]), np.full(5, 0.05))
    [0, 2, 4]
    """
    last = len(places) - 1
    kept = [0]
    for row in range(1, last):
        before, behind = (
            abs(places[row] - places[other]) >= (sizes[row] + sizes[other]) / 2
            for other in (kept[-1], last)
        )
        if before and behind:
            kept.append(row)
    return [*kept, last] if last else kept


def linear_ticks(low: float, high: float, whole: bool = False) -> np.ndarray:
    """Return some five round numbers from low to high."""
    if low == high:
        return np.array([low])
    raw = (high - low) / 4
    power = 10.0 ** np.floor(np.log10(raw))
    step = next(m * power for m in (1, 2, 5, 10) if m * power >= 0.8 * raw)
    step = max(step, 1.0) if whole else step
    first, last = np.ceil(low / step - 1e-3), np.floor(high / step + 1e-3)
    ticks = np.arange(first, last + 1) * step + 0.0  # no negative zero
    return np.unique(np.append(ticks, low)) if whole and low == 1 else ticks


def _log_ticks(low: float, high: float) -> np.ndarray:
    """Return powers of ten, and below two decades also two and five times these."""
    first, last = np.floor(np.log10(low)), np.ceil(np.log10(high))
    decades = np.log10(high / low)
    powers = 10.0 ** np.arange(first, last + 1, max(1.0, np.ceil(decades / 8)))
    factors = (1.0,) if decades >= 2 else (1.0, 2.0, 5.0)
    ticks = np.sort(np.outer(powers, factors).ravel())
    inside = (ticks >= low * 0.999) & (ticks <= high * 1.001)
    return ticks[inside]


def _power_text(value: float) -> str:
    if 1e-3 < value < 1e4:
        return f"{value:.4g}"
    exponent = int(np.floor(np.log10(value) + 1e-9))
    factor = round(value / 10.0**exponent)
    power = f"10^{{{exponent}}}"
    return f"${power}$" if factor == 1 else rf"${factor} \cdot {power}$"
