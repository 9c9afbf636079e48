"""The OpenAPI document: made of the declared routes, so that it is always true."""

from __future__ import annotations

import re
from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

from pydantic import BaseModel, RootModel
from pydantic.json_schema import models_json_schema

from asterisk_hotdesk import __version__
from asterisk_hotdesk.model import Role
from asterisk_hotdesk.web.admin.api.problems import CONTENT_TYPE, Problem
from asterisk_hotdesk.web.admin.api.routes import ApiRoute, Call, Nothing

PATH = "/api/openapi.json"
_SCHEMAS = "#/components/schemas/"

Named = dict[str, dict[str, Any]]
"""References to the schemas, by model."""


class Document(RootModel[dict[str, Any]]):
    """An OpenAPI 3.1 document."""


def with_document(routes: Sequence[ApiRoute], base_url: str) -> list[ApiRoute]:
    """Return *routes*, and one that gives the document which describes them."""
    described = Document(document(routes, base_url))

    async def answer(call: Call) -> Document:
        return described

    return [
        *routes,
        ApiRoute(
            method="GET",
            path=PATH,
            needs=Role.VIEWER,
            says="This document.",
            gives=Document,
            answer=answer,
        ),
    ]


def document(routes: Sequence[ApiRoute], base_url: str) -> dict[str, Any]:
    """Return the OpenAPI 3.1 document of *routes*."""
    models: list[type[BaseModel]] = [Problem]
    for route in routes:
        models += [route.gives, *([route.body] if route.body is not Nothing else [])]
    references, schemas = models_json_schema(
        [(model, _mode(model, routes)) for model in dict.fromkeys(models)],
        ref_template=_SCHEMAS + "{model}",
    )
    named = {str(model): reference for (model, _), reference in references.items()}
    paths: dict[str, dict[str, Any]] = {}
    for route in routes:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(
            route, named
        )
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "asterisk-hotdesk",
            "version": __version__,
            "description": "Hot desking for Asterisk. Times are in RFC 3339.",
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "servers": [{"url": base_url}],
        "security": [{"token": []}],
        "paths": paths,
        "components": {
            "schemas": schemas["$defs"],
            "securitySchemes": {
                "token": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "From: hotdesk admin token add NAME --role ROLE",
                }
            },
        },
    }


def _mode(model: type[BaseModel], routes: Sequence[ApiRoute]) -> Any:
    is_sent = any(route.body is model for route in routes)
    return "validation" if is_sent else "serialization"


def _operation(route: ApiRoute, named: Named) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "summary": route.says,
        "description": f"Needs a token with the role {route.needs} or more.",
        "operationId": _operation_id(route),
        "parameters": _in_path(route) + _in_query(route),
        "responses": {
            "200": {
                "description": "Done.",
                "content": {"application/json": {"schema": named[str(route.gives)]}},
            },
            **{
                str(status): _refusal(status, named)
                for status in sorted({401, 403, 422, 503, *route.refusals})
            },
        },
    }
    if route.body is not Nothing:
        operation["requestBody"] = {
            "required": any(f.is_required() for f in route.body.model_fields.values()),
            "content": {"application/json": {"schema": named[str(route.body)]}},
        }
    return operation


def _operation_id(route: ApiRoute) -> str:
    words = [word for word in re.split(r"[/{}.]+", route.path) if word]
    return "_".join([route.method.lower(), *words[2:]])


def _in_path(route: ApiRoute) -> list[dict[str, Any]]:
    return [
        {
            "name": name,
            "in": "path",
            "required": True,
            "schema": {"type": "string"},
        }
        for name in re.findall(r"{(\w+)}", route.path)
    ]


def _in_query(route: ApiRoute) -> list[dict[str, Any]]:
    schema = route.query.model_json_schema()
    definitions = schema.get("$defs", {})
    found = []
    for name, described in schema.get("properties", {}).items():
        plain = {k: v for k, v in described.items() if k not in ("title", "$ref")}
        if "$ref" in described:
            plain = definitions[described["$ref"].rpartition("/")[2]] | plain
        found.append(
            {
                "name": name,
                "in": "query",
                "required": name in schema.get("required", ()),
                "description": plain.pop("description", ""),
                "schema": plain,
            }
        )
    return found


def _refusal(status: int, named: Named) -> dict[str, Any]:
    return {
        "description": HTTPStatus(status).phrase,
        "content": {CONTENT_TYPE: {"schema": named[str(Problem)]}},
    }
