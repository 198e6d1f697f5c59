"""Every line of a process has one form, ours and the libraries', and none can end whoever logs it."""

import json
import subprocess
import sys
from typing import Any

PROCESS = """
import logging, structlog
from shared import log
log.configure(service="intake", level="INFO")
ours = structlog.get_logger("shared.somewhere")
{}
"""


def lines_of(code: str) -> list[dict[str, Any]]:
    told = subprocess.run([sys.executable, "-c", PROCESS.format(code)], capture_output=True, check=True)  # noqa: S603 - our own program
    assert told.stdout == b""
    return [json.loads(line) for line in told.stderr.decode().splitlines()]


def test_our_lines_and_a_library_s_have_one_form() -> None:
    ours, theirs = lines_of("ours.warning('thing.done', number=2); logging.getLogger('uvicorn').warning('it %s', 'is')")
    common = {"service": "intake", "level": "warning"}
    assert ours.pop("timestamp") <= theirs.pop("timestamp")
    assert ours == common | {"event": "thing.done", "logger": "shared.somewhere", "number": 2}
    assert theirs == common | {"event": "it is", "logger": "uvicorn"}


def test_what_is_bound_for_a_while_is_in_each_line() -> None:
    (line,) = lines_of(
        "with structlog.contextvars.bound_contextvars(request_id='r'):\n    ours.info('thing.done')",
    )
    assert line["request_id"] == "r"


def test_below_the_level_nothing_is_written() -> None:
    assert lines_of("ours.debug('small'); logging.getLogger('x').debug('small')") == []


def test_an_error_is_told_with_its_way() -> None:
    (line,) = lines_of("try:\n    1 / 0\nexcept ZeroDivisionError:\n    ours.exception('thing.failed')")
    assert line["level"] == "error"
    assert line["exception"].endswith("ZeroDivisionError: division by zero")


def test_a_value_that_json_or_utf_8_cannot_say_ends_nobody() -> None:
    (line,) = lines_of("ours.info('thing.done', kind=int, name='\\udcff')")
    assert line["kind"] == "<class 'int'>"
    assert line["name"] == "\udcff"
