"""A Flask application that does nothing: what the same server could do at most."""

from flask import Flask, Response

app = Flask(__name__)


@app.get("/")
def nothing() -> Response:
    """An empty JSON object."""
    return Response(b"{}", mimetype="application/json")
