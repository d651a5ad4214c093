"""OmniqClient: one short method per operation of the protocol."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, NamedTuple, Unpack, cast

from . import clock
from .addresses import plain_client
from .batches import LANES, batch_ids, batch_results
from .connection import Arg, Link, connect
from .errors import BadLane, error_for
from .keys import QueueKeys, completion_anchor, decode_text, encode_id, validate_completion_key
from .leasing import read_lease
from .models import BatchResultItem, PayloadT, PublishedId, PublishOptions, ReserveResult
from .numbers import checked_number
from .own_operations import OwnOperations
from .payloads import check_payload, error_bytes, payload_bytes, structured
from .publish_many import PublishMany
from .publishing import chosen_id, job_options
from .registry import remember_queue
from .scripts import script
from .trash import Keep, Restoring, keep_args
from .whole_lanes import WholeLanes

if TYPE_CHECKING:
    from .consumer import ConsumeOptions

log = logging.getLogger(__name__)

RESUMED_NOTE_MS = 60_000
AGAIN = (b"again",)
"""What tells a script that it is sent a second time, because the first answer was lost."""


class Ops(NamedTuple):
    """`client.ops.r` is the redis client, as users of the reference expect."""

    r: Any


class OmniqClient(OwnOperations, PublishMany, Restoring, WholeLanes):
    """The protocol over one Redis.

    Give a redis-py client, a URL, or a host. Times are ms since the epoch; `now_ms_override=0` means the real clock.
    What is no client of redis-py (an asyncio one, say) raises TypeError at once.
    Operations that are refused raise an `OmniqError`; an unreachable Redis raises redis-py's own exception.
    """

    def __init__(
        self,
        *,
        redis: Any = None,
        redis_url: str | None = None,
        host: str | None = None,
        port: int = 6379,
        db: int = 0,
        username: str | None = None,
        password: str | None = None,
        ssl: bool = False,
        scripts_dir: str | None = None,
        client_name: str | None = None,
    ) -> None:
        del scripts_dir  # accepted for users of the reference: our scripts are part of the package
        if redis is not None:
            self.link = Link(plain_client(redis), owned=False)
        else:
            self.link = connect(
                redis_url=redis_url,
                host=host,
                port=port,
                db=db,
                username=username,
                password=password,
                ssl=ssl,
                client_name=client_name,
            )

    @property
    def ops(self) -> Ops:
        """`.r` is the redis client (a RedisCluster once a command has found out that the address is one's node)."""
        return Ops(self.link.r)

    def __enter__(self) -> OmniqClient:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Closes the connection, unless it was given to us."""
        self.link.close()

    @staticmethod
    def queue_base(name: str) -> str:
        """The prefix of all keys of a queue: `{name}`."""
        return QueueKeys(name).base.decode()

    def publish(
        self,
        *,
        queue: str,
        payload: PayloadT,
        job_id: str | None = None,
        max_attempts: int = 3,
        timeout_ms: int = 30_000,
        backoff_ms: int = 5_000,
        due_ms: int = 0,
        gid: str | None = None,
        group_limit: int = 0,
        now_ms_override: int = 0,
    ) -> PublishedId:
        """Publishes a job and returns its id; `.created` is False when that id exists and nothing was published.

        `due_ms` in the future delays it. `group_limit` counts only while the group has no limit yet.
        """
        check_payload(payload)
        keys = QueueKeys(queue)
        raw = payload_bytes(payload)
        options = job_options(
            max_attempts=max_attempts,
            timeout_ms=timeout_ms,
            backoff_ms=backoff_ms,
            due_ms=due_ms,
            gid=gid,
            group_limit=group_limit,
        )
        new_id, id_bytes = chosen_id(job_id)
        args = (self._now(now_ms_override), id_bytes, raw, *options, secrets.token_hex(16))
        created, state = self.link.run(script("publish"), keys.anchor, *args, again=AGAIN)
        if not created:
            log.warning("publish to %s: id %r is %s already, nothing was published", queue, new_id, decode_text(state))
        remember_queue(self.link, queue)
        return PublishedId(new_id, bool(created))

    def publish_json(self, *, queue: str, payload: Any, **options: Unpack[PublishOptions]) -> PublishedId:
        """`publish` for a dataclass or a pydantic model (or a plain dict or list)."""
        return self.publish(queue=queue, payload=cast(PayloadT, structured(payload)), **options)

    def reserve(self, *, queue: str, now_ms_override: int = 0) -> ReserveResult:
        """Leases the next job, or None when there is none, or `ReservePaused`."""
        token = secrets.token_hex(16)
        reply = self.link.run(script("reserve"), QueueKeys(queue).anchor, self._now(now_ms_override), token)
        return read_lease(reply, token)

    def heartbeat(self, *, queue: str, job_id: str, lease_token: str, now_ms_override: int = 0) -> int:
        """Keeps a lease and returns when it now runs out (ms). Raises TokenRequired, TokenMismatch, NotActive."""
        reply = self._leased("HEARTBEAT", "heartbeat", queue, job_id, lease_token, now_ms_override)
        return int(reply[1])

    def ack_success(
        self, *, queue: str, job_id: str, lease_token: str, now_ms_override: int = 0, repeated: bool = False
    ) -> None:
        """The job is done. Raises TokenRequired, TokenMismatch, NotActive.

        A lost answer is asked for again, for about 3 s. After that, `repeated=True` says that it was sent before: then
        an ack that was done is fine, and a job that is gone is AckUnknown.
        """
        self._leased("ACK_SUCCESS", "ack_success", queue, job_id, lease_token, now_ms_override, repeated=repeated)

    def ack_fail(
        self,
        *,
        queue: str,
        job_id: str,
        lease_token: str,
        error: str | None = None,
        now_ms_override: int = 0,
        repeated: bool = False,
    ) -> tuple[str, int | None]:
        """The attempt failed: ("RETRY", due_ms) or ("FAILED", None). Raises TokenRequired, TokenMismatch, NotActive.

        Lost answers and `repeated` as with `ack_success`.
        """
        said = error_bytes(error)
        reply = self._leased(
            "ACK_FAIL", "ack_fail", queue, job_id, lease_token, now_ms_override, said, repeated=repeated
        )
        return ("RETRY", int(reply[1])) if reply[0] == b"RETRY" else ("FAILED", None)

    def promote_delayed(self, *, queue: str, max_promote: int = 1000, now_ms_override: int = 0) -> int:
        """Moves delayed jobs that are due to waiting; returns how many (0 promotes none, negative all)."""
        return self._sweep("promote_delayed", queue, checked_number("max_promote", max_promote), now_ms_override)

    def reap_expired(self, *, queue: str, max_reap: int = 1000, now_ms_override: int = 0) -> int:
        """Takes back leases that ran out; returns how many (0 reaps none, negative all)."""
        return self._sweep("reap_expired", queue, checked_number("max_reap", max_reap), now_ms_override)

    def pause(self, *, queue: str) -> str:
        """Stops reserves of the queue; running jobs go on. Returns "OK"."""
        return decode_text(self.link.run(script("pause"), QueueKeys(queue).anchor))

    def resume(self, *, queue: str, now_ms_override: int = 0) -> int:
        """Lets reserves go on. Returns 1 if the queue was paused, else 0."""
        anchor = QueueKeys(queue).anchor
        return int(self.link.run(script("resume"), anchor, self._now(now_ms_override), RESUMED_NOTE_MS))

    def is_paused(self, *, queue: str) -> bool:
        """Whether the queue is paused."""
        return self.link.call("EXISTS", QueueKeys(queue).of("paused"), read=True) == 1

    def retry_failed(self, *, queue: str, job_id: str, now_ms_override: int = 0) -> None:
        """Gives a failed job a fresh start at the tail of its lane. Raises NoJob, NotFailed."""
        answer = self._retry(QueueKeys(queue), [job_id], now_ms_override)[0]
        if answer != "OK":
            code = "NO_JOB" if answer == "BAD_JOB_ID" else answer
            raise error_for("RETRY_FAILED", code, queue=queue, job_id=job_id)

    def retry_failed_batch(
        self, *, queue: str, job_ids: Iterable[str], now_ms_override: int = 0
    ) -> list[BatchResultItem]:
        """The same for up to 100 ids, atomically; one result per id. Raises ValueError for more."""
        ids = batch_ids(job_ids)
        keys = QueueKeys(queue)
        return batch_results(ids, self._retry(keys, ids, now_ms_override)) if ids else []

    def remove_job(
        self, *, queue: str, job_id: str, lane: str, now_ms_override: int = 0, keep: Keep | None = None
    ) -> str:
        """Removes a job from its lane. Raises NoJob, JobActive, LaneMismatch, NotInLane. Returns "OK".

        With `keep` it can be restored for a time; "FINAL" says that it was removed, and found no room in the trash.
        """
        answer = self._remove(QueueKeys(queue), lane, [job_id], now_ms_override, keep)[0]
        if answer not in ("OK", "FINAL"):
            code = "NO_JOB" if answer == "BAD_JOB_ID" else answer
            raise error_for("REMOVE_JOB", code, queue=queue, job_id=job_id)
        return answer

    def remove_jobs_batch(
        self, *, queue: str, lane: str, job_ids: Iterable[str], now_ms_override: int = 0, keep: Keep | None = None
    ) -> list[BatchResultItem]:
        """The same for up to 100 ids of one lane, atomically; one result per id. Raises BadLane, ValueError.

        A job that was removed and found no room in the trash has the status OK and the reason FINAL.
        """
        ids = batch_ids(job_ids)
        keys = QueueKeys(queue)
        if not ids:
            return []
        if lane not in LANES:
            raise BadLane("REMOVE_JOBS_BATCH", queue=queue)
        return batch_results(ids, self._remove(keys, lane, ids, now_ms_override, keep))

    def childs_init(self, *, key: str, expected: int) -> None:
        """Starts a completion counter of `expected` children. Raises BadExpected, AlreadyInit."""
        name = validate_completion_key(key)
        answer = self.link.run(script("childs_init"), completion_anchor(name), checked_number("expected", expected))
        if answer != b"OK":
            raise error_for("CHILDS_INIT", decode_text(answer))

    def child_ack(self, *, key: str, child_id: str) -> int:
        """One child is done. Returns what remains: 0 for exactly one caller, -1 when no counter runs."""
        name = validate_completion_key(key)
        child = "" if cast(object, child_id) is None else str(child_id).strip()
        if not child:
            raise ValueError("a child id is needed")
        return int(self.link.run(script("child_ack"), completion_anchor(name), encode_id(child)))

    def consume(self, *, queue: str, handler: Callable[..., Any], **options: Unpack[ConsumeOptions]) -> None:
        """Works the queue until it is told to stop; see `omniq_core.consume`."""
        from .consumer import consume

        consume(self, queue=queue, handler=handler, **options)

    def _now(self, override: int) -> int:
        return checked_number("now_ms_override", override) if override else clock.now_ms()

    def _leased(
        self,
        operation: str,
        name: str,
        queue: str,
        job_id: str,
        token: str,
        override: int,
        *more: Arg,
        repeated: bool = False,
    ) -> list[bytes]:
        args = [self._now(override), encode_id(job_id), encode_id(token or ""), *more, *(AGAIN if repeated else ())]
        again = () if repeated else AGAIN
        reply = self.link.run(script(name), QueueKeys(queue).anchor, *args, again=again)
        if reply[0] not in (b"OK", b"RETRY", b"FAILED"):
            raise error_for(operation, decode_text(reply[0]), queue=queue, job_id=job_id)
        return reply

    def _sweep(self, name: str, queue: str, most: int, override: int) -> int:
        return int(self.link.run(script(name), QueueKeys(queue).anchor, self._now(override), most))

    def _retry(self, keys: QueueKeys, ids: list[str], override: int) -> list[str]:
        args = [self._now(override), secrets.token_hex(16), *map(encode_id, ids)]
        return [decode_text(a) for a in self.link.run(script("retry_failed"), keys.anchor, *args)]

    def _remove(self, keys: QueueKeys, lane: str, ids: list[str], override: int, keep: Keep | None) -> list[str]:
        args = [self._now(override), secrets.token_hex(16), lane, *keep_args(keep), *map(encode_id, ids)]
        return [decode_text(a) for a in self.link.run(script("remove_jobs"), keys.anchor, *args)]
