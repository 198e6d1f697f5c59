"""Every line of a process has one form, ours and the libraries', and none can end whoever logs it."""

import json
import subprocess
import sys
from typing import Any

import pytest

from shared import log

PROCESS = """
import logging, structlog
from shared import log
log.configure(service="intake", level="INFO")
ours = structlog.get_logger("shared.somewhere")
{}
"""


def run(code: str) -> str:
    told = subprocess.run([sys.executable, "-c", PROCESS.format(code)], capture_output=True, check=True)  # noqa: S603 - our own program
    assert told.stdout == b""
    return told.stderr.decode()


def lines_of(code: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in run(code).splitlines()]


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


SENTINEL = "sentinelle@exemple.fr"
VIOLATION = f"""
import asyncpg
violation = asyncpg.UniqueViolationError("duplicate key value violates unique constraint \\"contact_email\\"")
violation.detail = "Key (email)=({SENTINEL}) already exists."
violation.constraint_name = "contact_email"
def fail():
    raise ValueError("{SENTINEL}") from violation
"""


@pytest.mark.parametrize(
    "logged", ["ours.exception('round.failed')", "logging.getLogger('asyncpg').exception('it failed')"]
)
def test_an_error_is_told_with_its_way_and_without_any_value(logged: str) -> None:
    (line,) = lines_of(f"{VIOLATION}\ntry:\n    fail()\nexcept ValueError:\n    {logged}")
    assert line["level"] == "error"
    assert SENTINEL not in json.dumps(line)
    assert line["exception"].endswith("ValueError < UniqueViolationError 23505 contact_email")
    assert "exc_info" not in line


def test_an_exception_is_replaced_by_its_way_before_any_form_is_given_to_it() -> None:
    line = log.strip_exception(None, "error", {"event": "round.failed", "exc_info": LookupError(SENTINEL)})
    assert line == {"event": "round.failed", "exception": "LookupError"}


def test_people_s_form_of_the_log_quotes_no_value_either() -> None:
    code = f"log.configure(service='intake', form='console')\n{VIOLATION}\ntry:\n    fail()\n"
    told = run(f"{code}except ValueError:\n    ours.exception('round.failed')")
    assert SENTINEL not in told
    assert "ValueError < UniqueViolationError 23505 contact_email" in told


def test_an_exception_that_nobody_waited_for_is_told_without_its_words() -> None:
    told = run(
        f"""
import asyncio, gc
async def fails():
    raise ValueError("{SENTINEL}")
async def main():
    task = asyncio.create_task(fails())
    await asyncio.sleep(0.01)
asyncio.run(main())
gc.collect()
"""
    )
    assert SENTINEL not in told
    assert "Task exception was never retrieved" in told


def test_the_first_of_several_failures_is_told() -> None:
    (line,) = lines_of(
        "try:\n    raise ExceptionGroup('several', [KeyError('a'), ValueError('b')])\n"
        "except ExceptionGroup:\n    ours.exception('thing.failed')"
    )
    assert line["exception"].endswith("ExceptionGroup < KeyError")


@pytest.mark.parametrize("library", ["httpx2", "httpx", "mail.log", "aiosmtplib", "aiormq", "any.other"])
def test_what_libraries_say_of_each_step_is_not_written(library: str) -> None:
    assert lines_of(f"logging.getLogger({library!r}).info('HTTP Request: GET http://operator:PASSWORD@h/x')") == []


def test_aiosmtpd_does_not_repeat_what_a_stranger_said() -> None:
    assert lines_of("logging.getLogger('mail.log').warning('%r unrecognised: %s', 'peer', 'secret')") == []


def test_a_password_in_a_library_s_line_is_covered() -> None:
    (line,) = lines_of("logging.getLogger('aiormq').error('lost %s', 'amqp://operator:PASSWORD@h:1/x')")
    assert line["event"] == "lost amqp://***@h:1/x"


def test_a_value_that_json_or_utf_8_cannot_say_ends_nobody() -> None:
    (line,) = lines_of("ours.info('thing.done', kind=int, name='\\udcff')")
    assert line["kind"] == "<class 'int'>"
    assert line["name"] == "\udcff"
