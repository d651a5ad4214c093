"""Liveness: this process answers. Says nothing about Redis, so that a restart is never the cure for an outage there."""

from __future__ import annotations

from flask import Response

from ..routes import Routes

routes = Routes()


@routes.get("/healthz", action="health")
def healthz() -> Response:
    """200 and `ok`, without a call to Redis."""
    return Response("ok\n", mimetype="text/plain")
