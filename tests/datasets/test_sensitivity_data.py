"""The data of the sensitivities: a simulation, credit card clients, air in Beijing."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from helpers.known_slopes import root_mean_square, shares

from sklearn_gradlasso.datasets import (
    _credit_default,
    _files,
    fetch_beijing_pm25,
    fetch_credit_default,
    make_sensitivity_regression,
)


def test_the_true_importances_are_the_root_mean_squares_of_the_slopes():
    X, _, truth = make_sensitivity_regression(100_000, random_state=0)
    slopes = np.tile([0, 0, 2, 1, 0.01], (len(X), 1))
    slopes[:, 0], slopes[:, 1] = -np.sin(X[:, 0]), np.cos(X[:, 1])
    np.testing.assert_allclose(truth, shares(root_mean_square(slopes)), rtol=0.01)
    assert truth.sum() == pytest.approx(100)


def test_the_simulation_is_the_sum_it_says():
    X, y, truth = make_sensitivity_regression(1000, 7, noise=0, random_state=0)
    assert X.shape == (1000, 7) and truth.tolist()[5:] == [0, 0]
    expected = np.cos(X[:, 0]) + np.sin(X[:, 1]) + 2 * X[:, 2] + X[:, 3] + X[:, 4] / 100
    np.testing.assert_allclose(y, expected)
    X, noisy, _ = make_sensitivity_regression(1000, 7, noise=0.5, random_state=0)
    assert (noisy - expected).std() == pytest.approx(0.5, rel=0.1)
    again = make_sensitivity_regression(1000, 7, noise=0.5, random_state=0)
    np.testing.assert_array_equal(again[1], noisy)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"n_features": 4}, "n_features must be at least 5, got 4"),
        ({"n_samples": 0}, "n_samples must be a positive integer"),
        ({"noise": -1}, "noise must be a finite number from 0"),
        ({"noise": np.nan}, "noise must be a finite number from 0"),
        ({"noise": "loud"}, "noise must be a finite number from 0"),
    ],
)
def test_the_simulation_refuses_what_cannot_be(given, message):
    with pytest.raises(ValueError, match=message):
        make_sensitivity_regression(**given)


# Credit card clients


def refuse(**kwargs):
    raise OSError("there is no network")


@pytest.fixture
def no_data(tmp_path, monkeypatch):
    monkeypatch.delenv("SKLEARN_GRADLASSO_DATA", raising=False)
    monkeypatch.setenv("SCIKIT_LEARN_DATA", str(tmp_path))
    monkeypatch.setattr(_files, "fetch_openml", refuse)
    return tmp_path


def test_the_published_clients(data_folder):
    bunch = fetch_credit_default(data_home=data_folder, download_if_missing=False)
    assert bunch.data.shape == (30_000, 23)
    assert bunch.data.columns.tolist() == bunch.feature_names == _credit_default.NAMES
    assert bunch.target.shape == (30_000,) and bunch.target.sum() == 6636
    assert set(bunch.target) == {0, 1}
    assert bunch.target_names == ["paid", "default"]
    assert bunch.data["LIMIT_BAL"].mean() == pytest.approx(167_484.32, abs=0.01)
    assert bunch.data.isna().sum().sum() == 0
    assert "split" not in bunch
    X, y = fetch_credit_default(data_home=data_folder, return_X_y=True)
    pd.testing.assert_frame_equal(X, bunch.data)
    np.testing.assert_array_equal(y, bunch.target)


def test_clients_without_a_file_and_without_a_network(no_data):
    with pytest.raises(FileNotFoundError, match="credit_default.csv.gz was not found"):
        fetch_credit_default(data_home=no_data, download_if_missing=False)
    with pytest.raises(FileNotFoundError, match="OpenML could not be reached: there"):
        fetch_credit_default(data_home=no_data)


def from_openml(data):
    target = pd.Categorical.from_codes(np.arange(len(data)) % 2, ["0", "1"])
    return SimpleNamespace(data=data, target=pd.Series(target))


def test_clients_from_openml(no_data, monkeypatch):
    values = np.arange(30_000 * 23).reshape(30_000, 23)
    data = pd.DataFrame(values).add_prefix("x")
    data["x1"] = data["x1"].astype(str).astype("category")
    asked = {}

    def answer(**kwargs):
        asked.update(kwargs)
        return from_openml(data)

    monkeypatch.setattr(_files, "fetch_openml", answer)
    bunch = fetch_credit_default(data_home=no_data)
    assert asked == {"data_id": 42477, "as_frame": True, "data_home": no_data}
    assert bunch.data.columns.tolist() == bunch.feature_names == _credit_default.NAMES
    np.testing.assert_array_equal(bunch.data, values)
    assert bunch.target.tolist() == [0, 1] * 15_000


@pytest.mark.parametrize("shape", [(29_999, 23), (30_000, 24)])
def test_another_table_from_openml_is_refused(no_data, monkeypatch, shape):
    table = pd.DataFrame(np.zeros(shape)).add_prefix("x")
    monkeypatch.setattr(_files, "fetch_openml", lambda **kwargs: from_openml(table))
    with pytest.raises(FileNotFoundError, match="What OpenML gave is another table"):
        fetch_credit_default(data_home=no_data)


def test_clients_are_read_by_the_names_of_their_columns(no_data):
    columns = ["ID", *reversed(_credit_default.NAMES), "default"]
    rows = np.arange(2 * 25).reshape(2, 25)
    frame = pd.DataFrame(rows, columns=columns)
    frame.to_csv(no_data / "credit_default.csv.gz", index=False)
    X, y = fetch_credit_default(data_home=no_data, return_X_y=True)
    np.testing.assert_array_equal(X, rows[:, 23:0:-1])
    np.testing.assert_array_equal(y, rows[:, -1])


# Air in Beijing


def test_the_published_hours(data_folder):
    bunch = fetch_beijing_pm25(data_home=data_folder)
    assert bunch.data.shape == (43_824, 7) and bunch.target.shape == (43_824,)
    assert bunch.data.columns.tolist() == bunch.feature_names
    time = bunch.data.index
    assert time[0] == pd.Timestamp("2010-01-01 00:00")
    assert (np.diff(time) == np.timedelta64(1, "h")).all()
    assert np.isnan(bunch.target).sum() == 2067
    assert np.nanmean(bunch.target) == pytest.approx(98.61, abs=0.005)
    assert set(bunch.data["cbwd"]) == {"NE", "NW", "SE", "cv"}
    assert bunch.data.isna().sum().sum() == 0


def test_hours_without_a_file(no_data):
    with pytest.raises(FileNotFoundError, match="beijing_pm25.csv.gz.*no download"):
        fetch_beijing_pm25(data_home=no_data)


def test_a_folder_that_is_named_is_the_only_one(data_folder, tmp_path):
    with pytest.raises(FileNotFoundError, match=r"beijing_pm25\.csv\.gz"):
        fetch_beijing_pm25(data_home=tmp_path)
