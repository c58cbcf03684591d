"""The status of nodes and actors as dictionaries (K1).

SPDX-License-Identifier: MPL-2.0
"""
import ctypes

from . import library
from .address import Address
from .values import read_capabilities


def text(raw):
    return raw.decode("utf-8", "replace") if raw else ""


def fields_of(structure, *left_out):
    """The plain fields of a structure: numbers, flags, texts and addresses."""
    read = {}
    for name, kind in structure._fields_:
        value = getattr(structure, name)
        if name in left_out or issubclass(kind, ctypes._Pointer):
            continue
        if kind is library.RawAddress:
            value = Address.of(value)
        elif kind is ctypes.c_char_p:
            value = text(value)
        read[name] = value
    return read


def source_of(raw):
    return {**fields_of(raw, "hash"), "hash": raw.hash.decode()}


def counters_of(items, count):
    return {text(items[i].name): items[i].value for i in range(count)}


def node_of(raw):
    node = fields_of(raw)
    node["actors"] = [fields_of(raw.actors[i]) for i in range(raw.actors_count)]
    node["members"] = [fields_of(raw.members[i]) for i in range(raw.members_count)]
    node["counters"] = counters_of(raw.counters, raw.counters_count)
    node["capabilities"] = read_capabilities(raw.capabilities, raw.capabilities_count)
    node["sources"] = [source_of(raw.sources[i]) for i in range(raw.sources_count)]
    node["names"] = {text(raw.names[i].name): Address.of(raw.names[i].address) for i in range(raw.names_count)}
    node["watchers"] = [Address.of(raw.watchers[i]) for i in range(raw.watchers_count)]
    return node


def actor_of(raw):
    actor = {**fields_of(raw.actor), **fields_of(raw, "actor")}
    actor["children"] = [Address.of(raw.children[i]) for i in range(raw.children_listed)]
    actor["counters"] = counters_of(raw.counters, raw.counters_count)
    return actor


def take(report):
    """{"nodes": [...], "actor": ...} of a report that is the caller's, which is given back."""
    try:
        raw = report.contents
        return {"nodes": [node_of(raw.nodes[i]) for i in range(raw.nodes_count)], "actor": actor_of(raw.actor.contents) if raw.actor else None}
    finally:
        library.lib.mesh_report_release(ctypes.byref(report))
