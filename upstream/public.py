"""Which addresses belong to the public internet: what a client may make us connect to."""

from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import Final

# IANA's registries of special-purpose addresses, and what is nobody's public service.
_NOT_PUBLIC: Final = tuple(
    ip_network(network)
    for network in (
        "0.0.0.0/8",  # this network
        "10.0.0.0/8",
        "100.64.0.0/10",  # carrier-grade NAT
        "127.0.0.0/8",
        "168.63.129.16/32",  # Azure's host, from inside of its machines
        "169.254.0.0/16",  # link-local, where clouds keep their metadata
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.88.99.0/24",  # relays of 6to4
        "192.168.0.0/16",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/3",  # multicast, reserved, broadcast
        "2001::/23",  # protocols, Teredo among them, which carries IPv4 addresses
        "2001:db8::/32",
        "2002::/16",  # 6to4, likewise
        "3fff::/20",
    )
)
# All others, such as mapped IPv4 (::ffff:0:0/96), NAT64 (64:ff9b::/96) and unique local ones, lie outside of it.
_GLOBAL: Final = IPv6Network("2000::/3")


def is_public(address: str) -> bool:
    """*address* is an IP address, never a name. What can't be read isn't public."""
    try:
        ip = ip_address(address)
    except ValueError:
        return False
    if ip.version == 6 and ip not in _GLOBAL:
        return False
    return not any(ip in network for network in _NOT_PUBLIC if _same(network, ip.version))


def _same(network: IPv4Network | IPv6Network, version: int) -> bool:
    return network.version == version
