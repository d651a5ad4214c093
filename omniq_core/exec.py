"""What a handler may do besides its work: publish, pause, count children."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Unpack

from .models import PayloadT, PublishOptions

if TYPE_CHECKING:
    from .client import OmniqClient


class Exec:
    """`ctx.exec`: the client's operations, with this job as the child that acks."""

    def __init__(self, client: OmniqClient, job_id: str) -> None:
        self._client = client
        self._job_id = job_id

    def publish(self, *, queue: str, payload: PayloadT, **options: Unpack[PublishOptions]) -> str:
        """As `OmniqClient.publish`."""
        return self._client.publish(queue=queue, payload=payload, **options)

    def publish_json(self, *, queue: str, payload: Any, **options: Unpack[PublishOptions]) -> str:
        """As `OmniqClient.publish_json`."""
        return self._client.publish_json(queue=queue, payload=payload, **options)

    def pause(self, *, queue: str) -> str:
        """As `OmniqClient.pause`."""
        return self._client.pause(queue=queue)

    def resume(self, *, queue: str) -> int:
        """As `OmniqClient.resume`."""
        return self._client.resume(queue=queue)

    def is_paused(self, *, queue: str) -> bool:
        """As `OmniqClient.is_paused`."""
        return self._client.is_paused(queue=queue)

    def childs_init(self, key: str, expected: int) -> None:
        """As `OmniqClient.childs_init`."""
        self._client.childs_init(key=key, expected=expected)

    def child_ack(self, key: str, child_id: str | None = None) -> int:
        """As `OmniqClient.child_ack`; the child id is this job's unless one is given."""
        return self._client.child_ack(key=key, child_id=self._job_id if child_id is None else child_id)
