"""Which network addresses are public: rules only, no look-up.

For requests that somebody else's text leads to: they must not reach this machine, its neighbours
or its cloud's metadata. Unlike `ipaddress.is_global`, it is the same on every release of Python,
and looks through the forms of IPv6 that end at an IPv4 address.
"""

from collections.abc import Iterable
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

# Source: IANA's special-purpose address registries, checked 2026-11-25; everything that is not
# globally reachable, and what is deprecated.
_NOT_PUBLIC_V4 = tuple(
    map(
        IPv4Network,
        (
            "0.0.0.0/8",
            "10.0.0.0/8",
            "100.64.0.0/10",  # carriers' NAT; also metadata of one cloud
            "127.0.0.0/8",
            "168.63.129.16/32",  # looks public, but is the host of Azure's machines
            "169.254.0.0/16",  # link-local; the metadata of most clouds
            "172.16.0.0/12",
            "192.0.0.0/24",
            "192.0.2.0/24",
            "192.88.99.0/24",
            "192.168.0.0/16",
            "198.18.0.0/15",
            "198.51.100.0/24",
            "203.0.113.0/24",
            "224.0.0.0/4",  # multicast
            "240.0.0.0/4",
        ),
    )
)
_PUBLIC_V6 = IPv6Network("2000::/3")  # all that is given out; the rest is not routed
_NOT_PUBLIC_V6 = tuple(
    map(
        IPv6Network,
        (
            "2001::/23",  # protocols' own, Teredo among them
            "2001:db8::/32",
            "3fff::/20",
        ),
    )
)
_NAT64 = IPv6Network("64:ff9b::/96")
_NAT64_LENGTH = 32  # bits of it that are an IPv4 address


def is_public(address: Address) -> bool:
    """Whether anybody on the internet may be meant, and nobody near this machine."""
    ends_at = within(address)
    if isinstance(ends_at, IPv4Address):
        return not any(ends_at in network for network in _NOT_PUBLIC_V4)
    return ends_at in _PUBLIC_V6 and not any(ends_at in network for network in _NOT_PUBLIC_V6)


def within(address: Address) -> Address:
    """The IPv4 address that an IPv6 one stands for (mapped, NAT64, 6to4), else itself."""
    if isinstance(address, IPv4Address):
        return address
    if address in _NAT64:
        return IPv4Address(int(address) & ((1 << _NAT64_LENGTH) - 1))
    return address.ipv4_mapped or address.sixtofour or address


def is_in(address: Address, networks: Iterable[Network]) -> bool:
    """Whether an address, or what it stands for, is in one of some networks."""
    forms = {address, within(address)}
    return any(form in network for network in networks for form in forms)


def to_address(text: str) -> Address:
    """An address as the system's resolver writes it, such as "fe80::1%eth0", without its zone.

    Raises:
        ValueError: it is none.
    """
    return ip_address(text.partition("%")[0])
