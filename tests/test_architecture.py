"""Imports point downwards and never in a circle, those inside of functions included.

`Codec` is what users call. It stands right below the command line and above training, because `Codec.finetune` trains:
training, evaluation and everything below work with presets and the functions of `neuralcodec.coding`, and never import
`Codec`. Imports inside of functions save time, as they are only made where they are needed; they are no way around the
order.
"""

import ast
import graphlib
from pathlib import Path

import pytest

import neuralcodec

PACKAGE = Path(neuralcodec.__file__).parent

FLOORS = (  # from top to bottom: rooms on one floor do not import one another
    {"__main__"},
    {"cli"},
    {"__init__"},  # the public names, imported when they are first used
    {"codec"},
    {"export"},
    {"training"},
    {"evaluation"},
    {"coding"},
    {"zoo"},
    {"model", "runtime"},
    {"bitstream"},
    {"audio"},
    {"architecture", "files"},
    {"assets", "errors", "kernels", "progress", "version"},
)


def modules():
    """dict of module name, such as `neuralcodec.zoo.hub` -> path; a package goes by its own name."""
    paths = {".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts): path for path in PACKAGE.rglob("*.py")}
    return {name.removesuffix(".__init__"): path for name, path in paths.items()}


def imports(source, known):
    """Names of the modules, out of those that are known, that source code imports anywhere in it."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "Imports in this package are absolute."
            names = {alias.name: f"{node.module}.{alias.name}" for alias in node.names}
            found |= {full if full in known else node.module for full in names.values()}
    return found & set(known)


@pytest.fixture(scope="module")
def graph():
    """dict of module name -> names of the modules that it imports."""
    known = modules()
    return {name: imports(path.read_text(encoding="utf-8"), known) - {name} for name, path in known.items()}


def room(module):
    """The folder or file at the top of the package that a module lies in."""
    return (module.split(".") + ["__init__"])[1]


def floor(module):
    found = [number for number, rooms in enumerate(FLOORS) if room(module) in rooms]
    assert found, f"'{room(module)}' is a new room: say on which floor it is, in FLOORS."
    return found[0]


def test_imports_inside_of_functions_are_seen():
    known = ("neuralcodec", "neuralcodec.zoo", "neuralcodec.zoo.hub", "neuralcodec.codec", "neuralcodec.errors")
    source = ("import os\nimport neuralcodec.errors\ndef load():\n    from neuralcodec.zoo import hub\n"
              "    if os:\n        from neuralcodec.codec import Codec\n")
    assert imports(source, known) == {"neuralcodec.errors", "neuralcodec.zoo.hub", "neuralcodec.codec"}
    assert imports("from neuralcodec.zoo import other\nfrom neuralcodec import Codec\n", known) == {
        "neuralcodec", "neuralcodec.zoo"}


def test_no_circle(graph):
    try:
        graphlib.TopologicalSorter(graph).prepare()
    except graphlib.CycleError as error:
        pytest.fail("A circle of imports: " + " <- ".join(error.args[1]))


def test_imports_point_downwards(graph):
    wrong = [f"{module} imports {imported}" for module, imported_ones in sorted(graph.items())
             for imported in sorted(imported_ones)
             if room(module) != room(imported) and floor(module) >= floor(imported)]
    assert not wrong, "\n".join(wrong)


def test_every_room_has_its_floor(graph):
    assert {room(module) for module in graph} == set().union(*FLOORS)
