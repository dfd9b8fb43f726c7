"""A client that costs little: asyncio streams kept alive, replies read and dropped.

Its functions are called in processes of their own, so that it does not slow down what it measures.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from time import perf_counter


@dataclass(slots=True)
class Reply:
    """What came back, and how long it took in ms."""

    status: int
    head: str
    body: bytes
    took_ms: float

    def header(self, name: str) -> str:
        """The header of that name in lower case, "" where there is none."""
        for line in self.head.splitlines()[1:]:
            known, _, value = line.partition(":")
            if known.lower() == name:
                return value.strip()
        return ""


def ask(
    port: int, paths: Sequence[str], clients: int = 1, headers: str = "", body: bytes = b""
) -> tuple[list[Reply], float]:
    """Every reply, and the seconds in which so many clients got all of them.

    Raises:
        RuntimeError: a reply was not of success.
    """
    return asyncio.run(_all(port, paths, clients, headers, body))


async def _all(
    port: int, paths: Sequence[str], clients: int, headers: str, body: bytes
) -> tuple[list[Reply], float]:
    began = perf_counter()
    shares = (paths[each::clients] for each in range(clients))
    found = await asyncio.gather(*(_one(port, share, headers, body) for share in shares))
    seconds = perf_counter() - began
    return [reply for replies in found for reply in replies], seconds


async def _one(port: int, paths: Sequence[str], headers: str, body: bytes) -> list[Reply]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=2**20)
    if body:
        headers += f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n"
    found: list[Reply] = []
    for path in paths:
        began = perf_counter()
        method = "POST" if body else "GET"
        text = f"{method} {path} HTTP/1.1\r\nHost: localhost:{port}\r\n{headers}\r\n"
        writer.write(text.encode() + body)
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        reply = Reply(int(head[9:12]), head, b"", 0.0)
        content = await reader.readexactly(int(reply.header("content-length") or 0))
        reply.took_ms = (perf_counter() - began) * 1e3
        if reply.status not in (200, 304):
            raise RuntimeError(f"{path} answered {head} {content[:500]!r}")
        reply.body = content if not found else b""  # one is enough to look at
        found.append(reply)
    writer.close()
    await writer.wait_closed()
    return found
