"""The number of threads of a computation."""

import re
import threading

import pytest
import torch

from sklearn_gradlasso.utils.threads import computing, n_threads, threads


def numbers() -> set[int]:
    """Numbers of threads of torch's libraries in this Python thread."""
    info = torch.__config__.parallel_info()
    found = re.findall(r"(?:omp|mkl)_get_max_threads\(\) : (\d+)", info)
    return {int(number) for number in found}


@pytest.fixture(params=[1, 3])
def of_torch(request):
    """A program has set the number of threads of torch."""
    before = torch.get_num_threads()
    torch.set_num_threads(request.param)
    yield request.param
    torch.set_num_threads(before)


@pytest.mark.parametrize("n_jobs, number", [(None, 1), (1, 1), (2, 2)])
def test_all_libraries_of_torch_have_the_threads_asked_for(of_torch, n_jobs, number):
    before = numbers()
    with computing(n_jobs):
        assert numbers() == {number}
        with threads(None):
            assert numbers() == {1}
        assert numbers() == {number}
    assert numbers() == before == {of_torch}


def test_other_python_threads_keep_their_number(of_torch):
    found = []
    with threads(2):
        other = threading.Thread(target=lambda: found.append(numbers()))
        other.start()
        other.join()
    assert found == [{of_torch}]


def test_a_new_python_thread_has_the_threads_asked_for(of_torch):
    found = []

    def compute():
        with threads(2):
            torch.ones(100_000).exp()  # now torch reads the number of the program
            found.append(numbers())

    other = threading.Thread(target=compute)
    other.start()
    other.join()
    assert found == [{2}]


def test_numbers_of_threads():
    assert n_threads(None) == n_threads(1) == 1
    assert n_threads(3) == 3
    assert n_threads(-1) >= 1
    with pytest.raises(ValueError, match="n_jobs must not be 0"):
        n_threads(0)
