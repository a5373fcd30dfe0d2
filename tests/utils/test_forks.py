"""Processes that are forked after their parent has computed."""

import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from sklearn_gradlasso.utils import forks
from sklearn_gradlasso.utils.threads import computing

FORKED = Path(__file__).parents[1] / "helpers" / "processes" / "forked.py"
HANGS_AFTER = 300  # seconds, for all processes


def compute():
    with computing(2):
        pass


@pytest.mark.skipif(not hasattr(os, "fork"), reason="processes are not forked here")
def test_forked_processes_compute_as_their_parent_does():
    environment = {k: v for k, v in os.environ.items() if k != "OMP_NUM_THREADS"}
    environment["OMP_WAIT_POLICY"] = "passive"  # for busy machines
    done = subprocess.run(
        [sys.executable, FORKED],
        env=environment,
        capture_output=True,
        text=True,
        timeout=HANGS_AFTER,
    )
    assert (done.returncode, done.stdout) == (0, ""), done.stdout + done.stderr


def test_a_thread_that_ends_takes_its_threads_of_openmp_along(monkeypatch):
    ended = []

    def release(kind):
        ended.append(threading.get_native_id())

    monkeypatch.setattr(forks, "_releases", lambda: [release])
    thread = threading.Thread(target=compute)
    thread.start()
    thread.join()
    assert ended == [thread.native_id]


def test_python_ends_quietly_while_threads_have_computed():
    code = """if True:
        import threading
        from sklearn_gradlasso.utils.threads import computing

        def compute():
            with computing(2):
                computed.set()
                threading.Event().wait()

        computed = threading.Event()
        threading.Thread(target=compute, daemon=True).start()
        computed.wait()
        with computing(2):
            pass
    """
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
