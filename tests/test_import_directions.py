"""Who may import whom, that no circle comes of it, what the pure parts may not touch, how long a function may be."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass
from pathlib import Path

import pytest

from ledger import store
from ledger.decisions.decide import DECIDERS

REPOSITORY = Path(__file__).resolve().parent.parent
MAX_LINES = 70

# Package → what it may import of ours besides itself. Migrations are frozen history, so they lean
# on nothing that changes, save the names that the store itself is built from.
MAY_IMPORT = {
    "ledger": (),
    "projections": ("ledger",),
    "commands": ("ledger", "projections", "migrations"),
    "migrations": (
        *("ledger.errors", "ledger.store.schema", "ledger.store.database", "ledger.store.guards"),
    ),
}
OURS = (*MAY_IMPORT, "tests")
# It knows nobody and nobody knows it: the product starts it as a program of its own.
ORACLE = "projections.oracle"

IMPURE_MODULES = (
    *("sqlalchemy", "alembic", "click", "eventsourcing", "psycopg", "pydantic", "pydantic_core"),
    *("os", "time", "random", "socket", "subprocess", "pathlib", "sqlite3"),
)
VALIDATORS = ("pydantic", "pydantic_core")
CLOCKS = (
    *("datetime.datetime.now", "datetime.datetime.utcnow", "datetime.datetime.today"),
    "datetime.date.today",
)


@dataclass(frozen=True)
class Module:
    """A module's dotted name, its source text, and whether it is a package's `__init__`."""

    name: str
    source: str
    is_package: bool = False

    @property
    def may_import(self) -> tuple[str, ...]:
        """What of ours it may import, its own package among it."""
        if within(self.name, ORACLE):
            return (ORACLE,)
        top = self.name.partition(".")[0]
        return (top, *MAY_IMPORT[top])

    @property
    def is_pure(self) -> bool:
        return is_pure(self.name)


@dataclass(frozen=True)
class Import:
    """One imported dotted name; `from a import b` gives `a.b`.

    Deferred means inside a function or under TYPE_CHECKING: loading the module does not run it. Typed is the latter.
    """

    target: str
    line: int
    deferred: bool
    typed: bool = False


def within(name: str, *packages: str) -> bool:
    return any(name == package or name.startswith(f"{package}.") for package in packages)


def is_pure(name: str) -> bool:
    """True for everything in ledger but its store, and for projections.derive."""
    return within(name, "ledger", "projections.derive") and not within(name, "ledger.store")


def imports_of(module: Module) -> Iterator[Import]:
    """Every import anywhere in the module, also by importlib with a literal name."""

    def visit(node: ast.AST, deferred: bool, typed: bool) -> Iterator[Import]:
        for target in targets(node, module):
            yield Import(target, getattr(node, "lineno", 0), deferred or typed, typed)
        function = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
        for child in ast.iter_child_nodes(node):
            yield from visit(child, deferred or function, typed or only_types(node, child))

    yield from visit(ast.parse(module.source), False, False)


def only_types(node: ast.AST, child: ast.AST) -> bool:
    match node:
        case ast.If(test=ast.Name(id="TYPE_CHECKING"), body=body):
            return child in body
    return False


def targets(node: ast.AST, module: Module) -> list[str]:
    match node:
        case ast.Import(names=names):
            return [alias.name for alias in names]
        case ast.ImportFrom(module=base, names=names, level=level):
            package = module.name.split(".")[: None if module.is_package else -1]
            parents = package[: len(package) - level + 1] if level else []
            prefix = ".".join([*parents, *([base] if base else [])])
            return [f"{prefix}.{alias.name}" for alias in names]
        case ast.Call(func=ast.Attribute(attr=called) | ast.Name(id=called), args=[first, *_]):
            by_name = called in ("import_module", "__import__")
            if by_name and isinstance(first, ast.Constant) and isinstance(first.value, str):
                return [first.value]
    return []


def clocks_in(module: Module) -> Iterator[tuple[str, int]]:
    """Every mention of a clock, called or only handed on, under whatever alias it was imported."""
    tree = ast.parse(module.source)
    known: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            known |= {a.asname or a.name: a.name for a in node.names if a.name == "datetime"}
        elif isinstance(node, ast.ImportFrom) and node.module == "datetime":
            known |= {a.asname or a.name: f"datetime.{a.name}" for a in node.names}
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            root, _, rest = ast.unparse(node).partition(".")
            if (name := f"{known.get(root, '')}.{rest}") in CLOCKS:
                yield name, node.lineno


def breaches(module: Module) -> list[str]:
    """Every breach of a direction or of purity, as `module:line: what`; empty if there is none."""
    found = []
    for made in imports_of(module):
        where = f"{module.name}:{made.line}: imports {made.target}"
        if within(made.target, *OURS):
            foreign = within(made.target, ORACLE) and not within(module.name, ORACLE)
            if foreign or not within(made.target, *module.may_import):
                found.append(f"{where}, against the direction")
            elif module.is_pure and not is_pure(made.target):
                found.append(f"{where}, which is not pure")
        elif module.is_pure and within(made.target, *IMPURE_MODULES):
            validates = module.name == "ledger.written" and within(made.target, *VALIDATORS)
            if not (validates and made.deferred):
                found.append(f"{where} in a pure part")
    if module.is_pure:
        clocks = clocks_in(module)
        found += [f"{module.name}:{line}: reads the clock, {name}" for name, line in clocks]
    return found


# What is imported by a name that is put together: the rooms of decisions, and what the store hands on. (The nouns that
# commands.main names are no such arrows: `help` lists the tree in which it hangs.)
BY_NAME = {
    "ledger.decisions.decide": [f"ledger.decisions.{one}" for one in DECIDERS.values()],
    "ledger.store": [f"ledger.store.{home}" for home in store._HOMES.values()],
}


def arrows(
    modules: list[Module], by_name: Mapping[str, list[str]] = BY_NAME
) -> dict[str, list[str]]:
    """Module → those of ours that it imports: at once, in a function, for a type, or by a name put together.

    In the oracle types are left out: its objects know what they belong to.
    """
    known = {module.name for module in modules}
    found: dict[str, list[str]] = {}
    for module in modules:
        made = [
            one.target
            for one in imports_of(module)
            if not (one.typed and within(module.name, ORACLE))
        ]
        homes = (home(target, known) for target in [*made, *by_name.get(module.name, [])])
        found[module.name] = sorted({one for one in homes if one and one != module.name})
    return found


def home(target: str, known: Set[str]) -> str:
    """The module that an imported name is, or stands in; "" where it is none of these."""
    while target and target not in known:
        target = target.rpartition(".")[0]
    return target


def circles(found: Mapping[str, list[str]]) -> list[list[str]]:
    """The sets of modules of which each can be reached from each other, sorted (Tarjan's strong components)."""
    number: dict[str, int] = {}
    low: dict[str, int] = {}
    waiting: list[str] = []
    rings: list[list[str]] = []

    def visit(name: str) -> None:
        number[name] = low[name] = len(number)
        waiting.append(name)
        for other in found[name]:
            if other not in number:
                visit(other)
                low[name] = min(low[name], low[other])
            elif other in waiting:
                low[name] = min(low[name], number[other])
        if low[name] == number[name]:
            ring = waiting[waiting.index(name) :]
            del waiting[waiting.index(name) :]
            rings.extend([sorted(ring)] if len(ring) > 1 else [])

    for name in found:
        if name not in number:
            visit(name)
    return sorted(rings)


def too_long(module: Module) -> list[str]:
    """The functions of more lines than one takes in at a look, decorators apart."""
    return [
        f"{module.name}:{node.lineno}: {node.name} has {lines} lines"
        for node in ast.walk(ast.parse(module.source))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (lines := (node.end_lineno or 0) - node.lineno + 1) > MAX_LINES
    ]


def modules_of(package: str) -> list[Module]:
    modules = []
    for path in sorted((REPOSITORY / package).rglob("*.py")):
        parts = path.relative_to(REPOSITORY).with_suffix("").parts
        is_package = parts[-1] == "__init__"
        name = ".".join(parts[:-1] if is_package else parts)
        modules.append(Module(name, path.read_text("utf-8"), is_package))
    return modules


@pytest.mark.parametrize("package", MAY_IMPORT)
def test_imports_follow_the_directions_and_pure_parts_stay_pure(package: str) -> None:
    modules = modules_of(package)
    assert modules, f"no module found in {package}/"
    assert [breach for module in modules for breach in breaches(module)] == []


def test_no_imports_go_round_in_a_circle() -> None:
    assert circles(arrows([m for p in MAY_IMPORT for m in modules_of(p)])) == []


def test_a_module_that_imports_by_a_name_put_together_is_among_those_whose_names_are_known() -> (
    None
):
    computed = {
        module.name
        for package in MAY_IMPORT
        for module in modules_of(package)
        for node in ast.walk(ast.parse(module.source))
        if isinstance(node, ast.Call)
        and ast.unparse(node.func).rpartition(".")[2] in ("import_module", "__import__")
        and not targets(node, module)
    }
    assert computed == {*BY_NAME, "commands.main", "commands.deferred"}


@pytest.mark.parametrize(
    "back",
    [
        "from commands.a import thing",
        "def f():\n    from commands import a",
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from commands.a import Thing",
        "def f():\n    import importlib\n    importlib.import_module('commands.a')",
        "import commands.c",
    ],
)
def test_a_planted_circle_is_found(back: str) -> None:
    planted = [
        Module("commands.a", "from commands.b import thing"),
        Module("commands.b", back),
        Module("commands.c", "def f():\n    def g():\n        from commands.a import thing"),
        Module("commands.d", "import commands.a, commands.b"),
    ]
    (found,) = circles(arrows(planted))
    assert {"commands.a", "commands.b"} <= set(found) <= {"commands.a", "commands.b", "commands.c"}


def test_a_planted_circle_through_a_name_put_together_is_found() -> None:
    planted = [Module("x.a", "import_module(f'x.{room}')"), Module("x.b", "import x.a")]
    assert circles(arrows(planted)) == []
    assert circles(arrows(planted, {"x.a": ["x.b.function"]})) == [["x.a", "x.b"]]


def test_no_function_is_longer_than_70_lines() -> None:
    assert [long for p in MAY_IMPORT for m in modules_of(p) for long in too_long(m)] == []


def test_a_planted_long_function_is_found() -> None:
    body = "\n".join(f"        x = {line}" for line in range(MAX_LINES))
    source = f"class C:\n    @decorated\n    def long(self):\n{body}\n\ndef short():\n    pass"
    (found,) = too_long(Module("commands.x", source))
    assert found == "commands.x:3: long has 71 lines"


def test_importing_the_pure_parts_loads_no_heavy_library() -> None:
    pure = [m.name for p in ("ledger", "projections") for m in modules_of(p) if m.is_pure]
    heavy = ("sqlalchemy", "alembic", "click", "eventsourcing", "psycopg", *VALIDATORS)
    program = (
        "import importlib, sys\n"
        f"for name in {pure!r}: importlib.import_module(name)\n"
        f"print(*[name for name in {heavy!r} if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=REPOSITORY, capture_output=True, text=True, check=False
    )
    assert (done.stdout.split(), done.stderr) == ([], "")


@pytest.mark.parametrize(
    ("name", "source", "expected"),
    [
        ("ledger.store.log", "import projections", "against the direction"),
        (
            "projections.oracle.rates",
            "from ledger.money import round_minor",
            "against the direction",
        ),
        ("projections.oracle.rates", "def f():\n    import tests.oracle", "against the direction"),
        ("projections.oracle.rates", "from projections import derive", "against the direction"),
        ("projections.statement", "from projections.oracle import log", "against the direction"),
        (
            "commands.second_opinion",
            "from projections.oracle.check import check",
            "against the direction",
        ),
        ("ledger.store.log", "from ...projections import derive", "against the direction"),
        ("ledger.money", "from commands import main", "against the direction"),
        ("ledger.store.log", "import migrations", "against the direction"),
        ("projections.exports", "from migrations import env", "against the direction"),
        ("projections.exports", "def f():\n    import commands.main", "against the direction"),
        ("projections.x", "import importlib as i\ni.import_module('commands')", "direction"),
        ("commands.main", "import tests.benchmarks", "against the direction"),
        ("migrations.env", "from ledger.store import recorder", "against the direction"),
        ("ledger.contract", "from ledger.store import recorder", "which is not pure"),
        ("ledger.contract", "from .store import recorder", "which is not pure"),
        ("projections.derive.aging", "from projections import rebuild", "which is not pure"),
        ("projections.derive.aging", "from sqlalchemy import select", "in a pure part"),
        ("ledger.pricing.base", "import os.path", "in a pure part"),
        ("ledger.pricing.base", "def f():\n    import pydantic", "in a pure part"),
        ("ledger.written", "from pydantic_core import core_schema", "in a pure part"),
        ("ledger.written", "if TYPE_CHECKING: 0\nelse:\n    import pydantic", "in a pure part"),
        ("ledger.money", "from datetime import date\nx = date.today()", "reads the clock"),
        ("ledger.money", "import datetime as dt\nx = dt.datetime.now(dt.UTC)", "reads the clock"),
        ("ledger.money", "from datetime import datetime as d\nf = d.utcnow", "reads the clock"),
    ],
)
def test_a_planted_breach_is_found(name: str, source: str, expected: str) -> None:
    (breach,) = breaches(Module(name, source))
    assert expected in breach


@pytest.mark.parametrize(
    ("name", "source"),
    [
        ("commands.main", "import click, os\nfrom migrations import env\nimport projections"),
        ("projections.rebuild", "import sqlalchemy\nfrom ledger.store import recorder"),
        ("projections.derive.aging", "from datetime import date\nfrom ledger import money"),
        ("ledger.store.log", "import sqlite3, time\nfrom . import schema"),
        ("ledger.written", "def schema():\n    from pydantic_core import core_schema"),
        ("ledger.written", "if TYPE_CHECKING:\n    from pydantic_core import CoreSchema"),
        ("migrations.env", "import alembic\nfrom ledger.store.schema import LOG"),
        ("migrations.env", "from ledger.store import schema"),
        ("ledger.money", "from datetime import date\nx = date(2026, 1, 1)\ny = state.now()"),
    ],
)
def test_what_is_allowed_is_not_reported(name: str, source: str) -> None:
    assert breaches(Module(name, source)) == []
