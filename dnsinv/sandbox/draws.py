"""Numbers and ids drawn from names: random to look at, the same in every run and any order."""

from hashlib import blake2b


def draw(*parts: object) -> int:
    """A number below 2**64 that depends on the parts only."""
    seed = "|".join(map(str, parts)).encode()
    return int.from_bytes(blake2b(seed, digest_size=8).digest())


def chance(percent: float, *parts: object) -> bool:
    """Whether these parts fall among the given percentage."""
    return draw(*parts) % 10_000 < percent * 100


def hex_id(*parts: object) -> str:
    """32 hexadecimal digits, the form of Cloudflare's ids."""
    return blake2b("|".join(map(str, parts)).encode(), digest_size=16).hexdigest()
