"""Errors as answers: whatever goes wrong, the client gets a problem (RFC 9457) of its own kind."""

from collections.abc import Mapping

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from lineageflow_core.errors import InvalidInputError, LineageFlowError, NotFoundError
from lineageflow_core.wire.problem import MEDIA_TYPE, encode_problem, problem_of

_RETRY_SECONDS = "1"


def problem_response(
    error: LineageFlowError, *, status: int | None = None, headers: Mapping[str, str] | None = None
) -> Response:
    """Returns an error as an answer; `status` where it is not the one of the error's class."""
    problem = problem_of(error, status=status)
    response = Response(
        encode_problem(problem), status_code=problem.status, media_type=MEDIA_TYPE, headers=headers
    )
    if problem.status == 503:
        response.headers["Retry-After"] = _RETRY_SECONDS
    return response


def add_problem_handlers(app: FastAPI) -> None:
    """Makes `app` answer every error with a problem."""

    @app.exception_handler(LineageFlowError)
    def known(_: Request, error: LineageFlowError) -> Response:
        return problem_response(error)

    @app.exception_handler(RequestValidationError)
    def invalid(_: Request, error: RequestValidationError) -> Response:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        return problem_response(InvalidInputError(f"the request does not fit: {place}: {first['msg']}"))

    @app.exception_handler(HTTPException)
    def refused(request: Request, error: HTTPException) -> Response:
        asked = f"{request.method} {request.url.path[:200]}"
        problem: LineageFlowError = InvalidInputError(error.detail)
        if error.status_code in {404, 405}:
            problem = NotFoundError(f"there is no {asked} here; /docs shows what there is")
        return problem_response(problem, status=error.status_code, headers=error.headers)

    @app.exception_handler(ClientDisconnect)
    def gone(_: Request, __: Exception) -> Response:
        return Response(status_code=400)  # nobody reads it

    @app.exception_handler(Exception)
    def unknown(_: Request, __: Exception) -> Response:
        # The traceback goes to the server's log (Starlette raises it again), never to the client.
        return problem_response(LineageFlowError("the server failed; its log says why"))
