"""Masking of secrets in texts: recognises every secret link and token by its form.

Only this module knows the form of each: the token of a secret link (`shared/links.py`: the applicant's
and a colleague's link, an access token, a draft, an orientation, a pact's party, a provider, a document), the address
that a reply goes to, a sealed mandate, an agent's token, the secret of a webhook. `hidden` is applied to what is typed
or mailed, before it is stored or published; `covered` to what is shown, for texts that were stored before.

A token of a link is known by what it holds (`is_formed_as_token`), so readable names stay, however long. An agent's
token is random: any word of 43 letters that ends as 32 bytes in base64 do, with a capital, a small letter and a digit,
is masked although it may be none (a SHA-256 in base64 looks the same), and one token in some thousand has no
digit. Anybody may send the text, so every expression takes time in proportion to it.
"""

import re
from collections.abc import Collection
from functools import partial
from string import ascii_letters, digits
from typing import Any, Final

from shared.links import TOKEN_LENGTH, is_formed_as_token

MASK: Final = "[lien personnel masqué]"
COVER: Final = "[lien personnel]"
"""Stands on pages for a link; stars follow, so that the length of what is sent does not change."""

_AGENT_TOKEN: Final = re.compile(r"(?=[^0-9]*[0-9])(?=[^A-Z]*[A-Z])(?=[^a-z]*[a-z])[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]")
_LABEL: Final = re.compile(
    r"(?:suivi|demande|documents|orientations|parties|prestataires|pact-parties|provider-links)(?:/|%2F|%252F|_)\Z",
    re.IGNORECASE,
)
_LABELLED_WITHIN: Final = re.compile(
    r"(?:suivi|demande|documents|orientations|parties|prestataires|links)_", re.IGNORECASE
)
_LONGEST_WRITTEN: Final = 3 * TOKEN_LENGTH
"""Letters of a token whose hyphens and underscores a mail filter wrote as `-2D` and `-5F`."""
_LONGEST_LABEL: Final = 24
_ENCODED_SLASH: Final = re.compile(r"(?:25)?2F", re.IGNORECASE)
_WORD: Final = re.compile(r"(?<![A-Za-z0-9_-])[A-Za-z0-9_-]{43,}+")
_LONG: Final = b"a" * TOKEN_LENGTH
_WORD_LETTERS: Final = bytes(b"a "[chr(code) not in f"{ascii_letters}{digits}_-"] for code in range(256))
"""Every byte that may stand in a token becomes `a`."""
_BROKEN: Final = re.compile(r"(?<![A-Za-z0-9_-])([A-Za-z0-9_-]{1,50}+)(=?\r?\n[ \t>|*]{0,20}+)([A-Za-z0-9_-]{1,50}+)")
_REPLY_TOKEN: Final = re.compile(
    r"(?:(?<=reponse\+)|(?<=rebond\+)|(?<=reponse%2B)|(?<=rebond%2B))[a-z2-7]{52}", re.IGNORECASE
)
_MANDATE: Final = re.compile(
    r"(?<![A-Za-z0-9_-])[A-Za-z0-9_-]++\.\.[A-Za-z0-9_-]{16}\.[A-Za-z0-9_-]++\.[A-Za-z0-9_-]{22,}+"
)
"""A sealed value: its header, no key, 96 bits to begin with, what is sealed, 128 bits of proof."""
_WEBHOOK_SECRET: Final = re.compile(r"whsec_[A-Za-z0-9+/=_-]+")


def hidden(text: str) -> str:
    """Mask every secret in a text that somebody typed or mailed."""
    text = _MANDATE.sub(MASK, _WEBHOOK_SECRET.sub(MASK, text))
    text = _REPLY_TOKEN.sub(MASK, _BROKEN.sub(_mask_broken, text))
    return _WORD.sub(partial(_mask_word, mask=MASK), text)


def hidden_everywhere(value: Any, *, named: str = "") -> Any:
    """Mask every secret in what was sent: a text, a list, an object with its members.

    A member called `url` is the address of somebody else's page or program, which may hold a secret of theirs: only
    our own links are masked there.
    """
    if isinstance(value, str):
        return _WORD.sub(partial(_mask_word, mask=MASK, bare=False), value) if named == "url" else hidden(value)
    if isinstance(value, dict):
        return {name: hidden_everywhere(item, named=str(name).rpartition(".")[2]) for name, item in value.items()}
    if isinstance(value, list):
        return [hidden_everywhere(item, named=named) for item in value]
    return value


def covered(content: bytes, *, but: Collection[str] = ()) -> bytes:
    """Cover the links and reply addresses in what is shown, except `but`: the ones in the reader's own address.

    Masking does not change the length. Most pages hold no word that is long enough, which is found out at once.
    """
    if _LONG not in content.translate(_WORD_LETTERS):
        return content
    text = _REPLY_TOKEN.sub(lambda found: _cover(found[0]), content.decode("latin-1"))
    return _WORD.sub(partial(_cover_word, but=but), text).encode("latin-1")


def _secret_in(found: re.Match[str], *, bare: bool = True) -> str:
    """Return the end of a word that is a token, with what a mail program appended; empty where none is."""
    word, before = found[0], found.string[max(0, found.start() - _LONGEST_LABEL) : found.start()]
    if before.endswith("%") and (encoded := _ENCODED_SLASH.match(word)):
        before, word = before + encoded[0], word[encoded.end() :]
    if _LABEL.search(before) and is_formed_as_token(word[:TOKEN_LENGTH]):
        return word
    for within in _LABELLED_WITHIN.finditer(word):  # as mail filters rewrite addresses: `host_suivi_token`
        written = word[within.end() : within.end() + _LONGEST_WRITTEN]
        characters = written.replace("-2D", "-").replace("-5F", "_")[:TOKEN_LENGTH]
        if is_formed_as_token(written[:TOKEN_LENGTH]) or (characters not in written and is_formed_as_token(characters)):
            return word[within.end() :]
    return word if bare and (is_formed_as_token(word) or _AGENT_TOKEN.fullmatch(word)) else ""


def _mask_word(found: re.Match[str], *, mask: str, bare: bool = True) -> str:
    secret = _secret_in(found, bare=bare)
    return found[0].removesuffix(secret) + mask if secret else found[0]


def _mask_broken(found: re.Match[str]) -> str:
    """Mask a token over the end of a line."""
    token = found[1] + found[3]
    label = _LABEL.search(found.string[max(0, found.start() - _LONGEST_LABEL) : found.start()])
    return MASK if label and is_formed_as_token(token) else found[0]


def _cover_word(found: re.Match[str], *, but: Collection[str]) -> str:
    secret = _secret_in(found)
    if len(secret) < TOKEN_LENGTH or secret in but:
        return found[0]
    return found[0].removesuffix(secret) + _cover(secret)


def _cover(secret: str) -> str:
    return COVER.ljust(len(secret), "*")
