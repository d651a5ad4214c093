"""Fixtures for tests that each name an attack."""

from tests.web.conftest import *  # noqa: F403
