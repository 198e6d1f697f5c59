"""Check where a webhook address may lead: the public Internet and networks that the operator allows."""

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Final
from urllib.parse import urlsplit

IPAddress = IPv4Address | IPv6Address
IPNetwork = IPv4Network | IPv6Network

_LOWEST_UNPRIVILEGED: Final = 1024
_WEB_PORTS: Final = frozenset({80, 443})
_TRANSLATED: Final = (IPv6Network("64:ff9b::/96"), IPv6Network("64:ff9b:1::/48"), IPv6Network("::/96"))
"""IPv6 addresses in whose last four bytes an IPv4 address is hidden."""


def may_be_called(address: IPAddress, networks: Sequence[IPNetwork] = ()) -> bool:
    """Return whether we call this address: a public one, or one of the networks that were named.

    An IPv4 address inside an IPv6 one is judged by itself. Link-local addresses, among them the metadata services of
    clouds, are never called, whatever was named.
    """
    hidden = _hidden(address) if isinstance(address, IPv6Address) else None
    if hidden is not None:
        return may_be_called(hidden, networks)
    if address.is_link_local or address.is_multicast or address.is_unspecified:
        return False
    if any(address in network for network in networks if network.version == address.version):
        return True
    return address.is_global and not address.is_reserved


def _hidden(address: IPv6Address) -> IPv4Address | None:
    """Return the IPv4 address that an IPv6 one stands for."""
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address.sixtofour is not None:
        return address.sixtofour
    if address.teredo is not None:
        return address.teredo[1]
    if any(address in network for network in _TRANSLATED) and int(address) > 1:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return None


_UNREADABLE: Final = "Cette adresse n’est pas lisible : donnez-la comme https://exemple.fr/chemin."


def wrong_with(url: str, networks: Sequence[IPNetwork] = ()) -> str | None:
    """Return in French what is wrong with an address before anybody calls it; None when nothing is.

    A name is judged again at each call, by the addresses that it has then.
    """
    try:
        parts = urlsplit(url)
        port = parts.port or 443
    except ValueError:
        return _UNREADABLE
    if not parts.hostname or any(letter.isspace() or not letter.isprintable() for letter in url):
        return _UNREADABLE
    faults = {
        "Donnez une adresse qui commence par https://.": parts.scheme
        not in ({"https", "http"} if networks else {"https"}),
        "Retirez le nom et le mot de passe de l’adresse : la signature prouve qui envoie.": "@" in parts.netloc,
        "Retirez de l’adresse ce qui suit le signe #.": bool(parts.fragment),
        "Ce port n’est pas celui d’un site : utilisez 443, ou un port à partir de 1024.": (
            port not in _WEB_PORTS and port < _LOWEST_UNPRIVILEGED
        ),
        "Cette adresse mène à un réseau qui ne peut pas être appelé.": _is_forbidden(parts.hostname, networks),
    }
    return next((sentence for sentence, wrong in faults.items() if wrong), None)


def _is_forbidden(host: str, networks: Sequence[IPNetwork]) -> bool:
    """Return whether a host that is an address may not be called."""
    try:
        return not may_be_called(ip_address(host), networks)
    except ValueError:
        return False
