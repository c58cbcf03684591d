"""The spawner of a node: imports modules once, and forks a host for each actor of a class in them.

    spawner = python3 -m actormesh.spawner shop.actors shop.clerks        in the node's configuration

Actor types are called like their classes: shop.actors.Cashier. Extra arguments that begin with -- :

    --path DIR      where modules are looked for, too; any number of times

SPDX-License-Identifier: MPL-2.0
"""
import argparse
import ctypes
import gc
import importlib
import os
import sys

from . import library
from .actor import Actor
from .errors import check
from .host import Host
from .options import type_name
from .values import requirements

lib = library.lib


def classes_of(modules):
    """The actor classes of these modules, by their type names."""
    found = {}
    for name in modules:
        module = importlib.import_module(name)
        for value in vars(module).values():
            if isinstance(value, type) and issubclass(value, Actor) and value.__module__ == module.__name__:
                found[type_name(value)] = value
    return found


def open_spawner(classes):
    kept = [requirements(kind.requirements) for kind in classes.values()]
    types = [library.SpawnerType(name, required, len(required)) for name, required in zip(classes, kept)]
    spawner, error = ctypes.c_void_p(), library.Error()
    check(lib.mesh_spawner_open(ctypes.byref(spawner), (library.SpawnerType * len(types))(*types), len(types), ctypes.byref(error)), error)
    return spawner


def run_host(request, classes):
    """In the new process. It ends here."""
    handle, error, code = ctypes.c_void_p(), library.Error(), 1
    try:
        check(lib.mesh_host_open(ctypes.byref(handle), request, ctypes.byref(error)), error)
        kind = classes[lib.mesh_host_request(handle).contents.type]
        code = Host(handle, kind).run()
    finally:
        os._exit(code)


def fork_host(spawner, classes):
    request, error = ctypes.c_char_p(), library.Error()
    ctypes.pythonapi.PyOS_BeforeFork()
    status = library.spawner_fork(spawner, ctypes.byref(request), ctypes.byref(error))
    if request.value is None:
        ctypes.pythonapi.PyOS_AfterFork_Parent()
        if status != library.OK:
            print(error.text.decode("utf-8", "replace"), file=sys.stderr, flush=True)
        return
    ctypes.pythonapi.PyOS_AfterFork_Child()
    run_host(request.value, classes)


def serve(spawner, classes):
    """Until the node is gone."""
    while True:
        status = lib.mesh_spawner_next(spawner, library.FOREVER)
        if status == library.OK and lib.mesh_spawner_type(spawner) not in classes:
            lib.mesh_spawner_refuse(spawner, library.UNKNOWN_TYPE, b"the spawner has no such class")
        elif status == library.OK:
            fork_host(spawner, classes)
        elif status != library.INTERRUPTED:
            return


def main():
    parser = argparse.ArgumentParser(prog="actormesh.spawner", description="The spawner of a mesh node.")
    parser.add_argument("--path", action="append", default=[], metavar="DIR", help="where modules are looked for, too")
    parser.add_argument("modules", nargs="+", metavar="MODULE", help="a module with actor classes")
    arguments = parser.parse_args()
    sys.path[:0] = arguments.path
    classes = classes_of(arguments.modules)
    if not classes:
        raise SystemExit(f"no actor class is in {', '.join(arguments.modules)}")
    spawner = open_spawner(classes)
    gc.collect()
    gc.freeze()  # what is there by now is not copied by the collector of a host
    serve(spawner, classes)


if __name__ == "__main__":
    main()
