"""All kinds of faults, by name."""

from tests.faults.product import SERVICES
from tests.faults.strikes import database, inside, messages, network, processes
from tests.faults.strikes.kind import Kind

KINDS: dict[str, Kind] = {
    "kill_service": Kind(processes.kill, SERVICES, often=3),
    "stop_service": Kind(processes.stop, SERVICES, often=2),
    "stop_cut_off": Kind(processes.stop_cut_off, SERVICES),
    "kill_supervisor": Kind(processes.kill_supervisor, ("supervisor",)),
    "kill_copy": Kind(processes.kill_copy, SERVICES, often=2, copies=2),
    "rolling_restart": Kind(processes.replace_all, ("supervisor",), unnoticed=True),
    "freeze_service": Kind(processes.freeze, SERVICES, often=2),
    "kill_broker": Kind(processes.kill, ("rabbitmq",), often=4),
    "wipe_broker": Kind(processes.wipe, ("rabbitmq",)),
    "stall_broker": Kind(processes.freeze, ("rabbitmq",), later=True, often=3),
    "kill_database": Kind(processes.kill, ("postgres",), often=40),
    "fill_disk": Kind(database.fill_disk, ("postgres",), often=2),
    "end_connections": Kind(database.end_connections, SERVICES, often=4),
    "unseat_relay": Kind(database.unseat_relay, SERVICES, often=4),
    "second_relay": Kind(database.second_relay, SERVICES, often=2),
    "cut": Kind(network.cut(), SERVICES, often=4),
    "tear": Kind(network.tear(), SERVICES, often=4),
    "stall": Kind(network.stall(), SERVICES, often=2),
    "half_open": Kind(network.half_open(), SERVICES, often=2),
    "slow": Kind(network.slow, SERVICES),
    "cut_database": Kind(network.cut(database=True), SERVICES, often=3),
    "tear_database": Kind(network.tear(database=True), SERVICES, often=4),
    "stall_database": Kind(network.stall(database=True), SERVICES, often=2),
    "vanish": Kind(network.vanish, SERVICES, copies=2),
    "purge_queue": Kind(messages.purge, SERVICES, often=2),
    "delete_queue": Kind(messages.delete, SERVICES, later=True),
    "duplicate": Kind(messages.duplicate, SERVICES, often=3),
    "reorder": Kind(messages.reorder, SERVICES, often=3),
    "truncate": Kind(messages.truncate, SERVICES, often=2),
    "flip": Kind(messages.flip, SERVICES, often=2),
    "rogue": Kind(messages.rogue, SERVICES[:3]),
    "step_clock": Kind(inside.step_clock, SERVICES, often=3),
    "fail_one_in_a_hundred": Kind(inside.fail_one_in_a_hundred, SERVICES),
}
