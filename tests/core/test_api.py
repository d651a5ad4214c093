"""The names that users of the reference call: every method, keyword, default, attribute and submodule.

The tables are those of the protocol document (client API), not read from any source: who changes a name breaks
programs that move here.
"""

from __future__ import annotations

import ast
import dataclasses
import inspect
from collections.abc import Callable
from importlib import import_module
from typing import Any

import pytest

from omniq_core import BatchResultItem, JobCtx, OmniqClient, QueueMonitor, ReserveJob, ReservePaused, consume
from omniq_core.consumer import ConsumeOptions
from omniq_core.exec import Exec
from omniq_core.models import PublishOptions
from tests.support.factories import fail_jobs, lease_jobs, publish_jobs

T = 1_750_000_000_000
JOB = (
    "queue, payload, job_id=None, max_attempts=3, timeout_ms=30000, backoff_ms=5000, due_ms=0, gid=None, "
    "group_limit=0, now_ms_override=0"
)
WORKING = (
    "queue, handler, poll_interval_s=0.05, promote_interval_s=1.0, promote_batch=1000, reap_interval_s=1.0, "
    "reap_batch=1000, heartbeat_interval_s=None, verbose=False, logger=print, drain=True"
)
BY_NAME: dict[Callable[..., Any], str] = {
    OmniqClient: "redis=None, redis_url=None, host=None, port=6379, db=0, username=None, password=None, ssl=False, "
    "scripts_dir=None, client_name=None",
    OmniqClient.publish: JOB,
    OmniqClient.publish_json: JOB,
    OmniqClient.reserve: "queue, now_ms_override=0",
    OmniqClient.heartbeat: "queue, job_id, lease_token, now_ms_override=0",
    OmniqClient.ack_success: "queue, job_id, lease_token, now_ms_override=0",
    OmniqClient.ack_fail: "queue, job_id, lease_token, error=None, now_ms_override=0",
    OmniqClient.promote_delayed: "queue, max_promote=1000, now_ms_override=0",
    OmniqClient.reap_expired: "queue, max_reap=1000, now_ms_override=0",
    OmniqClient.pause: "queue",
    OmniqClient.resume: "queue",
    OmniqClient.is_paused: "queue",
    OmniqClient.retry_failed: "queue, job_id, now_ms_override=0",
    OmniqClient.retry_failed_batch: "queue, job_ids, now_ms_override=0",
    OmniqClient.remove_job: "queue, job_id, lane",
    OmniqClient.remove_jobs_batch: "queue, lane, job_ids",
    OmniqClient.childs_init: "key, expected",
    OmniqClient.child_ack: "key, child_id",
    OmniqClient.consume: WORKING,
    Exec.publish: JOB,
    Exec.publish_json: JOB,
    Exec.pause: "queue",
    Exec.resume: "queue",
    Exec.is_paused: "queue",
    consume: f"{WORKING}, stop_on_ctrl_c=True",
}
BY_PLACE: dict[Callable[..., Any], str] = {
    OmniqClient.queue_base: "name",
    Exec.childs_init: "key, expected",
    Exec.child_ack: "key, child_id=None",
    QueueMonitor: "client",
    QueueMonitor.scan_queues: "",
    QueueMonitor.stats: "queue",
    QueueMonitor.stats_many: "queues=None",
    QueueMonitor.groups_ready: "queue, offset=0, limit=200",
    QueueMonitor.groups_ready_with_scores: "queue, offset=0, limit=200",
    QueueMonitor.group_status: "queue, gids, default_limit=1",
    QueueMonitor.lane_page: "queue, lane, offset=0, limit=25, reverse=False",
    QueueMonitor.get_job: "queue, job_id",
    QueueMonitor.find_jobs: "queue, lane, job_ids",
    QueueMonitor.overview: "queue, samples_per_lane=10",
}
PASSED_ON: dict[Callable[..., Any], tuple[type, Callable[..., Any]]] = {
    OmniqClient.publish_json: (PublishOptions, OmniqClient.publish),
    Exec.publish: (PublishOptions, OmniqClient.publish),
    Exec.publish_json: (PublishOptions, OmniqClient.publish),
    OmniqClient.consume: (ConsumeOptions, consume),
}
TIMES = "queued_ms first_started_ms last_started_ms completed_ms failed_ms"
COUNTERS = (
    "waiting group_waiting waiting_total active delayed failed completed_kept groups_ready "
    "last_activity_ms last_enqueue_ms last_reserve_ms last_finish_ms"
)
FIELDS = {
    "types.ReserveJob": "status job_id payload lock_until_ms attempt max_attempts gid lease_token",
    "types.ReservePaused": "status",
    "types.JobCtx": "queue job_id payload_raw payload attempt max_attempts lock_until_ms lease_token exec gid",
    "monitor_models.QueueStats": f"queue paused {COUNTERS}",
    "monitor_models.GroupReady": "gid score_ms",
    "monitor_models.GroupStatus": "gid inflight limit ready waiting_count",
    "monitor_models.LaneJob": "lane job_id idx_score_ms state gid attempt max_attempts due_ms lock_until_ms "
    f"{TIMES} updated_ms last_error",
    "monitor_models.JobInfo": "job_id state gid attempt max_attempts timeout_ms backoff_ms lease_token lock_until_ms "
    f"due_ms payload last_error last_error_ms created_ms updated_ms {TIMES}",
    "monitor_models.QueueOverview": "stats ready_groups active delayed failed completed",
}
SUBMODULES = {
    "client": "OmniqClient",
    "types": "JobCtx PayloadT ReserveJob ReservePaused BatchResultItem",
    "monitor": "QueueMonitor",
    "consumer": "consume",
    "exec": "",
    "monitor_models": "QueueStats GroupReady GroupStatus LaneJob JobInfo QueueOverview",
    "": "OmniqClient QueueMonitor consume JobCtx PayloadT",
}


def _parameters(text: str) -> list[tuple[str, Any]]:
    """The names and defaults of "a, b=1"; a name without a default has inspect's empty."""
    given = ast.parse(f"f({', '.join(p if '=' in p else f'{p}=...' for p in text.split(', ') if p)})", mode="eval").body
    assert isinstance(given, ast.Call)
    return [(str(one.arg), _default(one.value)) for one in given.keywords]


def _default(node: ast.expr) -> Any:
    if isinstance(node, ast.Name):
        return {"print": print}[node.id]
    value = ast.literal_eval(node)
    return inspect.Parameter.empty if value is ... else value


def _taken(function: Callable[..., Any]) -> dict[str, inspect.Parameter]:
    """The parameters of a function, less the client that a method or consume() works on."""
    taken = dict(inspect.signature(function).parameters)
    return {
        name: one for name, one in taken.items() if name != "self" and not (name == "client" and function is consume)
    }


@pytest.mark.parametrize("function", BY_NAME, ids=lambda function: function.__qualname__)
def test_arguments_by_name(function: Callable[..., Any]) -> None:
    taken = _taken(function)
    wanted = _parameters(BY_NAME[function])
    if "options" in taken:  # passed on as they are
        options, to = PASSED_ON[function]
        assert taken.pop("options").annotation == f"Unpack[{options.__name__}]"
        assert options.__annotations__.keys() == _taken(to).keys() - taken.keys()
        taken |= {name: one for name, one in _taken(to).items() if name not in taken}
    for name, default in wanted:
        assert taken[name].kind is inspect.Parameter.KEYWORD_ONLY, name
        assert taken[name].default == default, name
    ours = taken.keys() - {name for name, _ in wanted}
    assert all(taken[name].default is not inspect.Parameter.empty for name in ours), "ours add, never change"


@pytest.mark.parametrize("function", BY_PLACE, ids=lambda function: function.__qualname__)
def test_arguments_by_place(function: Callable[..., Any]) -> None:
    taken = [(name, one.default) for name, one in _taken(function).items()]
    assert taken == _parameters(BY_PLACE[function])
    assert all(one.kind is inspect.Parameter.POSITIONAL_OR_KEYWORD for one in _taken(function).values())


@pytest.mark.parametrize("name", FIELDS)
def test_attributes_of_answers(name: str) -> None:
    module, _, kind = name.partition(".")
    cls = getattr(import_module(f"omniq_core.{module}"), kind)
    assert [field.name for field in dataclasses.fields(cls)] == FIELDS[name].split()
    assert cls.__dataclass_params__.frozen


def test_a_context_may_be_made_without_a_group() -> None:
    assert JobCtx("q", "j", "{}", {}, 1, 3, T, "token", exec=None).gid == ""  # type: ignore[arg-type]


@pytest.mark.parametrize("module", SUBMODULES)
def test_submodules_can_be_imported(module: str) -> None:
    imported = import_module(f"omniq_core.{module}".rstrip("."))
    assert [name for name in SUBMODULES[module].split() if not hasattr(imported, name)] == []


def test_answers_have_the_types_that_users_test_for(client: OmniqClient, redis: Any) -> None:
    published = client.publish(queue="q", payload={}, job_id="j", now_ms_override=T)
    assert (published, isinstance(published, str)) == ("j", True)
    job = client.reserve(queue="q", now_ms_override=T)
    assert isinstance(job, ReserveJob)
    assert (job.status, job.payload, job.lock_until_ms, job.attempt, job.max_attempts, job.gid) == (
        "JOB", "{}", T + 30_000, 1, 3, "",
    )  # fmt: skip
    lease: Any = {"queue": "q", "job_id": "j", "lease_token": job.lease_token, "now_ms_override": T + 1}
    assert client.heartbeat(**lease) == T + 30_001
    assert client.ack_fail(**lease) == ("RETRY", T + 5_001)
    assert client.promote_delayed(queue="q", now_ms_override=T + 5_001) == 1
    again: Any = client.reserve(queue="q", now_ms_override=T + 5_001)
    assert client.reap_expired(queue="q", now_ms_override=again.lock_until_ms) == 1
    assert client.pause(queue="q") == "OK"
    assert client.is_paused(queue="q") is True
    assert client.reserve(queue="q") == ReservePaused(status="PAUSED")
    assert (client.resume(queue="q"), client.resume(queue="q"), client.is_paused(queue="q")) == (1, 0, False)
    assert client.reserve(queue="q", now_ms_override=T) is None


def test_answers_of_the_other_operations(client: OmniqClient, redis: Any) -> None:
    token = lease_jobs(client, "q", ["a"], now_ms=T)["a"]
    assert client.ack_success(queue="q", job_id="a", lease_token=token, now_ms_override=T) is None  # type: ignore[func-returns-value]
    fail_jobs(client, "q", ["f", "g"], now_ms=T)
    assert client.retry_failed(queue="q", job_id="f") is None  # type: ignore[func-returns-value]
    (item,) = client.retry_failed_batch(queue="q", job_ids=["f"])
    assert isinstance(item, BatchResultItem)
    assert (item.job_id, item.status, item.reason) == ("f", "ERR", "NOT_FAILED")
    assert client.remove_job(queue="q", job_id="f", lane="wait") == "OK"
    assert client.remove_jobs_batch(queue="q", lane="failed", job_ids=["g"]) == [("g", "OK", None)]
    assert client.childs_init(key="k", expected=1) is None  # type: ignore[func-returns-value]
    assert client.child_ack(key="k", child_id="c") == 0
    assert client.ops.r.ping()
    assert OmniqClient.queue_base("q") == "{q}"
    with pytest.raises(ValueError, match="host"):
        OmniqClient()


def test_what_a_handler_may_do(client: OmniqClient, redis: Any, work: Callable[..., None]) -> None:
    publish_jobs(client, "q", ["j"], now_ms=T)
    seen: list[Any] = []

    def handle(ctx: JobCtx) -> None:
        do = ctx.exec
        seen.append(do.publish(queue="next", payload={}, job_id="n", gid="A", group_limit=2, timeout_ms=7))
        seen.append(do.publish_json(queue="next", payload=[1], job_id="m", due_ms=T))
        seen.append((do.pause(queue="next"), do.is_paused(queue="next"), do.resume(queue="next")))
        do.childs_init("k", 3)
        seen.append((do.child_ack("k"), do.child_ack("k"), do.child_ack("k", "other"), do.child_ack("k", child_id="c")))
        seen.append((ctx.attempt >= ctx.max_attempts, ctx.payload, ctx.gid))

    work(handle, lambda: redis.llen("{q}:completed") == 1)
    assert seen == ["n", "m", ("OK", True, 1), (2, 2, 1, 0), (False, {"n": 1}, "")]
    with pytest.raises(dataclasses.FrozenInstanceError):
        JobCtx("q", "j", "{}", {}, 1, 3, T, "token", exec=None).attempt = 2  # type: ignore[misc,arg-type]
