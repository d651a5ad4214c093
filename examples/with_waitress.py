"""waitress, with threads for several readers."""

from plain_app import app
from waitress import serve

if __name__ == "__main__":
    serve(app, listen="127.0.0.1:8000", threads=8)
