"""Settings that all tests share."""

from hypothesis import settings

# machines are shared and noisy: how long one example takes says nothing
settings.register_profile("no_deadline", deadline=None)
settings.load_profile("no_deadline")
