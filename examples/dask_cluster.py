"""
A search on a Dask cluster
==========================

With ``parallel_config(backend="dask")`` the folds are evaluated by the workers of a
``dask.distributed`` cluster: here two processes on this machine, elsewhere any number
of machines, by ``Client("tcp://scheduler:8786")``. Nothing else changes. The data are
sent once, the search stays in this process, and a worker is given its next fold when
it is free, so that slow candidates hold up nobody. The package has to be installed on
the workers as well. (``pip install ".[dask]"`` brings Dask.)
"""

from distributed import Client, LocalCluster
from joblib import parallel_config
from scipy.stats import loguniform, randint, uniform
from sklearn.datasets import load_digits
from sklearn.ensemble import RandomForestClassifier
from sklearn.svm import SVC

from sklearn_btb import BTBSearchCV


def main():
    X, y = load_digits(return_X_y=True)
    X, y = X[:900], y[:900]
    search = BTBSearchCV(
        {"svc": SVC(), "forest": RandomForestClassifier(50, random_state=0)},
        {
            "svc": {"C": loguniform(1e-2, 1e3), "gamma": loguniform(1e-5, 1e-1)},
            "forest": {
                "max_features": uniform(0.05, 0.9),
                "min_samples_leaf": randint(1, 20),
            },
        },
        n_iter=15,
        cv=3,
        random_state=0,
    )
    with (
        LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as here,
        Client(here),
        parallel_config(backend="dask"),
    ):
        search.fit(X, y)
    print(f"{search.best_estimator_name_} {search.best_params_}")
    print(f"{search.best_score_:.4f}, after {len(search.trials_)} candidates")


if __name__ == "__main__":
    main()
