"""Two dashboards, each with its own Redis, name, prefix and rules. A menu leads from one to the other."""

from flask import Flask

from dashboard import OmniqDashboard, allow_all, read_only

app = Flask(__name__)
OmniqDashboard(
    app, name="staging", url_prefix="/omniq/staging", redis="redis://staging:6379/0", env="staging", access=allow_all
)
OmniqDashboard(
    app, name="live", url_prefix="/omniq/live", redis="redis://live:6379/0", env="production", access=read_only
)
