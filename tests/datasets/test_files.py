"""What all fetchers share: their files and the documentation of them."""

import inspect
import re

import pytest

from sklearn_gradlasso import datasets
from sklearn_gradlasso.datasets._files import documented

FETCHERS = [getattr(datasets, name) for name in datasets.__all__ if "fetch" in name]


@pytest.mark.parametrize("fetch", FETCHERS, ids=lambda fetch: fetch.__name__)
def test_documented__every_marker_is_replaced(fetch):
    text = inspect.getdoc(fetch)
    assert not re.search(r"\{\w+\}", text)
    assert re.search(r"``\w+\.(csv\.gz|npz)``", text)
    assert "FileNotFoundError\n    If the file is missing" in text
    can_download = "download_if_missing" in inspect.signature(fetch).parameters
    assert ("There is no download." in " ".join(text.split())) != can_download
    assert ("cannot be, downloaded" in text) == can_download


def test_documented__a_parameter_without_its_marker_is_an_error():
    def fetch(*, data_home=None):
        """Data."""

    with pytest.raises(ValueError, match="does not contain '{data_home}'"):
        documented("data.csv.gz")(fetch)
