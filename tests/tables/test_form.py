"""What a table is read as: values by hand."""

from decimal import Decimal

import numpy as np
import pandas as pd
import polars as pl
import pytest
import scipy.sparse as sp
from helpers.frames import KINDS, as_polars
from hypothesis import given
from hypothesis import strategies as st

from sklearn_gradlasso.tables import (
    coded_table,
    is_raw,
    learn_form,
    merged_integers,
    missing_first,
    without_known_levels,
)

NAN = np.nan


def column(values, **form):
    """The form and the codes of a table of one column."""
    X = values if isinstance(values, (pd.DataFrame, pl.DataFrame, np.ndarray)) else None
    X = pd.DataFrame({"x": values}) if X is None else X
    learned = learn_form(X, **form)
    return learned, coded_table(learned, X)[:, 0]


# Numbers ------------------------------------------------------------------------------


def test_a_number_is_measured_from_the_median_in_deviations_between_percentiles():
    x = np.arange(1.0, 201.0)  # percentiles: 2 and 198
    x[-1] = 1e9
    form, codes = column(x[:, None])
    assert form.center[0] == 100.0
    scale = np.arange(2.0, 199.0).std()
    assert form.scale[0] == pytest.approx(scale)
    assert codes == pytest.approx((x - 100.0) / scale)
    assert form.n_levels[0] == 0 and form.levels[0] is None and form.shares[0] is None
    assert form.names.tolist() == ["x0"]


def test_where_the_inner_values_are_one_the_scale_is_that_of_all():
    x = np.zeros(1000)
    x[0] = 10.0
    form, _ = column(x[:, None])
    assert form.scale[0] == pytest.approx(x.std()) and form.center[0] == 0.0


@pytest.mark.parametrize("constant", [0.0, 3.0, 1e300])
def test_a_constant_has_scale_1(constant):
    x = np.full(9, constant)
    x[2] = NAN
    form, codes = column(x[:, None])
    assert (form.center[0], form.scale[0]) == (constant, 1.0)
    assert (np.isnan(codes) == np.isnan(x)).all() and not np.nansum(codes)
    # A spread by rounding alone is none.
    form, _ = column(np.array([[0.1 + 0.2], [0.3]] * 5))
    assert form.scale[0] == 1.0


def test_nothing_but_missing_numbers():
    for X in (
        np.full((4, 1), NAN),
        pd.DataFrame({"x": [None] * 4}, dtype=object),
        pl.DataFrame({"x": [None] * 4}),
    ):
        form, codes = column(X)
        assert (form.center[0], form.scale[0], form.missing[0]) == (0.0, 1.0, 1.0)
        assert np.isnan(codes).all() and not form.is_category[0]


@pytest.mark.filterwarnings("error")
def test_the_largest_floats_do_not_overflow():
    x = np.array([-1.7e308, 1.7e308] * 3 + [0.0])[:, None]
    form, codes = column(x)
    assert np.isfinite(form.scale).all() and np.isfinite(codes).all()
    assert (np.sign(codes) == np.sign(x[:, 0])).all()
    tiny = np.linspace(0, 1e-320, 9)[:, None]
    form = learn_form(tiny)
    assert np.abs(coded_table(form, np.array([[1e300]]))) <= 1e9
    x = np.array([0.0, 1.0] * 5)[:, None].astype(np.float32)
    assert np.isfinite(coded_table(learn_form(x), np.float32([[3e38]]))).all()


def test_infinity_is_refused_by_the_name_of_its_column():
    frame = pd.DataFrame({"a": [1.0, 2.0], "income": [1.0, np.inf]})
    for X, name in ((frame, "'income'"), (frame.to_numpy(), "1")):
        with pytest.raises(ValueError, match=f"contains infinity, in column {name}"):
            learn_form(X)
        with pytest.raises(ValueError, match=f"contains infinity, in column {name}"):
            learn_form(X, categorical_features=[1])


@given(
    st.lists(
        st.tuples(st.sampled_from([0.0, 0.1, 1.5, -7.0, NAN]), st.integers(0, 4)),
        min_size=1,
        max_size=60,
    ).filter(lambda rows: any(weight for _, weight in rows))
)
def test_an_integer_weight_is_repetition(rows):
    x, weight = map(np.array, zip(*rows))
    X = np.column_stack([x, x])
    repeated = np.repeat(X, weight, axis=0)
    forms = learn_form(X, [1], weight), learn_form(repeated, [1])
    assert_same(*forms)


def assert_same(one, other):
    for name in ("n_levels", "center", "scale"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name))
    np.testing.assert_allclose(one.missing, other.missing)
    for name in ("levels", "shares"):
        for a, b in zip(getattr(one, name), getattr(other, name)):
            assert (a is None) == (b is None)
            if a is not None:
                np.testing.assert_array_equal(a, b)


def test_small_weights_do_not_make_levels_rare():
    X = pd.DataFrame({"x": ["a", "b"] * 5})
    for weight in (None, np.full(10, 1e-3), np.full(10, 0.1)):
        assert learn_form(X, sample_weight=weight).levels[0].tolist() == ["a", "b"]
    weight = np.array([1e300, 1e308] * 5)
    assert learn_form(X, sample_weight=weight).n_levels[0] == 3


# Categories ---------------------------------------------------------------------------


def test_rare_levels_share_the_last_code():
    values = ["b"] * 5 + ["a"] * 6 + ["c"] * 4 + ["d"] + [None] * 4
    form, codes = column(values)
    assert form.levels[0].tolist() == ["a", "b"] and form.n_levels[0] == 3
    assert codes[:16].tolist() == [1] * 5 + [0] * 6 + [2] * 5
    assert np.isnan(codes[16:]).all() and form.missing[0] == 4 / 20
    np.testing.assert_allclose(form.shares[0], [6 / 16, 5 / 16, 5 / 16])
    assert (form.center[0], form.scale[0]) == (0.0, 1.0)
    unseen = coded_table(form, pd.DataFrame({"x": ["z", "a", NAN]}))[:, 0]
    np.testing.assert_array_equal(unseen, [2.0, 0.0, NAN])


def test_the_most_frequent_levels_have_codes():
    counts = [5] * 200 + [6] * 100
    values = np.repeat(np.arange(300), counts)
    form, codes = column(values[:, None], categorical_features=[0])
    # All that occur six times, and the first of those that occur five times.
    assert form.levels[0].tolist() == [*range(154), *range(200, 300)]
    assert form.n_levels[0] == 255 and codes.max() == 254
    assert (codes == 254).sum() == 46 * 5


def test_rows_of_weight_zero_do_not_count():
    X = pd.DataFrame({"x": ["a"] * 6 + ["b"] * 6, "y": [1.0] * 6 + [NAN] * 6})
    form = learn_form(X, sample_weight=np.repeat([1.0, 0.0], 6))
    assert form.levels[0].tolist() == ["a"] and form.missing.tolist() == [0.0, 0.0]
    assert form.shares[0].tolist() == [1.0, 0.0] and form.center[1] == 1.0


@pytest.mark.parametrize("kind", KINDS)
def test_values_of_one_level_are_written_alike(kind):
    form = learn_form(kind(pd.DataFrame({"x": [1, 2] * 5})), categorical_features=[0])
    for other in ([1.0, 2.0], ["1", "2"], [True, 2], [Decimal(1), 2]):
        X = pd.DataFrame({"x": np.array(other, dtype=object)})
        assert coded_table(form, X)[:, 0].tolist() == [0.0, 1.0]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("types", [("float64", "float32"), ("float32", "float64")])
def test_a_level_is_found_in_another_precision(types, kind):
    x = pd.DataFrame({"x": [0.1, 1 / 3, 2.0, -0.7] * 5})
    learned, other = (x.astype(each) for each in types)
    form = learn_form(kind(learned), categorical_features=[0])
    codes = coded_table(form, kind(learned))
    assert (coded_table(form, kind(other)) == codes).all()
    assert (coded_table(form, other.to_numpy()) == codes).all()


def test_numbers_that_differ_in_their_own_precision_are_two_levels():
    form = learn_form(np.array([[0.1], [0.2]] * 5), categorical_features=[0])
    near = np.array([[0.1 + 1e-10], [0.1], [1e300]])
    assert coded_table(form, near)[:, 0].tolist() == [2.0, 0.0, 2.0]
    both = np.array([[0.1], [0.1 + 1e-10]] * 5)
    form = learn_form(both, categorical_features=[0])
    assert coded_table(form, both[:2])[:, 0].tolist() == [0.0, 1.0]


def test_truth_values_are_found_in_texts():
    bools, texts = (
        pd.DataFrame({"x": [True, False] * 5}).astype(of) for of in (bool, str)
    )
    for learned, other in ((bools, texts), (texts, bools)):
        form = learn_form(learned)
        assert (coded_table(form, other) == coded_table(form, learned)).all()
    # A text that is a level is itself.
    form = learn_form(pd.DataFrame({"x": ["True", "1"] * 5}))
    assert form.levels[0].tolist() == ["1", "True"]
    codes = coded_table(form, pd.DataFrame({"x": ["True", "1"]}))
    assert codes[:, 0].tolist() == [1.0, 0.0]


def test_objects_of_several_types():
    mixed = [1, 1.0, "1", "a", True, 2.5, None, "a"] * 5
    form, codes = column(pd.Series(mixed, dtype=object))
    assert form.levels[0].tolist() == ["1", "2.5", "a"] or form.n_levels[0] == 4
    assert codes[:6].tolist() == [0.0, 0.0, 0.0, 2.0, 0.0, 1.0] and np.isnan(codes[6])
    numbers = [1, 2.5, None, pd.NA, NAN, Decimal("0.5"), True, 4]
    form, codes = column(pd.Series(numbers, dtype=object))
    assert not form.is_category[0] and np.isnan(codes).tolist() == [
        *[False, False, True, True, True, False, False, False]
    ]
    bools = [True, False, None] * 5
    form, codes = column(pd.Series(bools, dtype=object))
    assert form.levels[0].tolist() == [False, True] and form.levels[0].dtype == bool


@pytest.mark.parametrize("value", [[1], {"a": 1}, {1}])
def test_what_is_no_value_is_refused(value):
    X = pd.DataFrame({"a": [1.0, 2.0], "x": pd.Series([value, "a"], dtype=object)})
    with pytest.raises(TypeError, match="X has values that can be no cat.*column 'x'"):
        learn_form(X)
    with pytest.raises(ValueError, match="X has values that are not numb.*column 'x'"):
        learn_form(pl.DataFrame({"x": [[1], [2]]}))


# Frames -------------------------------------------------------------------------------

OF_PANDAS = {
    "str": (pd.Series(["a", "b", None] * 5), True),
    "string": (pd.Series(["a", "b", None] * 5, dtype="string"), True),
    "object": (pd.Series(["a", "b", None] * 5, dtype=object), True),
    "category": (pd.Series(["a", "b", None] * 5, dtype="category"), True),
    "numbers as categories": (pd.Series([3, 1, None] * 5, dtype="category"), True),
    "intervals": (pd.Series(pd.cut([1.0, 2.0, NAN] * 5, 2)), True),
    "bool": (pd.Series([True, False, True] * 5), True),
    "boolean": (pd.Series([True, False, None] * 5, dtype="boolean"), True),
    "Int64": (pd.Series([3, 1, None] * 5, dtype="Int64"), False),
    "Float32": (pd.Series([3, 1, None] * 5, dtype="Float32"), False),
    "float": (pd.Series([3, 1, None] * 5), False),
    "int": (pd.Series([3, 1, 2] * 5), False),
    "sparse": (pd.Series(pd.arrays.SparseArray([3.0, 0.0, NAN] * 5)), False),
}
OF_POLARS = {
    "str": (pl.Series(["a", "b", None] * 5), True),
    "category": (pl.Series(["a", "b", None] * 5).cast(pl.Categorical), True),
    "enum": (pl.Series(["a", "b", None] * 5).cast(pl.Enum(["b", "a"])), True),
    "bool": (pl.Series([True, False, None] * 5), True),
    "int": (pl.Series([3, 1, None] * 5), False),
    "decimal": (pl.Series([3, 1, None] * 5).cast(pl.Decimal(5, 2)), False),
    "float": (pl.Series([3.0, 1.0, NAN] * 5), False),
}


@pytest.mark.parametrize(
    ("frame", "is_category"),
    [
        *((pd.DataFrame({"x": of, "y": "a"}), kind) for of, kind in OF_PANDAS.values()),
        *(
            (pl.DataFrame({"x": of, "y": ["a"] * 15}), kind)
            for of, kind in OF_POLARS.values()
        ),
    ],
    ids=[*OF_PANDAS, *(f"polars {name}" for name in OF_POLARS)],
)
def test_types_of_columns(frame, is_category):
    form = learn_form(frame)
    codes = coded_table(form, frame)
    assert form.names.tolist() == ["x", "y"] and codes.dtype == np.float32
    assert form.is_category.tolist() == [is_category, True]
    assert np.isnan(codes[:, 0]).mean() == pytest.approx(form.missing[0])
    assert len(np.unique(codes[~np.isnan(codes[:, 0]), 0])) in (2, 3)
    if is_category:
        assert set(codes[:, 0][~np.isnan(codes[:, 0])]) == {0.0, 1.0}
        assert list(form.levels[0]) == sorted(form.levels[0])


def test_both_kinds_of_frames_are_read_alike(raw):
    form, other = learn_form(raw), learn_form(as_polars(raw))
    assert_same(form, other)
    codes = coded_table(form, raw)
    np.testing.assert_array_equal(codes, coded_table(form, as_polars(raw)))
    np.testing.assert_array_equal(codes, coded_table(other, raw))


def test_two_columns_of_one_name():
    X = pd.DataFrame([["a", 1.0]] * 6, columns=["x", "x"])
    assert learn_form(X).is_category.tolist() == [True, False]


def test_precision():
    numbers = pd.DataFrame({"a": [1.0, NAN], "b": [1, 2]})
    for X, dtype in (
        (numbers, np.float64),
        (numbers.astype(np.float32), np.float32),
        (numbers.assign(c="a"), np.float32),
        (numbers.to_numpy(), np.float64),
        (numbers.to_numpy().astype(np.float32), np.float32),
        (numbers.to_numpy().tolist(), np.float64),
    ):
        assert coded_table(learn_form(X), X).dtype == dtype


# Arrays, lists, and sparse rows -------------------------------------------------------


def test_arrays_of_objects():
    X = np.array([["a", 1.0, None], ["b", 2.0, 3.0]] * 6, dtype=object)
    for rows in (X, X.tolist()):
        form = learn_form(rows, [0])
        assert form.is_category.tolist() == [True, False, False]
        codes = coded_table(form, rows)
        assert codes[0, 0] == 0.0 and np.isnan(codes[0, 2]) and codes.dtype == float
        message = "could not convert string to float: 'a'. X has values.*in column 0"
        with pytest.raises(ValueError, match=message):
            learn_form(rows)
        with pytest.raises(TypeError, match="not.*complex"):
            learn_form(np.array([[1j, 2.0]], dtype=object))
        with pytest.raises(ValueError, match="Complex data not supported"):
            learn_form(np.array([[1j, 2.0]]))


def test_sparse_rows_are_scaled_only():
    X = sp.csr_matrix([[0.0, 3.0, 0.0], [2.0, -4.0, 0.0], [0.0, 0.0, 0.0]])
    form = learn_form(X, sample_weight=[1, 1, 0])
    np.testing.assert_allclose(form.scale, [2.0, np.sqrt(12.5), 1.0])
    assert not form.center.any() and not form.is_category.any()
    coded = coded_table(form, X)
    assert sp.issparse(coded) and coded.nnz == X.nnz
    np.testing.assert_allclose(coded.toarray(), X.toarray() / form.scale)
    np.testing.assert_allclose(coded_table(form, X.toarray()), coded.toarray())
    np.testing.assert_array_equal(X.toarray()[1], [2.0, -4.0, 0.0])  # It is a copy.


# What is read -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("X", "raw"),
    [
        (np.ones((3, 2)), False),
        (np.array([[1.0, NAN]]), True),
        ([[1.0, None]], True),
        ([[1.0, 2.0]], False),
        (np.array([[1.0, pd.NA]], dtype=object), True),
        (np.array([["a", 1.0]], dtype=object), False),
        (np.full((2, 2, 2), NAN), False),
        (np.zeros((0, 2)), False),
        (np.array([1.0, NAN]), False),
        (sp.csr_matrix(np.ones((2, 2))), False),
        (pd.DataFrame({"a": [1.0]}), False),
        (pd.DataFrame({"a": ["x"]}), True),
        (pd.DataFrame({"a": [True]}), True),
        (pd.DataFrame({"a": [1, None]}, dtype="Int64"), True),
        (pl.DataFrame({"a": [1, None]}), True),
        (pl.DataFrame({"a": [1, 2]}), False),
    ],
)
def test_what_is_raw(X, raw):
    assert is_raw(X) == raw
    if not isinstance(X, (pd.DataFrame, pl.DataFrame)):
        assert is_raw(X, None) == raw


def test_categorical_features():
    array = np.arange(12.0).reshape(6, 2)
    frame = pd.DataFrame(array, columns=["a", "b"])
    for marks in ([1], np.array([1]), [False, True]):
        assert learn_form(array, marks).is_category.tolist() == [False, True]
        assert is_raw(array, marks)
    for marks in (["b"], np.array(["b"]), [False, True], pd.Index(["b"])):
        assert learn_form(frame, marks).is_category.tolist() == [False, True]
        assert learn_form(as_polars(frame), marks).is_category[1]
    for marks in ([], [False, False], None):
        assert not learn_form(frame, marks).is_category.any()
        assert not is_raw(frame, marks)
    bools = frame.assign(c=True)
    assert not learn_form(bools, None).is_category.any() and not is_raw(bools, None)


@pytest.mark.parametrize(
    ("marks", "message"),
    [
        ([2], "positions are 0 to 1 here, got 2"),
        ([-1], "positions are 0 to 1 here, got -1"),
        ([True], "mask has 1 entries, but X has 2 columns"),
        ([0.5], r"got \[0.5\]"),
        ([["a"]], "in one axis"),
        (["c"], "X has no column with the name 'c'"),
    ],
)
def test_categorical_features_that_do_not_fit(marks, message):
    frame = pd.DataFrame({"a": [1.0], "b": [2.0]})
    with pytest.raises(ValueError, match=f"categorical_features must be.*{message}"):
        learn_form(frame, marks)
    with pytest.raises(ValueError, match="X has no names of columns"):
        learn_form(frame.to_numpy(), ["a"])
    twice = pd.DataFrame([[1, 2]], columns=["a", "a"])
    with pytest.raises(ValueError, match="X has 2 columns with the name 'a'"):
        learn_form(twice, ["a"])


def test_categories_elsewhere():
    for X, kind in ((sp.eye(3).tocsr(), "sparse"), (np.ones((2, 2, 2)), "3 dimen")):
        with pytest.raises(ValueError, match=f"{kind}.*, but categorical_features"):
            is_raw(X, [0])
    with pytest.raises(ValueError, match=r"input_shape=\(1, 1\) is for rows of n"):
        is_raw(pd.DataFrame({"a": ["x"]}), input_shape=(1, 1))
    assert not is_raw(np.array([[NAN]]), input_shape=(1, 1))


def test_columns_that_are_missing_first():
    form = learn_form(pd.DataFrame({"a": [1.0, 2.0], "b": ["x", "y"], "c": [1.0, NAN]}))
    X = pd.DataFrame({"a": [NAN], "b": [None], "c": [NAN]})
    assert missing_first(form, coded_table(form, X)) == ["a", "b"]
    assert not missing_first(form, sp.csr_matrix((2, 3)))


def test_columns_without_known_levels():
    towns = ["u"] * 90 + ["v"] * 5 + [f"rare {k}" for k in range(5)]
    train = pd.DataFrame({"town": towns, "id": [f"id {k}" for k in range(100)]})
    form = learn_form(train)

    def found(*towns):
        X = pd.DataFrame({"town": towns, "id": "id 7"})
        return without_known_levels(form, X, coded_table(form, X))

    assert found("U", "V", "V", None) == {0: ["U", "V"]}
    assert not found("U")  # A row alone may have any level,
    assert not found("U", "V")  # and two rows may both have rare ones,
    assert not found("U", "V", "V", "v")
    assert not found(None, None)
    for size, is_found in ((0.5, False), (1.0, True)):  # measurements, or codes
        numbers = size * np.repeat([[1.0], [2.0]], 5, axis=0)
        codes, X = learn_form(numbers, [0]), np.array([[3.0], [3.5]])
        assert bool(without_known_levels(codes, X, coded_table(codes, X))) == is_found
    full = learn_form(train.iloc[:95])  # but not where there are none.
    X = train.iloc[95:97]
    assert without_known_levels(full, X, coded_table(full, X)) == {0: towns[95:97]}
    assert not without_known_levels(form, sp.csr_matrix((2, 2)), sp.csr_matrix((2, 2)))


BEYOND = 2**53 + np.arange(3)


@pytest.mark.parametrize(
    "X",
    [
        np.column_stack([[1, 2, 3], BEYOND]),
        np.column_stack([[1, 2, 3], -BEYOND]),
        np.column_stack([[1, 2, 3], BEYOND]).astype(np.uint64),
        np.column_stack([[1, 2, 3], BEYOND]).astype(object),
        np.column_stack([[1, 2, 3], BEYOND]).tolist(),
        np.array([[1, 2**70], [2, 2**70 + 1], [3, 5]], dtype=object),
        pd.DataFrame({"a": [1, 2, 3], "b": BEYOND}),
        pd.DataFrame({"a": [1, 2, 3], "b": pd.array([*BEYOND[:2], None], "Int64")}),
        pl.DataFrame({"a": [1, 2, 3], "b": BEYOND}),
    ],
)
def test_integers_that_become_the_same_number(X):
    (j, pair), *others = merged_integers(X).items()
    assert not others and j == 1 and pair[0] < pair[1]
    assert float(pair[0]) == float(pair[1])


@pytest.mark.parametrize(
    "X",
    [
        np.column_stack([2**53 - np.arange(3), 2**60 * np.arange(3)]),
        BEYOND.astype(float)[:, None],
        pd.DataFrame({"a": pd.array([None, None], "Int64"), "b": ["x", "y"]}),
        np.empty((0, 2), dtype=int),
    ],
)
def test_integers_that_stay_apart(X):
    assert merged_integers(X) == {}
