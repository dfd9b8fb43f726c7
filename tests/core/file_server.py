"""Servers on 127.0.0.1 that answer as a test says, byte by byte, in clear or over TLS."""

import datetime
import ipaddress
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

Answer = Callable[[str, socket.socket], None]


class FileServer:
    """Takes one request per connection; `asked` has the head of each, in order."""

    def __init__(self, answer: Answer, tls: ssl.SSLContext | None = None) -> None:
        self.asked: list[str] = []
        self.ended = threading.Event()
        self._answer = answer
        self._tls = tls
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listening.getsockname()[1]
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._open: list[socket.socket] = []

    def address(self, path: str = "/", host: str = "127.0.0.1") -> str:
        return f"{'https' if self._tls else 'http'}://{host}:{self.port}{path}"

    def __enter__(self) -> "FileServer":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.ended.set()
        self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        for each in self._open:
            each.close()
        self._thread.join()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listening.accept()
            except OSError:
                return
            self._open.append(connection)
            threading.Thread(target=self._talk, args=[connection], daemon=True).start()

    def _talk(self, connection: socket.socket) -> None:
        with suppress(OSError):  # the client hung up, or does not believe the certificate
            if self._tls:
                connection = self._tls.wrap_socket(connection, server_side=True)
            head = b""
            while b"\r\n\r\n" not in head:
                block = connection.recv(65_536)
                if not block:
                    return
                head += block
            self.asked.append(head.decode("latin-1"))
            self._answer(head.decode("latin-1").split(" ")[1], connection)
            connection.shutdown(socket.SHUT_RDWR)
            connection.close()


def reply(body: bytes = b"", status: str = "200 OK", **headers: str) -> bytes:
    """A whole answer; header names are written with _ for -."""
    lines = [f"HTTP/1.1 {status}"]
    given = {"content_length": str(len(body)), "connection": "close"} | headers
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in given.items() if value]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1") + body


def drip(block: bytes, after: bytes = b"") -> Answer:
    """An answer that never stops coming, a little at a time."""

    def answer(path: str, connection: socket.socket) -> None:
        connection.sendall(after)
        pace = threading.Event()
        while True:
            connection.sendall(block)
            pace.wait(0.01)

    return answer


@contextmanager
def serving(
    replies: dict[str, bytes] | Answer, tls: ssl.SSLContext | None = None
) -> Iterator[FileServer]:
    """A server with a reply for each path, or with an answer of its own."""

    def of_table(path: str, connection: socket.socket) -> None:
        assert isinstance(replies, dict)
        connection.sendall(replies.get(path, reply(status="404 Not Found")))

    with FileServer(of_table if isinstance(replies, dict) else replies, tls) as server:
        yield server


def certificates(folder: Path, *names: str) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """A server's side of TLS for some names and 127.0.0.1, and a client's side that believes it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "files of a test")])
    begins = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
    known = [x509.DNSName(each) for each in names]
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begins)
        .not_valid_after(begins.replace(year=2126))
        .add_extension(
            x509.SubjectAlternativeName(
                [*known, x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
            ),
            critical=False,
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    file = folder / "server.pem"
    file.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(file)
    client = ssl.create_default_context(cafile=str(file))
    return server, client
