"""What whoever has the password of one account publishes in the name of another, on the running broker.

Each forgery is refused by the broker, or stands in quarantine with its reason, has no effect, and alarms. True events
take effect as if nothing had been.
"""

import asyncio
import json
import re
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final
from urllib.parse import quote
from uuid import uuid4

import aio_pika
import aiormq.exceptions
import pytest
from aio_pika.abc import AbstractChannel
from yarl import URL

from shared import clock
from tests.journeys.people import HTTP, Agent, Applicant, Json, eventually
from tests.journeys.steps import a_qualified_case, a_request, people_escalate
from tests.journeys.strangers import ForeignForm
from tests.system import System

pytestmark = pytest.mark.journey

Attempt = Callable[[AbstractChannel], Awaitable[object]]
DECISION: Final = "escalation.decision_made"
KEY: Final = f"{DECISION}.95"
