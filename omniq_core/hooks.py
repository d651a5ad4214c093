"""Functions of the user that hear what becomes of jobs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from .reporting import Reporter
from .types import JobCtx

Hook = Callable[[JobCtx], Any]
FailureHook = Callable[[JobCtx, BaseException], Any]


@dataclass(frozen=True, slots=True)
class Hooks:
    """The four hooks of consume(). What they raise is logged once per hook and changes nothing."""

    report: Reporter
    on_start: Hook | None = None
    on_success: Hook | None = None
    on_failure: FailureHook | None = None
    on_lost_lease: Hook | None = None

    @property
    def any(self) -> bool:
        """Whether one is set."""
        return any((self.on_start, self.on_success, self.on_failure, self.on_lost_lease))

    def started(self, ctx: JobCtx) -> None:
        """A handler is about to begin."""
        self._call("on_start", self.on_start, ctx)

    def succeeded(self, ctx: JobCtx) -> None:
        """A job was acked as done."""
        self._call("on_success", self.on_success, ctx)

    def failed(self, ctx: JobCtx, raised: BaseException) -> None:
        """An attempt was acked as failed."""
        self._call("on_failure", self.on_failure, ctx, raised)

    def lost(self, ctx: JobCtx) -> None:
        """A handler is over, but its lease was no longer ours: somebody else may run the job again."""
        self._call("on_lost_lease", self.on_lost_lease, ctx)

    def _call(self, name: str, hook: Callable[..., Any] | None, *args: object) -> None:
        if hook is None:
            return
        try:
            hook(*args)
        except (Exception, SystemExit):
            self.report.raised(name)
