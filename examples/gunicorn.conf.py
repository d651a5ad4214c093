"""Four processes that share what they signed: by OMNIQ_SECRET, the host's SECRET_KEY, or a secret in Redis."""

from pathlib import Path

chdir = str(Path(__file__).parent)  # where the application stands
wsgi_app = "plain_app:app"
workers = 4
preload_app = True
bind = "127.0.0.1:8000"
