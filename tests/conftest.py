"""Settings that all tests share."""

from hypothesis import settings

# machines are shared and noisy: how long one example takes says nothing
settings.register_profile("no_deadline", deadline=None)
settings.register_profile("some_examples", deadline=None, max_examples=40)
settings.register_profile("few_examples", deadline=None, max_examples=15)
settings.load_profile("no_deadline")
