"""What a create may say, for programs and actors alike.

SPDX-License-Identifier: MPL-2.0
"""
from . import library
from .values import requirements as convert

ON_FAILURE = {"stop": 0, "restart": 1, "escalate": 2}


def type_name(kind):
    """Of an actor class, or of any actor type by its name."""
    name = kind if isinstance(kind, str) else f"{kind.__module__}.{kind.__qualname__}"
    return name.encode()


def create_options(requirements=None, name=None, on_failure="stop", restarts_max=0, restarts_within=0, detached=False,
                   source=None):
    """Seconds, as everywhere here; 0 is the library's default."""
    required = convert(requirements)
    return library.CreateOptions(required, len(required), ON_FAILURE[on_failure], restarts_max, int(restarts_within * 1000), detached,
                                 name.encode() if name is not None else None, source.encode() if source is not None else None)
