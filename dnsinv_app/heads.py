"""How large the head of a request may be: its first line and headers, counted as they come in.

Before a request is whole no app is asked, so that only the server's own protocol can refuse it.
"""

from typing import Any

import httptools
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

LARGEST_HEAD = 64 * 1024  # bytes; browsers' cookies for one site come to far less

_TOLD = b"The head of the request is larger than 64 KB, the most that is taken.\n"
_ANSWER = (
    b"HTTP/1.1 431 Request Header Fields Too Large\r\n"
    b"content-type: text/plain; charset=utf-8\r\n"
    b"content-length: %d\r\n"
    b"connection: close\r\n\r\n%s" % (len(_TOLD), _TOLD)
)


class LimitedHeads(HttpToolsProtocol):
    """uvicorn's protocol, which by itself keeps as much of a head as anybody sends."""

    def __init__(self, *arguments: Any, **more: Any) -> None:
        super().__init__(*arguments, **more)
        self.url, self.headers = b"", []  # there are none before the first request begins
        self._is_in_head = False
        self._came = 0  # of a head that is not whole yet

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        self._came = self._came + len(data) if self._is_in_head else 0
        if self._came > LARGEST_HEAD and not self.transport.is_closing():
            self._refuse()

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._is_in_head = True

    def on_headers_complete(self) -> None:
        self._is_in_head = False
        if self._size() > LARGEST_HEAD:  # it came all at once
            raise httptools.HttpParserError
        super().on_headers_complete()

    def send_400_response(self, msg: str) -> None:
        """What a failure of the parser is answered with; the one above is one to it, too."""
        if self._size() > LARGEST_HEAD:
            self._refuse()
        else:
            super().send_400_response(msg)

    def _size(self) -> int:
        return len(self.url) + sum(len(name) + len(value) for name, value in self.headers)

    def _refuse(self) -> None:
        self.transport.write(_ANSWER)
        self.transport.close()
