"""Values of capabilities and requirements as texts of the library, and back.

SPDX-License-Identifier: MPL-2.0
"""
import re

from . import library

PRESENT, EQUAL, UNEQUAL, LESS, AT_MOST, MORE, AT_LEAST, IN, TOLD = range(9)
BYTES = re.compile(r"x'([0-9a-f]*)'")
NUMBER = re.compile(r"[+-]?[0-9][0-9.eE+-]*")


class Required:
    """A comparison with a value."""

    def __init__(self, comparison, value=None):
        self.comparison = comparison
        self.value = value

    def __repr__(self):
        return f"Required({self.comparison}, {self.value!r})"

    def __eq__(self, other):
        return isinstance(other, Required) and (self.comparison, self.value) == (other.comparison, other.value)

    __hash__ = None


def present():
    return Required(PRESENT)


def equal(value):
    return Required(EQUAL, value)


def unequal(value):
    return Required(UNEQUAL, value)


def less(value):
    return Required(LESS, value)


def at_most(value):
    return Required(AT_MOST, value)


def more(value):
    return Required(MORE, value)


def at_least(value):
    return Required(AT_LEAST, value)


def one_of(*values):
    return Required(IN, list(values))


def told(value):
    """No admin judges it: only the type's check sees it."""
    return Required(TOLD, value)


def print_one(value):
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return repr(value)
    if isinstance(value, (bytes, bytearray, memoryview)):
        return f"x'{bytes(value).hex()}'"
    if isinstance(value, str):
        return f'"{value}"'
    raise TypeError(f"a capability cannot be a {type(value).__name__}")


def print_value(value):
    """None stands for nothing."""
    if value is None:
        return None
    items = value if isinstance(value, (list, tuple)) else [value]
    return ", ".join(print_one(item) for item in items).encode()


def split(text):
    """The items of a list; quotes hide commas."""
    items = []
    while True:
        if text.startswith('"'):
            end = text.find('"', 1)
            while end >= 0 and text[end + 1:].lstrip(" ")[:1] not in ("", ","):
                end = text.find('"', end + 1)
            end = text.find(",", end) if end >= 0 else text.find(",")
        else:
            end = text.find(",")
        if end < 0:
            return items + [text.strip(" ")]
        items.append(text[:end].strip(" "))
        text = text[end + 1:].lstrip(" ")


def read_one(text):
    if text in ("true", "false"):
        return text == "true"
    if BYTES.fullmatch(text):
        return bytes.fromhex(text[2:-1])
    if NUMBER.fullmatch(text):
        for kind in (int, float):
            try:
                return kind(text)
            except ValueError:
                pass
    if len(text) > 1 and text[0] == text[-1] == '"':
        return text[1:-1]
    return text


def read_value(raw):
    items = [read_one(item) for item in split(raw.decode("utf-8", "replace"))]
    return items if len(items) > 1 else items[0]


def read_capabilities(items, count):
    return {items[i].name.decode(): read_value(items[i].value) for i in range(count)}


def capabilities(values):
    """An array of the library's from a dictionary; None takes one away."""
    items = [library.Capability(name.encode(), print_value(value)) for name, value in values.items()]
    return (library.Capability * len(items))(*items)


def requirements(values):
    """An array of the library's from a dictionary: True is to be present, any other value to be equal, or a comparison of this module."""
    items = []
    for name, value in (values or {}).items():
        if value is True:
            value = present()
        if not isinstance(value, Required):
            value = equal(value)
        items.append(library.Requirement(name.encode(), value.comparison, print_value(value.value)))
    return (library.Requirement * len(items))(*items)


def read_requirements(items, count):
    read = {}
    for i in range(count):
        value = items[i].value
        read[items[i].name.decode()] = Required(items[i].comparison, None if value is None else read_value(value))
    return read
