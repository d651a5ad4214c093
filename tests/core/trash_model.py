"""The trash beside the model of a queue: what was removed to it, lane by lane, and what a restore puts back."""

from __future__ import annotations

from tests.core.queue_model import QueueModel


def throw_away(model: QueueModel, lane: str, ids: list[str]) -> list[str]:
    """One answer per id. What is gone is in the trash of that lane, the oldest first."""
    kept = {
        one: (dict(model.jobs[one]), model.entered[one], model.delayed.get(one), model.acks.get(one))
        for one in ids
        if one in model.jobs
    }
    answers = model.remove(lane, ids)
    gone = [(one, kept[one]) for one, answer in zip(ids, answers, strict=True) if answer == "OK"]
    if gone:
        model.trash.setdefault(lane, []).extend(sorted(gone, key=lambda entry: entry[1][1]))
    return answers


def restore(model: QueueModel, lane: str) -> list[tuple[str, str]]:
    """(id, answer) of everything that was ever removed from that lane to the trash, in the order of the restore."""
    trash, done = model.trash[lane], list[tuple[str, str]]()
    for at in range(len(trash))[:: -1 if lane == "completed" else 1]:
        job_id, kept = trash[at]
        done.append((job_id, "RESTORED" if kept is None else "EXISTS" if job_id in model.jobs else "OK"))
        if kept is None or job_id in model.jobs:
            continue
        trash[at] = (job_id, None)
        model.jobs[job_id], model.entered[job_id], due, ack = kept
        if ack:
            model.acks[job_id] = ack
        if lane == "delayed":
            model.delayed[job_id] = due
        elif lane == "failed":
            model.failed.insert(0, job_id)
        elif lane == "completed":
            _among_completed(model, job_id)
        else:
            gid = model.jobs[job_id].get("gid", "")
            (model.group_wait[gid] if gid else model.wait).append(job_id)
            model._ready_if_due(gid, model.now)
        model._moment("activity")
    return done


def _among_completed(model: QueueModel, job_id: str) -> None:
    older = [one for one in model.oldest_first("completed") if one != job_id]
    older = [one for one in older if (model.entered[one], one) < (model.entered[job_id], job_id)]
    model.completed.insert(model.completed.index(older[-1]) if older else len(model.completed), job_id)
