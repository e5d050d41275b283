"""Warm: Python programs that start in a moment, because they are forked after the slow imports.

    with Warm() as python:
        subprocess.run([python, "-c", "import dspy"])

Importing DSPy, LiteLLM and pandas takes seconds of a processor, and the tests start hundreds of kernels,
servers and scripts. `python` is a small program that is called as Python is. It sends its arguments, folder,
environment and streams to a server that has imported the libraries, and the server forks. In a fork,
`sys.executable` is that program again, so what a lesson starts is forked, too. Nothing of `kit` is imported
before the fork. What is called with options of Python's own is run by Python itself. Left out: systems other
than Linux.
"""

from __future__ import annotations

import atexit
import contextlib
import gc
import importlib
import json
import os
import runpy
import selectors
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path

LIBRARIES = (
    "dspy",
    "litellm",
    "pandas",
    "IPython.core.interactiveshell",
    "ipykernel.kernelapp",
    "fastapi",
    "multiprocessing.spawn",  # keeps the name of Python itself, as it hands on more than three streams
)
SETTINGS = {"LITELLM_LOCAL_MODEL_COST_MAP": "True", "TQDM_DISABLE": "1"}  # read as the libraries are imported
PROGRAM = """#!{python} -IS
import runpy
runpy.run_path({warm!r}, run_name="ask")["ask"]({address!r})
"""


class Warm:
    """The server that forks. `with Warm() as python` gives the program that stands for Python."""

    def __enter__(self) -> str:
        self.place = tempfile.TemporaryDirectory(prefix="warm-")
        address, python = Path(self.place.name) / "socket", Path(self.place.name) / "python"
        python.write_text(PROGRAM.format(python=sys.executable, warm=__file__, address=str(address)))
        python.chmod(0o700)
        settings = SETTINGS | {"DSPY_CACHEDIR": self.place.name}
        environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"} | settings
        self.server = subprocess.Popen(
            [sys.executable, __file__, address],
            env=environment,
            stdin=subprocess.PIPE,  # the server ends with it, so also when the tests are killed
            stdout=subprocess.PIPE,
            start_new_session=True,  # Ctrl-C is for the tests
        )
        if not self.server.stdout.readline():
            raise RuntimeError("The server that forks did not start; the reason is printed above.")
        return str(python)

    def __exit__(self, *_error: object) -> None:
        self.server.stdin.close()
        self.server.wait()
        self.server.stdout.close()
        self.place.cleanup()


def ask(address: str) -> None:
    """Have a fork run this process's arguments, pass signals on to it, and end with its code."""
    if not sys.argv[1:] or (sys.argv[1].startswith("-") and sys.argv[1] not in ("-c", "-m")):
        os.execv(sys.executable, [sys.executable, *sys.argv[1:]])  # noqa: S606 - no shell is wanted
    with socket.socket(socket.AF_UNIX) as server:
        server.connect(address)
        socket.send_fds(server, [b"."], [0, 1, 2])
        wanted = {"argv": sys.argv[1:], "folder": os.getcwd(), "environment": dict(os.environ)}
        server.sendall(json.dumps(wanted).encode() + b"\n")
        with server.makefile() as said:
            fork = int(said.readline())
            for number in (signal.SIGINT, signal.SIGTERM):
                signal.signal(number, lambda number, _frame: os.kill(fork, number))
            code = int(said.readline() or 1)
    if code < 0:
        with contextlib.suppress(OSError):  # nobody catches a kill
            signal.signal(-code, signal.SIG_DFL)
        os.kill(os.getpid(), -code)
    sys.exit(code)


def serve(address: str) -> Callable[[], None]:
    """Fork for each that asks, and end the fork if who asked is gone. In a fork, return what it is to run."""
    python = str(Path(address).with_name("python"))
    with socket.socket(socket.AF_UNIX) as listener, selectors.DefaultSelector() as selector:
        listener.bind(address)
        listener.listen(64)
        print("ready", flush=True)  # who asks from now on waits for the imports
        gc.disable()  # it would search what is imported for garbage, again and again
        for name in LIBRARIES:
            importlib.import_module(name)
        gc.freeze()
        gc.enable()
        for each in (listener, sys.stdin):
            selector.register(each, selectors.EVENT_READ)
        while True:
            for key, _ in selector.select():
                if key.fileobj is sys.stdin:
                    forks = {key.data[0] for key in selector.get_map().values() if key.data}
                    return lambda: end(forks)
                if key.fileobj is listener:
                    asking, _ = listener.accept()
                    streams = socket.recv_fds(asking, 1, 3)[1]
                    wanted = json.loads(asking.makefile().readline())
                    if not (fork := os.fork()):
                        for each in {asking, *(key.fileobj for key in selector.get_map().values())}:
                            if each is not sys.stdin:
                                os.close(each) if isinstance(each, int) else each.close()
                        return lambda: become(streams, python, **wanted)
                    for stream in streams:
                        os.close(stream)
                    with contextlib.suppress(OSError):  # who asked may be gone: then the fork is ended below
                        asking.sendall(f"{fork}\n".encode())
                    selector.register(asking, selectors.EVENT_READ, (fork, asking))
                    selector.register(os.pidfd_open(fork), selectors.EVENT_READ, (fork, asking))
                    continue
                fork, asking = key.data
                selector.unregister(key.fileobj)
                if key.fileobj is asking:
                    end({fork})
                    continue
                code = os.waitstatus_to_exitcode(os.waitpid(fork, 0)[1])
                os.close(key.fd)
                if asking.fileno() in selector.get_map():
                    selector.unregister(asking)
                    with contextlib.suppress(OSError):
                        asking.sendall(f"{code}\n".encode())
                asking.close()


def end(forks: set[int]) -> None:
    """Kill forks, and what they started."""
    for fork in forks:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(fork, signal.SIGKILL)


def leave(run: Callable[[], None]) -> None:
    """Run a program and end at once: taking down the imported libraries takes longer than many programs."""
    code = 0
    try:
        run()
    except SystemExit as ended:
        if not isinstance(ended.code, int | None):
            raise
        code = ended.code or 0
    threading._shutdown()
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(ValueError):  # it may be closed
            stream.flush()
    os._exit(code & 0xFF)


def become(
    streams: list[int], python: str, argv: list[str], folder: str, environment: dict[str, str]
) -> None:
    """Be the program that was asked for."""
    import dspy
    import numpy
    import pandas

    os.setsid()
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
        os.close(stream)
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    sys.executable = python
    numpy.random.seed()
    pandas.set_option("display.max_columns", 20 if "ipykernel_launcher" in argv else 0)  # as pandas sets it
    dspy.configure_cache(disk_cache_dir=environment.get("DSPY_CACHEDIR", Path.home() / ".dspy_cache"))
    sys.dont_write_bytecode = bool(environment.get("PYTHONDONTWRITEBYTECODE"))
    sys.path[:1] = places = [place for place in environment.get("PYTHONPATH", "").split(os.pathsep) if place]
    for custom in (Path(place, "sitecustomize.py") for place in places):
        if custom.exists():
            runpy.run_path(str(custom))
    if argv[0] == "-c":
        sys.argv, code = ["-c", *argv[2:]], argv[1]
        sys.path.insert(0, "")
        main = type(sys)("__main__")
        sys.modules["__main__"] = main
        exec(compile(code, "<string>", "exec"), vars(main))
    elif argv[0] == "-m":
        sys.argv = argv[1:]
        sys.path.insert(0, folder)
        if argv[1] == "pytest":
            sys.modules["anyio"].__doc__ = "PYTEST_DONT_REWRITE"  # no warning that it came before pytest
        runpy.run_module(argv[1], run_name="__main__", alter_sys=True)
    else:
        sys.argv = argv
        sys.path.insert(0, str(Path(argv[0]).resolve().parent))
        runpy.run_path(str(Path(argv[0]).absolute()), run_name="__main__")


if __name__ == "__main__":
    leave(serve(sys.argv[1]))
