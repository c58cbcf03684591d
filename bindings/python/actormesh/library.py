"""The shared library as ctypes sees it: its structures, and the functions that are used here.

SPDX-License-Identifier: MPL-2.0
"""
import ctypes
import os
from ctypes import POINTER, Structure, c_bool, c_char, c_char_p, c_int, c_size_t, c_uint32, c_uint64, c_void_p

FOREVER = -1
DONE, FAILED, EXIT = range(3)
(USER, EXIT_REQUEST, CHILD_EXITED, POISON, DEAD_LETTER, WAKEUP, WATCH, REPORT, UPDATE, CHECK, BEGIN, END, SOURCE,
 VALIDATE) = range(14)
(OK, WOULD_BLOCK, TIMED_OUT, INTERRUPTED, NO_MEMORY, INVALID_ARGUMENT) = range(6)
CLOSED, DEAD, REFUSED, UNKNOWN_TYPE, LOAD_FAILED = 11, 13, 14, 16, 18


class RawAddress(Structure):
    _fields_ = [("node", c_uint64), ("local", c_uint64)]


class Error(Structure):
    _fields_ = [("status", c_int), ("text", c_char * 1024)]


class Capability(Structure):
    _fields_ = [("name", c_char_p), ("value", c_char_p)]


class Requirement(Structure):
    _fields_ = [("name", c_char_p), ("comparison", c_int), ("value", c_char_p)]


class Fit(Structure):
    _fields_ = [("capabilities_count", c_size_t), ("requirements_count", c_size_t), ("capabilities", POINTER(Capability)),
                ("requirements", POINTER(Requirement))]


class CreateOptions(Structure):
    _fields_ = [("requirements", POINTER(Requirement)), ("requirements_count", c_size_t), ("on_failure", c_int), ("restarts_max", c_uint32),
                ("restarts_within_ms", c_uint32), ("detached", c_bool), ("name", c_char_p), ("source", c_char_p)]


class SendOptions(Structure):
    _fields_ = [("expiry_ms", c_uint32), ("no_wait", c_bool)]


class NodeOptions(Structure):
    _fields_ = [("run_directory", c_char_p), ("config", c_char_p), ("types", c_void_p), ("settings", POINTER(c_char_p)), ("log", c_void_p)]


class HostRequest(Structure):
    _fields_ = [("type", c_char_p), ("actor", RawAddress), ("parent", RawAddress), ("admin", RawAddress), ("node", c_char_p),
                ("name", c_char_p), ("source", c_char_p), ("source_path", c_char_p), ("log", c_char_p), ("log_level", c_int)]


class SpawnerType(Structure):
    _fields_ = [("name", c_char_p), ("requirements", POINTER(Requirement)), ("requirements_count", c_size_t)]


class Exit(Structure):
    _fields_ = [("child", RawAddress), ("how", c_int), ("number", c_int), ("text", c_char_p)]


class Timer(Structure):
    _fields_ = [("id", c_uint64), ("delay_ms", c_uint64), ("data", c_void_p), ("bytes", c_size_t)]


class Dead(Structure):
    _fields_ = [("target", RawAddress), ("sender", RawAddress), ("reason", c_int), ("maybe_handled", c_bool), ("bytes", c_size_t)]


class RawUpdate(Structure):
    _fields_ = [("admin", RawAddress), ("name", c_char_p), ("endpoint", c_char_p), ("added", c_bool), ("text", c_char_p),
                ("capabilities_count", c_size_t), ("capabilities", POINTER(Capability))]


class ActorReport(Structure):
    _fields_ = [("address", RawAddress), ("parent", RawAddress), ("type", c_char_p), ("state", c_char_p), ("pid", c_uint32),
                ("mailbox", c_uint64), ("handled", c_uint64), ("unsettled", c_uint64), ("busy_ms", c_uint64), ("children_count", c_uint64)]


class MemberReport(Structure):
    _fields_ = [("name", c_char_p), ("endpoint", c_char_p), ("state", c_char_p), ("silent_ms", c_uint64), ("admin", RawAddress)]


class CounterReport(Structure):
    _fields_ = [("name", c_char_p), ("value", c_uint64)]


class NameReport(Structure):
    _fields_ = [("name", c_char_p), ("address", RawAddress)]


class SourceReport(Structure):
    _fields_ = [("hash", c_char * 65), ("info", c_char_p), ("state", c_char_p), ("bytes", c_uint64), ("processes", c_uint64)]


class RawSource(Structure):
    _fields_ = [("hash", c_char_p), ("info", c_char_p), ("bytes", c_size_t), ("loaded", c_bool)]


class NodeReport(Structure):
    _fields_ = [("name", c_char_p), ("endpoint", c_char_p), ("admin", RawAddress), ("leader", RawAddress), ("leads", c_bool),
                ("pid", c_uint32), ("uptime_ms", c_uint64), ("actors_hosted", c_uint64), ("actors_count", c_size_t), ("actors", POINTER(ActorReport)),
                ("members_count", c_size_t), ("members", POINTER(MemberReport)), ("counters_count", c_size_t), ("counters", POINTER(CounterReport)),
                ("capabilities_count", c_size_t), ("capabilities", POINTER(Capability)), ("names_count", c_size_t),
                ("names", POINTER(NameReport)), ("watchers_count", c_size_t), ("watchers", POINTER(RawAddress)),
                ("sources_count", c_size_t), ("sources", POINTER(SourceReport)), ("source_authority", RawAddress), ("note", c_char_p)]


class ActorDetails(Structure):
    _fields_ = [("actor", ActorReport), ("node", c_char_p), ("in_hand", c_char_p), ("light", c_bool), ("exiting", c_bool),
                ("restarts", c_uint64), ("secondhand", c_bool), ("mailbox_bytes", c_uint64), ("unsettled_bytes", c_uint64),
                ("streams_out", c_uint64), ("streams_in", c_uint64), ("timers", c_uint64), ("watched", c_uint64),
                ("children_listed", c_size_t), ("children", POINTER(RawAddress)),
                ("counters_count", c_size_t), ("counters", POINTER(CounterReport))]


class RawReport(Structure):
    _fields_ = [("nodes_count", c_size_t), ("nodes", POINTER(NodeReport)), ("actor", POINTER(ActorDetails))]


# Name, result, arguments. An opaque handle is a void pointer; V takes the address of one.
V = POINTER(c_void_p)
FUNCTIONS = [
    ("mesh_version", c_char_p, []),
    ("mesh_status_name", c_char_p, [c_int]),
    ("mesh_status_text", c_char_p, [c_int]),
    ("mesh_address_print", c_char_p, [RawAddress, c_char_p]),
    ("mesh_address_parse", c_int, [c_char_p, POINTER(RawAddress)]),
    ("mesh_address_hash", c_uint64, [RawAddress]),
    ("mesh_address_compare", c_int, [RawAddress, RawAddress]),
    ("mesh_message_kind", c_int, [c_void_p]),
    ("mesh_message_sender", RawAddress, [c_void_p]),
    ("mesh_message_type", c_char_p, [c_void_p]),
    ("mesh_message_data", c_void_p, [c_void_p, POINTER(c_size_t)]),
    ("mesh_message_redelivered", c_bool, [c_void_p]),
    ("mesh_message_exit", c_int, [c_void_p, POINTER(Exit)]),
    ("mesh_message_wakeup", c_int, [c_void_p, POINTER(Timer)]),
    ("mesh_message_ready", c_size_t, [c_void_p, POINTER(c_int), c_size_t]),
    ("mesh_message_dead", c_int, [c_void_p, POINTER(Dead)]),
    ("mesh_message_inner", c_void_p, [c_void_p]),
    ("mesh_message_failure", c_char_p, [c_void_p]),
    ("mesh_message_copy", c_void_p, [c_void_p]),
    ("mesh_message_release", None, [V]),
    ("mesh_message_update", c_int, [c_void_p, POINTER(POINTER(RawUpdate))]),
    ("mesh_update_release", None, [POINTER(POINTER(RawUpdate))]),
    ("mesh_message_report", c_int, [c_void_p, POINTER(c_uint64), POINTER(POINTER(RawReport)), POINTER(Error)]),
    ("mesh_report_release", None, [POINTER(POINTER(RawReport))]),
    ("mesh_message_fit", c_int, [c_void_p, POINTER(POINTER(Fit))]),
    ("mesh_node_attach", c_int, [V, POINTER(NodeOptions), POINTER(Error)]),
    ("mesh_node_start", c_int, [V, POINTER(NodeOptions), POINTER(Error)]),
    ("mesh_node_detach", None, [V]),
    ("mesh_node_shutdown", c_int, [c_void_p, c_int]),
    ("mesh_node_create", c_int, [c_void_p, c_char_p, POINTER(CreateOptions), POINTER(RawAddress), POINTER(Error)]),
    ("mesh_node_request_exit", c_int, [c_void_p, RawAddress, c_bool]),
    ("mesh_node_report", c_int, [c_void_p, c_bool, c_int, POINTER(POINTER(RawReport)), POINTER(Error)]),
    ("mesh_actor_report", c_int, [c_void_p, RawAddress, c_int, POINTER(POINTER(RawReport)), POINTER(Error)]),
    ("mesh_node_preregister", c_int, [c_void_p, c_char_p, POINTER(Requirement), c_size_t, c_int, POINTER(Error)]),
    ("mesh_node_deregister", c_int, [c_void_p, c_char_p, c_int, POINTER(Error)]),
    ("mesh_node_set_capabilities", c_int, [c_void_p, POINTER(Capability), c_size_t, c_int, POINTER(Error)]),
    ("mesh_node_address", RawAddress, [c_void_p]),
    ("mesh_tell", c_int, [c_void_p, RawAddress, c_char_p, c_void_p, c_size_t]),
    ("mesh_ask", c_int, [c_void_p, RawAddress, c_char_p, c_void_p, c_size_t, c_int, V]),
    ("mesh_ask_resume", c_int, [c_void_p, c_int, V]),
    ("mesh_listen", c_int, [c_void_p, c_int, V]),
    ("mesh_endpoint_open", c_int, [c_void_p, V]),
    ("mesh_endpoint_close", None, [V]),
    ("mesh_endpoint_address", RawAddress, [c_void_p]),
    ("mesh_endpoint_tell", c_int, [c_void_p, RawAddress, c_char_p, c_void_p, c_size_t]),
    ("mesh_endpoint_ask", c_int, [c_void_p, RawAddress, c_char_p, c_void_p, c_size_t, c_int, V]),
    ("mesh_endpoint_ask_resume", c_int, [c_void_p, c_int, V]),
    ("mesh_endpoint_listen", c_int, [c_void_p, c_int, V]),
    ("mesh_host_open", c_int, [V, c_char_p, POINTER(Error)]),
    ("mesh_host_request", POINTER(HostRequest), [c_void_p]),
    ("mesh_host_actor", c_void_p, [c_void_p]),
    ("mesh_host_next", c_int, [c_void_p, c_int, V]),
    ("mesh_host_done", c_int, [c_void_p, c_int, c_char_p, POINTER(c_int), c_size_t]),
    ("mesh_host_refuse", c_int, [c_void_p, c_int, c_char_p]),
    ("mesh_host_close", c_int, [V]),
    ("mesh_spawner_open", c_int, [V, POINTER(SpawnerType), c_size_t, POINTER(Error)]),
    ("mesh_spawner_next", c_int, [c_void_p, c_int]),
    ("mesh_spawner_type", c_char_p, [c_void_p]),
    ("mesh_spawner_refuse", c_int, [c_void_p, c_int, c_char_p]),
    ("mesh_spawner_close", None, [V]),
    ("mesh_send_with", c_int, [c_void_p, RawAddress, c_char_p, c_void_p, c_size_t, POINTER(SendOptions)]),
    ("mesh_reply", c_int, [c_void_p, c_void_p, c_char_p, c_void_p, c_size_t]),
    ("mesh_forward", c_int, [c_void_p, c_void_p, RawAddress]),
    ("mesh_create", c_int, [c_void_p, c_char_p, POINTER(CreateOptions), POINTER(RawAddress)]),
    ("mesh_request_exit", c_int, [c_void_p, RawAddress, c_bool]),
    ("mesh_shutdown", c_int, [c_void_p]),
    ("mesh_wakeup", c_int, [c_void_p, c_uint64, c_void_p, c_size_t, POINTER(c_uint64)]),
    ("mesh_cancel_wakeup", c_int, [c_void_p, c_uint64]),
    ("mesh_dead_letters", c_int, [c_void_p, c_bool]),
    ("mesh_log_text", None, [c_void_p, c_int, c_char_p]),
    ("mesh_convention_updates", c_int, [c_void_p, c_bool]),
    ("mesh_preregister", c_int, [c_void_p, c_char_p, POINTER(Requirement), c_size_t]),
    ("mesh_deregister", c_int, [c_void_p, c_char_p]),
    ("mesh_set_capabilities", c_int, [c_void_p, POINTER(Capability), c_size_t]),
    ("mesh_request_report", c_int, [c_void_p, RawAddress, POINTER(c_uint64)]),
    ("mesh_source_pack", c_int, [POINTER(c_char_p), c_size_t, V, POINTER(c_size_t), POINTER(Error)]),
    ("mesh_source_free", None, [V]),
    ("mesh_source_hash", c_char_p, [c_void_p, c_size_t, c_char_p]),
    ("mesh_node_load_source", c_int, [c_void_p, c_void_p, c_size_t, c_char_p, c_int, POINTER(Error)]),
    ("mesh_node_unload_source", c_int, [c_void_p, c_char_p, c_int, POINTER(Error)]),
    ("mesh_load_source", c_int, [c_void_p, c_void_p, c_size_t, c_char_p]),
    ("mesh_unload_source", c_int, [c_void_p, c_char_p]),
    ("mesh_source_updates", c_int, [c_void_p, c_bool]),
    ("mesh_message_source", c_int, [c_void_p, POINTER(RawSource)]),
    ("mesh_source_authority", c_int, [c_void_p, c_bool]),
    ("mesh_source_validated", c_int, [c_void_p, c_char_p, c_void_p, c_size_t]),
    ("mesh_source_refused", c_int, [c_void_p, c_char_p, c_char_p]),
]


def load():
    """The library, and the one function of it that is called with the interpreter's lock held, since it forks."""
    path = os.environ.get("ACTORMESH_LIBRARY", "libactormesh.so.0")
    library = ctypes.CDLL(path)
    for name, result, arguments in FUNCTIONS:
        function = getattr(library, name)
        function.restype = result
        function.argtypes = arguments
    fork = ctypes.PyDLL(path).mesh_spawner_fork
    fork.restype = c_int
    fork.argtypes = [c_void_p, POINTER(c_char_p), POINTER(Error)]
    return library, fork


lib, spawner_fork = load()
