"""The benchmark of search quality measures what it says."""

import gzip

import numpy as np
import pytest

from benchmarks.quality import choices, clock, portfolios, report, run, transfer
from benchmarks.quality.peers import NOT_FOR, PEERS, Worst, as_scipy, as_tunable
from benchmarks.quality.problems import DATA_SETS
from benchmarks.quality.spaces import Choice, Float, Int, decode, encode
from benchmarks.quality.surrogate import surrogates_of, tables_of
from sklearn_btb import Tunable

SPACE = {
    "c": Choice(("a", "b", "c")),
    "i": Int(1, 30, log=True),
    "k": Int(2, 4),
    "x": Float(1e-4, 10.0, log=True),
    "z": Float(-1.0, 1.0),
}


def runs_of(scores_by_peer, problem="moons/svc"):
    return [
        {
            "problem": problem,
            "peer": peer,
            "seed": 0,
            "scores": list(scores),
            "names": ["svc"] * len(scores),
            "seconds": [0.1] * len(scores),
            "proposing": [0.01] * len(scores),
        }
        for peer, scores in scores_by_peer.items()
    ]


class TestSpaces:
    def test_a_configuration_of_the_grid_comes_back(self):
        levels = np.random.default_rng(0).integers(2**16, size=(50, len(SPACE)))
        for row in levels:
            config = decode(SPACE, row)
            point = encode(SPACE, config)
            assert decode(SPACE, (point * 2**16).astype(int))["c"] == config["c"]
            assert decode(SPACE, (point * 2**16).astype(int))["i"] == config["i"]

    @pytest.mark.parametrize("name", ["c", "i", "k", "x", "z"])
    def test_what_others_draw_from_has_the_same_median(self, name):
        dim = SPACE[name]
        values = as_scipy(dim)
        if name == "c":
            assert values == ["a", "b", "c"]
        elif isinstance(values, list):
            assert np.median(values) == dim.at(0.5)
        else:
            assert values.median() == pytest.approx(dim.at(0.5))

    def test_this_package_gets_the_same_space(self):
        tunable = as_tunable(SPACE)
        assert list(tunable.names) == list(SPACE)
        for config in tunable.decode(tunable.sample(50, np.random.default_rng(0))):
            assert np.all((encode(SPACE, config) >= 0) & (encode(SPACE, config) <= 1))


class TestSurrogates:
    @pytest.mark.parametrize("name", ["moons", "friedman1"])
    def test_return_at_a_stored_configuration_what_was_measured(self, name):
        table = tables_of(name)["boosting"]
        surrogate = surrogates_of(name)["boosting"]
        found = [
            surrogate.evaluate(decode(table.space, (point * 2**16).astype(int)))[0]
            for point in table.points[:40]
        ]
        error = np.abs(np.array(found) - table.scores[:40]).mean()
        assert error < 0.05 * np.std(table.scores.mean(axis=1))

    def test_a_learner_that_always_fails_fails(self):
        qda = surrogates_of("digits")["qda"]
        assert qda.evaluate({"reg_param": 0.1})[0] is None


class TestRuns:
    def test_a_run_can_be_repeated(self):
        problem = run.Problem("moons")
        one, other = (run.run(problem, "sklearn_btb", 0, 12) for _ in range(2))
        assert one["scores"] == other["scores"]
        assert len(one["names"]) == len(one["seconds"]) == len(one["proposing"]) == 12

    def test_a_third_of_the_data_sets_is_kept_aside(self):
        shown = {problem.data_set for problem in run.problems("tune", False)}
        aside = {problem.data_set for problem in run.problems("tune", True)}
        assert not shown & aside
        assert 3 * len(aside) == len(DATA_SETS)

    def test_who_is_left_out_is_a_peer(self):
        assert {name for names in NOT_FOR.values() for name in names} <= {*PEERS}

    def test_an_unknown_peer_is_named(self):
        with pytest.raises(SystemExit, match="'foo' is none of"):
            run.peer_of("foo")

    def test_a_failure_is_told_as_the_worst_so_far(self):
        worst = Worst()
        assert [worst(score) for score in (0.5, None, 0.2, None)] == [
            0.5,
            0.5,
            0.2,
            0.2,
        ]

    def test_a_compressed_file_is_read_as_well(self, tmp_path):
        with gzip.open(tmp_path / "runs.jsonl.gz", "wt") as file:
            file.write('{"peer": "a"}\n{"peer": "b"}\n')
        found = run.load(tmp_path / "runs.jsonl.gz")
        assert [each["peer"] for each in found] == ["a", "b"]


class TestReport:
    def test_the_median_random_score_is_0_and_the_best_known_100(self):
        low, high = report.scale_of("moons/svc", [])
        middle = (low + high) / 2
        runs = runs_of({"p": [low - 1, low, middle, high]})
        curve = report.curves(runs)["moons/svc"]["p"]
        assert curve[:4] == pytest.approx([0, 0, 50, 100])
        assert curve[-1] == pytest.approx(100)  # a run that ends early stays

    def test_failures_count_as_nothing(self):
        _, high = report.scale_of("moons/svc", [])
        runs = runs_of({"p": [np.nan, high, np.nan]})
        curve = report.curves(runs)["moons/svc"]["p"]
        assert curve[:3] == pytest.approx([0, 100, 100])

    def test_comparison_counts_evaluations_and_time(self):
        low, high = report.scale_of("moons/svc", [])
        good = (low + high) / 2
        ours = [low] * 9 + [good] + [high] * 90
        peer = [low] * 39 + [good] * 61
        results = report.Results("tune", runs_of({report.OURS: ours, "p": peer}))
        row = report.comparison(results).splitlines()[-1]
        cells = [cell.strip() for cell in row.split("|")[1:-1]]
        assert cells[0] == "p"
        assert cells[2].startswith("50.0")
        assert cells[4:] == ["10 / 40", "1 of 1", "0.25"]

    def test_a_peer_that_was_not_run_on_all_problems_is_named(self):
        low, high = report.scale_of("moons/svc", [])
        runs = runs_of({report.OURS: [high], "p": [low]})
        runs += runs_of({report.OURS: [high]}, "moons/neighbours")
        assert report.Results("tune", runs).left_out == ["p"]

    def test_problems_of_one_data_set_count_as_one_in_intervals(self):
        runs = runs_of({"p": [0.5]}) + runs_of({"p": [0.6]}, "moons/neighbours")
        results = report.Results("tune", runs)
        values = np.array([[1.0], [3.0]])
        assert results.by_set(values).tolist() == [[2.0]]


class TestClock:
    def test_more_workers_do_more_in_the_same_time(self):
        def simulated(n_workers):
            return clock.simulate(
                run.Problem("moons"),
                "auto",
                n_workers,
                seed=0,
                evaluations=6.0,
                contrast=1.0,
            )

        one, four = simulated(1), simulated(4)
        assert len(four["scores"]) > 2 * len(one["scores"])
        for found in (one, four):
            assert found["times"] == sorted(found["times"])


class TestPortfolios:
    def test_each_choice_adds_most_to_what_is_there(self):
        values = np.array([[0.5, 0.9, 0.0, 0.8], [0.5, 0.0, 1.0, 0.8]])
        assert portfolios.greedy(values) == [3, 2, 1]

    def test_know_nothing_of_the_data_set_nor_of_those_kept_aside(self):
        for name in ("moons", "wine", "diabetes"):
            known = portfolios.known_sets(name)
            assert name not in known
            assert not any(DATA_SETS[other].aside for other in known)
            assert all(
                portfolios.is_regression(other) == portfolios.is_regression(name)
                for other in known
            )

    def test_consist_of_configurations_of_the_learner(self):
        found = portfolios.portfolio_for("moons", "neighbours")
        tunable = as_tunable(DATA_SETS["moons"].learners["neighbours"].space)
        assert len(tunable.encode(found)) == portfolios.SIZE


class TestTransfer:
    @pytest.fixture(autouse=True)
    def short(self, monkeypatch):
        monkeypatch.setattr(transfer, "N_EARLIER", 6)
        transfer.earlier_results.cache_clear()
        yield
        transfer.earlier_results.cache_clear()

    def test_the_earlier_search_is_on_another_set_for_development(self):
        for problem in (run.Problem("moons"), run.Problem("friedman3")):
            sets = {transfer.other_set(problem, seed) for seed in range(10)}
            assert sets == set(portfolios.known_sets(problem.data_set))

    def test_what_misleads_begins_with_the_worst(self, monkeypatch):
        monkeypatch.setattr(transfer, "other_set", lambda problem, seed: "moons")
        problem = run.Problem("sonar", "tree")
        results = transfer.earlier_results(problem, 0, "other")
        scores, params = results["mean_test_score"], results["params"]
        first = {
            name: transfer.initial_configs(name, problem, 0, "other")
            for name in transfer.NAMES
        }
        assert first["no earlier search"] == {}
        assert first["an earlier search"] == {"tree": [params[np.argmax(scores)]]}
        assert first["a misleading one"] == {"tree": [params[np.argmin(scores)]]}

    def test_a_sample_is_scored_by_fits(self):
        results = transfer.earlier_results(run.Problem("moons", "tree"), 0, "sample")
        assert len(set(results["mean_test_score"])) > 1
        assert all(0 < score <= 1 for score in results["mean_test_score"])

    def test_gains_are_over_the_same_problems_and_seeds(self):
        low, high = report.scale_of("moons/svc", [])
        runs = runs_of({transfer.ALONE: [low], "p": [(low + high) / 2]})
        more = [{**runs[0], "seed": 1}]
        assert transfer.complete(runs + more) == runs
        row = transfer.table(report.Results("tune", runs)).splitlines()[-1]
        assert row.startswith("| p | 50.0 (50.0 - 50.0) |")


class TestChoices:
    @pytest.mark.parametrize("name", choices.PROBLEMS)
    def test_the_best_of_many_configurations_is_at_the_good_levels(self, name):
        game = choices.PROBLEMS[name].at(seed=0)
        tunable = Tunable(game.space)
        configs = tunable.decode(tunable.sample(5000, np.random.default_rng(0)))
        best = max(configs, key=game.score)
        assert game.good.items() <= best.items()
        assert game.others < game.score(best) < game.best + 0.05

    def test_the_score_and_the_share_are_those_of_the_candidates(self):
        share, score = choices.run("1 number, wide", "random", 0)
        assert 0 < share < 1
        assert 0 <= score <= 100
