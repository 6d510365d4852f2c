"""The virtual environment from the lock file, and the system's packages. Standard library only.

`python -m deploy.local.bootstrap` makes `.venv`; with the argument `servers` it sees to RabbitMQ and
PostgreSQL too, with `tests` to what only tests need. Nothing is done where the lock file and pyproject.toml
are those of the last time.
"""

import hashlib
import re
import subprocess
import sys
import tempfile
import venv

from deploy.local import packages
from deploy.local.checkout import ROOT, SetupError
from deploy.local.console import say, warn

_VENV = ROOT / ".venv"
_PYTHON = _VENV / "bin" / "python"
_STAMP = _VENV / "kedja-stamp"
_LOCK = ROOT / "requirements.lock"


def main() -> int:
    """Set up what is missing; exit status 1 and one sentence if something can't be."""
    try:
        _install_packages(sys.argv[1:])
        if _stamp() != _last_stamp():
            _make_environment()
    except SetupError as failure:
        warn(f"kedja: {failure}")
        return 1
    return 0


def _install_packages(purposes: list[str]) -> None:
    missing = [] if _is_usable() else packages.missing_for_python()
    if "servers" in purposes:
        missing += packages.missing_for_servers()
    if "tests" in purposes:
        missing += packages.missing_for_tests()
    if missing:
        packages.install(missing)


def _make_environment() -> None:
    if not _is_usable():
        say("Making the virtual environment .venv …")
        venv.create(_VENV, clear=True, with_pip=True)
    say("Installing the locked Python packages into .venv (a minute the first time) …")
    if not _install_with_uv():
        _pip("--require-hashes", "-r", str(_LOCK))
    _pip("--no-deps", "--no-build-isolation", "-e", str(ROOT))
    _compile()
    _STAMP.write_text(_stamp(), encoding="utf-8")


def _is_usable() -> bool:
    """Whether `.venv` has a Python new enough and a pip, and was made here (it contains its own path)."""
    if _STAMP.exists() and _last_stamp().splitlines()[0] != str(ROOT):
        return False
    probe = "import pip, sys; sys.exit(sys.version_info < (3, 11))"
    try:
        return subprocess.run([str(_PYTHON), "-c", probe], capture_output=True, check=False).returncode == 0
    except OSError:
        return False


def _stamp() -> str:
    content = _LOCK.read_bytes() + (ROOT / "pyproject.toml").read_bytes()
    return f"{ROOT}\n{hashlib.sha256(content).hexdigest()}\n"


def _last_stamp() -> str:
    return _STAMP.read_text(encoding="utf-8") if _STAMP.exists() else ""


def _compile() -> None:
    """Compile the checkout: else every process does, where Python is told to write no bytecode."""
    folders = [name for name in ("chassis", "services", "deploy", "demo", "tests") if (ROOT / name).is_dir()]
    subprocess.run([str(_PYTHON), "-m", "compileall", "-q", "-j0", *folders], cwd=ROOT, check=False)


def _install_with_uv() -> bool:
    """Install by the lock's own uv, in a third of pip's time; tell whether it could.

    It does not know of an index in pip's settings: there, pip has to.
    """
    locked = re.search(r"^uv==.*?(?=^\S|\Z)", _LOCK.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    if locked is None:
        return False
    with tempfile.NamedTemporaryFile("w", suffix=".txt", encoding="utf-8") as alone:
        alone.write(locked[0])
        alone.flush()
        _pip("--require-hashes", "-r", alone.name)
    uv = str(_VENV / "bin" / "uv")
    exactly = ("--quiet", "--compile-bytecode", "--require-hashes", "-r", str(_LOCK))
    return _run(uv, "pip", "install", "--python", str(_PYTHON), *exactly).returncode == 0


def _run(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )


def _pip(*arguments: str) -> None:
    quietly = ("--quiet", "--disable-pip-version-check", "--no-input")
    done = _run(str(_PYTHON), "-m", "pip", "install", *quietly, *arguments)
    if done.returncode:
        warn(*done.stdout.splitlines()[-15:])
        raise SetupError(
            "pip could not install the locked packages (its words are above): "
            "make sure that this machine reaches a Python package index, then try again."
        )


if __name__ == "__main__":
    sys.exit(main())
