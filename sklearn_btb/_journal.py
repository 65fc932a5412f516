"""The journal: an append-only log of finished trials, from which a search resumes.

The first line says which search it is; every other one is a trial:

    checksum {"number": ..., "name": ..., "image": [...], "folds": [...], ...}

The checksum is the CRC-32 of the JSON text behind it. Parameters are kept as their
image in the unit cube of their space (`_space`), which identifies them, and readable
ones also as they are. Nothing in a journal is ever executed.
"""

import dataclasses
import json
import os
import re
import warnings
import zlib
from collections.abc import Callable, Mapping
from typing import IO, Any, Final

import numpy as np

from ._fingerprint import Facts, differences
from ._space import Tunable
from ._trial import FoldResult, Trial
from ._values import same

FORMAT: Final = "sklearn_btb search, format 1"
READABLE: Final = (str, int, float, bool, type(None))
STATES: Final = ("complete", "failed", "stopped")
OPENING: Final = json.dumps({"format": FORMAT})[:-1].encode()  # of every log
CHECKSUM: Final = re.compile(rb"[0-9a-f]{8} ")


class Journal:
    """A log file of one search, open for no one else.

    Parameters
    ----------
    path : str or path-like
        Made if there is none.
    facts : dict of str to str
        The fingerprint of the search.
    tunables : dict of str to Tunable
    n_splits : int
    seed : int
        Of the search; what a log has already goes before.

    Attributes
    ----------
    trials : list of Trial
        What the log had when it was opened, in its order.
    seed : int
        Of the search that began the log.

    Raises
    ------
    BlockingIOError
        If another search has it open.
    ValueError
        If the log is of another search or damaged, naming what differs or the line.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        facts: Facts,
        tunables: Mapping[str, Tunable],
        n_splits: int,
        seed: int,
    ) -> None:
        self._path = os.fspath(path)
        self._tunables = tunables
        self._n_splits = n_splits
        self._file = open(self._path, "a+b")
        try:
            _lock(self._file, self._path)
            self._file.seek(0)
            *lines, torn = self._file.read().split(b"\n")
            if lines or not _may_be_torn(torn):
                self.seed = self._read_header((lines or [torn])[0], facts)
                self.trials = self._read_trials(lines)
            else:
                self.seed, self.trials = seed, []
            if torn:
                self._drop_torn_line(sum(len(line) + 1 for line in lines))
            if not lines:
                self._append({"format": FORMAT, "seed": seed, "search": facts})
        except BaseException:
            self._file.close()
            raise

    def append(self, trial: Trial) -> None:
        """Write a trial; it is on the disk when this returns."""
        image = self._tunables[trial.estimator_name].encode([trial.params])[0]
        readable = {k: v for k, v in trial.params.items() if type(v) in READABLE}
        self._append(
            {
                "number": trial.number,
                "name": trial.estimator_name,
                "params": readable,
                "image": image.tolist(),
                "state": trial.state,
                "score": float(trial.score),
                "folds": [
                    None if fold is None else _fold_record(fold) for fold in trial.folds
                ],
            }
        )

    def close(self) -> None:
        """Close the file, which lets others open it."""
        self._file.close()

    def _append(self, record: dict[str, Any]) -> None:
        text = json.dumps(record).encode()
        self._file.write(b"%08x %s\n" % (zlib.crc32(text), text))
        self._file.flush()
        os.fsync(self._file.fileno())

    def _read_header(self, line: bytes, facts: Facts) -> int:
        header = self._parsed(line, 1, _header)
        named = differences(header["search"], facts)
        if named:
            listed = "\n".join(f"- {name}" for name in named)
            raise ValueError(
                f"the checkpoint {self._path!r} is of another search:\n{listed}\n"
                "Give another path, or delete the file; nothing was changed."
            )
        return int(header["seed"])

    def _read_trials(self, lines: list[bytes]) -> list[Trial]:
        trials = []
        numbers: set[int] = set()
        for number, line in enumerate(lines[1:], start=2):
            trial = self._parsed(line, number, self._trial)
            if trial.number in numbers:
                raise self._damaged(number, f"trial {trial.number} is there twice")
            numbers.add(trial.number)
            trials.append(trial)
        return trials

    def _drop_torn_line(self, start: int) -> None:
        warnings.warn(
            f"The last line of the checkpoint {self._path!r} is incomplete and was "
            "dropped: the search was ended while it was being written.",
            UserWarning,
            stacklevel=3,
        )
        self._file.truncate(start)

    def _parsed(self, line: bytes, number: int, read: Callable[[Any], Any]) -> Any:
        checksum, _, text = line.partition(b" ")
        if checksum != b"%08x" % zlib.crc32(text):
            foreign = number == 1 and OPENING not in line
            raise self._damaged(
                number,
                "no log of a search begins so" if foreign else "its checksum is wrong",
            )
        try:
            return read(json.loads(text))
        except Exception as error:  # whatever it is, it is the fault of the line
            why = f"{type(error).__name__}: {error}"
            raise self._damaged(number, why) from error

    def _trial(self, record: Any) -> Trial:
        keys = ["number", "name", "params", "image", "state", "score", "folds"]
        _check("the trial", record, list(record) == keys)
        number, name, readable, image, state, score, folds = record.values()
        _check("the number", number, type(number) is int and number >= 0)
        _check("the state", state, state in STATES)
        _check("the score", score, type(score) is float)
        _check("the folds", folds, type(folds) is list)
        _check("the number of folds", len(folds), len(folds) == self._n_splits)
        params = self._params(self._tunables[name], readable, image)
        return Trial(number, name, params, tuple(map(_fold, folds)), state, score)

    def _params(self, tunable: Tunable, readable: Any, image: Any) -> dict[str, Any]:
        inside = [type(place) is float and 0 <= place <= 1 for place in image]
        _check("the image", image, all(inside) and len(inside) == tunable.n_dims)
        images = np.array([image], dtype=float).reshape(1, tunable.n_dims)
        params = decoded = tunable.decode(images)[0]
        if np.array_equal(tunable.encode([tunable.defaults]), images):
            params = tunable.defaults  # which may lie off the grid of images
        for name, value in readable.items():
            kinds = type(params[name]), type(decoded.get(name))
            _check(f"the parameter {name!r}", value, type(value) in kinds)
        params = {**params, **readable}
        _check("the image", image, np.array_equal(tunable.encode([params]), images))
        return params

    def _damaged(self, number: int, why: str) -> ValueError:
        return ValueError(
            f"line {number} of the checkpoint {self._path!r} cannot be read: {why}. "
            "Nothing was changed; give another path, or mend or delete the file."
        )


def merge(trials: list[Trial], journal: Journal) -> list[Trial]:
    """Put the trials of a warm start and those of a journal together.

    What the journal does not have is written to it.

    Raises
    ------
    ValueError
        If they have different trials of the same number.
    """
    logged = {trial.number: trial for trial in journal.trials}
    for trial in trials:
        known = logged.get(trial.number, trial)
        if known.estimator_name != trial.estimator_name or not same(
            known.params, trial.params
        ):
            raise ValueError(
                f"the checkpoint has another candidate {trial.number} than the search; "
                "give another path, or set `warm_start=False` to go on with its own"
            )
    for trial in trials:
        if trial.number not in logged:
            journal.append(trial)
    numbers = {trial.number for trial in trials}
    return trials + [trial for trial in journal.trials if trial.number not in numbers]


def _fold_record(fold: FoldResult) -> dict[str, Any]:
    record = dataclasses.asdict(fold)
    del record["kept"]
    for key in ("test_scores", "train_scores", "fit_time", "score_time"):
        number = record[key]
        if isinstance(number, dict):
            record[key] = {name: float(score) for name, score in number.items()}
        elif number is not None:
            record[key] = float(number)
    return record


def _may_be_torn(line: bytes) -> bool:
    """Whether a file of one line without an end is the beginning of a log, or empty."""
    return not line or (
        CHECKSUM.match(line) is not None and line[9:].startswith(OPENING)
    )


def _check(what: str, value: Any, valid: bool) -> None:
    if not valid:
        raise ValueError(f"{what} must not be {value!r:.200}")


def _header(record: Any) -> dict[str, Any]:
    _check("the format", record.get("format"), record.get("format") == FORMAT)
    seed, facts = record["seed"], record["search"]
    _check("the seed", seed, type(seed) is int and seed >= 0)
    texts = [type(text) is str for text in facts.values()]
    _check("the description of the search", facts, all(texts))
    return dict(record)


def _fold(record: Any) -> FoldResult | None:
    if record is None:
        return None
    unscored = record["unscored"]
    _check("the metrics", unscored, type(unscored) is list)
    _check("the metrics", unscored, all(type(name) is str for name in unscored))
    fold = FoldResult(**{**record, "unscored": tuple(unscored)})
    train_scores = 0.0 if fold.train_scores is None else fold.train_scores
    for scores in (fold.test_scores, train_scores):
        each = list(scores.values()) if isinstance(scores, dict) else [scores]
        _check("the scores", scores, all(type(score) is float for score in each))
    for seconds in (fold.fit_time, fold.score_time):
        _check("the seconds", seconds, type(seconds) is float)
    for error in (fold.fit_error, fold.score_error):
        _check("the traceback", error, error is None or type(error) is str)
    return fold


def _lock(file: IO[bytes], path: str) -> None:
    """Lock a file against other processes, until it is closed."""
    try:
        if os.name == "nt":
            import msvcrt

            file.seek(2**62)  # behind the end, where nobody reads
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined]
        else:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        raise BlockingIOError(
            f"another search has the checkpoint {path!r} open; let it end, or give "
            "another path"
        ) from error
