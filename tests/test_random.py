"""Every random number comes from one seed and the key of its decision."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from sklearn_btb._random import bit_generator_at, child_seed, generator_at, seed_from

seeds = st.integers(0, 2**64 - 1)
keys = st.lists(st.integers(0, 2**31), max_size=3).map(tuple)


class TestSeedFrom:
    @given(seeds)
    def test_an_integer_is_its_own_seed(self, seed):
        assert seed_from(seed) == seed

    @pytest.mark.parametrize("seed", [np.int32(7), np.uint64(7)])
    def test_a_numpy_integer_becomes_a_python_one(self, seed):
        assert seed_from(seed) == 7
        assert type(seed_from(seed)) is int

    def test_none_is_fresh_entropy(self):
        assert seed_from(None) != seed_from(None)

    @pytest.mark.parametrize("make", [np.random.default_rng, np.random.RandomState])
    def test_equal_generators_give_equal_seeds(self, make):
        assert seed_from(make(3)) == seed_from(make(3)) != seed_from(make(4))

    @pytest.mark.parametrize("make", [np.random.default_rng, np.random.RandomState])
    def test_a_generator_gives_another_seed_each_time(self, make):
        generator = make(3)
        assert seed_from(generator) != seed_from(generator)

    @pytest.mark.parametrize("seed", [-1, np.int64(-5)])
    def test_a_negative_integer_is_refused(self, seed):
        with pytest.raises(ValueError, match=f"must not be negative; got {seed}"):
            seed_from(seed)

    @pytest.mark.parametrize("seed", ["0", 1.5, [1], np.random, object])
    def test_anything_else_is_refused(self, seed):
        with pytest.raises(TypeError, match="must be None, an integer, a numpy Gen"):
            seed_from(seed)


class TestGeneratorAt:
    @given(seeds, keys)
    def test_equal_keys_give_equal_numbers(self, seed, key):
        one, other = generator_at(seed, *key), generator_at(seed, *key)
        assert one.random() == other.random()

    @given(seeds, st.lists(keys, min_size=2, max_size=2, unique=True))
    def test_other_keys_give_other_numbers(self, seed, two_keys):
        one, other = (generator_at(seed, *key) for key in two_keys)
        assert one.integers(2**63) != other.integers(2**63)

    @given(st.lists(seeds, min_size=2, max_size=2, unique=True), keys)
    def test_other_seeds_give_other_numbers(self, two_seeds, key):
        one, other = (generator_at(seed, *key) for seed in two_seeds)
        assert one.integers(2**63) != other.integers(2**63)

    def test_the_first_numbers_of_successive_keys_are_uniform(self):
        first = [generator_at(0, key).random() for key in range(1000)]
        assert stats.kstest(first, "uniform").pvalue > 0.01

    @given(seeds, keys)
    def test_is_a_generator_on_the_bit_generator_of_that_key(self, seed, key):
        bits = np.random.Generator(bit_generator_at(seed, *key))
        assert bits.random() == generator_at(seed, *key).random()

    def test_the_global_state_is_left_alone(self):
        before = np.random.get_state()[1].tolist()  # noqa: NPY002
        generator_at(seed_from(None), 1).random()
        child_seed(0, 1)
        assert np.random.get_state()[1].tolist() == before  # noqa: NPY002


class TestChildSeed:
    @given(seeds, keys)
    def test_equal_keys_give_equal_seeds(self, seed, key):
        assert child_seed(seed, *key) == child_seed(seed, *key)

    @given(seeds, st.lists(keys, min_size=2, max_size=2, unique=True))
    def test_other_keys_give_other_seeds(self, seed, two_keys):
        one, other = (child_seed(seed, *key) for key in two_keys)
        assert one != other

    @given(seeds, keys)
    def test_is_a_seed(self, seed, key):
        child = child_seed(seed, *key)
        assert seed_from(child) == child
        assert type(child) is int
