"""
The picture in the README
=========================

The first example of the README, and how its search went. Given a file name, the script
saves the picture there: ``python examples/readme_picture.py examples/search.png``.
"""

import sys

import matplotlib.pyplot as plt
from sklearn.datasets import load_diabetes
from sklearn.ensemble import ExtraTreesRegressor, GradientBoostingRegressor
from sklearn.linear_model import Ridge
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVR

from sklearn_btb import AllocationDisplay, BTBSearchCV, ConvergenceDisplay

X, y = load_diabetes(return_X_y=True, as_frame=True)
X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)

search = BTBSearchCV(
    {
        "ridge": make_pipeline(StandardScaler(), Ridge()),
        "svr": make_pipeline(StandardScaler(), SVR()),
        "trees": ExtraTreesRegressor(random_state=0),
        "boosting": GradientBoostingRegressor(random_state=0),
    },
    random_state=0,
).fit(X_train, y_train)

# %%
# To the left every candidate, and the best so far of each estimator; to the right how
# the candidates were shared out.
figure, (left, right) = plt.subplots(1, 2, figsize=(10, 3.4), layout="constrained")
ConvergenceDisplay.from_estimator(search, ax=left)
AllocationDisplay.from_estimator(search, ax=right)
for file in sys.argv[1:]:
    figure.savefig(file, dpi=160)
plt.show()
