"""Bodies that may carry a file: JSON, or multipart/form-data whose file goes straight to its place.

Starlette would first put the file into the system's temporary folder, which may be small, or in
memory. Here no more of a body is held than one block and its short fields.
"""

import json
from collections import deque
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from fastapi import HTTPException, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ValidationError
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.requests import ClientDisconnect

from dnsinv.actions import migration_files
from dnsinv.actions.acting import Actor
from dnsinv.actions.installation import Installation
from dnsinv.errors import UsageError
from dnsinv.migration.uploads import Upload

FILE = "file"  # the field of the file
MOST_PARTS = 50
LONGEST_FIELD = 64 * 1024  # bytes
FORM = "multipart/form-data"

Asked = TypeVar("Asked", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a form; its content is still to come."""

    name: str
    file_name: str | None
    content: AsyncIterator[bytes]


async def asked(
    request: Request, installation: Installation, who: Actor, model: type[Asked]
) -> tuple[Asked, Upload | None]:
    """What a body asks for, and the file in it, which is kept as an upload.

    Raises:
        NotAllowed: the actor may not import; nothing of the body was read.
        HTTPException, RequestValidationError: the body is not what it should be.
        SourceRefused, LakeError: the file is too large, or cannot be kept.
    """
    await migration_files.may_send(installation, who)
    if _kind(request) != FORM:
        return _checked(model, await _json(request)), None
    fields, upload = await _form(request, installation, who)
    try:
        return _checked(model, fields, is_form=True), upload
    except RequestValidationError:
        if upload is not None:
            migration_files.forget_upload(installation, upload.id)
        raise


def body_of(model: type[BaseModel], example: Mapping[str, Any]) -> dict[str, Any]:
    """What the description says of a body that `asked` reads."""
    schema = model.model_json_schema(ref_template="#/components/schemas/{model}")
    form = {
        **schema,
        "properties": {
            **schema["properties"],
            FILE: {"type": "string", "format": "binary", "description": "The file itself."},
        },
    }
    content = {
        "application/json": {"schema": schema, "example": dict(example)},
        FORM: {"schema": form},
    }
    return {"requestBody": {"required": True, "content": content}}


def form_of() -> dict[str, Any]:
    """The same of a body that is a form with a file and nothing else."""
    schema = {
        "type": "object",
        "properties": {FILE: {"type": "string", "format": "binary"}},
        "required": [FILE],
        "additionalProperties": False,
    }
    return {"requestBody": {"required": True, "content": {FORM: {"schema": schema}}}}


async def _json(request: Request) -> Any:
    body = await request.body()
    try:
        return json.loads(body)
    except (ValueError, RecursionError) as error:
        place, told = getattr(error, "pos", 0), getattr(error, "msg", "it is not UTF-8 text")
        fault = {"type": "json_invalid", "loc": ("body", place), "ctx": {"error": told}}
        raise RequestValidationError([fault]) from None


def _checked(model: type[Asked], sent: Any, *, is_form: bool = False) -> Asked:
    try:
        return model.model_validate(sent, strict=not is_form)  # all that a form has is text
    except ValidationError as error:
        faults = error.errors(include_url=False, include_input=False)
        raise RequestValidationError(
            [{**fault, "loc": ("body", *fault["loc"])} for fault in faults]
        ) from None


async def _form(
    request: Request, installation: Installation, who: Actor
) -> tuple[dict[str, Any], Upload | None]:
    fields: dict[str, Any] = {}
    upload: Upload | None = None
    try:
        async for part in _parts(request):
            if part.name in fields or (part.name == FILE and upload is not None):
                raise UsageError(f"The field {part.name[:60]!a} is there twice.")
            if part.name == FILE:
                name = part.file_name or "file"
                upload = await migration_files.receive(installation, who, name, part.content)
            else:
                fields[part.name] = await _text(part)
    except BaseException:
        if upload is not None:
            migration_files.forget_upload(installation, upload.id)
        raise
    return fields, upload


async def _text(part: Part) -> str:
    text = bytearray()
    async for block in part.content:
        text += block
        if len(text) > LONGEST_FIELD:
            raise HTTPException(413, f"The field {part.name[:60]!a} is longer than 64 KB.")
    try:
        return text.decode("utf-8")
    except UnicodeDecodeError:
        raise HTTPException(400, f"The field {part.name[:60]!a} is not UTF-8.") from None


async def _parts(request: Request) -> AsyncIterator[Part]:
    """The parts of a form, in order; the content of each is read before the next one comes."""
    coming = _Coming(request)
    count = 0
    while True:
        headers = await coming.headers()
        if headers is None:
            return
        count += 1
        if count > MOST_PARTS:
            raise HTTPException(413, f"The form has more than {MOST_PARTS} fields.")
        name, file_name = _names(headers)
        content = coming.content()
        yield Part(name, file_name, content)
        async for _ in content:  # what nobody read
            pass


class _Coming:
    """A body that is parsed as it comes: what the parser has found and nobody has taken yet."""

    def __init__(self, request: Request) -> None:
        self._stream = request.stream()
        self._found: deque[tuple[str, bytes, bytes]] = deque()
        self._name, self._value = bytearray(), bytearray()
        self._is_whole = False
        _, options = parse_options_header(request.headers.get("content-type", ""))
        try:
            self._parser = MultipartParser(options.get(b"boundary", b""), self._callbacks())
        except FormParserError as error:
            raise _malformed(error) from None
        if not options.get(b"boundary"):
            raise _malformed("its Content-Type names no boundary")

    async def headers(self) -> dict[bytes, bytes] | None:
        """Those of the next part; None after the last."""
        headers: dict[bytes, bytes] = {}
        while (found := await self._next()) is not None:
            what, name, value = found
            if what == "header":
                headers[name] = value
            elif what == "headers":
                return headers
        if not self._is_whole:
            raise _malformed("it breaks off")
        return None

    async def content(self) -> AsyncIterator[bytes]:
        """The content of the part whose headers came last."""
        while (found := await self._next()) is not None:
            what, data, _ = found
            if what == "end":
                return
            yield data
        raise _malformed("it breaks off")

    async def _next(self) -> tuple[str, bytes, bytes] | None:
        while not self._found:
            try:
                block = await anext(self._stream, None)
            except ClientDisconnect:
                raise HTTPException(400, "The connection was cut off.") from None
            if block is None:
                return None
            try:
                self._parser.write(block)
            except FormParserError as error:
                raise _malformed(error) from None
        return self._found.popleft()

    def _callbacks(self) -> Any:
        def add(what: str, first: bytes = b"", second: bytes = b"") -> None:
            self._found.append((what, first, second))

        def end_header() -> None:
            add("header", bytes(self._name).lower(), bytes(self._value))
            self._name.clear()
            self._value.clear()

        def end() -> None:
            self._is_whole = True

        return {
            "on_header_field": lambda data, start, stop: self._name.extend(data[start:stop]),
            "on_header_value": lambda data, start, stop: self._value.extend(data[start:stop]),
            "on_header_end": end_header,
            "on_headers_finished": lambda: add("headers"),
            "on_part_data": lambda data, start, stop: add("data", data[start:stop]),
            "on_part_end": lambda: add("end"),
            "on_end": end,
        }


def _names(headers: Mapping[bytes, bytes]) -> tuple[str, str | None]:
    kind, options = parse_options_header(headers.get(b"content-disposition", b""))
    if kind != b"form-data" or b"name" not in options:
        raise _malformed("a part has no name in its Content-Disposition")
    name = options[b"name"].decode("utf-8", "replace")
    file_name = options.get(b"filename")
    return name, None if file_name is None else file_name.decode("utf-8", "replace")


def _kind(request: Request) -> str:
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


def _malformed(why: object) -> HTTPException:
    return HTTPException(400, f"The body is not {FORM}: {str(why).rstrip('.')}.")
