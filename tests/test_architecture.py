"""The shape of the code: sizes, layers, generated files. import-linter checks the layers between packages."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from chassis import topology
from chassis.entrypoints import declared
from chassis.installed import installed

ROOT = Path(__file__).parent.parent
FOLDERS = ("chassis", "services", "deploy", "demo", "tests", "bench")
FILES = sorted(
    file.relative_to(ROOT)
    for folder in FOLDERS
    for file in (ROOT / folder).rglob("*.py")
    if ".run" not in file.parts
)
SERVICES = sorted(path.parent.name for path in (ROOT / "services").glob("*/__init__.py"))
LONGEST_FILE, LONGEST_FUNCTION = 300, 40
# Green threads and their framework: the business must be able to outlive both.
FRAMEWORK = {"nameko", "eventlet", "greenlet"}


def tree(file: Path) -> ast.Module:
    return ast.parse((ROOT / file).read_text(encoding="utf-8"), str(file))


def imports(file: Path) -> set[str]:
    """Return the names of everything that a file imports, whole: `a.b` for `from a import b`."""
    found = set()
    for node in ast.walk(tree(file)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            package = ".".join(file.parent.parts[: len(file.parts) - node.level]) if node.level else ""
            module = ".".join(part for part in (package, node.module) if part)
            found |= {f"{module}.{alias.name}" for alias in node.names}
    return found


def test_the_files_are_found():
    assert {file.parts[0] for file in FILES} >= {"chassis", "services", "deploy", "demo", "tests"}
    assert SERVICES == ["assessments", "audits", "notifications", "suppliers"]


def declared_distributions() -> tuple[set[str], set[str]]:
    """Return what pyproject.toml names: for the services, and that with what is for development."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    running = {canonical(text) for text in project["dependencies"]}
    extras = project["optional-dependencies"].values()
    return running, running | {canonical(text) for extra in extras for text in extra}


def canonical(requirement: str) -> str:
    return re.split(r"[^\w.\-]", requirement)[0].lower().replace("_", "-")


def test_what_is_imported_is_declared_and_not_there_only_by_way_of_something_else():
    running, developing = declared_distributions()
    known, ours = packages_distributions(), {*sys.stdlib_module_names, *FOLDERS}
    ours.add("playwright")  # `make browser` fetches it by itself: nobody else needs its 100 MB
    undeclared = {
        f"{file}: {package}"
        for file in FILES
        for package in {name.partition(".")[0] for name in imports(file)} - ours
        if not {canonical(name) for name in known.get(package, ())}
        & (running if file.parts[0] in {"chassis", "services"} else developing)
    }
    assert undeclared == set()


def contents(file: Path) -> bool:
    """Tell whether a file is a service's table of contents, or one of several that it has."""
    return file.parts[0] == "services" and file.with_suffix("").parts[2:3] == ("service",)


def test_no_file_is_longer_than_one_can_read():
    lengths = {str(file): len((ROOT / file).read_text(encoding="utf-8").splitlines()) for file in FILES}
    assert {file: length for file, length in lengths.items() if length > LONGEST_FILE} == {}


def test_no_function_is_longer_than_a_screen():
    functions = (
        (f"{file}:{node.lineno} {node.name}", (node.end_lineno or 0) - node.lineno + 1)
        for file in FILES
        for node in ast.walk(tree(file))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    )
    assert {name: length for name, length in functions if length > LONGEST_FUNCTION} == {}


def domain_files() -> list[Path]:
    return [file for file in FILES if re.match(r"services/\w+/domain(\.py|/.*)$", file.as_posix())]


def test_every_service_has_a_domain_and_it_imports_the_standard_library_only():
    assert sorted({file.parts[1] for file in domain_files()}) == SERVICES
    foreign = {
        f"{file} imports {name}"
        for file in domain_files()
        for name in imports(file)
        if name.partition(".")[0] not in sys.stdlib_module_names
        and not name.startswith(f"services.{file.parts[1]}.domain")
    }
    assert foreign == set()


def test_nameko_and_eventlet_stay_in_the_chassis_and_the_services_tables_of_contents():
    users = {
        str(file)
        for file in FILES
        if file.parts[0] in ("services", "deploy", "demo") and not contents(file)
        for name in imports(file)
        if name.partition(".")[0] in FRAMEWORK
    }
    assert users == set()


def test_only_the_table_of_contents_declares_entrypoints_and_only_the_repository_reads_the_queries():
    """`chassis.entrypoints` brings nameko with it; SQL has one reader a service."""
    wrong = set()
    for file in (file for file in FILES if file.parts[0] == "services" and len(file.parts) > 2):
        names = imports(file)
        if not contents(file) and any(name.startswith("chassis.entrypoints") for name in names):
            wrong.add(f"{file} uses chassis.entrypoints")
        if "repository" not in file.with_suffix("").parts and "sql.load(" in (ROOT / file).read_text(
            encoding="utf-8"
        ):
            wrong.add(f"{file} reads queries")
    assert wrong == set()


def test_no_sql_is_built_out_of_strings_in_a_service():
    """STYLE: SQL lives in files, named and described."""
    statement = re.compile(r"\b(SELECT\s.+\sFROM|INSERT\s+INTO|UPDATE\s.+\sSET|DELETE\s+FROM)\b", re.DOTALL)
    found = {
        f"{file}:{node.lineno}"
        for file in FILES
        if file.parts[0] == "services"
        for node in ast.walk(tree(file))
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and statement.search(node.value)
    }
    assert found == set()


@pytest.mark.parametrize(
    "file",
    sorted(ROOT.glob("chassis/**/queries.sql"))
    + sorted(file for file in ROOT.glob("services/**/*.sql") if file.parent.name != "migrations"),
)
def test_every_query_says_what_it_is_for(file):
    text = file.read_text(encoding="utf-8")
    queries = re.findall(r"^-- name: *(\S+)[^\n]*\n([^\n]*)", text, re.MULTILINE)
    assert queries
    assert [name for name, below in queries if not re.match(r"-- \S", below)] == []
    names = [name.rstrip("^$!<#") for name, _ in queries]
    assert sorted(names) == sorted(set(names))


def test_every_service_has_the_same_shape():
    folders = [ROOT / "services" / service for service in SERVICES]
    parts = ["service", "usecases", "repository", "schemas", "events", "domain"]  # modules or packages
    missing = [
        f"{folder.name}/{part}"
        for folder in folders
        for part in parts
        if not (folder / f"{part}.py").exists() and not (folder / part / "__init__.py").exists()
    ]
    missing += [f"{f.name}/README.md" for f in folders if not (f / "README.md").exists()]
    missing += [
        f"{f.name}/queries.sql"
        for f in folders
        if not (f / "queries.sql").exists() and not list((f / "repository").glob("*.sql"))
    ]
    assert missing == []
    assert all(list((folder / "migrations").glob("0001_*.sql")) for folder in folders)


def test_the_committed_topology_is_what_the_services_declare():
    services = {name: entry.load() for name, entry in installed().items()}
    consumed = {
        entrypoint.queue: (entrypoint.producer, [schema.type for schema in entrypoint.slices])
        for service in services.values()
        for entrypoint in declared(service)
    }
    assert sorted(services) == SERVICES
    assert topology.load() == topology.definitions(services, consumed, before=topology.load())


def test_every_queue_belongs_to_its_consumer_and_every_event_that_is_consumed_is_emitted():
    emitted = {
        (service, node.value.value)
        for service in SERVICES
        for node in ast.walk(tree(Path("services") / service / "events.py"))
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant)
        if isinstance(node.targets[0], ast.Name) and node.targets[0].id == "type"
    }
    for name, entry in installed().items():
        for entrypoint in declared(entry.load()):
            assert entrypoint.queue.startswith(f"{name}."), entrypoint.queue
            assert entrypoint.producer in SERVICES
            assert entrypoint.producer != name
            assert {(name, schema.type) for schema in entrypoint.slices} <= emitted
