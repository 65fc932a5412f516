"""
Tune something that is no estimator
===================================

`BTBSession` needs spaces with names and a function that gives a score. Here it chooses
how a shop orders its goods: one of three rules, each with numbers of its own, by the
cost in a simulation. Nothing in it is scikit-learn's.
"""

import numpy as np

from sklearn_btb import BTBSession, IntHyperParam, StopTuning, Tunable

# %%
# The simulation
# --------------
#
# Customers come every day, and goods three days after they were ordered. It costs
# something to order, to store, and to send a customer away.
DEMAND = np.random.default_rng(0).poisson(20, size=1000)
DELAY = 3  # days
PER_ORDER, PER_STORED, PER_LOST = 100.0, 0.2, 4.0


def cost(rule, config):
    """Return the mean cost of a day."""
    stock, total = 100, 0.0
    coming = [0] * DELAY  # what arrives today, tomorrow, ...
    for day, wanted in enumerate(DEMAND):
        stock += coming.pop(0)
        sold = min(stock, wanted)
        stock -= sold
        position = stock + sum(coming)
        if rule == "fixed quantity":
            order = config["quantity"] if position <= config["reorder_at"] else 0
        elif rule == "up to a level":
            order = (
                config["level"] - position if position <= config["reorder_at"] else 0
            )
        else:  # every so many days
            order = 0 if day % config["days"] else max(config["level"] - position, 0)
        coming.append(order)
        total += PER_ORDER * (order > 0) + PER_STORED * stock
        total += PER_LOST * (wanted - sold)
    return total / len(DEMAND)


# %%
# The session
# -----------
#
# A space is a dict; a `Tunable` has room for a constraint. The first configurations are
# the defaults, the middle of a range if there is no other. `selector_class="auto"` is
# the rule of `BTBSearchCV`; without it, it is BTB's.
tunables = {
    "fixed quantity": {
        "reorder_at": IntHyperParam(0, 400, default=60),
        "quantity": IntHyperParam(1, 1000, log=True),
    },
    "up to a level": Tunable(
        {
            "reorder_at": IntHyperParam(0, 400, default=60),
            "level": IntHyperParam(1, 1000),
        },
        constraint=lambda config: config["reorder_at"] < config["level"],
    ),
    "every so many days": {
        "days": IntHyperParam(1, 30),
        "level": IntHyperParam(1, 1000),
    },
}
session = BTBSession(
    tunables, cost, selector_class="auto", maximize=False, random_state=0
)
best = session.run(60)
print(f"{best['name']}, {best['config']}: {best['score']:.2f} a day")
for name in tunables:
    scores = [p["score"] for p in session.proposals.values() if p["name"] == name]
    print(f"  {name:20} {len(scores)} configurations, best {min(scores):.2f}")

# %%
# `run` goes on where it ended.
print(f"after 20 more: {session.run(20)['score']:.2f}")

# %%
# A loop of one's own
# -------------------
#
# Whoever has the scores from elsewhere, a laboratory or a queue of jobs, takes
# proposals and hands in results, in any order and several at once. `StopTuning` comes
# when a finite space was proposed as a whole.
session = BTBSession(
    {"every so many days": {"days": range(1, 11), "level": [200, 300, 400]}},
    scorer=None,
    maximize=False,
    random_state=0,
)
try:
    while session.iterations < 50:
        first, second = session.propose(), session.propose()
        for name, config in (second, first):
            session.record(name, config, cost(name, config))
except StopTuning:
    print(f"all {session.iterations} combinations were tried")
print(session.best_proposal)
