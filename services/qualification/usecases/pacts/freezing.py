"""Freezing of a pact's versions: what was put to signature, and what all signed, as documents that never change."""

import hashlib

from services.qualification.domain.pact import Pact
from services.qualification.reads.pact import text_of_work, version_of
from services.qualification.reads.pact_views import as_content
from services.qualification.store import pacts
from services.qualification.usecases.context import Paper
from shared.db import Transaction


async def freeze(tx: Transaction, pact: Pact, paper: Paper) -> str:
    """Store the plan that is ready, and the document that the parties sign; return the document's SHA-256."""
    await pacts.save(tx, pact)
    text = await text_of_work(tx, pact.id)
    document = await paper(text, None)
    sha256 = hashlib.sha256(document).hexdigest()
    await pacts.freeze(tx, pact, as_content(text), document, sha256)
    return sha256


async def keep_signed(tx: Transaction, pact: Pact, paper: Paper) -> str:
    """Store the version that all signed, with its signatures; return the SHA-256 of the document."""
    await pacts.save(tx, pact)
    text = await text_of_work(tx, pact.id)
    await pacts.keep_content(tx, pact.id, pact.number, as_content(text))
    await pacts.keep_signatures(tx, pact.id, pact.number)
    version = await version_of(tx, pact.id, pact.number)
    document = await paper(version.text or text, version)
    sha256 = hashlib.sha256(document).hexdigest()
    await pacts.keep_signed(tx, pact, document, sha256)
    return sha256
