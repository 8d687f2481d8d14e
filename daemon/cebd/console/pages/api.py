"""For programs: documents given by POST /api/drops, with a key; what became of them; the description of all that (OpenAPI)."""

from __future__ import annotations

import re
from contextlib import suppress
from functools import partial
from hashlib import sha256
from http import HTTPStatus

from starlette.responses import JSONResponse, Response

from cebd.console.visit import NotAllowed, Visit
from cebd.documents.workbooks.entered import entered
from cebd.messages.description import Field, MessageType, declarations
from cebd.operations.console import accounts, giving
from cebd.receipts.publishing.drop_receipt import receipt_of
from cebd.store.console.imports import is_undeclared
from cebd.store.console.questions import drop_of_file
from cebd.store.databases.migrations import note

_NAME = re.compile(r"api-[0-9a-f]{16}\.json")


def said(status: HTTPStatus, problem: str, zh: str, en: str) -> Response:
    """Why nothing was done."""
    return JSONResponse({"problem": problem, "zh": zh, "en": en}, status)


def give(visit: Visit) -> Response:
    """Take documents in JSON as a drop. The name goes by the content: the same, given twice, is one drop, unless all was kept back. Where
    the settings want a second person, an account declares them, on the page of imports."""
    desk = visit.desk
    enterprise, program = _caller(visit)
    if visit.request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        raise NotAllowed(
            HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "请以 application/json 提交。", "Send it as application/json."
        )
    sheet = entered(visit.body)
    name = f"api-{sha256(visit.body).hexdigest()[:16]}.json"
    is_declared = partial(giving.is_declared, desk.store, enterprise, name, visit.body)
    if not is_declared():
        with desk.store.write() as transaction:
            note(transaction, "given by a program", f"{program}: {enterprise} {name}")
        if desk.settings.console.second_person:
            desk.imports.receive_from_program(program, enterprise, name, visit.body)
        else:
            giving.put_into_inbox(desk.settings, enterprise, name, visit.body, is_declared)
    told = {"name": name, "enterprise": enterprise, "type": sheet.type.code, "documents": len(sheet.documents)}
    return JSONResponse(told, HTTPStatus.ACCEPTED, {"location": f"/api/drops/{name}"})


def drop(visit: Visit) -> Response:
    """What became of it: the JSON of its receipt; or that it waits to be taken, or to be declared by a person."""
    enterprise, _ = _caller(visit)
    name = visit.request.path_params["name"]
    desk = visit.desk
    with desk.store.read() as transaction:
        found = drop_of_file(transaction, enterprise, name)
        if found is not None:
            return JSONResponse(
                {"state": found.state, **receipt_of(transaction, found, found.published_at or "").as_json()}
            )
        is_kept = is_undeclared(transaction, enterprise, name)
    if is_kept:
        return JSONResponse({"state": "to be declared by a person", "file": name, "enterprise": enterprise})
    with suppress(KeyError):  # its enterprise stands in the settings no more
        folder = desk.settings.folder(desk.settings.enterprise_named(enterprise)) / "inbox"
        if _NAME.fullmatch(name) and any(folder.rglob(name)):
            return JSONResponse({"state": "waiting", "file": name, "enterprise": enterprise})
    raise NotAllowed(HTTPStatus.NOT_FOUND, "没有这个文件。", "There is no drop of that name.")


def _caller(visit: Visit) -> tuple[str, str]:
    """The enterprise for which the key counts, and the program. Raises NotAllowed."""
    # Nobody can guess a key, so no attempts are counted: a program with a wrong one would shut out the others.
    scheme, _, key = visit.request.headers.get("authorization", "").partition(" ")
    found = accounts.enterprise_of_key(visit.desk.store, key.strip()) if scheme.lower() == "bearer" else None
    if found is None:
        raise NotAllowed(HTTPStatus.UNAUTHORIZED, "密钥无效。", "The key is not valid (Authorization: Bearer KEY).")
    return found


# OpenAPI


def description(_visit: Visit) -> Response:
    """OpenAPI 3.1, of the message descriptions."""
    return JSONResponse(openapi())


def openapi() -> dict[str, object]:
    """The whole description: each declaration has its schema."""
    problem = {"$ref": "#/components/schemas/Problem"}
    refused = {"description": "Nothing was taken", "content": {"application/json": {"schema": problem}}}
    kinds = declarations()
    given = {"oneOf": [{"$ref": f"#/components/schemas/{message.code}"} for message in kinds]}
    answer = {"type": "object", "properties": {name: {} for name in ("name", "enterprise", "type", "documents")}}
    receipt = {"type": "object", "properties": {"state": {"type": "string"}, "counts": {"type": "object"}}}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "cebd",
            "version": "1",
            "description": "单证以 JSON 提交申报 Documents to be declared, in JSON",
        },
        "security": [{"key": []}],
        "paths": {
            "/api/drops": {
                "post": {
                    "summary": "Give documents of one kind; the same bytes given again are not declared again",
                    "requestBody": {"required": True, "content": {"application/json": {"schema": given}}},
                    "responses": {
                        "202": {"description": "Taken", "content": {"application/json": {"schema": answer}}},
                        **dict.fromkeys(("401", "409", "413", "415", "422", "503"), refused),
                    },
                }
            },
            "/api/drops/{name}": {
                "get": {
                    "summary": "What became of it: the receipt as it is now",
                    "parameters": [{"name": "name", "in": "path", "required": True, "schema": {"type": "string"}}],
                    "responses": {
                        "200": {"description": "So far", "content": {"application/json": {"schema": receipt}}},
                        **dict.fromkeys(("401", "404"), refused),
                    },
                }
            },
        },
        "components": {
            "securitySchemes": {"key": {"type": "http", "scheme": "bearer"}},
            "schemas": {
                "Problem": {
                    "type": "object",
                    "properties": {name: {"type": "string"} for name in ("problem", "zh", "en")},
                },
                **{message.code: _schema(message) for message in kinds},
            },
        },
    }


def _schema(message: MessageType) -> dict[str, object]:
    document: dict[str, object] = {"head": _object(message.head_fields)}
    if message.line_fields:
        document["lines"] = {"type": "array", "items": _object(message.line_fields)}
    one = {"type": "object", "properties": document, "additionalProperties": False}
    return {
        "type": "object",
        "title": f"{message.zh} {message.en}",
        "required": ["v", "type", "documents"],
        "properties": {
            "v": {"const": 1},
            "type": {"enum": [message.code, *([message.name] if message.name else [])]},
            "documents": {"type": "array", "minItems": 1, "items": one},
        },
    }


def _object(fields: tuple[Field, ...]) -> dict[str, object]:
    return {
        "type": "object",
        "properties": {field.name: _value(field) for field in fields if field.name not in ("guid", "appTime")},
    }


def _value(field: Field) -> dict[str, object]:
    told: dict[str, object] = {
        "type": ["string", "number", "null"],
        "title": f"{field.zh} {field.en}",
        "description": field.hint_en,
    }
    if field.max_length is not None:
        told["maxLength"] = field.max_length
    if field.sample:
        told["examples"] = [field.sample]
    return told
