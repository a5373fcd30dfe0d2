"""A name of a column stands for what is made of it, or is refused; never a guess."""

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    KBinsDiscretizer,
    OneHotEncoder,
    PolynomialFeatures,
    SplineTransformer,
    StandardScaler,
)

from sklearn_gradlasso.utils.feature_positions import features_named, signs_by_feature

RNG = np.random.default_rng(0)
N = 60
TABLE = pd.DataFrame(
    {
        "job": np.resize(["clerk", "nurse", "title_x"], N),
        "job_title": np.resize(["title_a", "title_b"], N),
        "job_years": RNG.standard_normal(N),
        "town": np.resize(np.array([*"ABCD", np.nan], dtype=object), N),
        "member": np.resize(["no", "yes", "no"], N),
        "age": np.where(np.arange(N) % 5, RNG.integers(20, 60, N), np.nan),
        "age_group": np.resize(["old", "young"], N),
        "temp": RNG.standard_normal(N),
        "temp_min": RNG.standard_normal(N),
        "temp_known": np.resize([0.0, 1.0], N),
        "mean": RNG.standard_normal(N),
        "mean radius": RNG.standard_normal(N),
    }
)
HOT = OneHotEncoder(sparse_output=False)


def named(
    columns, transformer, *given, verbose=False, argument="annotations", table=TABLE
):
    """The names of the features for each given name."""
    if isinstance(transformer, dict):
        parts = [(key, *part) for key, part in transformer.items()]
        transformer = ColumnTransformer(parts, verbose_feature_names_out=verbose)
    transformer.set_output(transform="pandas")
    frame = transformer.fit_transform(table[columns])
    names = np.asarray(frame.columns, dtype=object)
    X = frame.to_numpy(dtype=float)
    found = features_named(list(given), names, X, argument)
    again = features_named(list(given), names, sp.csr_matrix(X), argument)
    assert [each.positions for each in found] == [each.positions for each in again]
    return [names[each.positions].tolist() for each in found]


def imputed(strategy="mean"):
    return SimpleImputer(strategy=strategy, add_indicator=True)


@pytest.mark.parametrize("verbose", [False, True])
def test_categories_and_indicators_belong_to_their_column(verbose):
    parts = {
        "num": (make_pipeline(imputed(), StandardScaler()), ["age", "temp"]),
        "cat": (HOT, ["town", "job"]),
    }
    age, town, temp = named(
        ["age", "temp", "town", "job"], parts, "age", "town", "temp", verbose=verbose
    )
    num, cat = ("num__", "cat__") if verbose else ("", "")
    assert age == [f"{num}age", f"{num}missingindicator_age"]
    assert town == [f"{cat}town_{name}" for name in ["A", "B", "C", "D", "nan"]]
    assert temp == [f"{num}temp"]


def test_the_indicator_of_a_missing_category_is_encoded_too():
    step = make_pipeline(imputed("most_frequent"), HOT)
    (town,) = named(["town"], step, "town")
    made = ["missingindicator_town_False", "missingindicator_town_True"]
    assert town == [*(f"town_{name}" for name in "ABCD"), *made]


def test_categories_are_found_after_a_scaler():
    step = make_pipeline(HOT, StandardScaler())
    (job,) = named(["town", "job"], step, "job")
    assert job == ["job_clerk", "job_nurse", "job_title_x"]


def test_a_category_without_rows_belongs_to_its_column():
    jobs = ["accountant", "clerk", "nurse", "title_x", "zoologist"]
    hot = OneHotEncoder(sparse_output=False, categories=[jobs, [*"ABCDE", np.nan]])
    job, town = named(["job", "town"], hot, "job", "town")
    assert job == [f"job_{name}" for name in jobs]
    assert len(town) == 6


def test_a_column_that_is_a_number_and_is_cut_into_bins():
    bins = KBinsDiscretizer(
        3, encode="onehot-dense", quantile_method="averaged_inverted_cdf"
    )
    parts = {"num": (StandardScaler(), ["temp"]), "bins": (bins, ["temp"])}
    (temp,) = named(["temp"], parts, "temp")
    assert temp == ["temp", "temp_0.0", "temp_1.0", "temp_2.0"]
    (temp,) = named(["temp"], parts, "temp", verbose=True)
    assert len(temp) == 4
    (alone,) = named(["temp"], parts, "num__temp", verbose=True)
    assert alone == ["num__temp"]


def test_columns_whose_names_begin_alike():
    numbers = {"num": (StandardScaler(), ["temp", "temp_min"])}
    assert named(["temp", "temp_min"], numbers, "temp") == [["temp"]]
    parts = {"num": (StandardScaler(), ["temp"]), "cat": (HOT, ["age_group"])}
    (group,) = named(["temp", "age_group"], parts, "age_group")
    assert group == ["age_group_old", "age_group_young"]
    parts = {"num": (imputed(), ["age"]), "cat": (HOT, ["age_group"])}
    assert named(["age", "age_group"], parts, "age") == [
        ["age", "missingindicator_age"]
    ]


def test_what_is_named_itself_is_not_implied():
    parts = {"num": ("passthrough", ["temp", "temp_known"]), "cat": (HOT, ["job"])}
    columns = ["temp", "temp_known", "job"]
    assert named(columns, parts, "temp", "temp_known") == [["temp"], ["temp_known"]]
    clerk, others = named(columns, parts, "job_clerk", "job")
    assert clerk == ["job_clerk"] and others == ["job_nurse", "job_title_x"]


def test_columns_whose_names_begin_alike_are_told_apart_if_both_are_named():
    parts = {
        "num": ("passthrough", ["job_years"]),
        "cat": (HOT, ["job", "job_title"]),
    }
    columns = ["job", "job_title", "job_years"]
    table = TABLE.assign(
        job=TABLE["job"].str.removeprefix("title_"),
        job_title=TABLE["job_title"].str.removeprefix("title_"),
    )
    given = ["job_years", "job", "job_title"]
    years, job, title = named(columns, parts, *given, verbose=True, table=table)
    assert years == ["num__job_years"]
    assert job == ["cat__job_clerk", "cat__job_nurse", "cat__job_x"]
    assert title == ["cat__job_title_a", "cat__job_title_b"]
    with pytest.raises(ValueError, match=DOUBTFUL):  # job_title_x is a job
        named(columns, parts, *given)


DOUBTFUL = "not for certain the categories"
BESIDE = "may be made of the same column"


@pytest.mark.parametrize(
    ("columns", "parts", "name", "message"),
    [
        (["job", "job_title"], {"cat": (HOT, ["job", "job_title"])}, "job", DOUBTFUL),
        (["job_title"], {"cat": (HOT, ["job_title"])}, "job", DOUBTFUL),
        (["job_title"], {"cat": (HOT, ["job_title"])}, "job_title", DOUBTFUL),
        (
            ["job", "job_years"],
            {"num": ("passthrough", ["job_years"]), "cat": (HOT, ["job"])},
            "job",
            DOUBTFUL,
        ),
        (["job_years"], {"num": ("passthrough", ["job_years"])}, "job", DOUBTFUL),
        (
            ["town"],
            {"cat": (OneHotEncoder(drop="first", sparse_output=False), ["town"])},
            "town",
            DOUBTFUL,
        ),
        (
            ["member"],
            {"cat": (OneHotEncoder(drop="if_binary", sparse_output=False), ["member"])},
            "member",
            DOUBTFUL,
        ),
        (
            ["temp", "temp_known"],
            {"num": ("passthrough", ["temp", "temp_known"])},
            "temp",
            BESIDE,
        ),
        (
            ["temp"],
            {
                "num": ("passthrough", ["temp"]),
                "spline": (SplineTransformer(), ["temp"]),
            },
            "temp",
            BESIDE,
        ),
        (["mean", "temp"], PolynomialFeatures(), "temp", "'mean temp', 'temp\\^2'"),
        (["mean radius", "temp"], PolynomialFeatures(), "mean radius", BESIDE),
        (["temp"], {"num": ("passthrough", ["temp"])}, "tem", "Did you mean"),
    ],
)
def test_doubt_is_an_error(columns, parts, name, message):
    for argument in ("annotations", "monotonic_cst"):
        with pytest.raises(ValueError, match=f"{argument}: .*{message}.*set_output"):
            named(columns, parts, name, argument=argument)


def test_words_that_are_not_factors():
    numbers = {"num": ("passthrough", ["mean", "mean radius"])}
    assert named(["mean", "mean radius"], numbers, "mean") == [["mean"]]


def test_two_transformers_of_one_column():
    log = FunctionTransformer(np.sign, feature_names_out="one-to-one")
    parts = {"num": ("passthrough", ["temp"]), "sign": (log, ["temp"])}
    with pytest.raises(ValueError, match="any of .'num__temp', 'sign__temp'"):
        named(["temp"], parts, "temp", verbose=True)
    both = named(["temp"], parts, "num__temp", "sign__temp", verbose=True)
    assert both == [["num__temp"], ["sign__temp"]]


def test_other_features_of_another_transformer_may_be_made_of_the_column():
    parts = {
        "num": ("passthrough", ["temp"]),
        "other": ("passthrough", ["temp_min"]),
    }
    with pytest.raises(ValueError, match=BESIDE):
        named(["temp", "temp_min"], parts, "temp", verbose=True)


def test_a_category_that_has_the_name_of_a_column():
    frame = pd.DataFrame({"a_b": [1.0, 0, 0], "a_c": [0.0, 1, 1]})
    frame = frame.assign(a_b_x=[1.0, 0, 1], a_b_y=[0.0, 1, 0])
    with pytest.raises(ValueError, match=BESIDE):
        features_named(["a_b"], frame.columns, frame.to_numpy(), "annotations")


def test_a_prefix_is_no_column():
    parts = {"job": (HOT, ["town"]), "num": ("passthrough", ["temp"])}
    with pytest.raises(ValueError, match="no feature has a name .'job'"):
        named(["town", "temp"], parts, "job", verbose=True)


def test_a_feature_is_named_once():
    parts = {"cat": (HOT, ["job"])}
    for given in (["job", "cat__job"], ["job", "job"]):
        with pytest.raises(
            ValueError, match="do not name a feature twice.*'cat__job_c"
        ):
            named(["job"], parts, *given, verbose=True)
    with pytest.raises(ValueError, match="two features have the name 'a'"):
        features_named(["a"], ["a", "a"], np.eye(2), "annotations")


def test_signs_are_for_numbers():
    names = np.array(["num__age", "num__missingindicator_age", "c__j_a", "c__j_b"])
    X = np.column_stack([np.arange(4.0), [0, 1, 0, 0], [1, 0, 1, 0], [0, 1, 0, 1]])
    assert signs_by_feature({"age": -1, "j": 0}, names, X) == {"num__age": -1}
    with pytest.raises(ValueError, match="'j' stands for the categories.*c__j_a"):
        signs_by_feature({"j": 1}, names, X)
