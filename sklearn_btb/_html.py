"""A fitted search in a notebook: its leaderboard and a small curve, as HTML.

Text and lines take the colour of the page, so that it is readable in any theme; only
the estimators' colours are lifted where it is dark. Without the style sheet, which some
viewers take away, a plain table is left.
"""

import html
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import numpy as np
import pandas as pd

from ._history import (
    History,
    best_so_far,
    colours,
    decimals,
    estimator_best,
    shown_range,
)
from ._values import short_float

WIDTH: Final = 380
HEIGHT: Final = 170
LEFT, RIGHT, TOP, BOTTOM = 52, 6, 8, 20  # margins of the curve
MOST_POINTS: Final = 500
LONGEST_VALUE: Final = 40

STYLE: Final = """
.btb-report { --btb-lift: 0%; color: inherit; font-family: system-ui, sans-serif;
  font-size: 13px; line-height: 1.4; margin: 0 0 0.8em; }
@media (prefers-color-scheme: dark) { .btb-report { --btb-lift: 35%; } }
[data-jp-theme-light="true"] .btb-report, .vscode-light .btb-report
  { --btb-lift: 0%; }
[data-jp-theme-light="false"] .btb-report, .vscode-dark .btb-report,
html[theme="dark"] .btb-report { --btb-lift: 35%; }
.btb-report p { margin: 0 0 0.5em; }
.btb-report .btb-parts { display: flex; flex-wrap: wrap; gap: 0.8em 2em;
  align-items: flex-start; }
.btb-report table { border-collapse: collapse; border: none; margin: 0;
  font-size: inherit; color: inherit; flex: 0 1 auto; }
.btb-report tr, .btb-report tbody tr:nth-child(odd) { background: none; }
.btb-report th, .btb-report td { border: none; padding: 0.25em 0.7em 0.25em 0;
  text-align: right; vertical-align: baseline; white-space: nowrap;
  background: none; color: inherit; font-variant-numeric: tabular-nums; }
.btb-report thead th { font-weight: normal; opacity: 0.7; }
.btb-report tbody tr { border-top: 1px solid rgba(128, 128, 128, 0.3); }
.btb-report tr.btb-chosen { font-weight: 600; }
.btb-report .btb-name { text-align: left !important; max-width: 18em;
  overflow: hidden; text-overflow: ellipsis; }
.btb-report .btb-params { text-align: left !important; white-space: normal;
  min-width: 14em; max-width: 30em; font-weight: normal; overflow-wrap: break-word; }
.btb-report td.btb-params { opacity: 0.85; }
.btb-report .btb-swatch { display: inline-block; width: 0.7em; height: 0.7em;
  border-radius: 2px; margin-right: 0.5em; }
.btb-report svg { flex: none; max-width: 100%; overflow: visible; }
.btb-report svg text { fill: currentColor; font-size: 11px; opacity: 0.75; }
"""


def params_text(params: Mapping[str, Any]) -> str:
    """Write parameters in a line.

    Examples
    --------
    >>> params_text({"C": 0.29536337, "kernel": "rbf", "degree": None})
    "C=0.2954, kernel='rbf', degree=None"
    """
    return ", ".join(f"{name}={_value_text(value)}" for name, value in params.items())


def report_text(board: pd.DataFrame, summary: str) -> str:
    """Write a leaderboard as plain text.

    Parameters
    ----------
    board : DataFrame
        As `leaderboard_`.
    summary : str
        A line to stand above.
    """
    digits = decimals(board["best_score"])
    table = board.assign(
        best_score=[_number_text(score, digits) for score in board["best_score"]],
        standard_error=[_number_text(it, digits) for it in board["standard_error"]],
        mean_fit_time=board["mean_fit_time"].map(seconds_text),
        best_params=board["best_params"].map(params_text),
    ).rename_axis(None)
    return f"{summary}\n{table.to_string()}"


def report_html(board: pd.DataFrame, went: History, summary: str, chosen: str) -> str:
    """Write a leaderboard and a curve of the best scores as HTML.

    Parameters
    ----------
    board : DataFrame
        As `leaderboard_`.
    went : History
    summary : str
        A line to stand above.
    chosen : str
        The estimator whose row is set off.

    Returns
    -------
    str
    """
    table = _table(board, colours(went.estimator_names), chosen)
    return (
        f'<style>{STYLE}</style><div class="btb-report"><p>{html.escape(summary)}</p>'
        f'<div class="btb-parts">{table}{convergence_svg(went)}</div></div>'
    )


def convergence_svg(went: History) -> str:
    """Draw the best score so far, of every estimator and of all, as an SVG element."""
    low, high = shown_range(went.scores)
    n = len(went.scores)
    x = LEFT + (np.arange(1, n + 1) - 0.5) / n * (WIDTH - LEFT - RIGHT)

    def heights(scores: np.ndarray) -> np.ndarray:
        share = np.clip((scores - low) / (high - low), 0.0, 1.0)
        return TOP + (1 - share) * (HEIGHT - TOP - BOTTOM)

    best = best_so_far(went.scores, went.complete)
    parts = [_frame(best[-1], (low, high), heights, n)]
    parts.append(_steps(x, heights(best), "#999999", 5, ' opacity="0.4"'))
    for name, colour in colours(went.estimator_names).items():
        own_best, complete = estimator_best(went, name)
        dashes = "" if complete else ' stroke-dasharray="5 2"'
        parts.append(_steps(x, heights(own_best), colour, 1.6, dashes))
        own = np.flatnonzero(went.estimator_names == name)
        if n <= MOST_POINTS:
            y = heights(np.where(np.isnan(went.scores), low, went.scores))
            parts += [_mark(went, row, low, (x[row], y[row]), colour) for row in own]
    return (
        f'<svg role="img" aria-label="best score so far" width="{WIDTH}" '
        f'height="{HEIGHT}" viewBox="0 0 {WIDTH} {HEIGHT}" '
        f'xmlns="http://www.w3.org/2000/svg">{"".join(parts)}</svg>'
    )


def seconds_text(seconds: float) -> str:
    """Write a time in a unit that suits it.

    Examples
    --------
    >>> [seconds_text(seconds) for seconds in (0.00123, 2.5, 90, 7500)]
    ['1.2 ms', '2.5 s', '90 s', '125 min']
    """
    if seconds >= 100:
        return f"{seconds / 60:.0f} min"
    number, unit = (seconds, "s") if seconds >= 1 else (1000 * seconds, "ms")
    return f"{number:.{0 if number >= 10 else 1}f} {unit}"


def _table(board: pd.DataFrame, own_colours: Mapping[str, str], chosen: str) -> str:
    digits = decimals(board["best_score"])
    titles = (
        "",
        "estimator",
        "score",
        "±",
        "candidates",
        "failed",
        "fit",
        "parameters",
    )
    classes = ("", "btb-name", "", "", "", "", "", "btb-params")
    lines = [_row("th", titles, classes)]
    for name, row in board.iterrows():
        swatch = f'<span class="btb-swatch" style="{_paint(own_colours[name])}"></span>'
        cells = (
            str(row["rank"]),
            f'{swatch}<span title="{html.escape(name)}">{html.escape(name)}</span>',
            _number_text(row["best_score"], digits),
            _number_text(row["standard_error"], digits),
            str(row["n_candidates"]),
            str(row["n_failed"]),
            seconds_text(row["mean_fit_time"]),
            html.escape(params_text(row["best_params"])).replace("__", "__<wbr>"),
        )
        of_row = "btb-chosen" if name == chosen else ""
        lines.append(_row("td", cells, classes, of_row))
    head, *body = lines
    return f"<table><thead>{head}</thead><tbody>{''.join(body)}</tbody></table>"


def _row(
    tag: str, cells: Sequence[str], classes: Sequence[str], of_row: str = ""
) -> str:
    joined = "".join(
        f'<{tag} class="{kind}">{cell}</{tag}>' if kind else f"<{tag}>{cell}</{tag}>"
        for cell, kind in zip(cells, classes, strict=True)
    )
    return f'<tr class="{of_row}">{joined}</tr>' if of_row else f"<tr>{joined}</tr>"


def _frame(
    best: float,
    ends: tuple[float, float],
    heights: Callable[[Any], Any],
    n_candidates: int,
) -> str:
    """Draw the axes: their ends, and the height of the best score."""
    bottom, right = HEIGHT - BOTTOM, WIDTH - RIGHT
    digits = decimals(ends)
    shown = [ends[0]] if np.isnan(best) else [ends[0], best]
    texts = "".join(
        f'<text x="{LEFT - 6}" y="{heights(score) + 4:.1f}" text-anchor="end" '
        f'fill="currentColor" font-size="11">{score:.{digits}f}</text>'
        for score in shown
    )
    return (
        f'<path d="M{LEFT} {TOP}V{bottom}H{right}" fill="none" stroke="currentColor" '
        f'stroke-opacity="0.5"/>{texts}<text x="{right}" y="{HEIGHT - 4}" '
        'text-anchor="end" fill="currentColor" font-size="11">'
        f"{n_candidates} candidates</text>"
    )


def _steps(
    x: np.ndarray, y: np.ndarray, colour: str, width: float, more: str = ""
) -> str:
    """Draw a line that goes on level until it changes."""
    known = np.flatnonzero(~np.isnan(y))
    if not len(known):
        return ""
    changes = [row for row in known[1:] if y[row] != y[row - 1]]
    start = f"M{x[known[0]]:.1f} {y[known[0]]:.1f}"
    path = "".join(f"H{x[row]:.1f}V{y[row]:.1f}" for row in changes)
    return (
        f'<path d="{start}{path}H{WIDTH - RIGHT}" fill="none" stroke-width="{width}" '
        f"{_painted('stroke', colour)}{more}/>"
    )


def _mark(
    went: History, row: Any, low: float, at: tuple[float, float], colour: str
) -> str:
    """Draw a candidate: a dot, below the range a triangle, a cross if it failed."""
    score = went.scores[row]
    text = "failed" if np.isnan(score) else f"{score:.6g}"
    title = html.escape(f"{went.estimator_names[row]}, candidate {row}: {text}")
    paint = _painted("fill", colour)
    if np.isnan(score):
        tag, shape = "polyline", 'points="-2.5,-6 2.5,-1 0,-3.5 2.5,-6 -2.5,-1"'
        paint = f'fill="none" {_painted("stroke", colour)}'
    elif score < low:
        tag, shape = "polygon", 'points="-3,-6 3,-6 0,-1"'
    else:
        tag, shape = "circle", 'r="2"'
        if not went.complete[row]:
            paint = f'fill="none" {_painted("stroke", colour)}'
    where = f'transform="translate({at[0]:.1f} {at[1]:.1f})"'
    return f"<{tag} {shape} {where} {paint}><title>{title}</title></{tag}>"


def _painted(attribute: str, colour: str) -> str:
    """Give an SVG element a colour, lifted where the style sheet says so."""
    return f'{attribute}="{colour}" style="{attribute}: {_lifted(colour)}"'


def _paint(colour: str) -> str:
    return f"background: {colour}; background: {_lifted(colour)}"


def _lifted(colour: str) -> str:
    return f"color-mix(in srgb, {colour}, white var(--btb-lift, 0%))"


def _number_text(number: float, digits: int) -> str:
    return "-" if np.isnan(number) else f"{number:.{digits}f}"


def _value_text(value: Any) -> str:
    text = short_float(value) if isinstance(value, float | np.floating) else repr(value)
    text = " ".join(text.split())
    return text if len(text) <= LONGEST_VALUE else text[: LONGEST_VALUE - 1] + "…"
