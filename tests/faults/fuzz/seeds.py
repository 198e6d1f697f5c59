"""Messages to mutate: every event of the golden files, each in its stream, about a new request."""

import json
from collections import Counter
from collections.abc import Iterator
from uuid import UUID

from shared.contracts import BY_TYPE
from tests.contracts.examples import EXAMPLES, REQUEST_ID
from tests.contracts.test_golden_files import GOLDEN

STRANGERS = "forms."
"""Who publishes without a journal, and so without a place in a stream."""


def a_life(request_id: UUID) -> Iterator[tuple[str, bytes]]:
    """Give (service, body) of each event, written as the journal writes it."""
    places: Counter[tuple[str, str]] = Counter()
    for example in EXAMPLES.values():
        wire_type = example.wire_type
        text = (GOLDEN / f"{wire_type}.json").read_text(encoding="utf-8").replace(str(REQUEST_ID), str(request_id))
        fact = BY_TYPE[wire_type].model_validate_json(text)
        places[fact.source, fact.subject] += 1
        members = {
            "specversion": "1.0",
            "sequence": places[fact.source, fact.subject],
            "id": str(UUID(int=request_id.int ^ sum(places.values()))),
            "source": fact.source,
            "type": wire_type,
            "subject": fact.subject,
            "time": fact.at.isoformat(),
            "datacontenttype": "application/json",
            "departement": fact.departement,
            "correlationid": str(request_id),
        }
        if wire_type.startswith(STRANGERS):
            del members["sequence"]
        head = json.dumps(members, ensure_ascii=False)
        yield wire_type.split(".", 1)[0], f'{head[:-1]}, "data": {fact.model_dump_json()}}}'.encode()
