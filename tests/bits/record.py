"""Small fits of every estimator, stored before the tree moves and compared after.

    python tests/bits/record.py FILE        # store
    python tests/bits/record.py --compare BEFORE AFTER

Leaves with the issue that moves the tree.
"""

import pickle
import sys
import warnings

import numpy as np
import scipy.sparse as sp
import torch
from sklearn.feature_extraction.text import CountVectorizer

import sklearn_gradlasso as sg
from sklearn_gradlasso import modules
from sklearn_gradlasso.priors import GraphLaplacian
from sklearn_gradlasso.weight_penalties import SparseGroupLasso

warnings.simplefilter("ignore")
rng = np.random.default_rng(0)
N, D = 90, 6
X = rng.standard_normal((N, D)).round(3)
X[rng.random((N, D)) < 0.2] = 0
X[:, 4] = (X[:, 4] > 0).astype(float)
X[:, 5] = 1 - X[:, 4]
y_num = X[:, 0] * X[:, 1] + 0.3 * X[:, 2] + 0.1 * rng.standard_normal(N)
y_two = np.where(y_num > 0, "yes", "no")
y_three = np.digitize(y_num, [-0.3, 0.3])
y_multi = np.column_stack([y_num, X[:, 3] - y_num**2])
WEIGHT = rng.integers(0, 3, N).astype(float)
UNEVEN = rng.random(N)
MASK = rng.random((N, D)) < 0.3
NAMED = {"x": MASK}
TEXTS = ["a funny film", "too bad to be funny", "bad", "not bad at all"] * 15
LABELS = ["good", "bad", "bad", "good"] * 15


class WithDropout(torch.nn.Module):
    def __init__(self, n_features, n_outputs, p=0.2):
        super().__init__()
        self.body = torch.nn.Sequential(
            torch.nn.Linear(n_features, 8),
            torch.nn.BatchNorm1d(8),
            torch.nn.Tanh(),
            torch.nn.Dropout(p),
            torch.nn.Linear(8, n_outputs),
        )

    def forward(self, x):
        return self.body(x.flatten(1))


QUICK = {"max_iter": 12, "random_state": 0, "hidden_layer_sizes": (8, 5)}
CLASSIFIERS = {
    "GLC": (sg.GradientLassoClassifier, {}),
    "RRRC": (sg.RRRClassifier, {}),
    "APC": (sg.AttributionPriorClassifier, {}),
    "NGC": (sg.NGSLLClassifier, {}),
    "GLCCV": (sg.GradientLassoClassifierCV, {"lams": 3, "cv": 3}),
}
REGRESSORS = {
    "GLR": (sg.GradientLassoRegressor, {}),
    "RRRR": (sg.RRRRegressor, {}),
    "APR": (sg.AttributionPriorRegressor, {}),
    "NGR": (sg.NGSLLRegressor, {}),
    "GLRCV": (sg.GradientLassoRegressorCV, {"lams": 3, "cv": 3}),
}
ANNOTATED = ("RRRC", "APC", "RRRR", "APR")
RESULT: dict[str, np.ndarray] = {}


def keep(case, model, X_answer=X):
    found = {}
    for k, tensor in enumerate(model.net_.module_.state_dict().values()):
        found[f"weights{k}"] = tensor.numpy()
    found["predict"] = model.predict(X_answer)
    if hasattr(model, "predict_proba"):
        found["proba"] = model.predict_proba(X_answer)
        found["decision"] = model.decision_function(X_answer)
    phi = model.explain(X_answer)
    if isinstance(phi, list):
        phi = sp.hstack(phi)
    found["explain"] = phi.toarray() if sp.issparse(phi) else phi
    for target in ("predicted", "training"):
        if target == "training" and isinstance(
            model, (sg.NGSLLClassifier, sg.NGSLLRegressor)
        ):
            continue
        if (
            target == "predicted"
            and model.n_outputs_ > 1
            and "Regressor" in type(model).__name__
        ):
            continue
        try:
            phi = model.explain(X_answer, target=target)
        except ValueError:
            continue
        found[f"explain_{target}"] = phi.toarray() if sp.issparse(phi) else phi
    found["importances"] = model.feature_importances_
    found["loss"] = np.array(model.loss_curve_)
    found["penalty"] = np.array(model.penalty_curve_)
    found["valid"] = np.array(model.validation_scores_)
    found["lam"] = np.array(model.lam_)
    if hasattr(model, "scores_"):
        found["scores"], found["effective"] = model.scores_, model.effective_features_
        found["path_importances"] = model.importances_
    again = pickle.loads(pickle.dumps(model))
    found["pickled"] = again.predict(X_answer)
    for name, values in found.items():
        RESULT[f"{case}/{name}"] = np.asarray(values)
    print(case, flush=True)


def run():
    for name, (kind, params) in {**CLASSIFIERS, **REGRESSORS}.items():
        y = y_two if name in CLASSIFIERS else y_num
        other = y_three if name in CLASSIFIERS else y_multi
        search = name.endswith("CV")

        def make(**more):
            return kind(**{**QUICK, **params, **more})

        keep(f"{name}-dense", make().fit(X, y))
        keep(f"{name}-batches", make(batch_size=16).fit(X, y))
        keep(f"{name}-several", make(batch_size=32).fit(X, other))
        keep(
            f"{name}-float32",
            make(batch_size=16).fit(X.astype("f4"), y),
            X.astype("f4"),
        )
        csr = sp.csr_matrix(X)
        keep(f"{name}-csr", make(batch_size=32).fit(csr, y), csr)
        keep(f"{name}-weights", make().fit(X, y, sample_weight=WEIGHT))
        keep(
            f"{name}-uneven",
            make(batch_size=16).fit(X, y, sample_weight=UNEVEN),
        )
        keep(f"{name}-early", make(early_stopping=True).fit(X, y))
        keep(
            f"{name}-early-weights",
            make(early_stopping=True, batch_size=16).fit(X, y, sample_weight=UNEVEN),
        )
        keep(
            f"{name}-tabular",
            make(module="tabular", module_params={"hidden_layer_sizes": (8,)}).fit(
                X, y, sample_weight=WEIGHT
            ),
        )
        keep(
            f"{name}-recurrent",
            make(
                module=modules.RecurrentNet,
                module_params={"hidden_size": 4},
                input_shape=(3, 2),
                batch_size=32,
            ).fit(X, y),
        )
        keep(
            f"{name}-penalties",
            make(weight_l1=1e-3, weight_l2=1e-3, optimizer="sgd", shuffle=False).fit(
                X, y
            ),
        )
        if not search:
            keep(f"{name}-dropout", make(module=WithDropout, batch_size=32).fit(X, y))
            model = make(batch_size=16)
            for _ in range(3):
                if name in CLASSIFIERS:
                    model.partial_fit(X, y, classes=np.unique(y))
                else:
                    model.partial_fit(X, y)
            keep(f"{name}-partial", model)
            model = make(batch_size=16, warm_start=True, max_iter=4)
            keep(f"{name}-warm", model.fit(X, y).fit(X, y))
        if name in CLASSIFIERS:
            keep(f"{name}-balanced", make(class_weight="balanced").fit(X, y_three))
        if name in ANNOTATED:
            keep(f"{name}-annotations", make().fit(X, y, annotations=MASK))
            keep(
                f"{name}-annotations-row",
                make(batch_size=16, early_stopping=True).fit(
                    X, y, sample_weight=UNEVEN, annotations=MASK[0]
                ),
            )
            keep(
                f"{name}-annotations-csr",
                make(batch_size=16).fit(csr, y, annotations=sp.csr_matrix(MASK * 1.0)),
                csr,
            )
            model = make(batch_size=16)
            first = {"classes": np.unique(y)} if name in CLASSIFIERS else {}
            for _ in range(2):
                model.partial_fit(X, y, annotations=MASK, **first)
            keep(f"{name}-annotations-partial", model)
    for name, kind, y in (
        ("RRRC", sg.RRRClassifier, y_two),
        ("RRRR", sg.RRRRegressor, y_num),
    ):
        signs = [1, 0, 0, -1, 0, 0]
        model = kind(**QUICK, monotonic_cst=signs)
        keep(f"{name}-signs", model.fit(X, y))
        model = kind(**QUICK, monotonic_cst=signs, lam=0.5)
        keep(f"{name}-signs-annotated", model.fit(X, y, annotations=MASK))
    for name, kind, y in (
        ("APC", sg.AttributionPriorClassifier, y_two),
        ("APR", sg.AttributionPriorRegressor, y_num),
    ):
        graph = GraphLaplacian(np.ones((D, D)))
        for label, params in {
            "alternating": {"schedule": "alternating", "prior_start": 3},
            "gradients": {"attribution": "gradients", "prior": "l1"},
            "integrated": {"attribution": "integrated_gradients", "prior": "l2"},
            "graph": {"prior": [(1.0, graph), (0.1, "gini")], "n_references": 3},
            "group": {"weight_penalties": [(1e-3, SparseGroupLasso())]},
            "smooth": {"prior": "total_variation", "input_shape": (1, 2, 3)},
        }.items():
            keep(f"{name}-{label}", kind(**QUICK, batch_size=16, **params).fit(X, y))
    text = {"max_iter": 6, "random_state": 0, "encode": sg.TokenSequencer()}
    for label, params in {
        "text": {"simplify": CountVectorizer(), "mask_zeros": True},
        "text-dense": {
            "simplify": lambda t: np.array([[len(s), s.count("b")] for s in t], float)
        },
    }.items():
        model = sg.NGSLLClassifier(n_nonzero_coefs=1, **text, **params)
        try:
            keep(f"NGC-{label}", model.fit(TEXTS, LABELS), TEXTS)
        except (pickle.PicklingError, AttributeError):
            RESULT[f"NGC-{label}/explain"] = model.explain(TEXTS)
    keep("NGC-mask", sg.NGSLLClassifier(**QUICK, mask_zeros=True).fit(X, y_three))
    keep("NGR-two", sg.NGSLLRegressor(**QUICK).fit(X, y_multi))
    for name, model, y, more in (
        ("GLC", sg.GradientLassoClassifier(**QUICK), y_two, {}),
        ("GLR", sg.GradientLassoRegressor(**QUICK, batch_size=16), y_num, {}),
        ("RRRC", sg.RRRClassifier(**QUICK), y_two, {"annotations": MASK}),
        ("APR", sg.AttributionPriorRegressor(**QUICK, batch_size=16), y_num, {}),
        ("APC", sg.AttributionPriorClassifier(**QUICK, early_stopping=True), y_two, {}),
    ):
        for warm in (False, True):
            path = sg.lambda_path(
                model,
                X,
                y,
                lams=3,
                sample_weight=UNEVEN,
                warm_start=warm,
                return_estimators=True,
                **more,
            )
            case = f"path-{name}-{'warm' if warm else 'cold'}"
            RESULT[f"{case}/scores"] = path.scores
            RESULT[f"{case}/effective"] = path.effective_features
            RESULT[f"{case}/lams"] = path.lams
            for k, fitted in enumerate(path.estimators):
                keep(f"{case}-{k}", fitted)
    stable = sg.stability_selection(
        sg.GradientLassoRegressor(**QUICK), X, y_num, lams=2, n_subsamples=6
    )
    RESULT["stability/frequencies"] = stable.frequencies
    another = sg.FindAnotherExplanation(
        sg.RRRClassifier(**QUICK), n_explanations=3, random_state=0
    ).fit(X, y_two)
    RESULT["another/masks"] = np.array(another.masks_)
    RESULT["another/scores"] = np.array(another.scores_)
    RESULT["another/proba"] = another.predict_proba(X)
    RESULT["another/disagreement"] = another.disagreement(X)
    selector = sg.SensitivitySelector(sg.GradientLassoRegressor(**QUICK)).fit(X, y_num)
    RESULT["selector/support"] = selector.get_support()
    model = sg.GradientLassoRegressor(**QUICK).fit(X, y_num)
    RESULT["sensitivity/global"] = sg.sensitivity.global_importance(
        model, X, confidence_level=0.9, random_state=0
    ).intervals
    RESULT["sensitivity/local"] = sg.sensitivity.local_importance(model, X).importances
    RESULT["sensitivity/pairs"] = sg.sensitivity.interaction_importance(
        sg.GradientLassoRegressor(**QUICK, activation="tanh").fit(X, y_num), X
    ).importances
    floor = sg.sensitivity.noise_floor(model, X, y_num, n_repeats=4, random_state=0)
    RESULT["sensitivity/floor"] = np.append(floor.importances, floor.floor)
    explanation = sg.Explanation.from_estimator(model, X)
    RESULT["explanation/values"] = explanation.values
    RESULT["explanation/predictions"] = explanation.predictions


def compare(before, after):
    old, new = np.load(before, allow_pickle=True), np.load(after, allow_pickle=True)
    missing = sorted(set(old) ^ set(new))
    different = []
    for name in sorted(set(old) & set(new)):
        a, b = old[name], new[name]
        same = a.shape == b.shape and a.dtype == b.dtype
        if same and a.dtype.kind == "f":
            if not np.array_equal(a, b, equal_nan=True):
                different.append((name, float(np.nanmax(np.abs(a - b)))))
        elif not same or not np.array_equal(a, b):
            different.append((name, None))
    print(f"{len(set(old))} arrays, {len(missing)} missing, {len(different)} differ")
    for each in missing[:20]:
        print("missing", each)
    for each in different[:60]:
        print("differs", *each)
    return len(missing) + len(different)


if __name__ == "__main__":
    if sys.argv[1] == "--compare":
        sys.exit(bool(compare(*sys.argv[2:])))
    run()
    np.savez_compressed(sys.argv[1], **RESULT)
    print(len(RESULT), "arrays")
