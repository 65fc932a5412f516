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
import warnings
import zlib
from collections.abc import Mapping
from typing import IO, Any, Final

import numpy as np

from ._fingerprint import Facts, differences
from ._space import Tunable
from ._trial import FoldResult, Trial

FORMAT: Final = "sklearn_btb search, format 1"
READABLE: Final = (str, int, float, bool, type(None))
STATES: Final = ("complete", "failed", "stopped")


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
            lines = self._file.read().split(b"\n")
            if lines == [b""]:
                self._append({"format": FORMAT, "seed": seed, "search": facts})
                self.seed, self.trials = seed, []
            else:
                self.seed = self._read_header(lines[0], facts)
                self.trials = self._read_trials(lines)
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
                "folds": [fold and _fold_record(fold) for fold in trial.folds],
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
        header = self._parsed(line, 1)
        if header.get("format") != FORMAT:
            raise self._damaged(1, f"its format is not {FORMAT!r}")
        named = differences(header["search"], facts)
        if named:
            listed = "\n".join(f"- {name}" for name in named)
            raise ValueError(
                f"the checkpoint {self._path!r} is of another search:\n{listed}\n"
                "Give another path, or delete the file; nothing was changed."
            )
        return int(header["seed"])

    def _read_trials(self, lines: list[bytes]) -> list[Trial]:
        *lines, torn = lines
        trials = []
        numbers: set[int] = set()
        for number, line in enumerate(lines[1:], start=2):
            record = self._parsed(line, number)
            try:
                trial = self._trial(record)
            except (AttributeError, KeyError, TypeError, ValueError) as error:
                why = f"{type(error).__name__}: {error}"
                raise self._damaged(number, why) from error
            if trial.number in numbers:
                raise self._damaged(number, f"trial {trial.number} is there twice")
            numbers.add(trial.number)
            trials.append(trial)
        if torn:
            warnings.warn(
                f"The last line of the checkpoint {self._path!r} is incomplete and was "
                "dropped: the search was ended while it was being written.",
                UserWarning,
                stacklevel=2,
            )
            self._file.truncate(sum(len(line) + 1 for line in lines))
        return trials

    def _parsed(self, line: bytes, number: int) -> dict[str, Any]:
        checksum, _, text = line.partition(b" ")
        if checksum != b"%08x" % zlib.crc32(text):
            raise self._damaged(number, "its checksum is wrong")
        record = json.loads(text)
        if not isinstance(record, dict):
            raise self._damaged(number, "it is no record")
        return record

    def _trial(self, record: dict[str, Any]) -> Trial:
        tunable = self._tunables[record["name"]]
        image = np.array([record["image"]], dtype=float)
        if image.shape != (1, tunable.n_dims):
            raise ValueError(f"an image has {tunable.n_dims} coordinates")
        params = tunable.decode(image)[0]
        if np.array_equal(tunable.encode([tunable.defaults]), image):
            params = dict(tunable.defaults)  # which may lie off the grid of images
        for name, value in record["params"].items():
            params[name] = value
        if record["state"] not in STATES or len(record["folds"]) != self._n_splits:
            raise ValueError("unknown state or wrong number of folds")
        if not np.array_equal(tunable.encode([params]), image):
            raise ValueError("the parameters do not belong to the image")
        folds = tuple(fold and _fold(fold) for fold in record["folds"])
        score = float(record["score"])
        number = int(record["number"])
        return Trial(number, record["name"], params, folds, record["state"], score)

    def _damaged(self, number: int, why: str) -> ValueError:
        return ValueError(
            f"line {number} of the checkpoint {self._path!r} cannot be read: {why}. "
            "Nothing was changed; give another path, or mend or delete the file."
        )


def _fold_record(fold: FoldResult) -> dict[str, Any]:
    record = dataclasses.asdict(fold)
    for key in ("test_scores", "train_scores"):
        scores = record[key]
        if isinstance(scores, dict):
            record[key] = {name: float(score) for name, score in scores.items()}
        elif scores is not None:
            record[key] = float(scores)
    return record


def _fold(record: dict[str, Any]) -> FoldResult:
    return FoldResult(**{**record, "unscored": tuple(record["unscored"])})


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
