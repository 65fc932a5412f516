"""
Every candidate as a run of MLflow
==================================

A ``callback`` gets every candidate when it is done, in the process of ``fit``, so any
tracking service can be told of it. Here MLflow gets one run for the search and below
it one for each candidate, with its estimator, parameters, scores and times, in a
database file in a temporary directory; elsewhere, ``mlflow.set_tracking_uri`` names
a server. (``pip install mlflow`` brings MLflow; without it, this example only says so.)

Leave ``mlflow.sklearn.autolog()`` off: it knows the searches of scikit-learn alone, and
makes a run, with a model, of every fold that another search fits.
"""

import importlib.util
import tempfile
from pathlib import Path

from scipy.stats import loguniform, randint
from sklearn.datasets import load_breast_cancer
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_btb import BTBSearchCV


def track(search, trial):
    """Log a candidate; what it returns is no true value, which would end the search."""
    import mlflow

    name = f"{trial.number} {trial.estimator_name}"
    with mlflow.start_run(run_name=name, nested=True):
        mlflow.set_tags({"estimator": trial.estimator_name, "state": trial.state})
        mlflow.log_params(trial.params)
        if trial.state == "complete":
            mlflow.log_metric("mean_test_score", trial.score)
        for split, score in enumerate(trial.fold_scores):
            mlflow.log_metric("test_score", score, step=split)
        mlflow.log_metric("seconds", trial.seconds)


def main(folder):
    import mlflow

    mlflow.set_tracking_uri(f"sqlite:///{folder / 'mlflow.db'}")
    artifacts = (folder / "artifacts").as_uri()
    mlflow.set_experiment(experiment_id=mlflow.create_experiment("btb", artifacts))

    X, y = load_breast_cancer(return_X_y=True)
    search = BTBSearchCV(
        {
            "logreg": make_pipeline(
                StandardScaler(), LogisticRegression(max_iter=1000)
            ),
            "forest": RandomForestClassifier(50, random_state=0),
        },
        {
            "logreg": {"logisticregression__C": loguniform(1e-4, 1e4)},
            "forest": {"min_samples_leaf": randint(1, 30)},
        },
        n_iter=12,
        cv=3,
        callback=track,
        random_state=0,
    )
    with mlflow.start_run(run_name="search") as run:
        search.fit(X, y)
        mlflow.log_metric("best_score", search.best_score_)

    below = f"tags.mlflow.parentRunId = '{run.info.run_id}'"
    runs = mlflow.search_runs(
        filter_string=below, order_by=["metrics.mean_test_score DESC"]
    )
    columns = ["tags.mlflow.runName", "metrics.mean_test_score", "metrics.seconds"]
    print(f"{len(runs)} runs, of which the best are")
    print(runs[columns].head(3).to_string(index=False))


if __name__ == "__main__":
    if importlib.util.find_spec("mlflow") is None:
        print("MLflow is not installed: pip install mlflow")
    else:
        with tempfile.TemporaryDirectory() as folder:
            main(Path(folder))
